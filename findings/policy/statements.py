"""Whether one statement applies to one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from findings.policy.conditions import holds
from findings.policy.document import Document, Statement
from findings.policy.patterns import from_tokens, glob, ready_any_case, whole_arn
from findings.policy.principals import excepted, naming
from findings.policy.request import Request
from findings.policy.truth import Maybe, Truth, all_of, any_of, negate
from findings.policy.variables import parse, resolve


def about(document: Document, action: str) -> tuple[tuple[int, Statement], ...]:
    """The statements that an action, in lower case, is meant by, with their numbers from 1. Documents are asked about the same
    few actions again and again, and each may hold hundreds of patterns."""
    found = document.remembered.get(action)
    if found is None:
        found = tuple((n, s) for n, s in enumerate(document.statements, 1) if _action(s, action))
        document.remembered[action] = found
    return found


def matches(statement: Statement, request: Request, document: Document, bounded: bool = False) -> Truth:
    """Whether a statement that is about the request's action applies to it. The elements in order of cost; one that certainly
    does not apply decides, whatever the others hang on.

    bounded: the caller has a permissions boundary; then NotPrincipal with Deny leaves out nobody (AWS.md 19).
    """
    if not _principal(statement, request, bounded):
        return False
    resource = _resource(statement, request, document.has_variables)
    if resource is False or not statement.conditions:
        return resource
    return all_of((resource, *_conditions(statement, request, document.has_variables)))


def _action(statement: Statement, action: str) -> bool:
    """A statement has Action or NotAction; AWS takes no other, and to us it applies to nothing."""
    if statement.actions is not None:
        return _any_action(statement.actions, action)
    return statement.not_actions is not None and not _any_action(statement.not_actions, action)


def _any_action(patterns: tuple[str, ...], action: str) -> bool:
    by_service = _by_service(patterns)
    near = (*by_service.get(action.partition(":")[0], ()), *by_service.get("", ()))
    return any(pattern == "*" or ready_any_case(pattern).match(action) for pattern in near)


@lru_cache(4096)
def _by_service(patterns: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Action patterns by the service that they name, in lower case; "": those that may name any."""
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for pattern in patterns:
        service = pattern.partition(":")[0].lower()
        found["" if "*" in service or "?" in service else service] += (pattern,)
    return found


def _principal(statement: Statement, request: Request, bounded: bool) -> bool:
    """True where the statement names nobody: it stands in a policy of the caller's own."""
    if statement.principals is not None:
        return bool(naming(statement.principals, request.caller))
    if statement.not_principals is None or (bounded and not statement.allows):
        return True
    return not excepted(statement.not_principals, request.caller)


def _resource(statement: Statement, request: Request, has_variables: bool) -> Truth:
    """True where there is no Resource element: a trust policy is about its own role."""
    if statement.resources is not None:
        return any_of(_one_resource(pattern, request, has_variables) for pattern in statement.resources)
    if statement.not_resources is None:
        return True
    return negate(any_of(_one_resource(pattern, request, has_variables) for pattern in statement.not_resources))


def _one_resource(pattern: str, request: Request, has_variables: bool) -> Truth:
    whole = whole_arn(pattern)
    if whole is not pattern:  # "arn:aws:sqs:*:q" may also be meant as it stands
        return any_of((_matched(pattern, request, has_variables), _matched(whole, request, has_variables)))
    return _matched(pattern, request, has_variables)


def _matched(pattern: str, request: Request, has_variables: bool) -> Truth:
    if not has_variables or "${" not in pattern:
        return glob(pattern, request.asked_resource)
    text = resolve(parse(pattern, True), request.known)
    if text is None or not from_tokens(text.parts).match(request.asked_resource):
        return False
    return Maybe(text.unknown) if text.unknown else True


def _conditions(statement: Statement, request: Request, has_variables: bool) -> Iterator[Truth]:
    return (holds(condition, request.known, has_variables) for condition in statement.conditions)
