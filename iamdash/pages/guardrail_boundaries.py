"""Which permissions boundaries are there, who carries them, and what does each take away?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet, Sum
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import Policy
from findings.models import AccountGuarding, GuardrailEffect
from findings.policy.layers import Layer
from iamdash.pages import narrowed, show
from iamdash.pages.facets import Accounts, Conditions
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.gaps import DETAILS, of_list
from iamdash.pages.grouped import ou_facet
from iamdash.pages.guardrail_effects import BLOCKS, DEPENDS, said
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable


class BoundaryTable(ListTable):
    lead = "name"
    caption = "Permissions boundaries"
    tells = {
        "binds": ("carried_by",),
        "takes": ("actions_taken", "under_conditions", "on_some_resources", "allows_everything"),
    }

    name = tables.Column("Boundary")
    binds = tables.Column("Carried by", empty_values=())
    takes = tables.Column("Takes away", empty_values=(), accessor="pk")
    account = tables.Column()

    def render_name(self, record: GuardrailEffect) -> SafeString:
        if not record.unique_id:
            return format_html('<span class="lead">{}</span>', show.name(record.name))
        url = show.address(self.request, "guardrails-boundary", record.account.aws_id, record.unique_id)
        return format_html('<a class="lead" href="{}" hx-boost="false">{}</a>', url, show.name(record.name))

    def render_binds(self, record: GuardrailEffect) -> SafeString | str:
        many = "1 role or user" if record.binds == 1 else f"{record.binds:,} roles and users"
        if not record.unique_id:
            return many
        url = show.address(self.request, "guardrails-boundary", record.account.aws_id, record.unique_id)
        return format_html('<a href="{}#carriers" hx-boost="false">{}</a>', url, many)

    def render_takes(self, record: GuardrailEffect) -> SafeString:
        return said(record)

    def render_account(self, record: GuardrailEffect) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


class BoundaryList(ListPage):
    name = "boundaries"
    title = "Permissions boundaries"
    folder = "guardrails/boundaries"
    table = BoundaryTable
    filters = Filters(
        sorts={
            "binds": Sort("Carriers", ("binds",), descending=True),
            "name": Sort("Name", ("name",)),
            "account": Sort("Account", ("account__name",)),
        },
        facets=(
            Conditions(
                name="takes",
                title="Takes away",
                inline=True,
                single=True,
                conditions={
                    "something": (BLOCKS | DEPENDS, "Something"),
                    "nothing": (Q(idle=True), "Nothing that is had"),
                    "open": (Q(open=True), "Allows everything"),
                    "unknown": (~Q(unread=""), "Not read"),
                },
            ),
            Accounts(offered=False),
            ou_facet(offered=False),
        ),
        search=("name", "account__name", "account__aws_id"),
        searched="boundary or account",
    )
    fields = {
        "account": lambda e: e.account.aws_id,
        "account_name": lambda e: e.account.name,
        "boundary": lambda e: e.policy,
        "carried_by": lambda e: e.binds,
        "actions_taken": lambda e: e.blocked,
        "under_conditions": lambda e: e.conditional,
        "on_some_resources": lambda e: e.partly,
        "allows_everything": lambda e: e.open,
        "unknown": lambda e: e.unread or None,
    }

    def queryset(self) -> QuerySet[GuardrailEffect]:
        return GuardrailEffect.objects.filter(layer=Layer.BOUNDARY.value).order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account").defer("data")

    def attach(self, rows: Sequence[Any]) -> None:
        """The ids of the policies, which their pages are found by; a policy that was not collected has none."""
        accounts, arns = {row.account_id for row in rows}, {row.policy for row in rows}
        found = Policy.present.filter(account__in=accounts, arn__in=arns).values_list("account", "arn", "unique_id")
        ids = {(account, arn): unique_id for account, arn, unique_id in found}
        for row in rows:
            row.unique_id = ids.get((row.account_id, row.policy), "")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {
            "holders": AccountGuarding.objects.aggregate(n=Sum("holders"))["n"] or 0,
            "gap": of_list(narrowed.chosen(asked), DETAILS),
        }
