"""Which accounts a framework is looked at in, and which states of it are asked for. All of it stands in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import Http404, HttpRequest

from collectors.models import Account
from findings.frameworks import Control, Framework, State, frameworks
from iamdash.pages import narrowed
from iamdash.pages.context import account_chosen
from iamdash.pages.facets import Choices
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.narrowed import Narrowed

FILTERS = Filters(
    sorts={"number": Sort("Number", ("pk",))},
    facets=(
        Choices(name="state", title="State", column="", values={s.value: (s, s.label) for s in State}, single=True),
        *narrowed.facets(),
    ),
)


@dataclass(frozen=True)
class Scoped(Narrowed):
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
    request.account_chosen = account_chosen(request)
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
