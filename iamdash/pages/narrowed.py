"""A page that is no list, of some of the accounts: chosen by account, OU, group and owner, which all stand in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.http import HttpRequest

from collectors.models import Account
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Facet
from iamdash.pages.filters import Asked, Chip, Filters, Sort
from iamdash.pages.grouped import OfAccounts, group_facet, ou_facet, owner_facet


@dataclass(frozen=True)
class Choice:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Narrowed:
    """accounts: primary keys, None for all that the operator sees."""

    request: HttpRequest
    asked: Asked
    accounts: list[int] | None

    @cached_property
    def narrows(self) -> tuple[tuple[OfAccounts, str], ...]:
        """The facets that leave accounts out, beside the frame's account, with what was chosen."""
        offered = [facet for facet in self.asked.filters.facets if isinstance(facet, OfAccounts)]
        return tuple((facet, slug) for facet in offered for slug in self.asked.chosen[facet.name])

    @cached_property
    def words(self) -> str:
        """Whose findings these are, as the rest of a sentence."""
        some = [
            f"{facet.title if facet.name != 'ou' else ''} {facet.label(slug)}".strip() for facet, slug in self.narrows
        ]
        some += [f"account {_named(slug)}" for slug in self.asked.chosen["account"]]
        return show.hidden(" and ".join(some)) if some else "all accounts"

    @property
    def rows(self) -> QuerySet[Account]:
        return Account.objects.all() if self.accounts is None else Account.objects.filter(pk__in=self.accounts)

    def menus(self) -> list[tuple[Facet, list[Choice]]]:
        """What narrows the accounts: OU, group, owner; each where there is one to choose."""
        offered = [facet for facet in self.asked.filters.facets if isinstance(facet, OfAccounts)]
        return [(facet, self._menu(facet)) for facet in offered if facet.sets()]

    def _menu(self, facet: OfAccounts) -> list[Choice]:
        sets = sorted(facet.sets().items(), key=lambda pair: pair[1][0])
        chosen = self.asked.chosen[facet.name]
        return [
            Choice(
                show.hidden(label), self.asked.url(**{facet.name: () if slug in chosen else (slug,)}), slug in chosen
            )
            for slug, (label, _) in sets
        ]

    def chips(self) -> list[Chip]:
        """What narrows the accounts; the frame shows the one account itself."""
        return [Chip(facet.title, facet.label(slug), self.asked.toggled(facet, slug)) for facet, slug in self.narrows]

    def scope(self) -> dict[str, str]:
        """What narrows the accounts, as parameters of another page beside the frame's account."""
        return {facet.name: slug for facet, slug in self.narrows}

    def findings(self, **more: str | Sequence[str]) -> str:
        """The list of findings behind a number, of the same accounts."""
        return show.address(self.request, "findings", **{"tab": "all", **self.scope(), **more})

    def accounts_url(self, **more: str) -> str:
        """The list of accounts behind a number, of the same ones; it finds one account by its number."""
        one = self.asked.chosen["account"]
        return show.address(self.request, "accounts", **self.scope(), **({"q": one[0]} if one else {}), **more)


# What the frame chooses.
SCOPE = Filters(sorts={"name": Sort("Name", ("pk",))}, facets=(Accounts(), ou_facet()))


def read(request: HttpRequest, filters: Filters = SCOPE) -> Narrowed:
    asked = filters.read(request.GET)
    return Narrowed(request, asked, accounts(asked))


def facets() -> tuple[Facet, ...]:
    return (Accounts(), ou_facet(), group_facet(), owner_facet())


def accounts(asked: Asked) -> list[int] | None:
    """Those in all that was chosen."""
    found: set[int] | None = None
    for facet in asked.filters.facets:
        slugs = asked.chosen[facet.name]
        if slugs and isinstance(facet, OfAccounts | Accounts):
            pks = (
                {pk for slug in slugs for pk in facet.sets()[slug][1]}
                if isinstance(facet, OfAccounts)
                else set(facet.primary_keys(slugs))
            )
            found = pks if found is None else found & pks
    return None if found is None else sorted(found)


def chosen(asked: Asked) -> QuerySet[Account]:
    """The accounts that a list's rows come from: in all that was chosen, or all that are seen. Of these alone a list tells what
    was read and checked."""
    rows = Account.objects.all()
    for facet in asked.filters.facets:
        slugs = asked.chosen[facet.name]
        if slugs and isinstance(facet, OfAccounts):
            rows = rows.filter(pk__in={pk for slug in slugs for pk in facet.sets()[slug][1]})
        elif slugs and isinstance(facet, Accounts):
            rows = rows.filter(aws_id__in=slugs)
    return rows


def _named(aws_id: str) -> str:
    return Account.objects.filter(aws_id=aws_id).values_list("name", flat=True).first() or aws_id
