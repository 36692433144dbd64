"""What the lists of CloudTrail's use share: the facets that links set, what a search means, and the cells of who and what.

Rows are those of UsageDaily, UsageLast and UsageResource: each has an account, a principal and an event of its dictionaries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import UsageEvent, UsagePrincipal
from collectors.records import clean
from findings.analysis.activity.event_actions import service_of
from iamdash.pages import acting, narrowed, show
from iamdash.pages.facets import Accounts, By, Conditions, Counts, Facet, Option
from iamdash.pages.filters import Asked
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable
from iamdash.pages.watched import watched

DAYS = {"7": "7 days", "30": "30 days", "90": "90 days"}
LONGEST = 1_024  # of a name in an address
NAMED = 5_000  # principals and events that a search names one by one
HOST = ".amazonaws.com"
ACTION = re.compile(r"([a-z0-9-]+):(\w+)")  # as IAM writes it
OUTCOMES = Conditions(
    name="outcome",
    title="Outcome",
    conditions={
        "allowed": (Q(n__gt=F("denied")), "Allowed"),
        "denied": (Q(denied__gt=0), "Denied"),
    },
)


@dataclass(frozen=True, kw_only=True)
class Period(Facet):
    """The last so many days. Without a choice the list has all that it shows. dated: the column is one of days."""

    name: str = "days"
    title: str = "Period"
    single: bool = True
    inline: bool = True
    column: str = "at"
    dated: bool = False

    def accepts(self, slug: str) -> bool:
        return slug in DAYS

    def where(self, slugs: Sequence[str]) -> Q:
        days = int(slugs[-1])
        return Q(**{f"{self.column}__gte": acting.since(days) if self.dated else acting.moment(days)})

    @property
    def by(self) -> Sequence[By]:
        return [self.where([slug]) for slug in DAYS]

    def of(self, found: Sequence[Counts]) -> list[Option]:
        return [Option(slug, label, one[True]) for (slug, label), one in zip(DAYS.items(), found, strict=True)]

    def label(self, slug: str) -> str:
        return DAYS[slug]


@dataclass(frozen=True, kw_only=True)
class Linked(Facet):
    """A condition that only links set: a name out of the data, as it is."""

    offered: bool = False

    def accepts(self, slug: str) -> bool:
        return len(slug) <= LONGEST and clean(slug) == slug


@dataclass(frozen=True, kw_only=True)
class OfActor(Linked):
    """By unique id of who acted. column: path to the UsagePrincipal."""

    name: str = "of"
    title: str = "Principal"
    column: str = "principal"

    def where(self, slugs: Sequence[str]) -> Q:
        found = UsagePrincipal.objects.filter(unique_id__in=slugs)
        return Q(**{f"{self.column}__in": list(found.values_list("pk", flat=True))})

    def label(self, slug: str) -> str:
        return acting.named(slug)


@dataclass(frozen=True, kw_only=True)
class OfService(Linked):
    """By event source, as CloudTrail writes it."""

    name: str = "source"
    title: str = "Service"

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(event__in=list(UsageEvent.objects.filter(source__in=slugs).values_list("pk", flat=True)))

    def label(self, slug: str) -> str:
        return service_of(slug) or slug


@dataclass(frozen=True, kw_only=True)
class OfEvent(Linked):
    """By source and name with a colon between them."""

    name: str = "event"
    title: str = "Event"

    def where(self, slugs: Sequence[str]) -> Q:
        either = Q(pk__in=[])
        for source, _, name in (slug.partition(":") for slug in slugs):
            either |= Q(source=source, name=name)
        return Q(event__in=list(UsageEvent.objects.filter(either).values_list("pk", flat=True)))

    def label(self, slug: str) -> str:
        source, _, name = slug.partition(":")
        return f"{service_of(source) or source} {name}"


# Of lists of what was used last; more of them may follow.
LAST = (
    Period(column="last_at"),
    OUTCOMES,
    Accounts(),
    ou_facet(offered=False),
    OfActor(),
    OfService(),
    OfEvent(),
)


@dataclass(frozen=True, kw_only=True)
class Stretch(Facet):
    """Days from the one that the slug names."""

    offered: bool = False
    single: bool = True
    length: int = 1

    def accepts(self, slug: str) -> bool:
        return _day(slug) is not None

    def where(self, slugs: Sequence[str]) -> Q:
        first = _day(slugs[-1])
        assert first is not None
        return Q(day__gte=first, day__lt=first + timedelta(days=self.length))


def _day(slug: str) -> date | None:
    try:
        found = date.fromisoformat(slug)
    except ValueError:
        return None
    return found if slug == found.isoformat() and 2000 < found.year < 2200 else None


def meant(q: str) -> Q:
    """What a search for a text means for whom and what: part of a principal's name or id, of an event's or its service's; or
    an event by the action of IAM's form that it has the name of."""
    actors = UsagePrincipal.objects.filter(Q(arn__icontains=q) | Q(unique_id__icontains=q))
    events = UsageEvent.objects.filter(Q(name__icontains=q) | Q(source__icontains=q))
    if action := ACTION.fullmatch(q):
        events |= UsageEvent.objects.filter(source__istartswith=f"{action[1]}.", name__istartswith=action[2])
    return Q(principal__in=_few(actors)) | Q(event__in=_few(events))


