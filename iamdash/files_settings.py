"""Configuration of commands that read files only (`judge` and `simulate` of bundles): no database, no pages, nothing to sign.
Their start is a good part of their time, and what they would never use a third of their memory."""

from __future__ import annotations

INSTALLED_APPS = ["collectors", "findings.apps.FilesConfig"]
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = None  # nothing of these commands logs
