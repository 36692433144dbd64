"""Which permission sets are there, what does each give in how many accounts, and what is open on the roles they make?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from collectors.models import Account, Coverage, PermissionSet, Principal
from collectors.records.identity_center import RESERVED_PATH
from findings.models import PermissionSetRole
from findings.vocabulary import Severity
from iamdash.pages import narrowed, show, told
from iamdash.pages.facets import Accounts, Conditions
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.grouped import ou_facet
from iamdash.pages.html import format_html, format_html_join
from iamdash.pages.lists import ListPage
from iamdash.pages.permission_sets import SHOWN, SOURCE, SetRow, roles_of, sets
from iamdash.pages.searching import one_of
from iamdash.pages.severities import OPEN_FIELDS, counts
from iamdash.pages.tables import NUMBER, ListTable
from iamdash.pages.unread import unread


class SetTable(ListTable):
    """Of rows with their SetRow as `set`."""

    lead = "name"
    caption = "Permission sets"
    spare = ("arn",)
    tells = {
        "name": ("name",),
        "arn": ("arn",),
        "gives": ("managed", "customer", "inline", "boundary"),
        "accounts": ("accounts",),
        "people": ("people_at_most",),
        "findings": OPEN_FIELDS,
        "teller": ("change_it_in",),
    }

    name = tables.Column("Permission set")
    arn = tables.Column("ARN", accessor="set_arn", attrs={"td": {"class": "arn"}})
    gives = tables.Column(empty_values=(), accessor="data")
    accounts = tables.Column(accessor="set__accounts", attrs=NUMBER)
    people = tables.Column("Who has it", empty_values=(), accessor="set")
    findings = tables.Column("Open findings", empty_values=(), accessor="set")
    teller = tables.Column("Change it in", accessor="told_by")

    def render_name(self, record: PermissionSetRole) -> SafeString:
        url = show.address(self.request, "principals-set", record.set_arn)
        return format_html('<a class="lead" href="{}" hx-boost="false">{}</a>', url, show.name(record.name))

    def render_arn(self, value: str) -> SafeString:
        return show.name(value)

    def render_gives(self, value: dict[str, Any]) -> SafeString:
        if value["managed"] is None:
            return show.unknown("its policies were not read")
        own = [f"{path} of the account" for path in value["customer"] or ()]
        own += ["a policy of its own"] if value["inline"] else []
        own += [f"within {_short(value['boundary'])}"] if value["boundary"] else []
        return format_html_join(
            "", "<div>{}</div>", ((show.name(one),) for one in (*map(_short, value["managed"]), *own))
        )

    def render_accounts(self, record: Any) -> SafeString:
        url = show.address(self.request, "principals-set", record.set_arn)
        return format_html('<a href="{}#assigned" hx-boost="false">{}</a>', url, f"{record.set.accounts:,}")

    def render_people(self, value: SetRow) -> SafeString:
        if value.people is None:
            return show.unknown("its assignments were not read")
        many = "1 person" if value.people == 1 else f"{value.people:,} people"
        return format_html("{}", f"up to {many} in an account" if value.accounts > 1 else many)

    def render_findings(self, value: SetRow) -> SafeString:
        return counts(value.findings, show.address(self.request, "findings", set=value.arn))

    def render_teller(self, record: PermissionSetRole) -> SafeString:
        one = record.set.told_by
        if one is None:
            return format_html('<span class="mono">{}</span>', record.told_by)
        url = show.address(self.request, "account", one.aws_id)
        return format_html(
            '<a href="{}" hx-boost="false">{}</a><span class="under mono">{}</span>',
            url,
            show.name(one.name),
            one.aws_id,
        )


def _short(arn: str) -> str:
    """A policy's name, which is what tells policies of AWS apart."""
    return arn.partition(":policy/")[2] or arn


class SetList(ListPage):
    name = "sets"
    title = "Permission sets"
    folder = "permission_sets"
    table = SetTable
    filters = Filters(
        sorts={
            "findings": Sort("Worst findings", ("worst",), descending=True),
            "name": Sort("Name", ("name",)),
            "accounts": Sort("Accounts", ("n_accounts",), descending=True),
        },
        facets=(
            Conditions(
                name="findings",
                title="Open findings",
                inline=True,
                single=True,
                conditions={"some": (Q(worst__gt=0), "Has open findings"), "none": (Q(worst=0), "Has none")},
            ),
            Conditions(
                name="people",
                title="Who has it",
                inline=True,
                single=True,
                conditions={"unknown": (Q(most=None), "Nobody knows who has it")},
            ),
            Accounts(offered=False),
            ou_facet(offered=False),
        ),
        search=("name", "set_arn"),
        searched="name or ARN",
    )
    fields = {
        "name": lambda r: r.name,
        "arn": lambda r: r.set_arn,
        "managed": lambda r: r.data["managed"],
        "customer": lambda r: r.data["customer"],
        "inline": lambda r: r.data["inline"],
        "boundary": lambda r: r.data["boundary"],
        "accounts": lambda r: r.set.accounts,
        "people_at_most": lambda r: r.set.people,
        **{f"open_{s.slug}": (lambda r, s=s: r.set.findings[s]) for s in reversed(Severity)},
        "change_it_in": lambda r: r.told_by,
    }

    def queryset(self) -> QuerySet[PermissionSetRole]:
        """One role of each permission set, in the account or OU that the frame chose where it chose one. worst: the highest risk
        of its roles, 0 where nothing is open; most: of people in an account, None where nobody knows."""
        found = self._told.values()
        numbers = {"worst": told.number({one.arn: one.risk for one in found}, "set_arn")}
        numbers |= {"n_accounts": told.number({one.arn: one.accounts for one in found}, "set_arn")}
        numbers |= {"most": told.number({one.arn: one.people for one in found}, "set_arn")}
        ones = PermissionSetRole.objects.filter(one_of([one.one for one in found]))
        return ones.order_by().annotate(**numbers)

    @cached_property
    def _accounts(self) -> list[int] | None:
        return narrowed.accounts(self.read(self.request.GET))

    @cached_property
    def _told(self) -> dict[str, SetRow]:
        """By the set's ARN: in one pass over all roles for all that is asked."""
        return {one.arn: one for one in sets(roles_of(self._accounts))}

    def attach(self, rows: Sequence[Any]) -> None:
        """set: over all its roles."""
        for row in rows:
            row.set = self._told[row.set_arn]

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {
            "unjoined": _unjoined(self._accounts),
            "idle": [] if self._accounts is not None or asked.narrows else _idle(),
            "unread": unread(None if self._accounts is None else Account.objects.in_bulk(self._accounts), SOURCE),
            "told": Coverage.objects.filter(source=SOURCE, state="complete").exists(),
        }


def _unjoined(accounts: Collection[int] | None) -> int:
    """Roles of Identity Center whose permission set nobody told of, or that were not judged yet."""
    roles = Principal.present.filter(type=Principal.Type.ROLE, path__startswith=RESERVED_PATH, permission_set=None)
    return (roles if accounts is None else roles.filter(account__in=accounts)).count()


def _idle() -> list[PermissionSet]:
    """Permission sets that are in no account that the operator sees."""
    shown = roles_of(None).order_by().values("set_arn")
    return list(PermissionSet.present.exclude(unique_id__in=shown).select_related("account").order_by("name")[:SHOWN])
