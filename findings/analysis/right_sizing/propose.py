"""A proposal for one role or user, or a permissions boundary for several, from what is known of their use."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from collectors.records import Role, User
from findings.analysis.activity.seen import DATA_CALLS, DATA_SERVICES
from findings.analysis.facts import Facts
from findings.analysis.granted_since import granted_throughout
from findings.analysis.holdings import Held
from findings.analysis.right_sizing import check
from findings.analysis.right_sizing.impossible import impossible
from findings.analysis.right_sizing.keep import Keeping, choose, removed, wholly_gone
from findings.analysis.right_sizing.model import Narrowed, NoProposal, PolicyDiff, Proposal, Spare, Star
from findings.analysis.right_sizing.rewrite import EVERYTHING, by_resource, rewrite
from findings.analysis.right_sizing.risks import risks
from findings.analysis.usage import Use, use
from findings.analysis.used import Window
from findings.analysis.used_resources import Touched, touched
from findings.policy.catalogue import Catalogue, Level
from findings.policy.compiled import Compiled, compile_document, masks, union
from findings.policy.document import Document, Statement, Unreadable, read
from findings.policy.evaluate import Layer, Named, Policies
from findings.policy.minimise import pack
from findings.policy.render import Change, Holding, NewPolicy, to_json
from findings.policy.written import Written, document_json, split, statement_json

NAME_CHARACTERS = 128


@dataclass(frozen=True)
class Rewritten:
    """One present policy, and what of it stays."""

    held: Held
    document: Document
    statements: tuple[Written, ...]

    @property
    def same(self) -> bool:
        return tuple(w.statement for w in self.statements) == self.document.statements


def propose(
    principal: Role | User, facts: Facts, drop: Collection[str] = (), data: Collection[str] = ()
) -> Proposal | NoProposal:
    """Smaller policies for a role or user. drop: services that the operator gives up although their use cannot be seen. data:
    services all of whose data events the trail records, as the operator says."""
    known = use(principal, facts)
    if none := impossible(principal, facts, known):
        return none
    catalogue = facts.permissions.catalogue
    window = window_of(principal, facts, known, data)
    where = _touched(principal, facts, window)
    window = replace(window, known=replace(known, resources=where.resources))
    known = window.known
    held, keeping = kept(principal, facts, window, drop)
    parts = tuple(
        Rewritten(one, document, rewrite(document, one.compiled, keeping, known, facts.snapshot.account_id, catalogue))
        for one in held
        if isinstance(document := one.named.document, Document)
    )
    change = _change(principal, facts, parts)
    old = union(one.compiled for one in held)
    written = [(policy, compiled_policy(policy, facts)) for policy in change.new]
    new = union(compiled for _, compiled in written)
    stars = tuple(_stars(written, catalogue, where.untold))
    lost = old.allow & ~new.allow
    before = (_before(principal, facts, old, written, where.resources),)
    return Proposal(
        principals={principal.unique_id: principal.name},
        as_of=facts.as_of,
        window_days=facts.settings.unused_days,
        since=known.since,
        change=change,
        removed=removed(lost, window, (keeping,)),
        granted=old.allow.bit_count(),
        lost_patterns=pack(lost, lost, catalogue),
        gone={principal.unique_id: wholly_gone(old.allow, new.allow, catalogue)},
        kept_unseen=keeping.kept,
        stars=stars,
        risks=tuple(risks(principal, held, change, keeping, window)),
        checks=(
            *check.checks(old, new, keeping.mask, before, catalogue),
            check.stars_told(change.new, stars),
            check.fits(change.new),
        ),
        diffs=tuple(_diff(part) for part in parts),
        unchanged=all(part.same for part in parts),
        by_service=window.silent,
        narrowed=tuple(_narrowed(held, keeping, known, facts)),
        data=() if window.silent else _data_seen(known),
    )


def spare(principal: Role | User, facts: Facts) -> Spare | NoProposal:
    """What `propose` would come to, without its documents and checks."""
    known = use(principal, facts)
    if none := impossible(principal, facts, known):
        return none
    held, keeping = kept(principal, facts, window_of(principal, facts, known))
    allowed = masks(one.compiled for one in held).allow
    unseen = sum(one.count for one in keeping.kept)
    return Spare(allowed.bit_count(), (allowed & ~keeping.mask).bit_count(), unseen)


def window_of(principal: Role | User, facts: Facts, known: Use, data: Collection[str] = ()) -> Window:
    """Of one that is younger than the window, its own age is the window, in whole days."""
    days = min(facts.settings.unused_days, (facts.as_of - principal.created_at).days)
    allowed = masks(one.compiled for one in facts.permissions.library.of(principal)).allow
    lately = allowed & ~granted_throughout(principal, facts, days)
    return Window(
        known, window_start(facts), facts.permissions.catalogue, lately, frozenset(data) & frozenset(DATA_SERVICES)
    )


def kept(
    principal: Role | User, facts: Facts, window: Window, drop: Collection[str] = ()
) -> tuple[tuple[Held, ...], Keeping]:
    """The principal's policies, and which of their actions stay."""
    held = tuple(facts.permissions.library.of(principal))
    named = (c.mask for one in held for c in one.compiled.clauses if c.statement.allows)
    granted = reduce(or_, named, 0)  # what is named, also where it applies to nothing: a name stays as it is written
    return held, choose(granted, window, frozenset(drop))


def _touched(principal: Role | User, facts: Facts, window: Window) -> Touched:
    """On what it used its actions: not known unless events were read all the time."""
    mine = tuple(one for one in facts.snapshot.resource_uses if one.principal_id == principal.unique_id)
    if window.silent or not mine:
        return Touched()
    return touched(facts.activity.uses(principal), mine, window.since, window.catalogue, window.data)


