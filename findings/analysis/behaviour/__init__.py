"""What a principal does against what it did before, who changed IAM and how, and what was done to the recording itself.

baseline    a principal's days: those that are judged, and those before them that tell what is usual for it
firsts      services, regions, networks and agents that a day has and none before it had
bursts      refusals and enumeration far above what is usual
changes     administrative calls: who, from where, by what; whether by code or by hand
provenance  whether an entity was made by code
recording   what a call did to trails and recorders
reach       who of the people can get a machine's role into the console
"""
