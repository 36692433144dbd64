"""How could a role or user get more than it has? Each known path with its verdict, and the shortest way to an administrator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors import records
from collectors.models import Principal
from findings.analysis.escalation import Escalation, Hop, escalations, reaches_admin, words
from findings.analysis.facts import Facts
from iamdash.pages.indexes import at_hand, ready

MARKS = {"live": "high", "conditional": "medium", "blocked": "resolved"}
SHOWN = 8  # paths before the rest folds away


@dataclass(frozen=True)
class Place:
    """A role, user, group or policy on the way. unique_id: of a role or user, which has a page; "" for others."""

    name: str
    kind: str
    unique_id: str = ""


@dataclass(frozen=True)
class Step:
    """How one gets from one place to the next. id: of the path in the catalogue."""

    how: str
    id: str
    to: Place
    state: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class PathView:
    """said: "live", "conditional on aws:SourceIp", "blocked by ...". needs: what must be there. unseen: what of it nobody saw."""

    step: Step
    said: str
    gain: str
    actions: tuple[str, ...]
    needs: str
    unseen: tuple[str, ...]

    @property
    def mark(self) -> str:
        return MARKS[self.step.state]


@dataclass(frozen=True)
class Ways:
    """nothing: why there is nothing to say, "" when there is. unknown: what of its own policies could not be read; unseen: why
    guardrails are not visible, which could block what is live here."""

    paths: tuple[PathView, ...] = ()
    shortest: tuple[Step, ...] = ()
    nothing: str = ""
    unknown: str = ""
    unseen: str = ""

    @property
    def counted(self) -> str:
        """ "2 live, 1 blocked"."""
        counts = Counter(path.step.state for path in self.paths)
        return ", ".join(f"{counts[state]} {state}" for state in MARKS if counts[state])

    @property
    def first(self) -> Sequence[PathView]:
        return self.paths[:SHOWN]

    @property
    def rest(self) -> Sequence[PathView]:
        return self.paths[SHOWN:]


def ways_at_hand(principal: Principal) -> Ways | None:
    """None: its account is big, and the section asks for itself (`section`)."""
    index = at_hand(principal.account)
    return ways(principal, index.facts) if index else None


@require_safe
def section(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    """The section by itself: for htmx its content alone."""
    found = Principal.objects.select_related("account")
    principal = get_object_or_404(found, account__aws_id=aws_id, unique_id=unique_id)
    context: dict[str, Any] = {"principal": principal, "ways": ways(principal, ready(principal.account).facts)}
    template = "principals/escalation.html" if request.htmx else "principals/escalation_page.html"
    return render(request, template, context)


def ways(principal: Principal, facts: Facts) -> Ways:
    """facts: of the whole account."""
    holder = facts.principal_by_arn.get(principal.arn)
    if holder is None or holder.unique_id != principal.unique_id:
        return Ways(nothing="It is gone.")
    if isinstance(holder, records.Role) and holder.service_linked:
        return Ways(nothing="Only its AWS service can use a service-linked role.")
    if facts.permissions.admin(holder):
        return Ways(nothing="It is an effective administrator: there is no more to get.")
    return Ways(
        tuple(_path(one, facts) for one in escalations(holder, facts)),
        tuple(_hop(hop, facts) for hop in reaches_admin(holder, facts) or ()),
        unknown=facts.permissions.unknown(holder),
        unseen=facts.guardrails.unseen,
    )


def _path(found: Escalation, facts: Facts) -> PathView:
    path = found.path
    step = Step(found.how, path.id, _place(found.target, facts), found.state, found.keys)
    return PathView(step, words.state(found), words.gain(found), path.actions, path.needs.value, found.unseen)


def _hop(hop: Hop, facts: Facts) -> Step:
    return Step(hop.how, hop.path, _place(hop.target, facts), hop.state, hop.keys)


def _place(arn: str, facts: Facts) -> Place:
    kind = arn.split(":", 5)[-1].partition("/")[0]
    known = facts.principal_by_arn.get(arn)
    return Place(arn.rpartition("/")[2], kind, known.unique_id if known else "")
