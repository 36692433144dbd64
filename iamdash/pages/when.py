"""Findings by when: open at the end of a day, opened or resolved within days. Links of trends lead here; also intervals that
ended long ago count, so a finding that was reopened since is found by what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from findings.models import AccountDay, EndedInterval, Finding
from iamdash.pages.facets import Between, Facet

DAY = timedelta(days=1)


def between(first: date | None, last: date | None = None) -> str:
    """The slug for days from the first to the last; None: without an end on that side."""
    return f"{first or ''}..{last or ''}"


def _any(unresolved: Q | None, ended: Q) -> Q:
    """Findings with an interval that is so: the current one, or one that ended."""
    found: QuerySet[Any] = EndedInterval.objects.filter(ended).values("finding")
    if unresolved is not None:
        found = Finding.objects.filter(unresolved, resolved_at=None).values("pk").union(found, all=True)
    return Q(pk__in=found)


@dataclass(frozen=True, kw_only=True)
class Within(Between):
    """column: when intervals began ("opened_at") or ended ("resolved_at")."""

    def where(self, slugs: Sequence[str]) -> Q:
        within = super().where(slugs)
        return _any(within if self.column == "opened_at" else None, within)


@dataclass(frozen=True, kw_only=True)
class OpenOn(Between):
    """One day, as a stretch of it."""

    column: str = "opened_at"

    def accepts(self, slug: str) -> bool:
        return super().accepts(f"{slug}..{slug}") and ".." not in slug

    def where(self, slugs: Sequence[str]) -> Q:
        end = datetime.combine(date.fromisoformat(slugs[-1]) + DAY, time(), UTC)
        return _any(Q(opened_at__lt=end), Q(opened_at__lt=end, resolved_at__gte=end))

    def label(self, slug: str) -> str:
        return slug


@dataclass(frozen=True, kw_only=True)
class Again(Between):
    """Days within which intervals began that were not a finding's first."""

    name: str = "reopened"
    title: str = "Reopened"
    column: str = "opened_at"

    def where(self, slugs: Sequence[str]) -> Q:
        within = super().where(slugs)
        return _any(within & Q(reopened__gt=0), within & Q(again=True))


@dataclass(frozen=True, kw_only=True)
class NotJudged(OpenOn):
    """A day on which nobody judged the account, so that it stands as the last judgement before left it. column: path to it."""

    name: str = "unjudged"
    title: str = "In accounts not judged on"
    column: str = "account"

    def where(self, slugs: Sequence[str]) -> Q:
        day = date.fromisoformat(slugs[-1])
        before, then = (AccountDay.objects.filter(**at).values("account") for at in ({"day__lt": day}, {"day": day}))
        return Q(**{f"{self.column}__in": before}) & ~Q(**{f"{self.column}__in": then})


def facets() -> tuple[Facet, ...]:
    return (
        OpenOn(name="on", title="Open at the end of"),
        Within(name="opened", title="Opened or reopened", column="opened_at"),
        Between(name="since", title="Open since", column="opened_at"),
        Within(name="resolved", title="Resolved", column="resolved_at"),
        Again(),
        NotJudged(),
    )
