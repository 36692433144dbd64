"""Whether one statement applies to one request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from findings.policy.conditions import holds
from findings.policy.document import Document, Statement
from findings.policy.patterns import from_tokens, glob, ready_any_case
from findings.policy.principals import excepted, naming
from findings.policy.request import Request
from findings.policy.truth import Maybe, Truth, all_of, any_of, negate
from findings.policy.variables import parse, resolve


def matches(statement: Statement, request: Request, document: Document, bounded: bool = False) -> Truth:
    """The elements in order of cost; one that certainly does not apply decides, whatever the others hang on.

    bounded: the caller has a permissions boundary; then NotPrincipal with Deny leaves out nobody (AWS.md 19).
    """
    if not _action(statement, request) or not _principal(statement, request, bounded):
        return False
    resource = _resource(statement, request, document.has_variables)
    if resource is False or not statement.conditions:
        return resource
    return all_of((resource, *_conditions(statement, request, document.has_variables)))


def _action(statement: Statement, request: Request) -> bool:
    """A statement has Action or NotAction; AWS takes no other, and to us it applies to nothing."""
    if statement.actions is not None:
        return _any_action(statement.actions, request.lower_action)
    return statement.not_actions is not None and not _any_action(statement.not_actions, request.lower_action)


def _any_action(patterns: Iterable[str], action: str) -> bool:
    return any(pattern == "*" or ready_any_case(pattern).match(action) for pattern in patterns)


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
    if not has_variables or "${" not in pattern:
        return glob(pattern, request.asked_resource)
    text = resolve(parse(pattern, True), request.known)
    if text is None or not from_tokens(text.parts).match(request.asked_resource):
        return False
    return Maybe(text.unknown) if text.unknown else True


def _conditions(statement: Statement, request: Request, has_variables: bool) -> Iterator[Truth]:
    return (holds(condition, request.known, has_variables) for condition in statement.conditions)
