"""A policy's statements with only what stays: in their order, each with its own resources and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from findings.analysis.right_sizing.keep import Keeping
from findings.analysis.usage import Use
from findings.analysis.used_resources import fewer
from findings.policy.catalogue import Catalogue
from findings.policy.compiled import Clause, Compiled
from findings.policy.document import Document, Statement
from findings.policy.minimise import pack, reads
from findings.policy.written import Written

EVERYTHING = "*"
LISTED_RESOURCES = 20  # more than these are written as the templates of their type


def rewrite(
    document: Document, compiled: Compiled, keeping: Keeping, use: Use, account: str, catalogue: Catalogue
) -> tuple[Written, ...]:
    """Denies stay as they are. An Allow of which nothing is left goes."""
    return tuple(
        Written(statement, document.has_variables)
        for clause in compiled.clauses
        for statement in _statements(clause, keeping, use, account, catalogue)
    )


def _statements(clause: Clause, keeping: Keeping, use: Use, account: str, catalogue: Catalogue) -> Iterator[Statement]:
    statement = clause.statement
    if not statement.allows:
        yield statement
        return
    written, rest = _as_written(clause, keeping, catalogue)
    wide = statement.resources is not None and EVERYTHING in statement.resources
    if not (wide and clause.may & keeping.mask & catalogue.mask(use.resources)):
        actions = (*written, *pack(rest, reads(catalogue), catalogue))
        if actions:
            yield replace(statement, actions=actions, not_actions=None)
        return
    unknown = tuple(p for p in written if not catalogue.match(p))
    known = rest | catalogue.mask(p for p in written if p not in unknown)
    for resources, mask in by_resource(known, use, account, catalogue):
        actions = (*(unknown if resources == (EVERYTHING,) else ()), *pack(mask, reads(catalogue), catalogue))
        yield replace(statement, actions=actions, not_actions=None, resources=resources)


def _as_written(clause: Clause, keeping: Keeping, catalogue: Catalogue) -> tuple[list[str], int]:
    """The statement's patterns that may stand as they are, and the other actions that stay.

    A name stays in its own spelling, a pattern if it is of reads only and all of them stay. A name that the catalogue does not
    know stays unless its service goes: AWS is ahead of every catalogue.
    """
    written, covered = [], 0
    for pattern in clause.statement.actions or ():
        matched = catalogue.match(pattern)
        wild = "*" in pattern or "?" in pattern
        if not matched:
            if keeping.stays(pattern):
                written.append(pattern)
        elif not (matched & ~keeping.mask) and (not wild or _harmless(pattern, matched, catalogue)):
            if matched & ~covered:
                written.append(pattern)
            covered |= matched
    return written, clause.may & keeping.mask & ~covered


def _harmless(pattern: str, matched: int, catalogue: Catalogue) -> bool:
    """Reads only, and named by more than the service."""
    return not (matched & ~reads(catalogue)) and pattern.partition(":")[2].strip("*?") != ""


def by_resource(mask: int, use: Use, account: str, catalogue: Catalogue) -> list[tuple[tuple[str, ...], int]]:
    """Actions granted on everything, by the resources they were used on; where none was seen, everything. In order."""
    groups: dict[tuple[str, ...], int] = {}
    for action in catalogue.members(mask):
        bit = catalogue.bit(action)
        seen = use.resources.get(action, ()) if bit & catalogue.scopable else ()
        resources = _general(action, seen, account, catalogue) or (EVERYTHING,)
        groups[resources] = groups.get(resources, 0) | bit
    return list(groups.items())


def _general(action: str, seen: tuple[str, ...], account: str, catalogue: Catalogue) -> tuple[str, ...]:
    for some in (seen, tuple(fewer(seen))):
        if len(some) <= LISTED_RESOURCES:
            return tuple(sorted(some))
    own = all(arn.split(":")[4:5] in ([account], [""]) for arn in seen)
    return tuple(sorted(_owned(t, account) if own else t for t in catalogue.templates(action)))


def _owned(template: str, account: str) -> str:
    """The template with the account in it, where it has a place for one."""
    fields = template.split(":", 5)
    if len(fields) == 6 and fields[4] == "*":
        fields[4] = account
    return ":".join(fields)
