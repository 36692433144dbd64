"""Who did what? A row a principal and event: how often in all that was read, and when last. From each, day by day."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import UsageLast
from collectors.models.usage import LAST_CALL
from iamdash.pages import acts, show
from iamdash.pages.acts import (
    COUNTS,
    FIELDS,
    TIGHT,
    Acts,
    ActsTable,
)
from iamdash.pages.filters import Filters, Sort, Tab
from iamdash.pages.tables import NUMBER


class DidTable(ActsTable):
    caption = "Who did what"
    tells = {
        "principal": acts.WHO_FIELDS,
        "event": acts.EVENT_FIELDS,
        "when": ("used_at", "denied_at"),
        "n": ("calls", "denied", "failed"),
        "first": ("first_at",),
    }

    principal = tables.Column("Who", empty_values=(), accessor="pk")
    event = tables.Column("Did what", empty_values=(), accessor="pk")
    when = tables.Column("Last call", accessor="last_at", attrs=TIGHT)
    n = tables.Column("Calls", attrs=NUMBER)
    first = tables.Column("First seen", accessor="first_at", attrs=TIGHT)
    account = tables.Column()

    def render_when(self, record: Any) -> SafeString:
        if record.used_at is None:
            return format_html('{}<span class="under">every call was denied</span>', show.ago(record.last_at))
        return show.ago(record.last_at)

    def render_n(self, record: Any) -> SafeString:
        cell = acts.counted(record.n, record.denied)
        if not record.principal.unique_id:
            return cell
        parameters = {"of": record.principal.unique_id, "event": acts.event_slug(record.event)}
        url = show.address(self.request, "activity-days", **parameters)
        return format_html('<a href="{}" hx-boost="false">{}<span class="hidden">, day by day</span></a>', url, cell)

    def render_first(self, record: Any) -> SafeString:
        return show.ago(record.first_at)


class DidList(Acts):
    name = "events"
    title = "Who did what"
    folder = "activity/did"
    table = DidTable
    filters = Filters(
        sorts={
            "when": Sort("Newest", ("last_at",), descending=True),
            "n": Sort("Most calls", ("n",), descending=True),
            "first": Sort("First seen", ("first_at",), descending=True),
        },
        tabs=(
            Tab("all", "All", Q()),
            Tab("denied", "Only denied", Q(used_at=None)),
        ),
        facets=acts.LAST,
        search=acts.meant,
        searched="principal, event, service or action",
        unique=("principal_id", "event_id"),
    )
    fields = {
        **FIELDS,
        **COUNTS,
        "failed": lambda v: v.failed,
        "first_at": lambda v: v.first_at,
        "used_at": lambda v: v.used_at,
        "denied_at": lambda v: v.denied_at,
    }

    def queryset(self) -> QuerySet[UsageLast]:
        return UsageLast.objects.annotate(last_at=LAST_CALL).order_by()
