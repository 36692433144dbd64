"""What is recorded, and where nothing is? A row an account and region: the logs that would tell of what happens there."""

from __future__ import annotations

import re
from typing import Any

import django_tables2 as tables
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.html import format_html
from django.utils.safestring import SafeString

from findings.analysis.coverage_matrix import Is, Log
from findings.models import RecordedRegion
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Choices, Conditions, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

LOGS = {
    Log.MANAGEMENT: "Management events",
    Log.DATA: "Data events of S3",
    Log.CONFIG: "Config",
    Log.ANALYZER: "Access Analyzer",
    Log.OURS: "Read by iamdash",
}
WORDS = {Is.YES: "recorded", Is.PART: "in part", Is.NO: "not recorded", Is.UNKNOWN: "unknown"}
OF_ANALYZER = WORDS | {Is.YES: "analyzed", Is.NO: "not analyzed"}
OF_OURS = {Is.YES: "all of it", Is.PART: "in part", Is.NO: "nothing", Is.UNKNOWN: "unknown"}
MARKS = {Is.YES: "resolved", Is.PART: "medium", Is.NO: "high", Is.UNKNOWN: "unknown"}
USE = {
    "yes": (Q(in_use=True), "In use"),
    "no": (Q(in_use=False), "Not in use"),
    "unknown": (Q(in_use=None), "Not known"),
}
MISSING = Q(management=Is.NO) | Q(config=Is.NO) | Q(analyzer=Is.NO)
UNREAD = ~Q(ours=Is.YES)


def said(log: Log, state: Is) -> str:
    return {Log.OURS: OF_OURS, Log.ANALYZER: OF_ANALYZER}.get(log, WORDS)[state]


def _facet(log: Log) -> Choices:
    values = {
        state.value: (state.value, said(log, state).capitalize()) for state in (Is.NO, Is.PART, Is.UNKNOWN, Is.YES)
    }
    return Choices(name=log.value, title=LOGS[log], column=log.value, values=values)


class RecordedTable(ListTable):
    lead = "account"
    caption = "What is recorded in each region of each account"
    tells = {name: (name,) for name in ("management", "data", "config", "analyzer", "ours")}

    account = tables.Column("Account and region", empty_values=(), accessor="pk")
    management = tables.Column(LOGS[Log.MANAGEMENT])
    data = tables.Column(LOGS[Log.DATA])
    config = tables.Column(LOGS[Log.CONFIG])
    analyzer = tables.Column(LOGS[Log.ANALYZER])
    ours = tables.Column(LOGS[Log.OURS])

    def render_account(self, record: RecordedRegion) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        use = {True: ", in use", False: ", not in use", None: ""}[record.in_use]
        return format_html(
            '<a href="{}" hx-boost="false">{}</a><span class="under"><span class="mono">{}</span>{}</span>',
            url,
            show.name(record.account.name or record.account.aws_id),
            show.name(record.region),
            use,
        )

    def render_management(self, record: RecordedRegion) -> SafeString:
        return cell(record, Log.MANAGEMENT)

    def render_data(self, record: RecordedRegion) -> SafeString:
        return cell(record, Log.DATA)

    def render_config(self, record: RecordedRegion) -> SafeString:
        return cell(record, Log.CONFIG)

    def render_analyzer(self, record: RecordedRegion) -> SafeString:
        return cell(record, Log.ANALYZER)

    def render_ours(self, record: RecordedRegion) -> SafeString:
        return cell(record, Log.OURS)


def cell(record: RecordedRegion, log: Log) -> SafeString:
    """Word, shape and colour; below it by what, or why not."""
    state = Is(getattr(record, log.value))
    words = show.name(record.words.get(log.value, ""))
    return format_html('{}<span class="under">{}</span>', show.state(MARKS[state], said(log, state)), words)


class RecordedList(ListPage):
    name = "regions"
    title = "What is recorded"
    folder = "activity/recorded"
    table = RecordedTable
    filters = Filters(
        sorts={
            "gap": Sort("What is missing", ("gap",), descending=True),
            "account": Sort("Account", ("account__name", "region")),
            "region": Sort("Region", ("region", "account__name")),
        },
        tabs=(
            Tab("all", "All", Q()),
            Tab("missing", "Something is missing", MISSING),
            Tab("unread", "Not read whole", UNREAD),
        ),
        facets=(
            *(_facet(log) for log in Log),
            Conditions(name="use", title="Use", conditions=USE),
            Texts(name="region", title="Region", column="region", pattern=re.compile(r"[a-z0-9-]{1,32}")),
            Accounts(),
            ou_facet(offered=False),
        ),
        search=("account__name", "account__aws_id", "region"),
        searched="account or region",
    )
    fields = {
        "account": lambda v: v.account.aws_id,
        "account_name": lambda v: v.account.name,
        "region": lambda v: v.region,
        "in_use": lambda v: v.in_use,
        "management": lambda v: v.management,
        "data": lambda v: v.data,
        "config": lambda v: v.config,
        "analyzer": lambda v: v.analyzer,
        "ours": lambda v: v.ours,
        "words": lambda v: v.words,
    }

    def queryset(self) -> QuerySet[RecordedRegion]:
        return RecordedRegion.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"summary": summary(self.queryset().filter(asked.condition("account") & asked.condition("ou")))}


def summary(rows: QuerySet[RecordedRegion]) -> str:
    """A sentence on all regions of the accounts shown; "" when there are none. One query."""
    counted = {
        "regions": Q(),
        "bare": Q(management=Is.NO),
        "unknown": Q(management=Is.UNKNOWN),
        "partly": Q(management=Is.PART),
        "analyzer": Q(analyzer=Is.NO),
        "unread": UNREAD,
    }
    # By account first: to count accounts among all regions would sort these.
    each = rows.values("account").annotate(**{f"n_{name}": Count("pk", filter=of) for name, of in counted.items()})
    sums = {name: Sum(f"n_{name}", default=0) for name in counted}
    found = each.aggregate(accounts=Count("account"), **sums)
    if not found["regions"]:
        return ""
    whole = found["regions"] - found["bare"] - found["unknown"] - found["partly"]
    of = f"{found['regions']:,} regions of {found['accounts']:,} account{'' if found['accounts'] == 1 else 's'}"
    less = [
        f"{found[name]:,} {words}"
        for name, words in (
            ("bare", "record none"),
            ("partly", "record some"),
            ("unknown", "are unknown"),
            ("analyzer", "have no analyzer"),
            ("unread", "could not be read whole"),
        )
        if found[name]
    ]
    return f"Management events are recorded in {whole:,} of {of}{': ' if less else ''}{', '.join(less)}."
