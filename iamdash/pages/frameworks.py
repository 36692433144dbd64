"""What do published catalogues ask, and how does that stand here? All frameworks, and one with its controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from findings.frameworks import Control, Framework, State, frameworks
from findings.frameworks.standing import Tally, tallies
from iamdash.access import audit
from iamdash.pages import exports, framework_export, framework_scope, show
from iamdash.pages.framework_scope import Scoped, framework_of

Tallies = Mapping[Control, Tally]


@dataclass(frozen=True)
class Part:
    """How many of something stand so, and where they are listed."""

    state: State
    n: int
    url: str
    current: bool = False


@dataclass(frozen=True)
class Row:
    """A control over the accounts. parts: accounts by state, only where there are several; findings, exceptions: their lists;
    doubt: where it says why it is unknown, and what would help."""

    control: Control
    tally: Tally
    url: str
    parts: list[Part]
    findings_url: str
    accepted_url: str
    doubt_url: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    scope = framework_scope.read(request)
    every = [control for one in frameworks().values() for control in one.controls.values()]
    found = tallies(scope.seen, every, scope.then(every))
    cards = [(one, _address(scope, one), summary(scope, one, found)) for one in frameworks().values()]
    return render(request, "frameworks/page.html", {"scope": scope, "cards": cards, "States": State})


@require_safe
def framework(request: HttpRequest, slug: str) -> HttpResponseBase:
    one, scope = framework_of(slug), framework_scope.read(request)
    if scope.asked.export:
        audit.record(request, "exported", one.title, form=scope.asked.export, asked=scope.asked.url())
        lines = framework_export.lines(one, scope.seen, scope.state, scope.on)
        name = "-".join(filter(None, (one.slug, scope.one and scope.one.aws_id, scope.on and str(scope.on))))
        return exports.stream(lines, framework_export.FIELDS, scope.asked.export, name, timezone.now())
    return render(request, "frameworks/framework.html", _context(one, scope))


def _context(one: Framework, scope: Scoped) -> dict[str, Any]:
    controls = one.controls.values()
    found = tallies(scope.seen, controls, scope.then(controls))
    rows = {control.ref: row(scope, one, control, found[control]) for control in one.controls.values()}
    wanted = {ref for ref, each in rows.items() if scope.state in (None, each.tally.state)}
    sections = [
        (title, [rows[control.ref] for control in some if control.ref in wanted]) for title, some in one.by_section()
    ]
    return {
        "framework": one,
        "scope": scope,
        "sections": [(title, some) for title, some in sections if some],
        "tabs": summary(scope, one, found),
        "n_controls": len(one.controls),
        "all_url": scope.asked.url(state=()),
        "exports": {label: scope.asked.url(export=form) for label, form in framework_export.FORMS.items()},
        "report_url": show.address(scope.request, "rules-framework-report", one.slug, **scope.scope()),
    }


def summary(scope: Scoped, one: Framework, found: Tallies) -> list[Part]:
    """Controls by their state over the accounts."""
    n = Counter(found[control].state for control in one.controls.values())
    return [
        Part(state, n[state], f"{_address(scope, one, state=state.value)}", state is scope.state)
        for state in State
        if n[state] or state is scope.state
    ]


def row(scope: Scoped, one: Framework, control: Control, tally: Tally) -> Row:
    url = show.address(scope.request, "rules-control", one.slug, control.ref, **scope.scope())
    parts = _parts(scope, one, control, tally.states) if len(scope.seen) > 1 and control.answers else []
    slug = f"{one.slug}:{control.ref}"
    return Row(
        control,
        tally,
        url,
        parts,
        scope.open_url(slug),
        scope.accepted_url(slug),
        _doubt(scope, one, control),
    )


def _doubt(scope: Scoped, one: Framework, control: Control) -> str:
    """Of several accounts those where it is unknown; of one what could not be read there."""
    if scope.one:
        return f"{show.address(scope.request, 'account', scope.one.aws_id)}#coverage"
    return show.address(
        scope.request, "rules-control", one.slug, control.ref, **scope.scope(), state=State.UNKNOWN.value
    )


def _parts(scope: Scoped, one: Framework, control: Control, states: Mapping[State, int]) -> list[Part]:
    def listed(state: State) -> str:
        return show.address(scope.request, "rules-control", one.slug, control.ref, **scope.scope(), state=state.value)

    return [Part(state, states[state], listed(state)) for state in State if states[state]]


def _address(scope: Scoped, one: Framework, **more: str) -> str:
    return show.address(scope.request, "rules-framework", one.slug, **scope.scope(), **more)
