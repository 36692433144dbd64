"""What a message says, as it is stored: made once, when it happened, and the same in every attempt. Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from findings.vocabulary import Severity
from iamdash.notify.vocabulary import Kind

LISTED = 20  # findings that a message lists; above that it is a summary with the worst of them


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one finding, as the finding was when the message was made.

    event: the event's id; None for an overdue date. at: ISO 8601. severity, before: slugs; before is "" unless the severity was
    raised. owner: whom it is assigned to, or who owns the account; "" where nobody said.
    """

    event: int | None
    kinds: tuple[str, ...]
    at: str
    finding: int
    code: str
    severity: str
    title: str
    status: str
    account_id: str
    account_name: str
    subject_type: str
    subject_id: str
    subject_name: str
    subject_arn: str
    before: str = ""
    due_at: str = ""
    owner: str = ""

    @property
    def order(self) -> tuple[int, int, str]:
        """As of Happening.order."""
        return (Kind.MONITORING.value not in self.kinds, -Severity[self.severity.upper()], self.at)


class First(msgspec.Struct, frozen=True):
    """What an account's first collection found. by_severity: slug -> n."""

    name: str
    by_severity: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_severity.values())


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """items: the worst of what happened, LISTED at most. by_severity, by_kind, by_account (id -> [name, n]) count all of it but
    what first collections found, which is in `firsts` (account id -> First). rules: names of the rules that asked for it."""

    items: tuple[Item, ...] = ()
    by_severity: dict[str, int] = {}
    by_kind: dict[str, int] = {}
    by_account: dict[str, tuple[str, int]] = {}
    firsts: dict[str, First] = {}
    rules: tuple[str, ...] = ()

    @property
    def happened(self) -> int:
        """Events without those of first collections."""
        return sum(self.by_severity.values())

    @property
    def total(self) -> int:
        return self.happened + sum(first.total for first in self.firsts.values())

    @property
    def omitted(self) -> int:
        return self.happened - len(self.items)

    @property
    def worst(self) -> Severity | None:
        slugs = {*self.by_severity, *(slug for first in self.firsts.values() for slug in first.by_severity)}
        return max((Severity[slug.upper()] for slug in slugs), default=None)


def merged(a: Content, b: Content) -> Content:
    """One message in place of two."""
    accounts = dict(a.by_account)
    for aws_id, (name, n) in b.by_account.items():
        accounts[aws_id] = (name, n + accounts.get(aws_id, ("", 0))[1])
    firsts = dict(a.firsts)
    for aws_id, first in b.firsts.items():
        known = firsts.get(aws_id)
        firsts[aws_id] = First(first.name, added(known.by_severity, first.by_severity)) if known else first
    return Content(
        items=worst((*a.items, *b.items)),
        by_severity=added(a.by_severity, b.by_severity),
        by_kind=added(a.by_kind, b.by_kind),
        by_account=accounts,
        firsts=firsts,
        rules=tuple(sorted({*a.rules, *b.rules})),
    )


def worst(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: item.order)[:LISTED])


def added(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(a) + Counter(b))


def stored(content: Content) -> dict[str, Any]:
    return msgspec.to_builtins(content)  # type: ignore[no-any-return]


def read(content: Any) -> Content:
    return msgspec.convert(content, Content)
