"""The score of accounts together, day by day: the mean over accounts, each weighing the same; and which rules moved it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import Exists, OuterRef

from collectors.models import Account, Membership
from collectors.models.account import HELD
from collectors.models.joining import Standing
from findings.models import AccountDay
from findings.score import WHOLE, Lost
from findings.trends import spans
from findings.trends.days import Trend
from findings.trends.days import read as read_days
from findings.trends.spans import DAY, SCORES
from findings.vocabulary import Practice

CLOSED = timedelta(days=90)  # as long AWS keeps a closed account; so long its last score counts


@dataclass(frozen=True)
class Mean:
    """Of some accounts on one day, in thousandths of a point. carried: those not judged on it. never: those never judged, which
    count 0, all of it unknown."""

    accounts: int
    carried: int
    never: int
    score: int
    decided: int
    unknown: int
    rules: int


@dataclass(frozen=True)
class ScoreLine:
    """days: from the first one on which a score is known. closed: accounts that no longer count, on no day of the line."""

    days: tuple[date, ...]
    means: tuple[Mean, ...]
    closed: tuple[int, ...]

    @cached_property
    def by_day(self) -> Mapping[date, Mean]:
        return dict(zip(self.days, self.means, strict=True))

    @property
    def change(self) -> int | None:
        """Last against first day; None where there is only one."""
        return self.means[-1].score - self.means[0].score if len(self.means) > 1 else None

    @property
    def learned(self) -> int:
        """What of the change is no improvement: more is known. 0 where there is no rise."""
        return _learned(self.change or 0, self.means[0].unknown - self.means[-1].unknown) if self.means else 0


@dataclass(frozen=True)
class Moved:
    """By how much each rule moved the mean between two days, in thousandths of a point; below 0: it lowered it.

    accounts: with a score on both days. rest: what came of accounts that joined, or whose past began between them; one that
    was never judged counts as 0 since it was added.
    """

    rules: Mapping[str, Lost]
    accounts: int
    rest: int

    @cached_property
    def learned(self) -> Mapping[str, int]:
        """By rule what of a rise is no improvement: what is in order now was not known to be so. Rules with none are left out."""
        found = {code: _learned(sum(one), one.unknown) for code, one in self.rules.items()}
        return {code: n for code, n in found.items() if n}

    def bettered(self, code: str) -> int:
        """A rule's part without what was learned; below 0: it got worse."""
        return sum(self.rules[code]) - self.learned.get(code, 0)

    @cached_property
    def by_practice(self) -> Mapping[Practice, int]:
        """As `bettered`."""
        sums: defaultdict[Practice, int] = defaultdict(int)
        for code in self.rules:
            sums[Practice.of(code)] += self.bettered(code)
        return sums


def _learned(rise: int, less_unknown: int) -> int:
    """To lose sight of something lowers the score and counts as worse; to see it again raises it and is no merit."""
    return max(0, min(rise, less_unknown))


Losses = Mapping[int, Mapping[str, list[int]]]  # by account and rule


def closed(accounts: Iterable[int] | None, today: date) -> list[int]:
    """Accounts that are suspended, or left the organization, for longer than AWS keeps a closed account."""
    rows = Membership.objects.filter(standing__in=(Standing.FROZEN, Standing.GONE), since__date__lt=today - CLOSED)
    rows = rows if accounts is None else rows.filter(account__in=accounts)
    return sorted(rows.values_list("account", flat=True))


def counted(accounts: Iterable[int] | None, gone: Iterable[int]) -> list[int] | None:
    """Those without the closed ones. None: all."""
    gone = set(gone)
    if accounts is None and not gone:
        return None
    some = Account.objects.values_list("pk", flat=True) if accounts is None else accounts
    return [pk for pk in some if pk not in gone]


def together(accounts: Iterable[int] | None, days: int, today: date) -> tuple[Trend, ScoreLine]:
    """What was open and the score, of one reading of the days. Three queries; four where accounts are closed."""
    accounts = None if accounts is None else list(accounts)
    gone, rows = closed(accounts, today), spans.read(accounts, days, today)
    return read_days(accounts, days, today, rows), _line(accounts, gone, days, today, None if gone else rows)


def score_line(accounts: Iterable[int] | None, days: int, today: date) -> ScoreLine:
    """Three queries. A day of which nothing is told of any account has no mean."""
    accounts = None if accounts is None else list(accounts)
    return _line(accounts, closed(accounts, today), days, today, None)


