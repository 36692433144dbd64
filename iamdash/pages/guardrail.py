"""One SCP or RCP: what it says, where it is attached, and what it really blocks in each account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from collectors.models import Document, OrganizationalUnit, OrganizationPolicy
from findings.models import AccountGuardrails, GuardrailEffect
from findings.models.guarding import LAYERS
from findings.policy.document import Unreadable
from findings.policy.layers import Layer
from iamdash.access import audit
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Conditions, Texts
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.grants import compiled
from iamdash.pages.guardrail_effects import BLOCKS, DEPENDS, said
from iamdash.pages.guardrail_tree import OF_TYPE
from iamdash.pages.lists import ListPage
from iamdash.pages.policy import NOT_COLLECTED, statements
from iamdash.pages.tables import ListTable

PLACES = 50  # that are listed


class EffectTable(ListTable):
    lead = "account"
    caption = "What it blocks, by account"
    tells = {
        "takes": (
            "actions_blocked_by_it_alone",
            "actions_blocked_by_others_too",
            "under_conditions",
            "on_some_resources",
        ),
        "what": ("keys",),
        "whom": ("roles_and_users", "roles_and_users_where_it_depends", "from_root_alone", "from_outsiders"),
    }

    account = tables.Column(attrs={"td": {"class": "tight"}})
    takes = tables.Column("Takes away", empty_values=(), accessor="pk")
    what = tables.Column("Such as", empty_values=(), accessor="pk")
    whom = tables.Column("From", empty_values=(), accessor="pk")

    def render_account(self, record: GuardrailEffect) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html(
            '<a class="lead" href="{}#guardrails" hx-boost="false">{}</a><span class="under mono">{}</span>',
            url,
            show.name(record.account.name),
            record.account.aws_id,
        )

    def render_takes(self, record: GuardrailEffect) -> SafeString:
        notes = list(_notes(record))
        lines = format_html_join("", '<span class="under">{}</span>', ((show.name(note),) for note in notes))
        return format_html("{}{}", said(record), lines)

    def render_what(self, record: GuardrailEffect) -> SafeString | str:
        return examples(record)

    def render_whom(self, record: GuardrailEffect) -> SafeString:
        return whom(self.request, record)


def _notes(row: GuardrailEffect) -> Iterator[str]:
    if row.also:
        yield f"{row.also:,} of them another guardrail takes too"
    if row.data["keys"]:
        yield f"depends on {', '.join(row.data['keys'])}"
    for part in row.data["parts"] if len(row.data["parts"]) > 1 else ():
        name = f"statement {part['number']}" + (f" ({part['sid']})" if part["sid"] else "")
        numbers = [f"{part['blocked']:,}"] if part["blocked"] else []
        numbers += [f"{part['depends']:,} where it depends"] if part["depends"] else []
        yield f"{name}: {', '.join(numbers)}"


def examples(row: GuardrailEffect) -> SafeString | str:
    some = row.data["blocks"] or row.data["may_block"]
    return format_html('<span class="mono">{}</span>', ", ".join(some[:4])) if some else ""


def whom(request: HttpRequest, row: GuardrailEffect) -> SafeString:
    """A few of the roles and users, and how many more."""
    total, named = row.sure + row.maybe, row.data["named"]
    if not total:
        return format_html('<span class="muted">{}</span>', "nobody")
    links = format_html_join(
        ", ",
        '<a href="{}" hx-boost="false">{}</a>',
        ((show.address(request, "principal", row.account.aws_id, id_), show.name(name)) for id_, name in named[:3]),
    )
    more = total - min(3, len(named))
    return format_html("{}{}", links, f" and {more:,} more" if more else "")


class PolicyEffects(ListPage):
    """The list is that of the accounts; what the policy says stands above it."""

    name = "accounts"
    title = "Guardrail"
    folder = "guardrails/policy"
    table = EffectTable
    filters = Filters(
        sorts={
            "takes": Sort("What it takes", ("alone", "also", "conditional"), descending=True),
            "account": Sort("Account", ("account__name",)),
        },
        facets=(
            Conditions(
                name="blocks",
                title="Blocks",
                inline=True,
                single=True,
                conditions={
                    "always": (BLOCKS, "Something, always"),
                    "depends": (DEPENDS, "Where it depends"),
                    "nothing": (Q(idle=True), "Nothing that is had"),
                    "unknown": (~Q(unread=""), "Not read"),
                },
            ),
            Texts(
                name="organization",
                title="Organization",
                column="account__guarding__organization_id",
                pattern=re.compile(r"o-[a-z0-9]{1,32}"),
                offered=False,
            ),
            Accounts(offered=False),
        ),
        search=("account__name", "account__aws_id"),
        searched="account name or id",
    )
    fields = {
        "account": lambda e: e.account.aws_id,
        "account_name": lambda e: e.account.name,
        "policy": lambda e: e.policy,
        "actions_blocked_by_it_alone": lambda e: e.alone,
        "actions_blocked_by_others_too": lambda e: e.also,
        "under_conditions": lambda e: e.conditional,
        "on_some_resources": lambda e: e.partly,
        "keys": lambda e: e.data["keys"],
        "roles_and_users": lambda e: e.sure,
        "roles_and_users_where_it_depends": lambda e: e.maybe,
        "from_root_alone": lambda e: e.root,
        "from_outsiders": lambda e: e.outsiders + e.outsiders_maybe,
        "unknown": lambda e: e.unread or None,
    }

    def get(self, request: HttpRequest, policy_id: str) -> HttpResponseBase:
        self.policy_id = policy_id
        return super().get(request)

    def queryset(self) -> QuerySet[GuardrailEffect]:
        return GuardrailEffect.objects.filter(policy=self.policy_id).order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        mine = self.queryset().filter(asked.condition("organization"))
        one = mine.exclude(layer=Layer.BOUNDARY.value).first()
        told = OrganizationPolicy.present.filter(unique_id=self.policy_id, type__in=OF_TYPE).first()
        if one is None and told is None:
            raise Http404
        audit.record(self.request, "policy-read", self.policy_id)
        body, collected = _body(one, told)
        layer = Layer(one.layer) if one else OF_TYPE[told.type]
        found = compiled(body) if collected else NOT_COLLECTED
        return {
            "policy": {"id": self.policy_id, "name": one.name if one else told.name, "type": LAYERS[layer]},
            "places": _places(mine, told),
            "counts": _counts(mine),
            "fault": found.reason if isinstance(found, Unreadable) else "",
            "statements": [] if isinstance(found, Unreadable) else list(statements(found)),
            "unknown_actions": [] if isinstance(found, Unreadable) else found.unknown_actions,
            "text": body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False),
            "collected": collected,
        }


def _counts(effects: QuerySet[GuardrailEffect]) -> dict[str, int]:
    return effects.aggregate(
        accounts=Count("pk"),
        blocking=Count("pk", filter=BLOCKS),
        depending=Count("pk", filter=DEPENDS & ~BLOCKS),
        idle=Count("pk", filter=Q(idle=True)),
        unread=Count("pk", filter=~Q(unread="")),
        open=Count("pk", filter=Q(open=True)),
    )


def _places(effects: QuerySet[GuardrailEffect], told: Any) -> list[tuple[str, str]]:
    """Id and name of where it is attached, as far as the operator may see it."""
    found: dict[str, str] = {}
    for places in effects.values_list("places", flat=True).distinct()[: 10 * PLACES]:
        found |= dict(places)
    if told:
        units = OrganizationalUnit.present.filter(account=told.account_id).values_list("unique_id", "name")
        names = dict(units)
        found |= {id_: names.get(id_, id_) for id_ in told.data.get("targets") or () if id_ not in found}
    return sorted(found.items(), key=lambda one: (one[0][:2] != "r-", one[0][:3] != "ou-", one[1]))[:PLACES]


def _body(one: GuardrailEffect | None, told: Any) -> tuple[Any, bool]:
    """The document, and whether it was read: of the organization's own rows, else of an account that it binds."""
    if told:
        row = Document.objects.filter(account=told.account_id, digest=told.data.get("document", "")).first()
        if row:
            return row.body, True
    data = (
        AccountGuardrails.objects.filter(account=one.account_id).values_list("data", flat=True).first() if one else None
    )
    for level in _levels(data):
        for policy in level["policies"]:
            if one and policy.get("unique_id") == one.policy and policy.get("document") in data["documents"]:
                return data["documents"][policy["document"]], True
    return None, False


def _levels(data: Any) -> Sequence[Any]:
    return [*(data["scp"] or ()), *(data["rcp"] or ())] if data else ()
