"""How things stood at the end of a day (UTC) that is past, as far as that is kept.

Findings are kept as intervals, and what people decided as rows and events that end. How a rule stands is kept since its numbers
last changed: where that was later, what it checked on the day, and what it could not tell of, is not known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery

from collectors.models import Account
from findings.frameworks.answering import answered_by
from findings.frameworks.catalogue import Answer, Control
from findings.models import AccountDay, EndedInterval, Finding, FindingEvent
from findings.trends.keys import midnight

Kind = FindingEvent.Kind
ACCEPTING = (Kind.ACCEPTED, Kind.EXPIRED, Kind.ENDED)
Counts = defaultdict[tuple[int, str], Counter[tuple[str, str]]]  # account's key and rule -> part, type of subject
CHUNK = 2000  # rows that come from the database at once


def end_of(day: date) -> datetime:
    return midnight(day + timedelta(days=1))


class Day:
    """Of which accounts and rules it is known how they stood at its end. One query."""

    def __init__(self, ids: list[int], day: date) -> None:
        self._day, self._end = day, end_of(day)
        rows = AccountDay.objects.filter(account__in=ids, day__lte=day).order_by()
        self._judged = dict(rows.values_list("account").annotate(last=Max("day")))

    def gap(self, account: int, code: str, since: datetime | None) -> str:
        """Why that is not known of a rule, "" where it is. since: when its numbers last changed, None: it has none."""
        last = self._judged.get(account)
        if last is None:
            return f"the account was not judged by {self._day}"
        if last != self._day:
            return f"the account was not judged on {self._day}, the last time before on {last}"
        if since is None:
            return f"{code} was not judged yet"
        if since >= self._end:
            return f"how {code} stood on {self._day} is not kept: its numbers are others since {since:%Y-%m-%d}"
        return ""


class Then:
    """Findings that were open at the end of a day, by answer, and what is not known of the day. Five queries.

    at: the moment after. accepted: how many were, by account, rule, part, type of subject and the acceptance's key.
    """

    def __init__(self, accounts: Iterable[Account], controls: Iterable[Control], day: date) -> None:
        ids, self.at = [account.pk for account in accounts], end_of(day)
        codes = {answer.code for control in controls for answer in control.answers}
        self._day = Day(ids, day)
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

    def gap(self, account: int, answer: Answer, since: datetime | None) -> str:
        """As of Day; and what findings say, beside that they were there, is kept as it is now."""
        if answer.only.public and self._open[account, answer.code]:
            return f"which findings of {answer.code} were of public access then is not kept"
        return self._day.gap(account, answer.code, since)

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
