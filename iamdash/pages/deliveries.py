"""What was sent to whom, and what did they say?"""

from __future__ import annotations

import re
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.notify import wording
from iamdash.notify.models import Delivery
from iamdash.pages import show
from iamdash.pages.facets import Choices, Texts
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

STATES = {
    Delivery.State.SENT: ("resolved", "Sent"),
    Delivery.State.PENDING: ("unknown", "Waiting"),
    Delivery.State.FAILED: ("medium", "Failed, will be tried again"),
    Delivery.State.GIVEN_UP: ("high", "Given up"),
}


class DeliveryTable(ListTable):
    lead = "created_at"
    caption = "Messages, the newest first"
    tells = {
        "channel": ("channel", "kind"),
        "reason": ("what",),
        "total": ("findings",),
        "state": ("state", "sent_at"),
        "attempt": ("attempts",),
        "said": ("status", "error"),
    }

    created_at = tables.Column("Made")
    channel = tables.Column()
    reason = tables.Column("What", accessor="get_reason_display")
    total = tables.Column("Findings", attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    state = tables.Column()
    attempt = tables.Column("Attempts", attrs={"td": {"class": "num"}, "th": {"class": "num"}})
    said = tables.Column("Last answer", accessor="attempts", empty_values=())

    def render_created_at(self, record: Delivery) -> SafeString:
        url = show.address(self.request, "settings-delivery", record.pk)
        return format_html('<a class="lead" href="{}">{}</a>', url, show.ago(record.created_at))

    def render_channel(self, record: Delivery) -> SafeString:
        return format_html(
            '{} <span class="muted">{}</span>', show.name(record.channel.name), record.channel.get_kind_display()
        )

    def render_total(self, record: Delivery) -> SafeString | str:
        return f"{record.total:,}" if record.reason == Delivery.Reason.ALERT else "–"

    def render_state(self, record: Delivery) -> SafeString:
        return show.state(*STATES[Delivery.State(record.state)])

    def render_said(self, record: Delivery) -> SafeString:
        said = last(record)
        text = said.get("error") or said.get("answer") or ""
        return show.name(text[:120]) if said else format_html('<span class="muted">{}</span>', "none yet")


def last(record: Delivery) -> dict[str, Any]:
    """The last attempt, {} before the first."""
    return record.attempts[-1] if record.attempts else {}


class DeliveryList(ListPage):
    name = "messages"
    title = "Delivery log"
    folder = "alerts/deliveries"
    table = DeliveryTable
    filters = Filters(
        sorts={"created_at": Sort("Made", ("created_at",), descending=True)},
        facets=(
            Choices(
                name="state", title="State", inline=True, single=True, column="state",
                values={state.value: (state.value, words) for state, (_, words) in STATES.items()},
            ),
            Choices(
                name="what", title="What", column="reason",
                values={reason.value: (reason.value, reason.label) for reason in Delivery.Reason},
            ),
            Choices(
                name="worst", title="Worst severity", column="worst", marked=True,
                values={s.slug: (s.value, s.label) for s in sorted(Severity, reverse=True)},
            ),
            Texts(name="channel", title="Channel", column="channel__name", pattern=re.compile(r"[^\x00]{1,80}")),
        ),
    )  # fmt: skip
    fields = {
        "message": lambda r: str(r),
        "channel": lambda r: r.channel.name,
        "kind": lambda r: r.channel.kind,
        "what": lambda r: r.reason,
        "made_at": lambda r: r.created_at,
        "state": lambda r: r.state,
        "sent_at": lambda r: r.sent_at,
        "attempts": lambda r: r.attempt,
        "findings": lambda r: r.total,
        "status": lambda r: last(r).get("status"),
        "error": lambda r: last(r).get("error", ""),
    }

    def queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("channel").defer("content")


log = needs(Role.ANALYST, every_account=True)(DeliveryList.as_view())


@needs(Role.ANALYST, every_account=True)
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: what it says, and each attempt at sending it."""
    one = get_object_or_404(Delivery.objects.select_related("channel"), pk=pk)
    context = {
        "delivery": one,
        "state": show.state(*STATES[Delivery.State(one.state)]),
        "message": wording.message(one),
        "attempts": one.attempts[::-1],
        "unlisted": one.attempt - len(one.attempts),
    }
    return render(request, "alerts/deliveries/detail.html", context)
