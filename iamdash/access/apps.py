from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    name = "iamdash.access"
    label = "access"

    def ready(self) -> None:
        from iamdash.access import signing
        from iamdash.access.database import protect

        post_migrate.connect(protect, sender=self)
        signing.listen()
