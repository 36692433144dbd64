"""Which programs read iamdash, as whom, and until when? One's own, or everybody's for who looks after all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import django_tables2 as tables
from django.db.models import BooleanField, Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from iamdash.access import tokens
from iamdash.access.models import ApiToken, Operator, Role
from iamdash.pages import show
from iamdash.pages.facets import Conditions
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import CHANGE, ListTable, act

LONG_AGO = datetime.min.replace(year=1970, tzinfo=UTC)
RECENTLY, SOON = timedelta(days=30), timedelta(days=14)


def _is(condition: Q) -> Case:
    """True or false, never NULL."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def looks_after_all(operator: Operator) -> bool:
    return operator.may(Role.ADMIN) and bool(operator.all_accounts)


def seen(request: HttpRequest) -> QuerySet[ApiToken]:
    return tokens.seen_by(request.user, everybody=looks_after_all(request.user))


def over(row: Any) -> str:
    """Why one that is not valid is not, "" where it is; valid, protected: attached."""
    if row.valid:
        return ""
    if row.ended_at:
        return f"revoked by {row.ended_by}"
    if row.expires_at <= timezone.now():
        return "expired"
    if not row.operator.is_active:
        return "its operator may not sign in"
    if not row.protected:
        return "its operator has no second factor, which is asked for here"
    return f"its operator has not come by single sign-on for {tokens.SEEN_WITHIN.days} days"


class TokenTable(ListTable):
    lead = "name"
    caption = "API tokens"
    fixed = ("act",)
    tells = {
        "name": ("name", "begins", "made_at"),
        "operator": ("operator", "role", "all_accounts"),
        "scopes": ("reads",),
        "used": ("used_at",),
        "ends": ("expires_at", "valid", "over"),
    }

    name = tables.Column("Token")
    operator = tables.Column(accessor="operator__username")
    scopes = tables.Column("Reads")
    used = tables.Column("Last used", empty_values=(), accessor="used_at")
    ends = tables.Column(accessor="expires_at")
    act = tables.Column(CHANGE, accessor="pk")

    def may_act(self, operator: Operator) -> bool:
        return True  # all that is shown is their own, or they look after it

    def render_name(self, record: ApiToken) -> SafeString:
        return format_html(
            '<span class="lead">{}</span><span class="under"><code class="mono">{}…</code>, made {}</span>',
            show.name(record.name),
            record.shown,
            show.ago(record.created_at),
        )

    def render_operator(self, record: ApiToken) -> SafeString:
        some = "" if record.operator.all_accounts else ", some accounts"
        return format_html(
            '{}<span class="under">{}{}</span>', show.name(record.operator.username), record.operator.role, some
        )

    def render_scopes(self, value: list[str]) -> str:
        return ", ".join(value)

    def render_used(self, record: ApiToken) -> SafeString:
        return show.ago(record.used_at)

    def render_ends(self, record: ApiToken) -> SafeString:
        ends = show.ago(record.expires_at)
        if not (why := over(record)):
            return ends
        at = format_html(" {}", show.ago(record.ended_at)) if record.ended_at else SafeString()
        return format_html('{}{}<span class="under">would end {}</span>', show.name(why), at, ends)

    def render_act(self, record: ApiToken) -> SafeString:
        if record.ended_at:
            return SafeString()
        return act(show.address(self.request, "settings-token-end", record.pk), "Revoke", record.name)


class TokenList(ListPage):
    name = "tokens"
    title = "API tokens"
    folder = "tokens"
    table = TokenTable
    filters = Filters(
        sorts={
            "operator": Sort("Operator", ("operator__username", "name")),
            "name": Sort("Name", ("name",)),
            "used": Sort("Last used", ("used",), descending=True),
            "ends": Sort("Ends", ("expires_at",)),
            "made": Sort("Made", ("created_at",), descending=True),
        },
        tabs=(
            Tab("valid", "Valid", Q(valid=True)),
            Tab("over", "Valid no longer", Q(valid=False), "-made"),
            Tab("all", "All", Q()),
        ),
        facets=(
            Conditions(
                name="reads",
                title="Reads",
                conditions={
                    one.name.lower(): (Q(scopes__contains=[one.value]), str(one.label)) for one in tokens.Scope
                },
            ),
            Conditions(
                name="use",
                title="Use",
                conditions={
                    "lately": (Q(used_at__gt=Now() - RECENTLY), f"In the last {RECENTLY.days} days"),
                    "before": (Q(used_at__lte=Now() - RECENTLY), "Longer ago"),
                    "never": (Q(used_at=None), "Never"),
                },
            ),
            Conditions(
                name="ends",
                title="Ends",
                conditions={
                    "soon": (Q(expires_at__gt=Now(), expires_at__lte=Now() + SOON), f"Within {SOON.days} days"),
                    "later": (Q(expires_at__gt=Now() + SOON), "Later"),
                },
            ),
        ),
        search=("name", "shown", "operator__username"),
        searched="name, how it begins, or operator",
    )
    fields = {
        "name": lambda one: one.name,
        "begins": lambda one: one.shown,
        "operator": lambda one: one.operator.username,
        "role": lambda one: one.operator.role,
        "all_accounts": lambda one: bool(one.operator.all_accounts),
        "reads": lambda one: ", ".join(one.scopes),
        "made_at": lambda one: one.created_at,
        "used_at": lambda one: one.used_at,
        "expires_at": lambda one: one.expires_at,
        "valid": lambda one: one.valid,
        "over": lambda one: over(one) or None,
    }

    def queryset(self) -> QuerySet[ApiToken]:
        used = Coalesce(F("used_at"), Value(LONG_AGO, DateTimeField()))
        protected = _is(Q(operator__in=tokens.protected()))
        return seen(self.request).order_by().annotate(used=used, valid=_is(tokens.valid()), protected=protected)

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"everybody": looks_after_all(self.request.user)}
