"""A document for a call whose resource is known in part or not at all: each statement applies to it, may, or does not.

What may apply hangs on a key of our own, so that `evaluate` says of the call what it says of any unknown key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from findings.analysis.used_resources import places
from findings.analysis.what_if.model import RESOURCE
from findings.policy.catalogue import Catalogue
from findings.policy.compiled import without_variables
from findings.policy.document import Condition, Document, Statement
from findings.policy.patterns import covers, overlaps
from findings.policy.request import NO_RESOURCE
from findings.policy.truth import Truth, any_of, maybe, negate

UNKNOWN = maybe(RESOURCE)
HANGS = Condition("StringEquals", RESOURCE, ("x",))  # no request tells a key of this name
ANYTHING = ""  # a resource of which nothing is known


def exact(resource: str) -> bool:
    """Whether it is one resource, and no pattern of several."""
    return resource == NO_RESOURCE or (resource != ANYTHING and not set(resource) & set("*?"))


def asked(action: str, resources: tuple[str, ...], catalogue: Catalogue) -> tuple[str, ...]:
    """The resources to ask about, for what calls named. An action that takes none is asked of "*" (IAM user guide, "Resource
    element"); what it cannot touch, such as the policy that a role was given, was named beside."""
    mask = catalogue.match(action)
    if mask and not mask & catalogue.scopable:
        return (NO_RESOURCE,)
    templates = catalogue.templates(action) if mask else ()
    found = [places(one, templates) for one in resources] if templates else []
    patterns = [ANYTHING] if None in found else [pattern for some in found for pattern in some or ()]
    return tuple(dict.fromkeys(patterns)) or (ANYTHING,)


def about_some(document: Document, action: str, resource: str, catalogue: Catalogue) -> Document:
    """resource: a pattern of what was touched, or ANYTHING."""
    mask = catalogue.match(action)
    return replace(
        document, statements=tuple(_answered(s, mask, resource, document, catalogue) for s in document.statements)
    )


def _answered(statement: Statement, mask: int, resource: str, document: Document, catalogue: Catalogue) -> Statement:
    """The statement on every resource, in its place; that which does not apply is about no action."""
    named = statement.resources if statement.resources is not None else statement.not_resources
    if named is None:
        return statement
    found = any_of(_touches(p, mask, resource, document.has_variables, catalogue) for p in named)
    truth = found if statement.resources is not None else negate(found)
    if truth is False:
        return replace(statement, actions=(), not_actions=None, resources=("*",), not_resources=None)
    hangs: Iterable[Condition] = () if truth is True else (HANGS,)
    return replace(statement, resources=("*",), not_resources=None, conditions=(*statement.conditions, *hangs))


def _touches(pattern: str, mask: int, resource: str, variables: bool, catalogue: Catalogue) -> Truth:
    if pattern == "*":
        return True
    plain = without_variables(pattern) if variables and "${" in pattern else pattern
    if resource:
        return (covers(plain, resource) and plain == pattern) or (UNKNOWN if overlaps(plain, resource) else False)
    if mask and not mask & catalogue.may_touch(plain):
        return False
    return bool(mask and plain == pattern and mask & catalogue.touches_all(plain)) or UNKNOWN
