"""Which channels are told of which happenings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest

from django.db.models import OuterRef, Subquery

from collectors.models import Account, Run
from findings.analysis.owners import Owning, owner_of
from findings.analysis.places import Scope, Standing
from findings.engine.grouping import owners, standings
from findings.models.decided import STANDS
from findings.vocabulary import Severity
from iamdash.notify.content import LISTED, Content, First
from iamdash.notify.happenings import Happening
from iamdash.notify.models import AlertRule
from iamdash.notify.vocabulary import Kind


@dataclass(frozen=True)
class Ground:
    """What rules ask of accounts, read once for many happenings. firsts: when the accounts' first runs ended, None: not yet."""

    standing: Mapping[int, Standing]
    owners: Iterable[Owning]
    firsts: Mapping[int, datetime | None]

    @classmethod
    def of(cls, accounts: set[int]) -> Ground:
        """Up to seven queries."""
        rows = Account.objects.filter(pk__in=accounts).only("pk", "aws_id")
        earliest = Run.objects.filter(account=OuterRef("pk")).order_by("created_at").values("pk")[:1]
        runs = Run.objects.filter(pk__in=list(rows.values_list(Subquery(earliest), flat=True)))
        return cls(standings(rows), owners(), dict(runs.values_list("account", "finished_at")))

    def owner(self, one: Happening) -> str:
        """Who answers for it."""
        owned = owner_of(self.standing[one.finding.account_id], self.owners)
        return one.finding.assignee or (owned.name if owned else "")

    def first(self, one: Happening) -> bool:
        """Whether the account's first collection found it."""
        if Kind.NEW not in one.kinds or one.finding.account_id not in self.firsts:
            return False
        ended = self.firsts[one.finding.account_id]
        return ended is None or one.at <= ended


def rules() -> list[AlertRule]:
    """Those that stand, with channels that do."""
    rows = AlertRule.objects.filter(STANDS, channel__ended_at=None)
    return list(rows.select_related("channel", "account").order_by("pk"))


def wants(rule: AlertRule, one: Happening, ground: Ground) -> bool:
    finding = one.finding
    if not one.kinds.intersection(rule.kinds) or finding.severity < rule.severity:
        return False
    if rule.about and not {finding.code, finding.practice}.intersection(rule.about):
        return False
    target = rule.account.aws_id if rule.account else rule.target
    if ground.standing[finding.account_id].rank(Scope(rule.scope), target) is None:
        return False
    return not rule.owner or rule.owner == ground.owner(one)


def by_channel(found: Iterable[Happening], asked: Iterable[AlertRule]) -> dict[int, Content]:
    """Channel's key -> its message, of those that are told anything. An event is in it once, whichever rules want it."""
    found, asked = list(found), list(asked)
    if not found or not asked:
        return {}
    ground = Ground.of({one.finding.account_id for one in found})
    told: defaultdict[int, dict[int, Happening]] = defaultdict(dict)
    names: defaultdict[int, set[str]] = defaultdict(set)
    for rule in asked:
        for n, one in enumerate(found):
            if wants(rule, one, ground):
                told[rule.channel_id][n] = one
                names[rule.channel_id].add(rule.name)
    return {channel: content(some.values(), names[channel], ground) for channel, some in told.items()}


def content(found: Iterable[Happening], names: Iterable[str], ground: Ground) -> Content:
    found = list(found)
    new: defaultdict[str, list[Happening]] = defaultdict(list)
    told = []
    for one in found:
        (new[one.finding.account.aws_id] if ground.first(one) else told).append(one)
    return Content(
        items=tuple(one.item(ground.owner(one)) for one in nsmallest(LISTED, told, key=lambda one: one.order)),
        by_severity=_severities(told),
        by_kind=_counted(kind.value for one in told for kind in one.kinds),
        by_account=_accounts(told),
        firsts={aws_id: First(some[0].finding.account.name, _severities(some)) for aws_id, some in new.items()},
        rules=tuple(sorted(names)),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names))


def _severities(found: Iterable[Happening]) -> dict[str, int]:
    return {Severity(value).slug: n for value, n in Counter(one.finding.severity for one in found).items()}


def _accounts(told: Iterable[Happening]) -> dict[str, tuple[str, int]]:
    names = {one.finding.account.aws_id: one.finding.account.name for one in told}
    counts = _counted(one.finding.account.aws_id for one in told)
    return {aws_id: (names[aws_id], n) for aws_id, n in counts.items()}
