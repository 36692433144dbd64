from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    """PostgreSQL, Valkey and the processes of one machine: `manage.py up`."""

    name = "iamdash.embedded"
    label = "embedded"
