"""The Celery application. PostgreSQL is the queue of record; this is the doorbell (DESIGN 7)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
app = Celery("iamdash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
