"""Which accounts a framework is looked at in, on which day, and which states of it are asked for. All of it stands in the URL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from urllib.parse import parse_qsl

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone

from collectors.models import Account
from findings.frameworks import Control, Framework, State, frameworks
from findings.frameworks.past import Then
from iamdash.pages import narrowed
from iamdash.pages.facets import Choices
from iamdash.pages.filters import Chip, Filters, Sort
from iamdash.pages.narrowed import Narrowed
from iamdash.pages.when import OpenOn


@dataclass(frozen=True, kw_only=True)
class PastDay(OpenOn):
    """At the end of a day that is over; what is asked of it is how findings and decisions stood then."""

    name: str = "on"
    title: str = "At the end of"

    def accepts(self, slug: str) -> bool:
        return super().accepts(slug) and date.fromisoformat(slug) < timezone.now().date()


ON = PastDay()

FILTERS = Filters(
    sorts={"number": Sort("Number", ("pk",))},
    facets=(
        Choices(name="state", title="State", column="", values={s.value: (s, s.label) for s in State}, single=True),
        ON,
        *narrowed.facets(),
    ),
)


@dataclass(frozen=True)
class Scoped(Narrowed):
    """on: the past day; None: now."""

    @property
    def on(self) -> date | None:
        chosen = self.asked.chosen[ON.name]
        return date.fromisoformat(chosen[0]) if chosen else None

    def then(self, controls: Iterable[Control]) -> Then | None:
        return Then(self.seen, controls, self.on) if self.on else None

    @property
    def yesterday(self) -> date:
        return timezone.now().date() - timedelta(days=1)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that the form of the day must carry."""
        return parse_qsl(self.asked.url(on=()).removeprefix("?"))

    @property
    def there(self) -> Q:
        """Findings that were unresolved."""
        return ON.where([str(self.on)]) if self.on else Q(resolved_at=None)

    @cached_property
    def words(self) -> str:
        said = super().words
        return f"{said} at the end of {self.on}" if self.on else said

    def chips(self) -> list[Chip]:
        day = [Chip(ON.title, str(self.on), self.asked.url(on=()))] if self.on else []
        return [*super().chips(), *day]

    def scope(self) -> dict[str, str]:
        return super().scope() | ({"on": str(self.on)} if self.on else {})

    def open_url(self, control: str, **more: str) -> str:
        """The list of the control's open findings; of a past day all that were unresolved."""
        return self.findings(tab="all" if self.on else "", control=control, **more)

    def accepted_url(self, control: str, **more: str) -> str:
        """ "": which findings were accepted on a past day is no list."""
        return "" if self.on else self.findings(tab="accepted", control=control, **more)

    @cached_property
    def seen(self) -> list[Account]:
        """The accounts, by name. One query."""
        rows = Account.objects.only("pk", "aws_id", "name", "partition").order_by("name", "aws_id")
        return list(rows if self.accounts is None else rows.filter(pk__in=self.accounts))

    @property
    def state(self) -> State | None:
        chosen = self.asked.chosen["state"]
        return State(chosen[0]) if chosen else None

    @property
    def one(self) -> Account | None:
        """The account, where one is chosen and seen."""
        return self.seen[0] if self.asked.chosen["account"] and self.seen else None


def read(request: HttpRequest) -> Scoped:
    asked = FILTERS.read(request.GET)
    return Scoped(request, asked, narrowed.accounts(asked))


def framework_of(slug: str) -> Framework:
    found = frameworks().get(slug)
    if found is None:
        raise Http404(f"There is no framework {slug}.")
    return found


def control_of(framework: Framework, ref: str) -> Control:
    found = framework.controls.get(ref)
    if found is None:
        raise Http404(f"{framework.title} has no control {ref}.")
    return found
