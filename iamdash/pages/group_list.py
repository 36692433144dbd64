"""Which accounts belong together? The list of groups, with what each holds among the accounts seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.safestring import SafeString

from collectors.models import Account
from findings.analysis.places import Group, Scope
from findings.models import AccountGroup, AccountOwner, DecidedSetting, GroupMember
from findings.models.decided import STANDS
from iamdash.access.models import Operator, Role
from iamdash.pages import ended, show
from iamdash.pages.facets import Conditions
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.grouped import reaching
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.scopes import Whom, known_groups, named, written
from iamdash.pages.tables import CHANGE, ListTable, act

OF_GROUP = Q(scope=Scope.GROUP.value)
OWNED = Exists(AccountOwner.objects.filter(STANDS, OF_GROUP, target=OuterRef("text_key")))
SET = Exists(DecidedSetting.objects.filter(STANDS, OF_GROUP, target=OuterRef("text_key")))
BY_HAND = Exists(GroupMember.objects.filter(STANDS, group=OuterRef("key")))


def holding(accounts: set[int]) -> Q:
    """Groups that hold one of these."""
    return Q(key__in=[one.key for one in known_groups() if accounts & set(Whom(Scope.GROUP, one.key).reached())])


def selector(row: Any) -> list[str]:
    """By what accounts belong to it, in words; by_hand: attached."""
    ous = [named(Scope.OU).get(unit, f"OU {unit}") for unit in row.ous]
    hand = [f"{row.by_hand:,} account{'' if row.by_hand == 1 else 's'} by hand"] if row.by_hand else []
    return [*ous, *(f"tag {tag}" for tag in row.tags), *hand]


class GroupTable(ListTable):
    lead = "name"
    caption = "Groups of accounts"
    fixed = ("act",)
    tells = {
        "name": ("name", "settings"),
        "selector": ("ous", "tags", "accounts_by_hand"),
        "members": ("accounts", "accounts_unknown"),
        "owner": ("owner", "contact"),
        "noted": ended.SAID,
    }

    name = tables.Column("Group")
    selector = tables.Column("Holds accounts of", empty_values=(), accessor="pk")
    members = tables.Column("Members", empty_values=(), accessor="pk")
    owner = tables.Column("Owner", empty_values=(), accessor="pk")
    noted = ended.Noted("Made")
    act = tables.Column(CHANGE, accessor="pk")

    def may_act(self, operator: Operator) -> bool:
        return super().may_act(operator) and operator.all_accounts

    def render_name(self, record: Any) -> SafeString:
        if not record.settings:
            return format_html('<span class="lead">{}</span>', show.name(record.name))
        many = f"{record.settings} setting{'' if record.settings == 1 else 's'}"
        url = show.address(self.request, "settings")
        return format_html(
            '<span class="lead">{}</span><span class="under"><a href="{}" hx-boost="false">{}</a></span>',
            show.name(record.name),
            url,
            many,
        )

    def render_selector(self, record: Any) -> SafeString:
        return show.name(", ".join(selector(record)))

    def render_members(self, record: Any) -> SafeString:
        if record.ended_at:
            return format_html('<span class="muted">{}</span>', "none any more")
        unsure = SafeString()
        if record.unsure:
            told = f"of {record.unsure:,} it is unknown: their OUs or tags were not read"
            unsure = format_html('<span class="under">{}{}</span>', show.mark("unknown"), told)
        if not record.members:
            return format_html("{}{}", "none", unsure)
        n = len(record.members)
        return format_html(
            '<a href="{}" hx-boost="false">{} account{}</a>, <a href="{}" hx-boost="false">findings</a>'
            '<span class="under">{}</span>{}',
            show.address(self.request, "accounts", group=str(record.key)),
            f"{n:,}",
            "" if n == 1 else "s",
            show.address(self.request, "findings", group=str(record.key)),
            show.name(record.listed),
            unsure,
        )

    def render_owner(self, record: Any) -> SafeString:
        said = format_html('<span class="muted">{}</span>', "nobody")
        if record.owner:
            said = format_html("{}", show.name(record.owner.name))
            if record.owner.contact:
                said = format_html('{}<span class="under">{}</span>', said, show.name(record.owner.contact))
        if record.ended_at or not self.request.user.may(Role.ADMIN):
            return said
        whom = Whom(Scope.GROUP, str(record.key)).value
        return format_html(
            '{}<div><a href="{}" hx-boost="false" aria-label="Say who owns {}">{}</a></div>',
            said,
            show.address(self.request, "accounts-owner-add", whom=whom),
            show.hidden(record.name),
            "change" if record.owner else "say who",
        )

    def render_act(self, record: AccountGroup) -> SafeString:
        if record.ended_at:
            return SafeString()
        return format_html(
            '<div class="pair"><a class="button quiet" href="{}" hx-boost="false" aria-label="Change {}">Change</a>{}</div>',
            show.address(self.request, "accounts-group", record.key),
            show.hidden(record.name),
            act(show.address(self.request, "accounts-group-end", record.key), "End", record.name),
        )


class GroupList(ListPage):
    """Of an operator of some accounts only groups that stand and hold one of them: the others are none of theirs."""

    name = "groups"
    title = "Groups of accounts"
    folder = "groups/groups"
    table = GroupTable
    filters = Filters(
        sorts={"name": Sort("Name", ("name",)), **ended.SORTS},
        tabs=ended.tabs("Groups", "As they were"),
        facets=(
            Conditions(
                name="by",
                title="Holds accounts by",
                inline=True,
                conditions={
                    "ou": (~Q(ous=[]), "OU"),
                    "tag": (~Q(tags=[]), "Tag"),
                    "hand": (Q(BY_HAND), "Hand"),
                },
            ),
            Conditions(
                name="owned",
                title="Owner",
                conditions={"yes": (STANDS & Q(OWNED), "Has an owner"), "no": (STANDS & ~Q(OWNED), "Nobody")},
            ),
            Conditions(name="settings", title="Settings", conditions={"some": (STANDS & Q(SET), "Decided for it")}),
            *reaching(holding),
        ),
        search=("name", "set_by"),
        searched="name",
    )
    fields = {
        "key": lambda one: str(one.key),
        "name": lambda one: one.name,
        "ous": lambda one: one.ous,
        "tags": lambda one: one.tags,
        "accounts_by_hand": lambda one: one.by_hand,
        "accounts": lambda one: None if one.ended_at else len(one.members),
        "accounts_unknown": lambda one: None if one.ended_at else one.unsure,
        "settings": lambda one: one.settings,
        "owner": lambda one: one.owner.name if one.owner else None,
        "contact": lambda one: one.owner.contact if one.owner else None,
        **ended.FIELDS,
    }

    def queryset(self) -> QuerySet[AccountGroup]:
        rows = AccountGroup.objects.order_by().annotate(text_key=Cast("key", TextField()))
        if self.request.user.all_accounts:
            return rows
        return rows.filter(STANDS, key__in=[one.key for one in known_groups() if _members(one)])

    def attach(self, rows: Sequence[Any]) -> None:
        """What stands of each: members, listed, unsure, by_hand, owner, settings. A row that ended has none. Three queries."""
        standing = {one.key: one for one in known_groups()}
        keys = [str(row.key) for row in rows]
        owners = {one.target: one for one in AccountOwner.objects.filter(STANDS, OF_GROUP, target__in=keys)}
        decided = Counter(
            DecidedSetting.objects.filter(STANDS, OF_GROUP, target__in=keys).values_list("target", flat=True)
        )
        for row in rows:
            group = None if row.ended_at else standing.get(str(row.key))
            row.members = _members(group) if group else []
            row.unsure = Whom(Scope.GROUP, group.key).unsure() if group else 0
            row.by_hand = len(group.accounts) if group else 0
            row.owner, row.settings = (owners.get(group.key), decided[group.key]) if group else (None, 0)
        seen = Account.objects.filter(pk__in={pk for row in rows for pk in row.members}).order_by("name")
        names = dict(seen.values_list("pk", "name"))
        for row in rows:
            mine = set(row.members)
            row.listed = written([name for pk, name in names.items() if pk in mine], len(mine))

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"may_manage": self.request.user.may(Role.ADMIN) and self.request.user.all_accounts}


def _members(group: Group) -> list[int]:
    return Whom(Scope.GROUP, group.key).reached()
