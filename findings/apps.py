from django.apps import AppConfig
from django.core.checks import register

from collectors.aws import operations
from findings.policy import catalogue_contents


class FindingsConfig(AppConfig):
    name = "findings"
    verbose_name = "Findings"

    def ready(self) -> None:
        from findings.checks import boundaries  # it reads rules' settings, which need the models

        register(boundaries)
        catalogue_contents.know(catalogue_contents.Operations(operations.VERSION, operations.names))
