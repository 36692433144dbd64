"""One permissions boundary for several roles or users: what any of them uses, and what nobody can see.

A boundary grants nothing: what each may do stays what its own policies allow, within it. It is one document, so where the
actions do not fit when they are spelled out, patterns stand for writes too, and at last whole services; the checks say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.analysis.right_sizing import check
from findings.analysis.right_sizing.impossible import impossible
from findings.analysis.right_sizing.keep import Keeping, removed, wholly_gone
from findings.analysis.right_sizing.model import Check, Kept, NoProposal, Proposal, Star
from findings.analysis.right_sizing.propose import compiled_policy, kept, numbered, spoken, window_of, window_start
from findings.analysis.usage import merged, use
from findings.analysis.used import Window
from findings.policy.catalogue import Catalogue
from findings.policy.compiled import Compiled, effective, union
from findings.policy.document import read
from findings.policy.evaluate import Layer, Named, Policies
from findings.policy.minimise import pack, reads
from findings.policy.render import Change, Json, NewPolicy
from findings.policy.written import POLICY_CHARACTERS, size

WHY_EVERYTHING = "a boundary says what may be done; on what is said by each principal's own policies"


def propose_boundary(principals: Sequence[Role | User], facts: Facts, name: str = "boundary") -> Proposal | NoProposal:
    """principals: roles, or users, but not both."""
    if none := _impossible(principals, facts):
        return none
    catalogue, start = facts.permissions.catalogue, window_start(facts)
    known = [use(one, facts) for one in principals]
    windows = [window_of(one, facts, used) for one, used in zip(principals, known, strict=True)]
    chosen = [kept(one, facts, window) for one, window in zip(principals, windows, strict=True)]
    together = Window(merged(known), start, catalogue)
    old = [union(held.compiled for held in policies) for policies, _ in chosen]
    document = _document([keeping for _, keeping in chosen], old, catalogue)
    (policy,) = numbered(name, [document], facts)
    new = compiled_policy(policy, facts)
    everything = union(old)
    mask = _any(keeping.mask for _, keeping in chosen) & everything.allow
    before = [_before(one, facts, compiled, policy) for one, compiled in zip(principals, old, strict=True)]
    stars = (Star(policy.name, 1, tuple(catalogue.members(mask)), WHY_EVERYTHING),)
    lost = everything.allow & ~new.allow
    return Proposal(
        principals={one.unique_id: one.name for one in principals},
        as_of=facts.as_of,
        window_days=facts.settings.unused_days,
        since=max(one.since for one in known),
        change=_change(principals, facts, policy),
        removed=removed(lost, together, [keeping for _, keeping in chosen]),
        granted=everything.allow.bit_count(),
        lost_patterns=pack(lost, lost, catalogue),
        gone={
            one.unique_id: wholly_gone(had.allow, new.allow, catalogue)
            for one, had in zip(principals, old, strict=True)
        },
        kept_unseen=_kept_unseen(keeping for _, keeping in chosen),
        stars=stars,
        risks=tuple(_risks(principals, facts)),
        checks=(
            check.nothing_in_use_lost(everything, new, mask, before, catalogue),
            _subset(principals, facts, new, before),
            _wildcards(new, catalogue),
            check.stars_told([policy], stars),
            check.fits([policy], 1),
        ),
        diffs=(),
        by_service="; ".join(dict.fromkeys(window.silent for window in windows if window.silent)),
    )


def _impossible(principals: Sequence[Role | User], facts: Facts) -> NoProposal | None:
    """Why not for all of them: whoever is at fault, by name."""
    if not principals:
        return NoProposal("No role or user was chosen.", "Choose at least one.")
    if len({type(one) for one in principals}) > 1:
        return NoProposal("Roles and users get a boundary each by another command.", "Choose one of the two kinds.")
    faults = [(one, none) for one in principals if (none := _not_for(one, facts))]
    if not faults:
        return None
    steps = dict.fromkeys(none.next_step for _, none in faults if none.next_step)
    said = " ".join(f"{one.name}: {none.reason}" for one, none in faults[: check.TOLD])
    more = f" So it is for {len(faults) - check.TOLD} more." if len(faults) > check.TOLD else ""
    return NoProposal(said + more, " ".join(["Leave them out, or:", *steps] if steps else ["Leave them out."]))


def _not_for(principal: Role | User, facts: Facts) -> NoProposal | None:
    if principal.boundary:
        return NoProposal(f"It has the boundary {principal.boundary}, which a new one would replace.")
    return impossible(principal, facts, use(principal, facts))


def _document(keepings: Sequence[Keeping], old: Sequence[Compiled], catalogue: Catalogue) -> Json:
    """The most precise one that fits, else the least."""
    granted = (compiled.allow for compiled in old)
    mask = _any(keeping.mask & allow for keeping, allow in zip(keepings, granted, strict=True))
    unknown = tuple(
        dict.fromkeys(
            p for k, c in zip(keepings, old, strict=True) for p in c.unknown_actions if k.stays(p) and ":" in p
        )
    )
    services = tuple(f"{service}:*" for service, actions in catalogue.services.items() if mask & actions)
    for actions in (pack(mask, reads(catalogue), catalogue), pack(mask, mask, catalogue), services):
        statement = {"Effect": "Allow", "Action": [*actions, *unknown], "Resource": "*"}
        document: Json = {"Version": "2012-10-17", "Statement": [statement]}
        if size(document) <= POLICY_CHARACTERS:
            break
    return document


def _before(principal: Role | User, facts: Facts, old: Compiled, policy: NewPolicy) -> check.Before:
    permissions = facts.permissions
    held = tuple((one.named, spoken(one.compiled)) for one in permissions.library.of(principal))
    boundary = Named(Layer.BOUNDARY, policy.name, read(policy.document))
    return check.Before(
        permissions.caller(principal), Policies(identity=permissions.sources(principal)), old.clauses, held, boundary
    )


def _change(principals: Sequence[Role | User], facts: Facts, policy: NewPolicy) -> Change:
    return Change(
        kind="user" if isinstance(principals[0], User) else "role",
        names=tuple(one.name for one in principals),
        partition=facts.snapshot.partition,
        account_id=facts.snapshot.account_id,
        new=(policy,),
        boundary=True,
    )


def _subset(
    principals: Sequence[Role | User], facts: Facts, boundary: Compiled, before: Sequence[check.Before]
) -> Check:
    """Within the boundary each has at most what it had."""
    permissions, wider, lost = facts.permissions, [], 0
    for one in principals:
        was = permissions.reach(one).upper
        would = effective(permissions.granted(one), boundary, permissions.limits(one)).upper
        wider += permissions.catalogue.members(would & ~was)
        lost += (was & ~would).bit_count()
    wider += check.widened(before, boundary.clauses, permissions.catalogue)
    said = "; ".join(wider[: check.TOLD]) or f"{len(principals)} principals together lose {lost} actions"
    return Check("Nothing is allowed that was not", not wider, said)


def _wildcards(new: Compiled, catalogue: Catalogue) -> Check:
    """In a boundary they widen nothing by themselves, so they are told and do not fail."""
    found = check.wildcards(new, catalogue)
    if found.ok is not False:
        return found
    return replace(
        found, ok=None, detail=f"{found.detail}: spelled out, it would not fit; a boundary grants nothing by itself"
    )


def _kept_unseen(keepings: Iterator[Keeping] | Sequence[Keeping]) -> tuple[Kept, ...]:
    """Each once, with the most that any of them keeps."""
    found: dict[tuple[str, str], Kept] = {}
    for keeping in keepings:
        for one in keeping.kept:
            old = found.get((one.what, one.why))
            if old is None or one.count > old.count:
                found[one.what, one.why] = one
    return tuple(found.values())


def _risks(principals: Sequence[Role | User], facts: Facts) -> Iterator[str]:
    start = window_start(facts)
    if young := [one.name for one in principals if one.created_at > start]:
        yield f"Made within the window, so perhaps not yet used for all they are for: {', '.join(young)}."
    yield (
        "What policies of buckets, keys and queues allow these principals by name is limited too, and use by such policies "
        "may not be seen."
    )
    yield "What their own policies get later outside the boundary has no effect."


def _any(masks: Iterator[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
