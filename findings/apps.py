from django.apps import AppConfig

from collectors.aws import operations
from findings.policy import catalogue_contents


class FindingsConfig(AppConfig):
    name = "findings"
    verbose_name = "Findings"

    def ready(self) -> None:
        catalogue_contents.know(catalogue_contents.Operations(operations.VERSION, operations.names))
