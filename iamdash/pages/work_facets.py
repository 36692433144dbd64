"""Whose a finding is, until when it is due, and which acceptance hides it: what the list of findings asks of people's work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Now

from collectors.records import clean
from findings.models import Acceptance, AccountFindings, Finding
from iamdash.pages.facets import Conditions, Counts, Facet, Option, counts, rows
from iamdash.pages.written import number

NOBODY = "-"
SOON = timedelta(days=7)
OVERDUE = Q(resolved_at=None, due_at__lte=Now())
# What counts of late findings (models/counted.py) do not tell of it: whose day is over since that was noted.
JUST_OVERDUE = OVERDUE & Q(late=False)


class Due(Conditions):
    """Counted by kept counts of what is late, and an index of due dates; so only what is due before long is offered."""

    alone = True
    kept = "n_late"

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        return self.of(_due(qs))

    def of_kept(self, n: int, qs: QuerySet[Any]) -> list[Option]:
        over, soon = _due(qs.filter(late=False))
        return self.of((Counter({True: over[True] + n}), soon))


def _due(qs: QuerySet[Any]) -> list[Counts]:
    """Over and soon. Only what is open is due; said so, a tab of what is not costs nothing."""
    still = qs.filter(status=Finding.Status.OPEN, resolved_at=None, due_at__lte=Now() + SOON)
    return counts(still.order_by(), (Q(due_at__lte=Now()), Q(due_at__gt=Now())))


def overdue(counted: QuerySet[AccountFindings], findings: QuerySet[Finding], by: str) -> Counts:
    """How many are overdue, by a column of both. Two queries."""
    found: Counts = Counter(dict(counted.values_list(by).annotate(total=Sum("n_late"))))
    found.update(dict(findings.filter(JUST_OVERDUE).order_by().values_list(by).annotate(n=rows())))
    return found


DUE = Due(
    name="due",
    title="Due",
    single=True,
    conditions={
        "over": (OVERDUE, "Overdue"),
        "soon": (Q(resolved_at=None, due_at__gt=Now(), due_at__lte=Now() + SOON), "Within 7 days"),
    },
)


@dataclass(frozen=True, kw_only=True)
class Assigned(Facet):
    """Slugs are names as they were given; NOBODY, which is most of all, is not counted: those of whoever owns the account."""

    name: str = "assigned"
    title: str = "Assigned"

    def accepts(self, slug: str) -> bool:
        return 0 < len(slug) <= 150 and clean(slug) == slug

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(assignee__in=["" if slug == NOBODY else slug for slug in slugs])

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        named = qs.exclude(assignee="").order_by().values_list("assignee")
        found = named.annotate(n=rows()).order_by("-n", "assignee")
        return [Option(name, name, n) for name, n in found[: self.shown]]

    def label(self, slug: str) -> str:
        return "The account's owner" if slug == NOBODY else slug


@dataclass(frozen=True, kw_only=True)
class AcceptedBy(Facet):
    """What an acceptance hides. Slugs are keys."""

    name: str = "exception"
    title: str = "Accepted by"
    single: bool = True
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return number(slug) is not None

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(acceptance__in=[int(slug) for slug in slugs], status=Finding.Status.ACCEPTED)

    def label(self, slug: str) -> str:
        one = Acceptance.objects.filter(pk=slug).first()
        return f"{one.set_by}: {one.reason[:60]}" if one else slug
