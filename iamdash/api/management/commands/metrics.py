from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from iamdash.api.metrics.exporter import serve


class Command(BaseCommand):
    help = "Serve what Prometheus reads, on IAMDASH_METRICS_HOST and IAMDASH_METRICS_PORT, until it is stopped."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.METRICS_PORT:
            raise CommandError("Set IAMDASH_METRICS_PORT to the port on which Prometheus reads.")
        try:
            _, thread = serve(settings.METRICS_HOST, settings.METRICS_PORT)
        except OSError as error:
            where = f"{settings.METRICS_HOST}:{settings.METRICS_PORT}"
            raise CommandError(f"Metrics cannot be served on {where}: {error.strerror}.") from None
        self.stdout.write(f"Metrics are at http://{settings.METRICS_HOST}:{settings.METRICS_PORT}/metrics")
        thread.join()
