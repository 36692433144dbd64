"""Settings as code: what operators decided, as one YAML file, and such a file made true again (docs/operate/settings.md).

A section is a class that `plan` and `export` know by what section.py asks of it; those of findings stand in sections/, those of
messages in iamdash.notify.configured.
"""