def _line(
    accounts: Iterable[int] | None, gone: list[int], days: int, today: date, told: Sequence[spans.Row] | None
) -> ScoreLine:
    some, stop = counted(accounts, gone), today + DAY
    rows = [
        (first, until, (n, 0 if judged else n, 0), tuple(map(int, sums[-len(SCORES) :])))
        for first, until, judged, scored, n, *sums in (spans.read(some, days, today) if told is None else told)
        if scored
    ]
    begin = min((first for first, *_ in rows), default=stop)
    all_days = tuple(begin + DAY * n for n in range((stop - begin).days))
    sums = [[0] * (3 + len(SCORES)) for _ in all_days]
    for first, until, counts, numbers in [*rows, *(_never(some, begin, stop) if rows else ())]:
        for at in range((first - begin).days, (until - begin).days):
            sums[at] = [a + b for a, b in zip(sums[at], (*counts, *numbers), strict=True)]
    told = [(day, _mean(*one)) for day, one in zip(all_days, sums, strict=True) if one[0]]
    return ScoreLine(tuple(day for day, _ in told), tuple(mean for _, mean in told), tuple(gone))


Row = tuple[
    date, date, tuple[int, int, int], tuple[int, ...]
]  # from, before, accounts (all, carried, never judged), sums


def _never(accounts: Iterable[int] | None, begin: date, stop: date) -> list[Row]:
    return [(max(day, begin), stop, (1, 0, 1), (0, 0, WHOLE, 0)) for day in _never_judged(accounts)]


def _never_judged(accounts: Iterable[int] | None) -> list[date]:
    """Of each account that should be collected and was never judged: when it was added."""
    rows = Account.objects.exclude(HELD).filter(~Exists(AccountDay.objects.filter(account=OuterRef("pk"))))
    rows = rows if accounts is None else rows.filter(pk__in=list(accounts))
    return list(rows.values_list("added_at__date", flat=True))


def _mean(accounts: int, carried: int, never: int, *sums: int) -> Mean:
    return Mean(accounts, carried, never, *(total // accounts for total in sums))


def reasons(accounts: Iterable[int] | None, first: date, last: date) -> Moved:
    """Why the score of the last day is another one than that of the first. A query for each day, and two."""
    return over(accounts, (first, last)).moved[0]


@dataclass(frozen=True)
class Over:
    """practices: what each loses of the score on the last of some days, and how much of that is unknown, as means in thousandths.
    moved: what moved the score between each of the days and the next."""

    practices: Mapping[Practice, tuple[int, int]]
    moved: tuple[Moved, ...]


def over(accounts: Iterable[int] | None, days: Sequence[date]) -> Over:
    """A query for each day, and two."""
    some = counted(accounts, closed(accounts, days[-1]))
    found, added = [_lost(some, day) for day in days], _never_judged(some)
    never = [sum(one <= day for one in added) for day in days]
    return Over(_practices(found[-1]), tuple(map(_moved, found, found[1:], never, never[1:])))


def _moved(then: Losses, now: Losses, never_then: int, never_now: int) -> Moved:
    """never_then, never_now: how many accounts were not judged yet."""
    both = then.keys() & now.keys()
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for pk in both:
        for code in then[pk].keys() | now[pk].keys():
            old, new = then[pk].get(code, (0, 0, 0)), now[pk].get(code, (0, 0, 0))
            for n in range(3):
                sums[code][n] += old[n] - new[n]
    rules = {code: Lost(*(round(n / len(both)) for n in three)) for code, three in sums.items() if any(three)}
    alone = (_score(now, now, never_now) - _score(now, both)) - (_score(then, then, never_then) - _score(then, both))
    return Moved(rules, len(both), round(alone) if both else 0)


def _score(some: Losses, pks: Collection[int], zeros: int = 0) -> float:
    """Their mean; zeros: how many more count as 0."""
    total = sum(max(0, WHOLE - sum(map(sum, some[pk].values()))) for pk in pks)
    return total / (len(pks) + zeros) if pks else 0


_LOST = """
select a.id, l.lost from collectors_account a cross join lateral (
  select d.lost from findings_accountday d where d.account_id = a.id and d.lost is not null and d.day <= %(day)s
  order by d.day desc limit 1) l where {scope}
"""


def _lost(accounts: Iterable[int] | None, day: date) -> Losses:
    """By account and rule, as of the end of a day."""
    given = {"day": day, "accounts": None if accounts is None else list(accounts)}
    with connection.cursor() as cursor:
        cursor.execute(_LOST.format(scope="true" if accounts is None else "a.id = any(%(accounts)s)"), given)
        return {pk: json.loads(lost) for pk, lost in cursor.fetchall()}


def _practices(found: Losses) -> Mapping[Practice, tuple[int, int]]:
    sums: defaultdict[Practice, list[int]] = defaultdict(lambda: [0, 0])
    for lost in found.values():
        for code, three in lost.items():
            sums[Practice.of(code)][0] += sum(three)
            sums[Practice.of(code)][1] += three[2]
    return {one: (sums[one][0] // len(found), sums[one][1] // len(found)) for one in Practice if found}
