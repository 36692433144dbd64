"""Who did what here? The audit log, for admins of all accounts."""

from __future__ import annotations

import json
import re
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from iamdash.access import actions, audit
from iamdash.access.audit_chain import head
from iamdash.access.models import AuditEntry, Role
from iamdash.access.rights import needs
from iamdash.pages import show
from iamdash.pages.facets import Choices, Texts
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

MARKS = {audit.Outcome.DONE: "resolved", audit.Outcome.REFUSED: "high", audit.Outcome.FAILED: "medium"}
WORD = re.compile(r"[a-z0-9_-]{1,60}")


class AuditTable(ListTable):
    lead = "action"
    caption = "What was done, the newest first"
    tells = {
        "action": ("action", "object", "detail"),
        "number": ("number", "at"),
        "actor": ("actor", "via"),
        "address": ("address", "agent"),
        "outcome": ("outcome",),
    }

    action = tables.Column("What")
    number = tables.Column("When")
    actor = tables.Column("Who", empty_values=())
    address = tables.Column("From", empty_values=())
    outcome = tables.Column()

    def render_action(self, record: AuditEntry) -> SafeString:
        return format_html(
            '<span class="lead">{}</span> {}<span class="under">{}</span>',
            actions.label(record.action), show.name(record.object), told(record.detail),
        )  # fmt: skip

    def render_number(self, record: AuditEntry) -> SafeString:
        return format_html('{}<span class="under">entry {}</span>', show.ago(record.at), record.number)

    def render_actor(self, record: AuditEntry) -> SafeString:
        if not record.actor:
            return format_html(
                '<span class="muted">{}</span>', "a command" if record.via == "command" else "a stranger"
            )
        via = "" if record.via == "page" else record.via
        return format_html('{}<span class="under">{}</span>', show.name(record.actor), show.name(via))

    def render_address(self, record: AuditEntry) -> SafeString:
        return format_html(
            '{}<span class="under one-line" title="{}">{}</span>', record.address, record.agent, show.name(record.agent)
        )

    def render_outcome(self, record: AuditEntry) -> SafeString:
        return show.state(MARKS[audit.Outcome(record.outcome)], audit.Outcome(record.outcome).label)


def told(detail: str) -> SafeString:
    """The detail's values by name, in words."""
    pairs = ((name.replace("_", " "), show.name(_words(value))) for name, value in json.loads(detail).items())
    return format_html_join("; ", "{}: {}", pairs)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    return (
        {True: "yes", False: "no", None: "none"}.get(value, str(value)) if not isinstance(value, dict) else str(value)
    )


class AuditList(ListPage):
    name = "entries"
    title = "Audit log"
    noun = "entry"
    folder = "audit"
    table = AuditTable
    filters = Filters(
        sorts={"number": Sort("When", ("number",), descending=True)},
        facets=(
            Choices(
                name="outcome", title="Outcome", column="outcome", inline=True,
                values={one.value: (one.value, one.label) for one in audit.Outcome},
            ),
            Texts(name="actor", title="Who", column="actor", pattern=re.compile(r"[\w.@+-]{1,150}")),
            Texts(name="action", title="What", column="action", pattern=WORD, naming=actions.label),
        ),
        search=("actor", "object", "address", "detail"),
        searched="name, object, address or detail",
    )  # fmt: skip
    fields = {
        "number": lambda e: e.number,
        "at": lambda e: e.at,
        "actor": lambda e: e.actor,
        "actor_id": lambda e: e.actor_id,
        "via": lambda e: e.via,
        "address": lambda e: e.address,
        "agent": lambda e: e.agent,
        "action": lambda e: e.action,
        "object": lambda e: e.object,
        "outcome": lambda e: e.outcome,
        "detail": lambda e: e.detail,
        "previous": lambda e: e.previous,
        "hash": lambda e: e.hash,
    }

    def queryset(self) -> QuerySet[AuditEntry]:
        return AuditEntry.objects.order_by()

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"head": head()}


page = require_safe(needs(Role.ADMIN, every_account=True)(AuditList.as_view()))
