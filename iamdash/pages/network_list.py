"""Which networks are ours, a vendor's, or AWS's? The list of what addresses are called."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Concat, Substr
from django.utils.safestring import SafeString

from findings.analysis.activity.networks import kind
from findings.models import AwsRanges, NamedNetwork
from iamdash.access.models import Role
from iamdash.pages import ended, show
from iamdash.pages.facets import Conditions
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.grouped import reaching
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.network_forms import KINDS
from iamdash.pages.tables import CHANGE, ListTable, act

# Family, two digits of its length, eight of what else, then the address: PostgreSQL's own form of a network, whose order is none.
SENT = Func("cidr", template="encode(inet_send(%(expressions)s::inet), 'hex')", output_field=TextField())
IN_ORDER = Concat(Substr(SENT, 1, 2), Substr(SENT, 9), Substr(SENT, 3, 2), output_field=TextField())


class NetworkTable(ListTable):
    lead = "network"
    caption = "Named networks"
    fixed = ("act",)
    tells = {
        "network": ("network",),
        "name": ("name", "kind"),
        "whose": ("account", "account_name"),
        "noted": ended.SAID,
    }

    network = tables.Column(accessor="cidr")
    name = tables.Column()
    whose = tables.Column("For", empty_values=())
    noted = ended.Noted("Named")
    act = tables.Column(CHANGE, accessor="pk")

    def render_network(self, value: str) -> SafeString:
        return format_html('<span class="lead mono">{}</span>', value)

    def render_name(self, value: str) -> SafeString:
        return show.name(value)

    def render_whose(self, record: NamedNetwork) -> SafeString | str:
        if record.account is None:
            return "all accounts"
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))

    def render_act(self, record: NamedNetwork) -> SafeString:
        if record.ended_at or not (record.account_id or self.request.user.all_accounts):
            return SafeString()
        return act(show.address(self.request, "network-end", record.pk), "End", f"the name of {record.cidr}")


class NetworkList(ListPage):
    name = "networks"
    title = "Networks"
    folder = "networks"
    table = NetworkTable
    filters = Filters(
        sorts={
            "network": Sort("Network", ("in_order",)),
            "name": Sort("Name", ("name",)),
            "whose": Sort("For", ("whose", "in_order")),
            **ended.SORTS,
        },
        tabs=ended.tabs("Named", "Named before"),
        facets=(
            Conditions(
                name="kind",
                title="What it is",
                inline=True,
                conditions={
                    word: (Q(name__iregex=rf"^{word}([^a-z]|$)"), said.partition(":")[0])
                    for word, said in KINDS.items()
                },
            ),
            Conditions(
                name="for",
                title="For",
                conditions={"all": (Q(account=None), "All accounts"), "one": (~Q(account=None), "One account")},
            ),
            *reaching(lambda pks: Q(account__in=pks) | Q(account=None)),
        ),
        search=("cidr", "name", "set_by", "account__name"),
        searched="network, name or account",
    )
    fields = {
        "network": lambda one: one.cidr,
        "name": lambda one: one.name,
        "kind": lambda one: kind(one.name) or None,
        "account": lambda one: one.account.aws_id if one.account else None,
        "account_name": lambda one: one.account.name if one.account else None,
        **ended.FIELDS,
    }

    def queryset(self) -> QuerySet[NamedNetwork]:
        whose = Coalesce(F("account__name"), Value(""))
        return NamedNetwork.objects.order_by().annotate(in_order=IN_ORDER, whose=whose)

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        may = self.request.user.may(Role.ADMIN)
        aws = AwsRanges.objects.order_by("-pk").first()
        return {"aws": aws, "may_manage": may, "may_all": may and self.request.user.all_accounts}
