"""How things stood at the end of a day (UTC) that is past, as far as that is kept.

Findings and how rules stood are kept as intervals, and what people decided as rows and events that end. Intervals of rules are
kept since a version of ours: of a day before, what a rule checked, and what it could not tell of, is not known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery

from collectors.models import Account
from findings.frameworks.answering import answered_by
from findings.frameworks.catalogue import Answer, Control
from findings.models import AccountDay, EndedInterval, Finding, FindingEvent, PastRuleState, RuleState
from findings.trends.keys import midnight

Kind = FindingEvent.Kind
ACCEPTING = (Kind.ACCEPTED, Kind.EXPIRED, Kind.ENDED)
Counts = defaultdict[tuple[int, str], Counter[tuple[str, str]]]  # account's key and rule -> part, type of subject
CHUNK = 2000  # rows that come from the database at once


def end_of(day: date) -> datetime:
    return midnight(day + timedelta(days=1))


class Stated(NamedTuple):
    """What a judgement said of a rule in an account: numbers of subjects, and the sources that were not read."""

    subjects: int
    clear: int
    unknown: int
    in_doubt: int
    missing: str


def stated(rows: QuerySet[Any]) -> dict[tuple[int, str], Stated]:
    """By account's key and rule. rows: of RuleState or PastRuleState."""
    columns = ("account", "code", "n_subjects", "n_clear", "n_unknown", "n_in_doubt", "reason")
    return {(pk, code): Stated(*rest) for pk, code, *rest in rows.order_by().values_list(*columns).iterator(CHUNK)}


class Day:
    """How rules stood at its end, and of which accounts and rules that is not known. Three queries, or five."""

    def __init__(self, ids: list[int], codes: set[str], day: date) -> None:
        self._day, self._end = day, end_of(day)
        rows = AccountDay.objects.filter(account__in=ids, day__lte=day).order_by()
        self._judged = dict(rows.values_list("account").annotate(last=Max("day")))
        mine = {"account__in": ids, "code__in": codes}
        self._later = PastRuleState.objects.filter(until__gte=self._end, **mine)
        self._now = RuleState.objects.filter(**mine)
        before = {"as_of__lt": self._end}
        self.states = stated(self._later.filter(**before)) | stated(self._now.filter(**before))

    def gap(self, account: int, code: str) -> str:
        """Why that is not known of a rule, "" where it is."""
        last = self._judged.get(account)
        if last is None:
            return f"the account was not judged by {self._day}"
        if last != self._day:
            return f"the account was not judged on {self._day}, the last time before on {last}"
        if (account, code) in self.states:
            return ""
        if since := self._since.get((account, code)):
            return f"how {code} stood is not kept before {since.astimezone(UTC):%Y-%m-%d}"
        return f"{code} was not judged yet"

    @cached_property
    def _since(self) -> dict[tuple[int, str], datetime]:
        """The first moment after the day from which it is kept how a rule stood."""
        found: dict[tuple[int, str], datetime] = {}
        for rows in (self._now, self._later):  # what is past came before
            some = rows.filter(as_of__gte=self._end).order_by().values_list("account", "code").annotate(Min("as_of"))
            found |= {(pk, code): since for pk, code, since in some.iterator(CHUNK)}
        return found


class Then:
    """Findings that were open at the end of a day, by answer, how rules stood, and what is not known of the day. Seven queries.

    at: the moment after. accepted: how many were, by account, rule, part, type of subject and the acceptance's key.
    """

    def __init__(self, accounts: Iterable[Account], controls: Iterable[Control], day: date) -> None:
        ids, self.at = [account.pk for account in accounts], end_of(day)
        codes = {answer.code for control in controls for answer in control.answers}
        self._day = Day(ids, codes, day)
        self._open: Counts = defaultdict(Counter)
        self._hidden: Counts = defaultdict(Counter)
        self.accepted: Counter[tuple[int, str, str, str, int]] = Counter()
        for rows, finding in _open_at(ids, codes, self.at):
            columns = ["account", "code", f"{finding}part", f"{finding}subject_type"]
            for pk, code, part, subject, n in rows.values_list(*columns).annotate(n=Count("pk")).iterator(CHUNK):
                self._open[pk, code][part, subject] += n
            self.accepted.update(_accepted(rows, finding, self.at).values_list(*columns, "by").iterator(CHUNK))
        for (pk, code, part, subject, _), n in self.accepted.items():
            self._hidden[pk, code][part, subject] += n

    def of(self, account: int, answer: Answer) -> tuple[int, int]:
        """Open and accepted ones."""
        accepted = self._of(self._hidden, account, answer)
        return self._of(self._open, account, answer) - accepted, accepted

    @property
    def states(self) -> dict[tuple[int, str], Stated]:
        return self._day.states

    def gap(self, account: int, answer: Answer) -> str:
        """As of Day; and what findings say, beside that they were there, is kept as it is now."""
        if answer.only.public and self._open[account, answer.code]:
            return f"which findings of {answer.code} were of public access then is not kept"
        return self._day.gap(account, answer.code)

    @staticmethod
    def _of(counts: Counts, account: int, answer: Answer) -> int:
        return sum(n for kind, n in counts[account, answer.code].items() if answered_by(answer, *kind))


def _open_at(ids: list[int], codes: set[str], at: datetime) -> Iterator[tuple[QuerySet[Any], str]]:
    """Intervals that hold the moment, and what their finding's columns begin with."""
    mine = {"account__in": ids, "code__in": codes, "opened_at__lt": at}
    yield Finding.objects.filter(resolved_at=None, **mine).order_by(), ""
    yield EndedInterval.objects.filter(resolved_at__gte=at, **mine).order_by(), "finding__"


def _accepted(rows: QuerySet[Any], finding: str, at: datetime) -> QuerySet[Any]:
    """Of them, those that were accepted then. by: the acceptance's key."""
    events = FindingEvent.objects.filter(
        finding=OuterRef(f"{finding}pk"), kind__in=ACCEPTING, at__lt=at, at__gte=OuterRef("opened_at")
    ).order_by("-at", "-pk")
    ever = FindingEvent.objects.filter(kind=Kind.ACCEPTED, at__lt=at).values("finding")
    some = rows.filter(**{f"{finding}pk__in": ever}).annotate(told=Subquery(events.values("kind")[:1]))
    return some.filter(told=Kind.ACCEPTED).annotate(by=Subquery(events.values("detail__acceptance")[:1]))
