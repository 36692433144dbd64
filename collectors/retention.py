"""What is kept for a time only goes by whole months, and months to come are made ahead (models/partitions.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction

from collectors.models.partitions import drop_months, settle_months

log = structlog.get_logger(__name__)
PATIENCE = "2s"  # a reader that holds a month, or the parent, is not waited for: the next hour comes


def retain() -> dict[str, list[str]]:
    """Of each table: move in what has no month, make this month and the next, drop what is older than settings.KEEP_DAYS.

    Each table in a transaction of its own, so that one that is in use keeps no other one. Returns the partitions that went,
    by table.
    """
    dropped = {}
    for model in kept_models():
        try:
            with transaction.atomic():
                _hurry()
                settle_months(model)
                gone = drop_months(model, settings.KEEP_DAYS[model.kept])
        except OperationalError as error:
            log.warning("retention.waits", table=model._meta.db_table, why=str(error).strip())
            continue
        if gone:
            dropped[model._meta.db_table] = gone
            log.info("retention.dropped", months=gone)
    return dropped


def kept_models() -> Iterator[Any]:
    """Those that say under which of settings.KEEP_DAYS they are kept."""
    return (model for model in apps.get_models() if hasattr(model, "kept"))


def _hurry() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set local lock_timeout = '{PATIENCE}'")
