"""What a trend or report is asked for: by what, how many days, and which accounts. All of it stands in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest
from django.utils import timezone

from collectors.models import Account
from findings.trends import BY, Key
from findings.vocabulary import Practice, Severity
from iamdash.pages import narrowed, show
from iamdash.pages.facets import Choices, Facet
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.findings import rule_label
from iamdash.pages.grouped import by_ou, by_owner
from iamdash.pages.narrowed import Choice, Narrowed
from iamdash.pages.profile import PERIODS, USUAL

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
            *narrowed.facets(),
        ),
    )


@dataclass(frozen=True)
class Scoped(Narrowed):
    """today: the last day of the period, UTC."""

    days: int
    by: str
    today: date

    @property
    def start(self) -> date:
        return self.today - DAY * (self.days - 1)

    @property
    def stop(self) -> date:
        return self.today + DAY

    def periods(self) -> list[Choice]:
        return [Choice(f"{n} days", self.asked.url(days=(str(n),)), n == self.days) for n in PERIODS]

    def kinds(self) -> list[Choice]:
        some = [Choice("All together", self.asked.url(by=()), not self.by)]
        return some + [Choice(f"By {_lower(TITLES[name])}", self.asked.url(by=(name,)), name == self.by) for name in BY]

    def key(self) -> Key:
        """What the lines are told apart by."""
        sets = {"ou": by_ou, "owner": by_owner}.get(self.by)
        if sets is None:
            return Key(self.by)
        return Key(self.by, tuple((pk, slug) for slug, (_, pks) in sets().items() for pk in pks))


def read(request: HttpRequest, default: int = USUAL) -> Scoped:
    asked = filters(default).read(request.GET)
    return of(request, asked, default, next(iter(asked.chosen["by"]), ""))


def of(request: HttpRequest, asked: Asked, default: int, by: str) -> Scoped:
    days = int(next(iter(asked.chosen["days"]), default))
    return Scoped(request, asked, narrowed.accounts(asked), days, by, timezone.now().date())


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
