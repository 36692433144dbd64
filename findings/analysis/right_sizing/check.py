"""What the policy engine says of a proposal: nothing in use is lost, nothing is gained, nothing is wider than it must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from findings.analysis.right_sizing.model import Check, Star
from findings.policy.catalogue import Catalogue, Level
from findings.policy.compiled import Clause, Compiled
from findings.policy.document import Statement
from findings.policy.evaluate import Named, Policies, evaluate
from findings.policy.minimise import writing_patterns
from findings.policy.render import NewPolicy
from findings.policy.request import Caller, Request
from findings.policy.within import beyond
from findings.policy.written import ATTACHMENTS_AT_MOST, POLICY_CHARACTERS, size

SAMPLES = 3  # actions of each service, level and statement that are evaluated one by one
MOST = 400  # questions a principal
TOLD = 3


@dataclass(frozen=True)
class Before:
    """A principal's caller, its policies as they are, and as they would be: each with the actions that it speaks of.
    boundary: the one that is proposed. used_on: action -> what it was used on, where that is all known; of the others anything
    may have been."""

    caller: Caller
    old: Policies
    allows: tuple[Clause, ...]
    new: tuple[tuple[Named, int], ...]
    boundary: Named | None = None
    used_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def would(self, request: Request, catalogue: Catalogue) -> str:
        """The verdict then. A policy that does not name the action says nothing of it, so it need not be asked."""
        bit = catalogue.match(request.action)
        speaking = tuple(named for named, mask in self.new if mask & bit)
        return evaluate(request, Policies(identity=speaking, boundary=self.boundary)).verdict


def checks(old: Compiled, new: Compiled, used: int, before: Sequence[Before], catalogue: Catalogue) -> Iterator[Check]:
    """used: the actions that must stay allowed."""
    yield nothing_in_use_lost(old, new, used, before, catalogue)
    yield _subset(old, new, before, catalogue)
    yield wildcards(new, catalogue)


def nothing_in_use_lost(
    old: Compiled, new: Compiled, used: int, before: Sequence[Before], catalogue: Catalogue
) -> Check:
    name = "What is used stays allowed"
    lost = old.allow & used & ~new.allow
    asked, worse = 0, []
    for one in before:
        known = catalogue.mask(one.used_on)
        for request in (
            *_questions(one.caller, one.allows, used & ~known, catalogue),
            *_seen(one, old.allow & known, catalogue),
        ):
            asked += 1
            was, would = evaluate(request, one.old).verdict, one.would(request, catalogue)
            if _RANK[would] < _RANK[was]:
                worse.append(f"{request.action} on {request.resource}: {was}, then {would}")
    if lost or worse:
        return Check(name, False, "; ".join([*catalogue.members(lost)[:TOLD], *worse[:TOLD]]))
    return Check(name, True, f"{(old.allow & used).bit_count()} actions as sets, {asked} evaluated one by one")


def _subset(old: Compiled, new: Compiled, before: Sequence[Before], catalogue: Catalogue) -> Check:
    name = "Nothing is allowed that was not"
    gained = (new.allow & ~old.allow) | (new.wide & ~old.wide) | beyond(new, old)
    fewer = [s for s in _denies(old) if s not in set(_denies(new))]
    wider = widened(before, new.clauses, catalogue)
    if gained or fewer or wider:
        words = [*catalogue.members(gained)[:TOLD], *(f"a Deny is gone: {s.sid or s.actions}" for s in fewer), *wider]
        return Check(name, False, "; ".join(words[: 2 * TOLD]))
    return Check(name, True, f"{new.allow.bit_count()} of {old.allow.bit_count()} actions are left")


def widened(before: Sequence[Before], clauses: Sequence[Clause], catalogue: Catalogue) -> list[str]:
    """Questions about what the statements name that get a better answer than they got."""
    found = []
    for one in before:
        for request in _questions(one.caller, clauses, catalogue.all, catalogue):
            was, would = evaluate(request, one.old).verdict, one.would(request, catalogue)
            if _RANK[would] > _RANK[was]:
                found.append(f"{request.action} on {request.resource}: {was}, then {would}")
    return found


_RANK: Mapping[str, int] = {"denied": 0, "conditional": 1, "allowed": 2}


def wildcards(new: Compiled, catalogue: Catalogue) -> Check:
    name = "No wildcard stands for a write"
    patterns = [p for c in new.clauses if c.statement.allows for p in c.statement.actions or ()]
    writing = writing_patterns(patterns, catalogue)
    negated = [c for c in new.clauses if c.statement.allows and c.statement.not_actions is not None]
    if bad := [p for p in writing if catalogue.match(p)] + ["NotAction"] * len(negated):
        return Check(name, False, ", ".join(bad[:TOLD]))
    if writing:
        return Check(name, None, f"{', '.join(writing[:TOLD])}: not in our catalogue {catalogue.version}")
    return Check(name, True, f"{len(patterns)} patterns")


def fits(documents: Sequence[NewPolicy], at_most: int = ATTACHMENTS_AT_MOST) -> Check:
    """By AWS's limits; that quotas are lower where nobody raised them is among the risks."""
    limit = POLICY_CHARACTERS
    over = [p.name for p in documents if size(p.document) > limit]
    largest = max((size(p.document) for p in documents), default=0)
    said = (
        f"{len(documents)} of at most {at_most} documents, the largest of {largest:,} characters of at most {limit:,}"
    )
    return Check("It fits", not over and len(documents) <= at_most, said)


