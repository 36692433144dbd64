"""What a trend or report is asked for: by what, how many days, and which accounts. All of it stands in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.http import HttpRequest
from django.utils import timezone

from collectors.models import Account
from findings.trends import BY, Key
from findings.vocabulary import Practice, Severity
from iamdash.pages import show
from iamdash.pages.context import account_chosen
from iamdash.pages.facets import Accounts, Choices, Facet
from iamdash.pages.filters import Asked, Chip, Filters, Sort
from iamdash.pages.findings import rule_label
from iamdash.pages.grouped import OfAccounts, by_ou, by_owner, group_facet, ou_facet, owner_facet

PERIODS = (7, 30, 90, 365)
TITLES = {
    "practice": "Practice",
    "severity": "Severity",
    "rule": "Rule",
    "account": "Account",
    "ou": "OU",
    "owner": "Owner",
}
DAY = timedelta(days=1)
Pairs = tuple[tuple[str, str], ...]


def _choice(name: str, title: str, labels: dict[str, str]) -> Facet:
    return Choices(name=name, title=title, column="", values={k: (k, v) for k, v in labels.items()}, single=True)


def filters(default: int) -> Filters:
    """default: the period of a URL that names none."""
    days = {str(n): f"{n} days" for n in sorted(PERIODS, key=lambda n: (n != default, n))}
    return Filters(
        sorts={"most": Sort("Most open", ("pk",))},
        facets=(
            _choice("by", "By", {name: TITLES[name] for name in BY}),
            _choice("days", "Period", days),
            Accounts(),
            ou_facet(),
            group_facet(),
            owner_facet(),
        ),
    )


@dataclass(frozen=True)
class Choice:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Scoped:
    """accounts: primary keys, None for all that the operator sees. today: the last day of the period, UTC."""

    request: HttpRequest
    asked: Asked
    days: int
    by: str
    accounts: list[int] | None
    today: date

    @property
    def start(self) -> date:
        return self.today - DAY * (self.days - 1)

    @property
    def stop(self) -> date:
        return self.today + DAY

    @property
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

    def periods(self) -> list[Choice]:
        return [Choice(f"{n} days", self.asked.url(days=(str(n),)), n == self.days) for n in PERIODS]

    def kinds(self) -> list[Choice]:
        some = [Choice("All together", self.asked.url(by=()), not self.by)]
        return some + [Choice(f"By {_lower(TITLES[name])}", self.asked.url(by=(name,)), name == self.by) for name in BY]

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

    def findings(self, **more: str) -> str:
        """The list of findings behind a number, of the same accounts."""
        scope = {facet.name: slug for facet, slug in self.narrows}
        return show.address(self.request, "findings", **{"tab": "all", **scope, **more})

    def key(self) -> Key:
        """What the lines are told apart by."""
        sets = {"ou": by_ou, "owner": by_owner}.get(self.by)
        if sets is None:
            return Key(self.by)
        return Key(self.by, tuple((pk, slug) for slug, (_, pks) in sets().items() for pk in pks))


def read(request: HttpRequest, default: int = 90) -> Scoped:
    request.account_chosen = account_chosen(request)
    asked = filters(default).read(request.GET)
    days = int(next(iter(asked.chosen["days"]), default))
    by = next(iter(asked.chosen["by"]), "")
    return Scoped(request, asked, days, by, _accounts(asked), timezone.now().date())


def _accounts(asked: Asked) -> list[int] | None:
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


def _named(aws_id: str) -> str:
    return Account.objects.filter(aws_id=aws_id).values_list("name", flat=True).first() or aws_id


def _lower(title: str) -> str:
    return title if title.isupper() else title.lower()


class Names:
    """Labels of keys, and what narrows the list of findings to one. One query, where the keys are accounts."""

    def __init__(self, scope: Scoped) -> None:
        self.by = scope.by
        self.accounts = {}
        self.sets = {"ou": by_ou, "owner": by_owner}.get(scope.by, dict)()
        if scope.by == "account":
            rows = Account.objects.values_list("pk", "aws_id", "name")
            self.accounts = {str(pk): (aws_id, name) for pk, aws_id, name in rows}

    def label(self, key: str) -> str:
        if self.by == "practice":
            return Practice(key).label
        if self.by == "severity":
            return Severity(int(key)).label
        if self.by == "rule":
            return rule_label(key)
        found = self.accounts.get(key, ("", ""))[1] if self.by == "account" else self.sets.get(key, ("",))[0]
        return show.hidden(found or key)

    def narrow(self, key: str) -> dict[str, str]:
        if self.by == "severity":
            return {"severity": Severity(int(key)).slug}
        if self.by == "account":
            return {"account": self.accounts.get(key, (key, ""))[0]}
        return {self.by: key}
