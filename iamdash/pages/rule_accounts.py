"""How does each rule stand in each account? What it checked there, what is open, clear and unknown, and what was not read."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet, Sum
from django.utils.html import format_html
from django.utils.safestring import SafeString

from findings.models import RuleState
from iamdash.pages import show
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.findings import rule_label
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import NUMBER, ListTable
from iamdash.pages.unknowns import OF_RULES, kind_of


class StateTable(ListTable):
    lead = "account"
    caption = "Rules in accounts, with how many subjects each checked"
    tells = {
        "account": ("account", "account_name"),
        "rule": ("rule", "subject_type"),
        "checked": ("checked",),
        "open": ("open",),
        "clear": ("clear",),
        "unknown": ("unknown",),
        "reason": ("not_read",),
        "as_of": ("as_of",),
    }

    account = tables.Column()
    rule = tables.Column(accessor="code")
    checked = tables.Column(accessor="n_subjects", attrs=NUMBER)
    open = tables.Column(accessor="n_open", attrs=NUMBER)
    clear = tables.Column(accessor="n_clear", attrs=NUMBER)
    unknown = tables.Column(accessor="n_unknown", attrs=NUMBER)
    reason = tables.Column("Not read", empty_values=())
    as_of = tables.Column("Since", attrs={"td": {"class": "tight"}})

    def render_account(self, record: RuleState) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        name, aws_id = show.name(record.account.name), record.account.aws_id
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under mono">{}</span>', url, name, aws_id
        )

    def render_rule(self, record: RuleState) -> SafeString:
        url = show.address(self.request, "rule", record.code)
        judges = f"each {kind_of(record.code)}"
        return format_html(
            '<a href="{}" hx-boost="false">{}</a><span class="under">{}</span>', url, rule_label(record.code), judges
        )

    def render_checked(self, value: int) -> str:
        return f"{value:,}"

    def render_open(self, record: RuleState) -> SafeString | str:
        return self._linked(record, record.n_open, "findings")

    def render_clear(self, value: int) -> str:
        return f"{value:,}"

    def render_unknown(self, record: RuleState) -> SafeString | str:
        return self._linked(record, record.n_unknown, "rules-unknown")

    def render_reason(self, record: RuleState) -> SafeString | str:
        return format_html("{}{}", show.mark("unknown"), show.name(record.reason)) if record.reason else ""

    def render_as_of(self, record: RuleState) -> SafeString:
        return show.ago(record.as_of)

    def _linked(self, record: RuleState, n: int, view: str) -> SafeString | str:
        if not n:
            return "0"
        url = show.address(self.request, view, rule=record.code, account=record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, f"{n:,}")


class StateList(ListPage):
    name = "judgements"
    title = "Rules by account"
    folder = "rules/accounts"
    table = StateTable
    filters = Filters(
        tabs=(
            Tab("all", "All", Q()),
            Tab("open", "Open", Q(n_open__gt=0)),
            Tab("clear", "Clear", Q(n_clear__gt=0)),
            Tab("unknown", "Unknown", Q(n_unknown__gt=0)),
            Tab("unread", "Not all read", ~Q(reason="")),
        ),
        sorts={
            "rule": Sort("Rule", ("code", "account__name")),
            "account": Sort("Account", ("account__name", "code")),
            "checked": Sort("Checked", ("n_subjects",), descending=True),
            "open": Sort("Open", ("n_open",), descending=True),
            "clear": Sort("Clear", ("n_clear",), descending=True),
            "unknown": Sort("Unknown", ("n_unknown",), descending=True),
            "as_of": Sort("Since", ("as_of",), descending=True),
        },
        facets=OF_RULES,
        search=("account__name", "account__aws_id", "reason"),
        searched="account or what was not read",
    )
    fields = {
        "rule": lambda one: one.code,
        "subject_type": lambda one: kind_of(one.code),
        "account": lambda one: one.account.aws_id,
        "account_name": lambda one: one.account.name,
        "checked": lambda one: one.n_subjects,
        "open": lambda one: one.n_open,
        "clear": lambda one: one.n_clear,
        "unknown": lambda one: one.n_unknown,
        "not_read": lambda one: one.reason,
        "as_of": lambda one: one.as_of,
    }

    def queryset(self) -> QuerySet[RuleState]:
        return RuleState.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        """What the rows of all pages sum up to."""
        numbers = {name: Sum(name, default=0) for name in ("n_subjects", "n_open", "n_clear", "n_unknown")}
        return {"sums": asked.narrowed(self.queryset()).aggregate(**numbers)}


page = StateList.as_view()
