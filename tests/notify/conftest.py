"""Receivers for messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .mailbox import Mailbox, mailbox
from .receiver import Receiver, receiving

NAME = "hooks.example.com"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as server:
        settings.OUTGOING_HOSTS = frozenset({f"127.0.0.1:{server.port}", f"{NAME}:{server.port}"})
        yield server


@pytest.fixture
def post_office(settings: Any) -> Iterator[Mailbox]:
    with mailbox() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "iamdash <iamdash@corp.example>"
        yield server
