"""Of which subjects can nobody tell whether they are in order, and why?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from findings.models import RuleState, Unknown
from findings.rules import registry
from findings.vocabulary import Practice
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Conditions, Texts, rows
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.findings import rule_label
from iamdash.pages.grouped import group_facet, ou_facet, owner_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.subjects import page_of
from iamdash.pages.tables import ListTable

RULE = re.compile(r"[A-Z]{2}\d{3}")
# Of rows that are of a rule in an account.
OF_RULES = (
    Conditions(
        name="practice",
        title="Practice",
        conditions={one.prefix: (Q(code__startswith=one.prefix), one.label) for one in Practice},
    ),
    Texts(name="rule", title="Rule", column="code", pattern=RULE, naming=rule_label),
    Accounts(),
    ou_facet(offered=False),
    group_facet(),
    owner_facet(),
)


def kind_of(code: str) -> str:
    entry = registry.catalogue().get(code)
    return entry.rule.subject.value if entry else "subject"


class UnknownTable(ListTable):
    lead = "subject"
    caption = "Subjects of which a rule cannot tell whether they are in order"
    tells = {
        "subject": ("subject_id", "subject_name", "subjects"),
        "rule": ("rule", "subject_type"),
        "why": ("reason",),
        "since": ("since",),
        "account": ("account", "account_name"),
    }

    subject = tables.Column(accessor="subject_name", empty_values=())
    rule = tables.Column(accessor="code")
    why = tables.Column(accessor="reason")
    account = tables.Column()
    since = tables.Column(attrs={"td": {"class": "tight"}})

    def render_subject(self, record: Any) -> SafeString:
        kind = kind_of(record.code)
        if not record.subject_id:
            n = record.subjects
            return format_html(
                "<strong>{}</strong>", f"{n:,} {kind}{'' if n == 1 else 's'}" if n else f"Every {kind} left"
            )
        said = show.name(record.subject_name or record.subject_id)
        url = page_of(self.request, record.account.aws_id, kind, record.subject_id, record.subject_name)
        return format_html('<a class="lead" href="{}" hx-boost="false">{}</a>', url, said) if url else said

    def render_rule(self, value: str) -> SafeString:
        return format_html(
            '<a href="{}" hx-boost="false">{}</a>', show.address(self.request, "rule", value), rule_label(value)
        )

    def render_why(self, value: str) -> SafeString:
        return show.name(value)

    def render_account(self, record: Unknown) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))

    def render_since(self, record: Unknown) -> SafeString:
        return show.ago(record.since)


class UnknownList(ListPage):
    name = "unknowns"
    title = "Unknown"
    folder = "rules/unknown"
    table = UnknownTable
    filters = Filters(
        sorts={
            "rule": Sort("Rule", ("code", "subject_name")),
            "subject": Sort("Subject", ("subject_name",)),
            "account": Sort("Account", ("account__name",)),
            "since": Sort("Since", ("since",), descending=True),
        },
        facets=OF_RULES,
        search=("subject_name", "reason"),
        searched="subject or reason",
    )
    fields = {
        "rule": lambda one: one.code,
        "subject_type": lambda one: kind_of(one.code),
        "subject_id": lambda one: one.subject_id,
        "subject_name": lambda one: one.subject_name,
        "subjects": lambda one: one.subjects,
        "reason": lambda one: one.reason,
        "account": lambda one: one.account.aws_id,
        "account_name": lambda one: one.account.name,
        "since": lambda one: one.since,
    }

    def queryset(self) -> QuerySet[Unknown]:
        return Unknown.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Sequence[Any]) -> None:
        left = _left([row for row in rows if not row.subject_id])
        for row in rows:
            row.subjects = 1 if row.subject_id else left.get((row.account_id, row.code), 0)


def _left(some: Sequence[Unknown]) -> dict[tuple[int, str], int]:
    """How many subjects each row stands for that is of all that nothing else decided: those in doubt without a row of their own.
    Two queries."""
    if not some:
        return {}
    where = {"account__in": {row.account_id for row in some}, "code__in": {row.code for row in some}}
    doubted: Iterable[tuple[int, str, int]] = RuleState.objects.filter(**where).values_list(
        "account", "code", "n_in_doubt"
    )
    named = (
        Unknown.objects.filter(**where)
        .exclude(subject_id="")
        .order_by()
        .values_list("account", "code")
        .annotate(n=rows())
    )
    own = {(pk, code): n for pk, code, n in named}
    return {(pk, code): max(0, n - own.get((pk, code), 0)) for pk, code, n in doubted}


page = UnknownList.as_view()
