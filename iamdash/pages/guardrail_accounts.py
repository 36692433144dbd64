"""Which accounts are guarded, and by how much? The accounts below an OU, or of the whole organization."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import django_tables2 as tables
from django.db.models import OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from findings.models import AccountGuarding, GuardrailEffect
from iamdash.pages import show
from iamdash.pages.accounts import number
from iamdash.pages.facets import Accounts, Conditions, Facet, Option
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.guardrail_effects import BLOCKS, DEPENDS
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

UNIT = re.compile(r"(r|ou)-[a-z0-9-]{1,64}", re.ASCII)
LIMITS = {
    "yes": (Q(limited=True), "An SCP limits"),
    "no": (Q(limited=False, management=False), "FullAWSAccess only"),
    "unknown": (Q(limited=None), "Not known"),
    "management": (Q(management=True), "Management account"),
}


@dataclass(frozen=True, kw_only=True)
class Below(Facet):
    """Accounts in an OU, or below it."""

    def accepts(self, slug: str) -> bool:
        return UNIT.fullmatch(slug) is not None

    def where(self, slugs: Sequence[str]) -> Q:
        either = Q()
        for slug in slugs:
            either |= Q(path__contains=[[slug]])
        return either

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        return []


def place(row: AccountGuarding) -> str:
    """ "Root / prod / payments", "" where it is not known."""
    return " / ".join("Root" if id_.startswith("r-") else name or id_ for id_, name in row.path)


def standing(row: AccountGuarding) -> SafeString:
    if row.management:
        return format_html('<span class="muted">{}</span>', "management account: no SCP binds it")
    if row.organization_known and not row.organization_id:
        return format_html('<span class="muted">{}</span>', "in no organization")
    if row.limited is None:
        return show.state("unknown", "not known")
    return show.state("resolved", "limited") if row.limited else show.state("high", "FullAWSAccess only")


def share(row: AccountGuarding) -> str:
    if not row.holders:
        return "no role or user"
    return f"{row.bounded:,} of {row.holders:,} ({100 * row.bounded // row.holders}%)"


class GuardedTable(ListTable):
    lead = "name"
    caption = "Accounts by what guards them"
    tells = {
        "place": ("organization", "place", "management"),
        "scps": ("limited",),
        "blocking": ("guardrails_that_block", "guardrails_that_may_block"),
        "bounded": ("roles_and_users", "with_a_boundary"),
    }

    name = tables.Column("Account", accessor="account__name")
    place = tables.Column("Place", empty_values=(), accessor="pk")
    scps = tables.Column("SCPs", empty_values=(), accessor="pk")
    blocking = tables.Column("Guardrails that block something", empty_values=())
    bounded = tables.Column("With a boundary", empty_values=())

    def render_name(self, record: AccountGuarding) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html(
            '<a class="lead" href="{}#guardrails" hx-boost="false">{}</a><span class="under mono">{}</span>',
            url,
            show.name(record.account.name),
            record.account.aws_id,
        )

    def render_place(self, record: AccountGuarding) -> SafeString:
        return show.name(place(record)) if record.path else show.unknown("it was not read")

    def render_scps(self, record: AccountGuarding) -> SafeString:
        return standing(record)

    def render_blocking(self, record: AccountGuarding) -> str:
        more = f", {record.depending} more where it depends" if record.depending else ""
        return f"{record.blocking}{more}"

    def render_bounded(self, record: AccountGuarding) -> str:
        return share(record)


class GuardedList(ListPage):
    name = "accounts"
    title = "Accounts by what guards them"
    folder = "guardrails/accounts"
    table = GuardedTable
    filters = Filters(
        sorts={
            "name": Sort("Name", ("account__name",)),
            "bounded": Sort("With a boundary", ("bounded",), descending=True),
        },
        facets=(
            Conditions(name="limits", title="SCPs", inline=True, single=True, conditions=LIMITS),
            Below(name="ou", title="Below", single=True, offered=False),
            Accounts(offered=False),
        ),
        search=("account__name", "account__aws_id"),
        searched="account name or id",
    )
    fields = {
        "account": lambda g: g.account.aws_id,
        "account_name": lambda g: g.account.name,
        "organization": lambda g: g.organization_id or None,
        "place": lambda g: [id_ for id_, _ in g.path],
        "management": lambda g: g.management,
        "limited": lambda g: g.limited,
        "unknown": lambda g: g.unseen or None,
        "guardrails_that_block": lambda g: g.blocking,
        "guardrails_that_may_block": lambda g: g.depending,
        "roles_and_users": lambda g: g.holders,
        "with_a_boundary": lambda g: g.bounded,
    }

    def queryset(self) -> QuerySet[AccountGuarding]:
        return AccountGuarding.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        effects = GuardrailEffect.objects.filter(account=OuterRef("account"))
        blocking = effects.filter(BLOCKS)
        return qs.select_related("account").annotate(
            blocking=number(blocking), depending=number(effects.filter(DEPENDS).exclude(BLOCKS))
        )

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        chosen = asked.chosen["ou"]
        return {"unit": _named(chosen[-1]) if chosen else ""}


def _named(unit: str) -> str:
    """ "prod (ou-ab12-34567890)", as an account in the operator's scope tells it; "" when none does."""
    row = AccountGuarding.objects.filter(path__contains=[[unit]]).first()
    names = dict(row.path) if row else {}
    if unit.startswith("r-"):
        return "the root"
    return f"{names[unit]} ({unit})" if names.get(unit) else unit
