"""Whom to ask about an account? The list of what was said about owners, and how far each reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from findings.analysis.places import Scope
from findings.models import AccountOwner
from findings.models.decided import STANDS
from iamdash.access.models import Role
from iamdash.pages import ended, show
from iamdash.pages.carried import UNIT
from iamdash.pages.facets import Choices
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.grouped import reaching
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.scopes import Whom, seen
from iamdash.pages.tables import CHANGE, ListTable, act

OF = {
    Scope.ALL: "All accounts",
    Scope.OU: "An OU",
    Scope.TAG: "A tag",
    Scope.GROUP: "A group",
    Scope.OWN_TAG: "The account's own tag",
    Scope.ACCOUNT: "One account",
}


def said_of(accounts: set[int]) -> Q:
    """What stands and reaches one of these."""
    rows = AccountOwner.objects.filter(STANDS).select_related("account")
    return Q(pk__in=[row.pk for row in rows if accounts & set(Whom.of(row).reached())])


class OwnerTable(ListTable):
    lead = "name"
    caption = "Owners of accounts"
    fixed = ("act",)
    tells = {
        "name": ("name", "contact"),
        "whom": ("scope", "target", "of"),
        "reaches": ("accounts", "accounts_unknown"),
        "noted": ended.SAID,
    }

    name = tables.Column("Owner", empty_values=())
    whom = tables.Column("Of", accessor="pk")
    reaches = tables.Column("Reaches", accessor="pk")
    noted = ended.Noted()
    act = tables.Column(CHANGE, accessor="pk")

    def render_name(self, record: AccountOwner) -> SafeString:
        if not record.name:
            return format_html('<span class="lead muted">{}</span>', "as tagged")
        return format_html(
            '<span class="lead">{}</span><span class="under">{}</span>',
            show.name(record.name),
            show.name(record.contact),
        )

    def render_whom(self, record: Any) -> SafeString:
        return show.name(record.whom.words())

    def render_reaches(self, record: Any) -> SafeString:
        if record.ended_at:
            return format_html('<span class="muted">{}</span>', "none any more")
        unsure = SafeString()
        if record.unsure:
            told = f"of {record.unsure:,} more it is unknown: their OUs or tags were not read"
            unsure = format_html('<span class="under">{}{}</span>', show.mark("unknown"), told)
        return format_html("{}{}", self._accounts(record), unsure)

    def _accounts(self, record: Any) -> SafeString | str:
        """A link, where there is a list of just these."""
        many = f"{record.reached:,} account{'' if record.reached == 1 else 's'}"
        to = narrowed_to(record.whom)
        if not record.reached or to is None:
            return many
        return format_html('<a href="{}" hx-boost="false">{}</a>', show.address(self.request, "accounts", **to), many)

    def render_act(self, record: Any) -> SafeString:
        if record.ended_at or not (record.account_id or self.request.user.all_accounts):
            return SafeString()
        what = f"{record.name}, owner of {record.whom.words()}"
        return act(show.address(self.request, "accounts-owner-end", record.pk), "End", what)


def narrowed_to(whom: Whom) -> dict[str, str | tuple[str, ...]] | None:
    """Parameters of the list of accounts for those it reaches; None: no list has just them. What the frame chose is left."""
    every: dict[str, str | tuple[str, ...]] = {"account": (), "ou": ()}
    match whom.scope:
        case Scope.ALL:
            return every
        case Scope.OU if UNIT.fullmatch(whom.target):
            return every | {"ou": whom.target}
        case Scope.GROUP:
            return every | {"group": whom.target}
        case Scope.ACCOUNT:
            return every | {"q": whom.place}
    return None


class OwnerList(ListPage):
    name = "owners"
    title = "Owners of accounts"
    folder = "groups/owners"
    table = OwnerTable
    filters = Filters(
        sorts={"name": Sort("Owner", ("name",)), **ended.SORTS},
        tabs=ended.tabs("Noted", "Noted before"),
        facets=(
            Choices(
                name="of",
                title="Of",
                column="scope",
                inline=True,
                values={scope.value: (scope.value, words) for scope, words in OF.items()},
            ),
            *reaching(said_of),
        ),
        search=("name", "contact", "target", "account__name", "account__aws_id"),
        searched="owner, contact, tag or account",
    )
    fields = {
        "name": lambda one: one.name or None,
        "contact": lambda one: one.contact or None,
        "scope": lambda one: one.scope,
        "target": lambda one: one.whom.place or None,
        "of": lambda one: one.whom.words(),
        "accounts": lambda one: None if one.ended_at else one.reached,
        "accounts_unknown": lambda one: None if one.ended_at else one.unsure,
        **ended.FIELDS,
    }

    def queryset(self) -> QuerySet[AccountOwner]:
        """Of an operator of some accounts only what reaches one of them."""
        rows = AccountOwner.objects.order_by()
        if self.request.user.all_accounts:
            return rows
        return rows.filter(pk__in=[row.pk for row in seen(list(rows.select_related("account")), self.request.user)])

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Sequence[Any]) -> None:
        """whom; reached and unsure: of how many accounts, as far as it stands."""
        for row in rows:
            row.whom = Whom.of(row)
            row.reached, row.unsure = (0, 0) if row.ended_at else (len(row.whom.reached()), row.whom.unsure())

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"may_manage": self.request.user.may(Role.ADMIN)}
