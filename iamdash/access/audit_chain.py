"""Whether the audit log is as it was written: each entry's hash covers itself and all before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from iamdash.access.models import AuditEntry

BEGIN = "0" * 64


@dataclass(frozen=True)
class Head:
    """The last entry: kept elsewhere, it proves later that nothing before it was altered and nothing was cut off."""

    number: int = 0
    hash: str = BEGIN

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True)
class Verified:
    """problem: a sentence that names the first broken link, "" where all is whole."""

    entries: int
    head: Head
    problem: str = ""


def head() -> Head:
    row = AuditEntry.objects.order_by("-number").values_list("number", "hash").first()
    return Head(*row) if row else Head()


def content(entry: AuditEntry) -> str:
    """What the hash covers beside the previous hash, as PostgreSQL writes a JSON list of texts."""
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    said = [entry.actor, entry.via, entry.address, entry.agent, entry.action, entry.object, entry.outcome, entry.detail]
    return json.dumps([str(entry.number), at, str(entry.actor_id or ""), *said], ensure_ascii=False)


def hash_of(entry: AuditEntry) -> str:
    return hashlib.sha256((entry.previous + content(entry)).encode()).hexdigest()


def verify(entries: Iterable[AuditEntry], kept: Head | None = None) -> Verified:
    """entries: all, in order. kept: a head that was written down earlier."""
    last, found = Head(), kept is None or kept == Head()
    for entry in entries:
        if problem := _link(last, entry):
            return Verified(last.number, last, problem)
        last = Head(entry.number, entry.hash)
        if kept and entry.number == kept.number:
            if entry.hash != kept.hash:
                return Verified(last.number, last, f"Entry {entry.number} is not the one whose hash was kept.")
            found = True
    if not found and kept:
        missing = f"Entry {kept.number}, whose hash was kept, is missing: the log ends with entry {last.number}."
        return Verified(last.number, last, missing)
    return Verified(last.number, last)


def _link(last: Head, entry: AuditEntry) -> str:
    if entry.number != last.number + 1:
        first, until = last.number + 1, entry.number - 1
        return f"Entry {first} is missing." if first == until else f"Entries {first} to {until} are missing."
    if entry.previous != last.hash:
        return f"Entry {entry.number} does not follow entry {last.number}: the hash it names is another."
    if entry.hash != hash_of(entry):
        return f"Entry {entry.number} was altered after it was written."
    return ""
