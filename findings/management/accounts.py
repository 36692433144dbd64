"""An account's facts for the commands: from a bundle, without a database, or as it was collected."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import CommandError

from collectors.aws.bundle import open_bundle
from collectors.aws.bundle_files import BundleError
from collectors.replay import replay
from findings.analysis.declared import declared
from findings.analysis.facts import Facts


@dataclass(frozen=True, slots=True)
class Bundled:
    """complaints: what could not be read, or is odd, as sentences."""

    facts: Facts
    complaints: tuple[str, ...]


def moment(text: str) -> datetime:
    """ISO 8601; a day, or a time without a zone, is UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-11-01 or 2026-11-01T00:00:00Z") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def bundled(path: Path, as_of: datetime | None) -> Bundled:
    """Raises BundleError when the path holds no answer at all."""
    replayed = replay(open_bundle(path))
    settings, complaints = declared(replayed.bundle.settings)
    if not replayed.told:
        raise BundleError(f"{path} holds no answer that can be read. `manage.py bundle --help` prints how to make one.")
    return Bundled(Facts(replayed.snapshot(as_of), settings), (*replayed.complaints, *complaints))


def stated(path: Path) -> str:
    """The account that a bundle says it is of; "" where it does not, or cannot be opened."""
    try:
        return open_bundle(path).account_id
    except BundleError:
        return ""


def collected(aws_id: str, as_of: datetime | None) -> Facts:
    """An account of the database, now unless as_of says otherwise. Raises CommandError when it is not connected."""
    from collectors.models import Account  # bundles are read without the tables
    from findings import engine

    account = Account.objects.filter(aws_id=aws_id).first()
    if account is None:
        known = ", ".join(Account.objects.order_by("aws_id").values_list("aws_id", flat=True)[:10])
        raise CommandError(f"Account {aws_id} is not connected. Connected are: {known or 'none yet'}.")
    return engine.facts_of(account, as_of or datetime.now(UTC))


def printable(text: object) -> str:
    """On one line, without what would steer a terminal: names are chosen by others."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text))
