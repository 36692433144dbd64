"""By what findings are told apart: columns of their own, or what their account belongs to today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

BY = ("practice", "severity", "rule", "account", "ou", "owner")
_COLUMNS = {
    "": "''",
    "practice": "left(f.code, 2)",
    "severity": "f.severity::text",
    "rule": "f.code",
    "account": "f.account_id::text",
    "week": "week",  # of a series, each with what ended in it (times.py)
}
_OF_ACCOUNTS = "join unnest(%(ids)s::bigint[], %(keys)s::text[]) as k(id, key) on k.id = f.account_id"


@dataclass(frozen=True)
class Key:
    """by: one of BY, or "" for all together, or "week": of what ended, how many weeks before the period's last seven days.
    of: accounts' primary keys with an OU or owner each, where that is asked for; an account is in several OUs, each below the
    other."""

    by: str = ""
    of: tuple[tuple[int, str], ...] | None = None

    @property
    def column(self) -> str:
        """SQL, with the findings as f: a text, or of weeks a number."""
        return _COLUMNS.get(self.by, "k.key")

    @property
    def join(self) -> str:
        return "" if self.of is None else _OF_ACCOUNTS

    def given(self, accounts: Iterable[int] | None, **more: Any) -> dict[str, Any]:
        """The query's parameters."""
        pairs = self.of or ()
        of = {"ids": [pk for pk, _ in pairs], "keys": [key for _, key in pairs]}
        return {"accounts": None if accounts is None else list(accounts), **of, **more}


def scope(accounts: Iterable[int] | None) -> str:
    return "true" if accounts is None else "f.account_id = any(%(accounts)s)"


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
