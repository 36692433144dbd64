"""The Celery application, by the name that the settings have for it. The web process and `judge` ring no bell, and need not load
it."""

from __future__ import annotations

from celery import Celery
from django.conf import settings
from django.utils.module_loading import import_string


def bell() -> Celery:
    found: Celery = import_string(settings.DOORBELL)
    return found