def stars_told(documents: Sequence[NewPolicy], stars: Iterable[Star]) -> Check:
    """Each statement that allows something on "*" has its reason."""
    told = {(star.policy, star.statement) for star in stars}
    missing = [
        f"statement {n} of {policy.name}"
        for policy in documents
        for n, s in enumerate(policy.document["Statement"], 1)
        if s["Effect"] == "Allow" and on_everything(s.get("Resource")) and (policy.name, n) not in told
    ]
    said = ", ".join(missing[:TOLD]) or f"{len(told)} of its statements have one, each with its reason"
    return Check("Every Resource * has its reason", not missing, said)


def on_everything(resource: object) -> bool:
    return resource == "*" or (isinstance(resource, list) and "*" in resource)


def _denies(compiled: Compiled) -> list[Statement]:
    """Without their Sids, which must differ within a document, and in the pieces they may have been cut into."""
    return [
        replace(c.statement, sid="", actions=actions, resources=resources)
        for c in compiled.clauses
        if not c.statement.allows
        for actions in _single(c.statement.actions)
        for resources in _single(c.statement.resources)
    ]


def _single(values: tuple[str, ...] | None) -> Sequence[tuple[str, ...] | None]:
    return [(value,) for value in values] if values else [values]


def _questions(caller: Caller, clauses: Sequence[Clause], wanted: int, catalogue: Catalogue) -> list[Request]:
    """Of very many, some, spread evenly."""
    found = list(_possible(caller, clauses, wanted, catalogue))
    return found[:: max(1, -(-len(found) // MOST))]


def _possible(caller: Caller, clauses: Iterable[Clause], wanted: int, catalogue: Catalogue) -> Iterator[Request]:
    """Some actions of each statement, service and level on what the statement names, and on something of their type."""
    for clause in clauses:
        if not clause.statement.allows:
            continue
        for service in catalogue.services.values():
            here = clause.may & wanted & service
            if not here:
                continue
            for level in Level:
                for action in islice(_some(here & catalogue.levels.get(level, 0), catalogue), SAMPLES):
                    yield from (
                        Request(caller, action, r) for r in _resources(clause.statement, action, caller, catalogue)
                    )


def _seen(one: Before, known: int, catalogue: Catalogue) -> Iterator[Request]:
    """Each use that was seen, on each resource."""
    for action in catalogue.members(known):
        for resource in one.used_on[action]:
            yield Request(one.caller, action, resource.replace("*", "example"))


def _some(mask: int, catalogue: Catalogue) -> Iterator[str]:
    while mask:
        bit = mask & -mask
        yield catalogue.names[bit.bit_length() - 1]
        mask ^= bit


def _resources(statement: Statement, action: str, caller: Caller, catalogue: Catalogue) -> list[str]:
    """In the caller's partition: of others a NotResource says what it does not mean."""
    templates = catalogue.templates(action)
    if not templates:
        return ["*"]
    here = f"arn:{caller.arn.split(':')[1]}:"
    named = (t.replace("arn:*:", here, 1) for t in (*(statement.resources or ())[:2], templates[0]))
    concrete = [t.replace("*", "example") for t in named]
    return [c for c in concrete if c != "example"]