def _narrowed(held: Sequence[Held], keeping: Keeping, known: Use, facts: Facts) -> Iterator[Narrowed]:
    """What `rewrite` puts on fewer resources: what stays of what is granted on everything, where its resources are known."""
    catalogue, account = facts.permissions.catalogue, facts.snapshot.account_id
    wide = (c.may for one in held for c in one.compiled.clauses if c.statement.allows and _on_all(c.statement))
    mask = reduce(or_, wide, 0) & keeping.mask & catalogue.mask(known.resources)
    for resources, some in by_resource(mask, known, account, catalogue):
        yield Narrowed(tuple(catalogue.members(some)), resources)


def _on_all(statement: Statement) -> bool:
    return statement.resources is not None and EVERYTHING in statement.resources


def _data_seen(known: Use) -> tuple[str, ...]:
    """Services of which a data event was seen."""
    seen = {action.partition(":")[0] for action in DATA_CALLS if action in known.actions}
    return tuple(service for service in DATA_SERVICES if service in seen)


def _change(principal: Role | User, facts: Facts, parts: Sequence[Rewritten]) -> Change:
    documents = split(w for part in parts for w in part.statements)
    return Change(
        kind="user" if isinstance(principal, User) else "role",
        names=(principal.name,),
        partition=facts.snapshot.partition,
        account_id=facts.snapshot.account_id,
        new=numbered(f"{principal.name}-right-sized", documents, facts),
        old=Holding(
            managed=tuple(dict.fromkeys(principal.attached)),
            inline={
                p.held.named.name.removeprefix("inline:"): document_json(p.document) for p in parts if _own(p.held)
            },
            groups=tuple(dict.fromkeys(p.held.named.via.removeprefix("group ") for p in parts if p.held.named.via)),
        ),
    )


def _own(held: Held) -> bool:
    return held.kind == "inline" and not held.named.via


def numbered(stem: str, documents: Sequence[dict[str, object]], facts: Facts) -> tuple[NewPolicy, ...]:
    """Numbered names that no policy of the account has, in whatever case: IAM takes no two that differ in case only."""
    taken = {policy.name.lower() for policy in facts.snapshot.policies if not policy.aws_managed}
    found: list[NewPolicy] = []
    number = 1
    for document in documents:
        while (name := f"{stem[: NAME_CHARACTERS - len(str(number)) - 1]}-{number}").lower() in taken:
            number += 1
        found.append(NewPolicy(name, document))
        number += 1
    return tuple(found)


def compiled_policy(policy: NewPolicy, facts: Facts) -> Compiled:
    document = read(policy.document)
    if isinstance(document, Unreadable):  # we wrote it from what we read
        raise ValueError(f"{policy.name}: {document.reason}")
    return compile_document(document, facts.permissions.catalogue, facts.snapshot.account_id)


def _before(
    principal: Role | User,
    facts: Facts,
    old: Compiled,
    new: Sequence[tuple[NewPolicy, Compiled]],
    resources: Mapping[str, tuple[str, ...]],
) -> check.Before:
    """Identity policies alone: the guardrails stay as they are."""
    permissions = facts.permissions
    documents = ((Named(Layer.IDENTITY, p.name, read(p.document)), spoken(compiled)) for p, compiled in new)
    before = Policies(identity=permissions.sources(principal))
    return check.Before(permissions.caller(principal), before, old.clauses, tuple(documents), used_on=resources)


def spoken(compiled: Compiled) -> int:
    """The actions that its statements name."""
    return reduce(or_, (clause.mask for clause in compiled.clauses), 0)


def _stars(
    written: Sequence[tuple[NewPolicy, Compiled]], catalogue: Catalogue, untold: Mapping[str, str]
) -> Iterator[Star]:
    for policy, compiled in written:
        for number, clause in enumerate(compiled.clauses, 1):
            statement = clause.statement
            if not (statement.allows and statement.resources and "*" in statement.resources):
                continue
            for mask, why in _reasons(clause.mask, catalogue, untold):
                if mask:
                    yield Star(policy.name, number, tuple(catalogue.members(mask)), why)
            if unknown := tuple(p for p in statement.actions or () if not catalogue.match(p)):
                yield Star(
                    policy.name, number, unknown, "the catalogue does not know these actions, so they stay as granted"
                )


def _reasons(mask: int, catalogue: Catalogue, untold: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    unknown = catalogue.levels[Level.UNKNOWN] & ~catalogue.scopable
    by_reason: dict[str, int] = {}
    for action, why in untold.items():
        by_reason[why] = by_reason.get(why, 0) | catalogue.bit(action)
    told = reduce(or_, by_reason.values(), 0)
    return (
        (mask & ~catalogue.scopable & ~unknown, "these actions take no resource"),
        *((mask & some, f"it was granted on everything, and {why}") for why, some in by_reason.items()),
        (mask & catalogue.scopable & ~told, "it was granted on everything, and no source tells on what it was used"),
        (mask & unknown, "it was granted on everything, and the catalogue does not know what these actions touch"),
    )


def _diff(part: Rewritten) -> PolicyDiff:
    before = to_json(document_json(part.document))
    version = {"Version": part.document.version} if part.document.version else {}
    after = to_json({**version, "Statement": [statement_json(w.statement) for w in part.statements]})
    name = part.held.title
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), f"{name}, now", f"{name}, proposed", lineterm=""
    )
    return PolicyDiff(name, "\n".join(lines))


def window_start(facts: Facts) -> datetime:
    return facts.as_of - timedelta(days=facts.settings.unused_days)
