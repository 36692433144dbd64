"""Whom something is decided for: what an operator may choose, and a choice read back. "ou:ou-ab12-34567890", "account:123..."."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet

from collectors.models import Account
from collectors.records import clean
from findings.analysis.places import Group, Scope, Standing
from findings.engine.grouping import groups, standings
from findings.models import AccountGroup
from findings.models.decided import STANDS
from findings.models.grouping import Scoped
from iamdash.access.models import Operator
from iamdash.access.scope import once
from iamdash.pages import show

LISTED = 5  # names that are written out before the rest is counted


def stand() -> dict[int, Standing]:
    """Of all accounts that the operator sees; once a request."""
    return once("standings", lambda: standings(all_groups=known_groups()))


def known_groups() -> list[Group]:
    """Those that stand; once a request."""
    return once("groups", groups)


@dataclass(frozen=True)
class Whom:
    """A scope with its target, and the account where it is one."""

    scope: Scope
    target: str = ""
    account: Account | None = None

    @classmethod
    def of(cls, row: Scoped) -> Whom:
        return cls(Scope(row.scope), row.target, row.account)

    @property
    def place(self) -> str:
        """The target as Standing.rank asks it."""
        return self.account.aws_id if self.account else self.target

    @property
    def value(self) -> str:
        return f"{self.scope.value}:{self.place}" if self.place else self.scope.value

    def reached(self) -> list[int]:
        """Keys of the accounts seen that it reaches."""
        return [pk for pk, one in stand().items() if one.rank(self.scope, self.place) is not None]

    def unsure(self) -> int:
        """Of how many accounts nobody can tell whether it reaches them."""
        return sum(one.may_reach(self.scope, self.place) for one in stand().values())

    def words(self) -> str:
        if self.account:
            return self.account.name
        if self.scope is Scope.GROUP and self.target not in named(self.scope):
            return f"group {once('ended groups', _ended).get(self.target, self.target)}"
        return named(self.scope).get(self.target) or f"{WORDS[self.scope]} {self.target}".strip()


WORDS = {
    Scope.ALL: "all accounts",
    Scope.OU: "OU",
    Scope.TAG: "accounts with the tag",
    Scope.GROUP: "group",
    Scope.OWN_TAG: "what the account says in its tag",
    Scope.ACCOUNT: "account",
}


def named(scope: Scope) -> Mapping[str, str]:
    """Target -> what it is called, of those that are known."""
    if scope is Scope.OU:
        return once("ous", _ous)
    return {one.key: f"group {one.name}" for one in known_groups()} if scope is Scope.GROUP else {}


def _ended() -> dict[str, str]:
    return {str(one.key): one.name for one in AccountGroup.objects.exclude(STANDS).order_by("pk")}


def _ous() -> dict[str, str]:
    known = {unit: one for one in stand().values() for unit in one.place.ous}
    return {unit: one.words(Scope.OU, unit) for unit, one in known.items()}


def choices(operator: Operator) -> list[Any]:
    """For a form. Who sees some accounts only decides for each of those: OUs and groups reach others."""
    accounts = [
        (f"account:{one.aws_id}", f"{show.hidden(one.name)} · {one.aws_id}") for one in Account.objects.order_by("name")
    ]
    offered: list[Any] = []
    if operator.all_accounts:
        offered.append((Scope.ALL.value, "All accounts"))
        for scope, title in ((Scope.OU, "Organizational units"), (Scope.GROUP, "Groups")):
            some = sorted(named(scope).items(), key=lambda pair: pair[1])
            offered.append((title, [(f"{scope.value}:{target}", show.hidden(words)) for target, words in some]))
    return [*offered, ("One account", accounts)]


def whom(value: str) -> Whom:
    """A value that `choices` offered."""
    name, _, target = value.partition(":")
    scope = Scope(name)
    return Whom(scope, "", Account.objects.get(aws_id=target)) if scope is Scope.ACCOUNT else Whom(scope, target)


class WhomField(forms.ChoiceField):
    """Gives a Whom."""

    def __init__(self, operator: Operator, **more: Any) -> None:
        super().__init__(label="For", choices=choices(operator), **more)

    def clean(self, value: Any) -> Whom:
        return whom(super().clean(value))


def seen(rows: list[Any], operator: Operator) -> list[Any]:
    """Of rows that are Scoped those that reach an account of the operator; all, for an operator of all."""
    return rows if operator.all_accounts else [row for row in rows if Whom.of(row).reached()]


def standing(rows: QuerySet[Any], value: str, operator: Operator) -> Any:
    """Of rows that are Scoped the one that stands for what an address names, None for none, or for one that the operator does
    not see: the address may name what was never offered."""
    scope, _, target = str(clean(value)).partition(":")
    rows = rows.filter(STANDS, scope=scope)
    found = rows.filter(account__aws_id=target) if scope == Scope.ACCOUNT.value else rows.filter(target=target)
    return next(iter(seen(list(found[:1]), operator)), None)


def listed(pks: list[int]) -> str:
    """Accounts by name: "a, b and 3 more"."""
    names = list(Account.objects.filter(pk__in=pks).order_by("name").values_list("name", flat=True)[:LISTED])
    return written(names, len(pks))


def written(names: Sequence[str], n: int) -> str:
    """The first of n names, and how many more there are."""
    shown = names[:LISTED]
    more = n - len(shown)
    return ", ".join(show.hidden(name) for name in shown) + (f" and {more:,} more" if more else "")
