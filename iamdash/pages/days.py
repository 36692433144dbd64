"""What was done, day by day: a row a principal, event and day. It is the list behind each cell of a heat, and what a session's
principal did on its day."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.activity.evidence import CONSOLE, MFA, PLAIN, SERVICE
from collectors.models import UsageDaily
from iamdash.pages import acting, acts, keyset, show
from iamdash.pages.acting import OLDEST
from iamdash.pages.acts import (
    COUNTS,
    FIELDS,
    OUTCOMES,
    TIGHT,
    Acts,
    ActsTable,
    Linked,
    OfActor,
    OfEvent,
    OfService,
    Period,
    Stretch,
)
from iamdash.pages.facets import Accounts, Choices
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import EVERY
from iamdash.pages.tables import NUMBER

KINDS = {
    "plain": (PLAIN, "Program or key"),
    "console": (CONSOLE, "In the console"),
    "service": (SERVICE, "By an AWS service on its behalf"),
    "mfa": (MFA, "With MFA"),
}
WORDS = dict(KINDS.values())
UNIQUE = ("account_id", "day", "principal_id", "event_id", "region", "session_kind", "key")


class OfKey(Linked):
    def where(self, slugs: Any) -> Q:
        return Q(key__in=slugs)


class DayTable(ActsTable):
    caption = "What was done, day by day"
    tells = {
        "principal": acts.WHO_FIELDS,
        "event": acts.EVENT_FIELDS,
        "when": ("first_at", "last_at"),
        "n": ("calls", "denied", "failed"),
        "how": ("how", "key", "region"),
    }

    principal = tables.Column("Who", empty_values=(), accessor="pk")
    event = tables.Column("Did what", empty_values=(), accessor="pk")
    when = tables.Column("Last call of the day", accessor="last_at", attrs=TIGHT)
    n = tables.Column("Calls", attrs=NUMBER)
    how = tables.Column("How", accessor="session_kind")
    account = tables.Column()

    def render_when(self, record: Any) -> SafeString:
        return format_html('{}<span class="under">{}</span>', show.ago(record.last_at), f"{record.day:%Y-%m-%d}")

    def render_how(self, record: Any) -> SafeString:
        key = format_html(' · key <span class="mono">{}</span>', show.name(record.key)) if record.key else ""
        words = WORDS.get(record.session_kind, "")
        return format_html('{}<span class="under">in {}{}</span>', words, show.name(record.region), key)


class DayList(Acts):
    name = "entries"
    title = "Day by day"
    folder = "activity/days"
    table = DayTable
    filters = Filters(
        sorts={
            "when": Sort("Newest", ("last_at",), descending=True),
            "n": Sort("Most calls", ("n",), descending=True),
        },
        facets=(
            Period(column="day", dated=True),
            OUTCOMES,
            Choices(name="how", title="How", column="session_kind", values=KINDS),
            Accounts(),
            ou_facet(offered=False),
            OfActor(),
            OfService(),
            OfEvent(),
            OfKey(name="key", title="Key"),
            Stretch(name="day", title="Day"),
            Stretch(name="week", title="Week of", length=7),
        ),
        search=acts.meant,
        searched="principal, event, service or action",
        unique=UNIQUE,
    )
    fields = {
        "day": lambda v: v.day.isoformat(),
        **FIELDS,
        **COUNTS,
        "failed": lambda v: v.failed,
        "region": lambda v: v.region,
        "how": lambda v: WORDS.get(v.session_kind),
        "key": lambda v: v.key or None,
        "first_at": lambda v: v.first_at,
        "last_at": lambda v: v.last_at,
    }

    def queryset(self) -> QuerySet[UsageDaily]:
        return UsageDaily.objects.filter(day__gte=acting.since(OLDEST)).order_by()

    def within(self, page: keyset.Page) -> Q:
        days = sorted(day for _, day, *_ in page.ids)
        return Q(day__range=(days[0], days[-1])) if days else EVERY

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {**acts.watching(asked), "of_a_day": bool(asked.chosen["day"])}
