"""One row, one candidate: blocked, not blocked, or undecidable. `evaluate` says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from findings.analysis.activity.event_actions import service_of
from findings.analysis.what_if.circumstances import ELSEWHERE, account_of, caller, context, exempt
from findings.analysis.what_if.model import (
    ACTION,
    NOT_BLOCKED,
    PRINCIPAL,
    RESOURCE,
    Candidate,
    Kind,
    Outcome,
    UsedRow,
    Verdict,
)
from findings.analysis.what_if.resources import ANYTHING, about_some, asked, exact
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Compiled, compile_document
from findings.policy.conditions import holds
from findings.policy.document import Document, Effect, Principals, Statement
from findings.policy.evaluate import Layer, Named, Policies, evaluate
from findings.policy.request import Caller, Request
from findings.policy.statements import about

LAYERS = {Kind.SCP: Layer.SCP, Kind.RCP: Layer.RCP, Kind.BOUNDARY: Layer.BOUNDARY}
_ALL = Statement(Effect.ALLOW, actions=("*",), resources=("*",))
EVERYTHING = Named(Layer.IDENTITY, "everything", Document((_ALL,)))
BESIDE = Named(Layer.SCP, "FullAWSAccess", EVERYTHING.document)
ANYBODY = Named(Layer.RESOURCE, "everything", Document((replace(_ALL, principals=Principals(anyone=True)),)))
VERDICTS = {"denied": Verdict.BLOCKED, "conditional": Verdict.UNDECIDABLE}
CONDITION_KEYS = (ORGANIZATION,) = ("aws:PrincipalOrgID",)


def replay(candidate: Candidate, rows: Iterable[UsedRow]) -> Iterator[tuple[UsedRow, Outcome]]:
    """Each row by itself. Who has many asks a `Decider`, which asks once for all that are alike."""
    return ((row, decide(candidate, row)) for row in rows)


def decide(candidate: Candidate, row: UsedRow) -> Outcome:
    if why := exempt(candidate, row):
        return Outcome(Verdict.NOT_BLOCKED, why=why)
    if row.action is None:
        return unmapped(candidate, row.event)
    if candidate.kind is Kind.RCP and row.action.partition(":")[0].lower() not in catalogue().rcp_services:
        return Outcome(Verdict.NOT_BLOCKED, why="a service without RCPs")
    who = caller(candidate, row)
    if who is None:
        return Outcome(Verdict.UNDECIDABLE, (PRINCIPAL,)) if _concerns(candidate, row, row.action) else NOT_BLOCKED
    return joined([_on(candidate, row, who, one) for one in asked(row.action, row.resources, catalogue())], RESOURCE)


def _concerns(candidate: Candidate, row: UsedRow, action: str) -> bool:
    """Whether it may block the call, whoever made it."""
    document, told = about_some(candidate.document, action, ANYTHING, catalogue()), context(row)
    return candidate.lists or any(
        not statement.allows and all(holds(c, told, document.has_variables) is not False for c in statement.conditions)
        for _, statement in about(document, action.lower())
    )


def unmapped(candidate: Candidate, event: str) -> Outcome:
    """What no action is known for is let through where everything of its service is."""
    sets, service = _compiled(candidate.document), service_of(event.partition(" ")[0])
    if candidate.kind is Kind.RCP and service and service not in catalogue().rcp_services:
        return NOT_BLOCKED
    whole = catalogue().services.get(service, 0) if service else catalogue().all
    open_ = not candidate.lists or not whole & ~sets.allow_sure
    new = any(not service or one.lower().startswith((f"{service}:", "*")) for one in sets.unknown_actions)
    if open_ and not new and not whole & sets.deny:
        return NOT_BLOCKED
    return Outcome(Verdict.UNDECIDABLE, (ACTION,))


@lru_cache(64)
def _compiled(document: Document) -> Compiled:
    return compile_document(document, catalogue())


def _on(candidate: Candidate, row: UsedRow, who: Caller, resource: str) -> Outcome:
    if candidate.kind is Kind.RCP and account_of(resource) not in ("", row.account):
        return Outcome(Verdict.NOT_BLOCKED, why="a resource of another account")
    some = ("", ELSEWHERE) if who.organization == ELSEWHERE else (who.organization,)  # in none, or in another one
    return joined([_asked(candidate, row, replace(who, organization=one), resource) for one in some], ORGANIZATION)


def joined(outcomes: Iterable[Outcome], key: str) -> Outcome:
    """Of calls of which each is one of these: what is not the same for all hangs on the key."""
    first, *rest = dict.fromkeys(outcomes)
    if not rest:
        return first
    every = (first, *rest)
    keys = dict.fromkeys(key for one in every for key in one.keys)
    by = tuple(dict.fromkeys(by for one in every for by in one.by))
    if all(one.verdict is first.verdict for one in rest):
        return Outcome(first.verdict, tuple(keys), by)
    return Outcome(Verdict.UNDECIDABLE, (*keys, key) if key not in keys else tuple(keys), by)


def _asked(candidate: Candidate, row: UsedRow, who: Caller, resource: str) -> Outcome:
    assert row.action is not None
    whole = exact(resource)
    document = candidate.document if whole else about_some(candidate.document, row.action, resource, catalogue())
    decision = evaluate(
        Request(who, row.action, resource if whole else "", context(row)), policies(candidate, document)
    )
    if decision.verdict == "allowed":
        return NOT_BLOCKED
    by = tuple(replace(one, layer=LAYERS[candidate.kind]) for one in decision.by)
    return Outcome(VERDICTS[decision.verdict], decision.keys, by)


def policies(candidate: Candidate, document: Document) -> Policies:
    """Everything is allowed but for the candidate. A boundary limits as a level of SCPs does."""
    named = Named(LAYERS[candidate.kind], candidate.name, document, candidate.place)
    level = (named,) if candidate.lists else (named, BESIDE)  # RCPFullAWSAccess cannot be detached (AWS.md 17)
    if candidate.kind is Kind.RCP:
        return Policies(identity=(EVERYTHING,), rcp=(level,), resource=ANYBODY)
    return Policies(identity=(EVERYTHING,), scp=(level,), resource=ANYBODY)