def _few(found: QuerySet[Any]) -> Any:
    """Their keys one by one, by which the database finds rows in an index; where there are too many, the question itself."""
    keys = list(found.values_list("pk", flat=True)[: NAMED + 1])
    return found.values("pk") if len(keys) > NAMED else keys


def event_slug(event: UsageEvent) -> str:
    return f"{event.source}:{event.name}"


def who(request: HttpRequest, row: Any) -> SafeString:
    """Who acted, with a link where the inventory has it. row.known: see Acts.attach."""
    actor = row.principal
    return format_html(
        '{}<span class="under">{}</span>',
        acting.linked(request, actor, row.known, row.account.aws_id),
        actor.get_actor_display(),
    )


def counted(n: int, denied: int) -> SafeString:
    refused = format_html('<span class="under">{} denied</span>', f"{denied:,}") if denied else ""
    return format_html("{}{}", f"{n:,}", refused)


TIGHT = {"td": {"class": "tight"}}


class ActsTable(ListTable):
    """Cells of the columns `principal`, `event`, `n` and `account`."""

    lead = "principal"

    def render_principal(self, record: Any) -> SafeString:
        return who(self.request, record)

    def render_event(self, record: Any) -> SafeString:
        event = record.event
        service = service_of(event.source) or event.source.removesuffix(HOST)
        return format_html('{}<span class="under">{}</span>', show.name(event.name), show.name(service))

    def render_n(self, record: Any) -> SafeString:
        return counted(record.n, record.denied)

    def render_account(self, record: Any) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


class Acts(ListPage):
    """A list of rows that have an account, a principal and an event."""

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account", "principal", "event")

    def attach(self, rows: Sequence[Any]) -> None:
        """known: what the inventory has of who acted, or None."""
        known = acting.known_principals((row.account_id, row.principal.unique_id) for row in rows)
        for row in rows:
            row.known = known.get((row.account_id, row.principal.unique_id))

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return watching(asked)


def watching(asked: Asked) -> dict[str, Any]:
    """For the templates: whether CloudTrail is read in the accounts that were chosen."""
    return {"watched": watched(narrowed.chosen(asked))}


FIELDS: Mapping[str, Any] = {
    "account": lambda v: v.account.aws_id,
    "account_name": lambda v: v.account.name,
    "actor": lambda v: v.principal.actor,
    "principal_id": lambda v: v.principal.unique_id or None,
    "principal_arn": lambda v: v.principal.arn or None,
    "event_source": lambda v: v.event.source,
    "event_name": lambda v: v.event.name,
}
WHO_FIELDS = ("actor", "principal_id", "principal_arn")
EVENT_FIELDS = ("event_source", "event_name")
COUNTS: Mapping[str, Any] = {"calls": lambda v: v.n, "denied": lambda v: v.denied}
