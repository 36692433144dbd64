"""What a candidate takes that nobody was seen to use, and which findings it closes: account by account, as many as there is time
for."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count

from collectors.models import Account, Principal, UsageLast
from collectors.records import Principal as Holder
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.facts import Facts
from findings.analysis.what_if import Candidate
from findings.analysis.what_if.applied import applied, by_level, by_service, losses
from findings.models import Finding
from findings.models.finding import UNRESOLVED
from findings.policy.catalogue import catalogue
from findings.rules import registry
from findings.vocabulary import Severity, Status
from iamdash.pages.indexes import SMALL
from iamdash.pages.reading import whole

PATIENCE = 3.0  # seconds
BATCH = 10
Identity = tuple[str, str, str]


@dataclass(frozen=True)
class Loses:
    account: Account
    holder: Holder
    unused: int
    used: int


@dataclass(frozen=True)
class Turn:
    """A finding that closes, or of which the severity falls to `lower`."""

    finding: Finding
    lower: Severity | None = None


@dataclass
class Effects:
    """accounts: that it binds; judged: those that there was time for; large: left out, since they are too large for a page."""

    accounts: int
    judged: int = 0
    large: int = 0
    loses: list[Loses] = field(default_factory=list)
    closes: list[Turn] = field(default_factory=list)
    lowers: list[Turn] = field(default_factory=list)
    mask: int = 0

    @property
    def whole(self) -> bool:
        return self.judged == self.accounts

    @property
    def services(self) -> tuple[tuple[str, int], ...]:
        return by_service(self.mask)

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        return by_level(self.mask)

    @property
    def most(self) -> list[Loses]:
        return sorted(self.loses, key=lambda one: (-one.unused, one.holder.arn))


def effects(candidate: Candidate, accounts: Sequence[Account], since: date) -> Effects:
    """accounts: those below where it is attached; the management account is left out where it does not bind it."""
    bound = [one for one in accounts if one.aws_id not in candidate.unbound]
    small = _small(bound)
    found = Effects(len(bound), large=len(bound) - len(small))
    until = time.monotonic() + PATIENCE
    for start in range(0, len(small), BATCH):
        batch = small[start : start + BATCH]
        used = _used(batch, since)
        for account, facts in whole(batch):
            if found.judged and time.monotonic() > until:
                return found
            _judge(found, candidate, account, facts, used[account.pk])
    return found


def _small(accounts: Sequence[Account]) -> list[Account]:
    counted = Principal.present.filter(account__in=accounts).order_by().values_list("account").annotate(Count("pk"))
    large = {pk for pk, n in counted if n > SMALL}
    return [account for account in accounts if account.pk not in large]


def _used(accounts: Sequence[Account], since: date) -> Mapping[int, Mapping[str, int]]:
    """By account and unique id: the actions of calls that were not denied."""
    found: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = UsageLast.objects.filter(account__in=accounts, used_at__date__gte=since).order_by()
    known = catalogue()
    for pk, unique_id, source, name in rows.values_list(
        "account", "principal__unique_id", "event__source", "event__name"
    ):
        found[pk][unique_id] |= known.mask(actions_of(source, name) or ())
    return found


def _judge(found: Effects, candidate: Candidate, account: Account, before: Facts, used: Mapping[str, int]) -> None:
    after = applied(before, candidate)
    found.judged += 1
    for loss in losses(before, after, used):
        found.mask |= loss.unused
        if loss.unused:
            found.loses.append(Loses(account, loss.holder, loss.unused.bit_count(), loss.used.bit_count()))
    _turns(found, account, before, after)


def _turns(found: Effects, account: Account, before: Facts, after: Facts) -> None:
    """Only rules that have something open here can close something."""
    rows = Finding.objects.filter(UNRESOLVED, account=account).order_by("-severity", "code", "pk")
    open_ = {(row.code, row.subject_id, row.part): row for row in rows}
    entries = [entry for code, entry in registry.catalogue().items() if any(code == one for one, _, _ in open_)]
    if after is before or not entries:
        return
    was, now = _said(before, entries), _said(after, entries)
    unsure = {(code, subject) for (code, subject, _), (status, _) in now.items() if status is Status.UNKNOWN}
    for identity, row in open_.items():
        old, new = was.get(identity), now.get(identity)
        if old is None or old[0] is not Status.OPEN or identity[:2] in unsure:
            continue
        if new is None or new[0] is Status.CLEAR:
            found.closes.append(Turn(row))
        elif new[1] < old[1]:
            found.lowers.append(Turn(row, new[1]))


def _said(facts: Facts, entries: Sequence[registry.Entry]) -> dict[Identity, tuple[Status, Severity]]:
    told = registry.judge(facts, entries)
    return {(one.rule.code, one.subject.id, one.part): (one.status, one.severity) for one in told}
