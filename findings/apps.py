from django.apps import AppConfig
from django.core.checks import register

from collectors.aws import operations
from findings.policy import catalogue_contents


def know_operations() -> None:
    catalogue_contents.know(catalogue_contents.Operations(operations.VERSION, operations.names))


class FindingsConfig(AppConfig):
    name = "findings"
    verbose_name = "Findings"
    default = True

    def ready(self) -> None:
        from findings.checks import boundaries  # it reads rules' settings, which need the models

        register(boundaries)
        know_operations()


class FilesConfig(AppConfig):
    """Judges what files say: the commands, without the tables in which findings are kept."""

    name = "findings"

    def import_models(self) -> None:
        self.models = {}

    def ready(self) -> None:
        know_operations()
