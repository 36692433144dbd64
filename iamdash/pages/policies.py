"""Which policies are there, what do they grant, and who has them? Managed policies, to be searched by what they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from collectors.models import Document, Policy
from iamdash.pages import narrowed, show
from iamdash.pages.by_code import made_facet
from iamdash.pages.facets import Accounts, Conditions, Facet, Option
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.gaps import DETAILS, of_list
from iamdash.pages.grants import GrantError, Grants, parse_grant, said
from iamdash.pages.grouped import ou_facet
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.severities import OPEN_FIELDS, counts_of, judged, open_counts, open_fields
from iamdash.pages.tables import ListTable

HERE = Q(gone_at=None)


@dataclass(frozen=True, kw_only=True)
class Allows(Facet):
    """Policies that may allow an action, on a resource or at all, or that name a resource: see grants.parse_grant."""

    def accepts(self, slug: str) -> bool:
        try:
            parse_grant(slug)
        except GrantError:
            return False
        return True

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(data__document__in=Grants(parse_grant(slugs[-1])).digests())

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        return []

    def label(self, slug: str) -> str:
        return str(parse_grant(slug))


class PolicyTable(ListTable):
    lead = "name"
    caption = "Managed policies"
    spare = ("arn",)
    tells = {
        "name": ("name", "aws_managed", "default_version"),
        "arn": ("arn",),
        "grants": ("document",),
        "held": ("attachment_count", "boundary_count"),
        "findings": OPEN_FIELDS,
    }

    name = tables.Column("Policy")
    arn = tables.Column("ARN", attrs={"td": {"class": "arn"}})
    grants = tables.Column("Allows", empty_values=(), accessor="pk")
    held = tables.Column("Attached to", accessor="attachment_count", attrs={"td": {"class": "tight"}})
    findings = tables.Column("Open findings", accessor="pk", attrs={"td": {"class": "tight"}})
    account = tables.Column()

    def render_name(self, record: Policy) -> SafeString:
        url = show.address(self.request, "policy", record.account.aws_id, record.unique_id)
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">{}{}{}</span>',
            url,
            show.name(record.name),
            "AWS-managed" if record.aws_managed else "customer-managed",
            " · used as a boundary" if record.data.get("boundary_count") else "",
            format_html(" · gone since {}", show.ago(record.gone_at)) if record.gone_at else "",
        )

    def render_arn(self, value: str) -> SafeString:
        return show.name(value)

    def render_grants(self, record: Policy) -> SafeString:
        return said(record.body, record.account.aws_id)

    def render_held(self, record: Policy) -> SafeString | str:
        n = record.attachment_count
        if not n:
            return "nobody"
        url = show.address(self.request, "policy", record.account.aws_id, record.unique_id)
        many = "1 holder" if n == 1 else f"{n:,} holders"
        return format_html('<a href="{}#holders" hx-boost="false">{}</a>', url, many)

    def render_findings(self, record: Policy) -> SafeString:
        return counts_of(record, show.address(self.request, "findings", of=record.unique_id))

    def render_account(self, record: Policy) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


FILTERS = Filters(
    sorts={
        "name": Sort("Name", ("name",)),
        "held": Sort("Attachments", ("attachment_count",), descending=True),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("customer", "Customer-managed", HERE & Q(aws_managed=False)),
        Tab("aws", "AWS-managed, attached here", HERE & Q(aws_managed=True)),
        Tab("gone", "Deleted", Q(gone_at__isnull=False)),
    ),
    facets=(
        Conditions(
            name="attached",
            title="Attached",
            single=True,
            inline=True,
            conditions={
                "yes": (Q(attachment_count__gt=0), "Attached"),
                "no": (Q(attachment_count=0), "To nobody"),
            },
        ),
        made_facet(),
        Allows(name="allows", title="Content", single=True, offered=False),
        Accounts(),
        ou_facet(offered=False),
    ),
    search=("name", "arn"),
    searched="policy name or ARN",
)


class PolicyList(ListPage):
    name = "policies"
    title = "Policies"
    folder = "policies"
    table = PolicyTable
    filters = FILTERS
    fields = {
        "account": lambda p: p.account.aws_id,
        "account_name": lambda p: p.account.name,
        "name": lambda p: p.name,
        "arn": lambda p: p.arn,
        "id": lambda p: p.unique_id,
        "aws_managed": lambda p: p.aws_managed,
        "attachment_count": lambda p: p.attachment_count,
        "boundary_count": lambda p: p.data.get("boundary_count", 0),
        "default_version": lambda p: p.data.get("default_version"),
        "document": lambda p: p.body,
        "gone_at": lambda p: p.gone_at,
        **open_fields(),
    }

    def queryset(self) -> QuerySet[Policy]:
        return Policy.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account").annotate(**open_counts("unique_id"), **judged())

    def attach(self, rows: Sequence[Any]) -> None:
        wanted = {row.data["document"] for row in rows}
        found = Document.objects.filter(account__in={row.account_id for row in rows}, digest__in=wanted)
        bodies = {(account, digest): body for account, digest, body in found.values_list("account", "digest", "body")}
        for row in rows:
            row.body = bodies.get((row.account_id, row.data["document"]))

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        given = self.request.GET.get("allows", "")
        fault = ""
        if given:
            try:
                parse_grant(given)
            except GrantError as error:
                fault = str(error)
        kept = parse_qsl(asked.url(allows=()).removeprefix("?"))
        return {"allows": given, "fault": fault, "kept": kept, "gap": of_list(narrowed.chosen(asked), DETAILS)}
