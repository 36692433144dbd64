"""CloudTrail's trails: each once, in the account that owns it; what it records, whether it does, and how its files are kept."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import F
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import Trail
from collectors.records.trails import INSIGHTS, SELECTORS, STATUS
from findings.analysis import selecting
from iamdash.pages import narrowed, show
from iamdash.pages.facets import Accounts, Conditions
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.gaps import TRAILS, of_list
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.tables import ListTable

UNTOLD = Q(data__unread__contains=[STATUS])
FAILS = Q(data__errors__has_any_keys=["bucket", "digest", "logs", "notification"])
STOPPED = ~UNTOLD & Q(data__logging=False)
FAILING = ~UNTOLD & Q(data__logging=True) & FAILS
WORKING = ~UNTOLD & Q(data__logging=True) & ~FAILS
STATES = {
    "stopped": (STOPPED, "Not logging"),
    "failing": (FAILING, "Delivery fails"),
    "logging": (WORKING, "Logging"),
    "unknown": (UNTOLD | Q(data__logging=None), "Not known"),
}
KEPT = {
    "invalid": (~Q(data__validation=True), "Not validated"),
    "plain": (Q(data__kms_key=""), "No key of KMS"),
}
SCOPES = {
    "organization": (Q(data__organization=True), "The organization's"),
    "all": (Q(region=""), "All regions"),
    "one": (~Q(region=""), "One region"),
}


class TrailTable(ListTable):
    lead = "trail"
    caption = "Trails"
    tells = {
        "state": ("logging", "errors", "validation", "kms_key"),
        "records": ("multi_region", "organization", "records", "insights"),
        "bucket": ("bucket", "log_group"),
    }

    trail = tables.Column("Trail and account", empty_values=(), accessor="pk")
    state = tables.Column("State", empty_values=(), accessor="pk")
    records = tables.Column("Records", empty_values=(), accessor="pk")
    bucket = tables.Column("Delivers to", empty_values=(), accessor="pk")

    def render_trail(self, record: Trail) -> SafeString:
        told = record.as_record
        url = show.address(self.request, "account", record.account.aws_id)
        scope = "all regions" if told.multi_region else told.home_region
        if told.organization:
            scope += ", the whole organization"
        return format_html(
            '{}<span class="under"><a href="{}" hx-boost="false">{}</a>, {}</span>',
            show.name(told.name), url, show.name(record.account.name or record.account.aws_id), show.name(scope),
        )  # fmt: skip

    def render_state(self, record: Trail) -> SafeString:
        told = record.as_record
        if told.logging is None or STATUS in told.unread:
            return show.unknown("its status was not told")
        if not told.logging:
            since = show.ago(told.stopped_at, none="nobody knows when")
            return format_html('{}<span class="under">since {}</span>', show.state("critical", "not logging"), since)
        under = format_html("delivered {}", show.ago(told.delivered_at, none="nothing yet"))
        if told.errors:
            said = "; ".join(f"{name}: {text[:120]}" for name, text in sorted(told.errors.items()))
            return format_html('{}<span class="under">{}</span>', show.state("high", "delivery fails"), show.name(said))
        return format_html('{}<span class="under">{}</span>', show.state("resolved", "logging"), under)

    def render_records(self, record: Trail) -> SafeString | str:
        told = record.as_record
        if told.selectors is None or SELECTORS in told.unread:
            return show.unknown("its selectors were not told")
        return show.name(", ".join(selecting.words(told.selectors)) or "nothing")

    def render_bucket(self, record: Trail) -> SafeString:
        told = record.as_record
        kept = [
            "validated" if told.validation else "not validated",
            "encrypted with a key of KMS" if told.kms_key else "no key of KMS",
            *(["copied to CloudWatch Logs"] if told.log_group else []),
            *(["with Insights"] if told.insights and INSIGHTS not in told.unread else []),
        ]
        return format_html('{}<span class="under">{}</span>', show.name(told.bucket or "none"), ", ".join(kept))


class TrailList(ListPage):
    name = "trails"
    title = "Trails"
    folder = "activity/trails"
    table = TrailTable
    filters = Filters(
        sorts={
            "name": Sort("Name", ("name",)),
            "account": Sort("Account", ("account__name", "name")),
            "new": Sort("Changed last", ("seen_from",), descending=True),
        },
        tabs=(
            Tab("all", "All", Q()),
            Tab("stopped", "Not logging", STOPPED),
            Tab("failing", "Delivery fails", FAILING),
        ),
        facets=(
            Conditions(name="state", title="State", conditions=STATES),
            Conditions(name="scope", title="Scope", conditions=SCOPES),
            Conditions(name="kept", title="Log files", conditions=KEPT),
            Accounts(),
            ou_facet(offered=False),
        ),
        search=("name", "unique_id", "account__name", "account__aws_id"),
        searched="trail, ARN or account",
    )
    fields = {
        "account": lambda v: v.account.aws_id,
        "account_name": lambda v: v.account.name,
        "arn": lambda v: v.unique_id,
        "name": lambda v: v.name,
        "home_region": lambda v: v.data["home_region"],
        "multi_region": lambda v: v.data["multi_region"],
        "organization": lambda v: v.data["organization"],
        "logging": lambda v: None if STATUS in v.data["unread"] else v.data.get("logging"),
        "errors": lambda v: v.data.get("errors"),
        "records": lambda v: selecting.words(v.as_record.selectors or ()),
        "bucket": lambda v: v.data["bucket"],
        "kms_key": lambda v: v.data["kms_key"],
        "validation": lambda v: v.data["validation"],
        "insights": lambda v: v.data.get("insights"),
        "log_group": lambda v: v.data["log_group"],
    }

    def queryset(self) -> QuerySet[Trail]:
        """An organization's trail is seen by all its accounts: of these rows its owner's, or the first."""
        own = Case(When(owner=F("account__aws_id"), then=Value(0)), default=Value(1))
        same = Trail.present.filter(unique_id=OuterRef("unique_id")).order_by(own, "pk")
        return Trail.present.order_by().filter(pk=Subquery(same.values("pk")[:1]))

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"gap": of_list(narrowed.chosen(asked), TRAILS)}
