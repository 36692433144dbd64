"""Lists by operators' groups and by owner: facets of anything that has an account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db.models import Q

from collectors.models import Account
from findings.analysis.owners import Owned, owner_of
from findings.analysis.places import Scope
from findings.engine.grouping import owners, standings
from iamdash.access.scope import once
from iamdash.pages.carried import UNIT
from iamdash.pages.facets import Accounts, By, Counts, Facet, OfColumn, Option
from iamdash.pages.scopes import Whom, known_groups, named, stand

KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY = "-"
Sets = Mapping[str, tuple[str, list[int]]]


def owned() -> dict[int, Owned | None]:
    """By key of the account, of all that the operator sees; nothing where nobody said who owns anything. Once a request."""
    return once("owned", _owned)


def _owned() -> dict[int, Owned | None]:
    said = owners()
    return {pk: owner_of(one, said) for pk, one in stand().items()} if said else {}


def owner(account: Account) -> Owned | None:
    """Of the one account, where a page shows no other. Up to four queries."""
    said = owners()
    return owner_of(standings([account], all_groups=known_groups())[account.pk], said) if said else None


def by_group() -> Sets:
    """Group's key -> its name and its members' keys. One query where there is no group."""
    reached = ((one, Whom(Scope.GROUP, one.key).reached()) for one in known_groups())
    return {one.key: (one.name, pks) for one, pks in reached if pks}


def by_owner() -> Sets:
    """Owner -> name and accounts, those without one under NOBODY; nothing where no account has one."""
    found: dict[str, tuple[str, list[int]]] = {}
    for pk, owner in owned().items():
        slug = owner.name if owner else NOBODY
        found.setdefault(slug, (owner.name if owner else "Nobody", []))[1].append(pk)
    return found if found.keys() - {NOBODY} else {}


def by_ou() -> Sets:
    """OU -> its name and the accounts in it and in the OUs below. Roots hold all accounts and are left out."""
    units = {unit: words for unit, words in named(Scope.OU).items() if unit.startswith("ou-")}
    below: dict[str, list[int]] = {unit: [] for unit in units}
    for pk, one in stand().items():
        for unit in one.place.ous:
            if unit in below:
                below[unit].append(pk)
    return {unit: (words, below[unit]) for unit, words in units.items()}


@dataclass(frozen=True, kw_only=True)
class OfAccounts(OfColumn):
    """make: slug -> label and keys of accounts, which are few, so a list asks for them by key. column: path to the account."""

    apart: ClassVar[bool] = True
    make: Callable[[], Sets]
    pattern: re.Pattern[str]
    column: str = "account"

    def sets(self) -> Sets:
        return once(f"facet {self.name}", self.make)

    def accepts(self, slug: str) -> bool:
        return bool(self.pattern.fullmatch(slug)) and slug in self.sets()

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__in": sorted({pk for slug in slugs for pk in self.sets()[slug][1]})})

    @property
    def by(self) -> Sequence[By]:
        return super().by if self.sets() else ()

    def of(self, found: Sequence[Counts]) -> list[Option]:
        options = [
            Option(slug, label, sum(found[0][pk] for pk in pks)) for slug, (label, pks) in self.sets().items() if found
        ]
        return sorted(options, key=lambda one: (-(one.n or 0), one.label))[: self.shown]

    def label(self, slug: str) -> str:
        return self.sets()[slug][0]


Reach = Callable[[set[int]], Q]


@dataclass(frozen=True, kw_only=True)
class ReachingAccount(Accounts):
    """Rows that reach the account. reach: keys of accounts -> rows that reach one of these."""

    reach: Reach

    def where(self, slugs: Sequence[str]) -> Q:
        return self.reach(set(self.primary_keys(slugs)))


@dataclass(frozen=True, kw_only=True)
class ReachingSet(OfAccounts):
    """Rows that reach an account of a set."""

    reach: Reach

    def where(self, slugs: Sequence[str]) -> Q:
        return self.reach({pk for slug in slugs for pk in self.sets()[slug][1]})


def reaching(reach: Reach, *, offered: bool = False) -> tuple[Facet, Facet]:
    """What the frame chose, account or OU, on a list of things that are said of more than an account each. offered: accounts are
    a facet too."""
    ou = ReachingSet(name="ou", title="OU", make=by_ou, pattern=UNIT, offered=False, reach=reach)
    return ReachingAccount(offered=offered, reach=reach), ou


def ou_facet(column: str = "account", *, offered: bool = True) -> OfAccounts:
    return OfAccounts(name="ou", title="OU", make=by_ou, pattern=UNIT, column=column, offered=offered)


OUS = ou_facet()  # for what asks only which there are


def group_facet(column: str = "account") -> Facet:
    return OfAccounts(name="group", title="Group", make=by_group, pattern=KEY, column=column)


def owner_facet(column: str = "account") -> Facet:
    return OfAccounts(name="owner", title="Owner", make=by_owner, pattern=re.compile(r".{1,256}"), column=column)
