"""What all records have in common: how they are made, digested and written; how complete an answer of AWS was."""

from __future__ import annotations

import enum
import hashlib
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import msgspec

READ_DAYS = 14  # what is asked about by turns, and was told longer ago, is not known any more

R = TypeVar("R", bound="Record")


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records: immutable, keyword-only, defaults left out of the JSON."""


class State(enum.StrEnum):
    """How complete one API's answer is for an account (TRUST, coverage). Only COMPLETE lets anything resolve or be swept.

    ABSENT: a bundle has no file of it; the coverage's detail names the file.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    DENIED = "denied"
    BLOCKED_BY_SCP = "blocked_by_scp"
    THROTTLED = "throttled"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"
    ABSENT = "absent"


class Coverage(Record, frozen=True, kw_only=True):
    """The last attempt at one API. `permission` is the IAM action to grant when it was denied.

    complete_at: observed_at of its last whole answer, None when there was none yet. suspect: it looked whole, but most of what
    was there is not in it, so it is asked for again.
    """

    api: str
    state: State
    observed_at: datetime
    region: str = ""
    detail: str = ""
    permission: str = ""
    complete_at: datetime | None = None
    suspect: bool = False


Covered = dict[tuple[str, str], Coverage]  # (API, region) -> how it went


def too_long_ago(at: datetime) -> date:
    """What was told before that day does not count at that time."""
    return (at - timedelta(days=READ_DAYS)).date()


_encode = msgspec.json.Encoder(order="deterministic").encode


def digest(value: Any) -> str:
    """32 hex characters of a JSON value or record; equal values give equal digests whatever their key order."""
    return hashlib.blake2b(_encode(value), digest_size=16).hexdigest()


def to_json(record: Record) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def from_json(kind: type[R], plain: dict[str, Any]) -> R:
    return msgspec.convert(plain, kind)


def clean(value: Any) -> Any:
    """The JSON value with NUL and lone surrogates replaced by U+FFFD: PostgreSQL and UTF-8 refuse both (TRUST, trap 9)."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {clean(k): clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clean(v) for v in value]
    return value
