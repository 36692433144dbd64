"""Statements back to JSON, and into documents that are small enough for AWS.

Limits: a managed policy has 6,144 characters, a role, user or group takes 10 managed policies (a quota that can be raised to
20), and white space is not counted [IAM and STS quotas].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from findings.policy.document import ANYONE, VARIABLES_SINCE, Document, Principals, Statement

POLICY_CHARACTERS = 6_144
ATTACHMENTS = 10
ATTACHMENTS_AT_MOST = 20
OLD_VERSION = "2008-10-17"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A statement, and whether its ${...} are variables: that hangs on the version of the document it came from."""

    statement: Statement
    variables: bool = True

    @property
    def version(self) -> str:
        return VARIABLES_SINCE if self.variables or not _has_dollar(self.statement) else OLD_VERSION


def document_json(document: Document) -> Json:
    head = {"Version": document.version} if document.version else {}
    named = {"Id": document.id} if document.id else {}
    return {**head, **named, "Statement": [statement_json(s) for s in document.statements]}


def statement_json(statement: Statement) -> Json:
    """As AWS writes it; a list of one stands as the value alone."""
    s = statement
    written: Json = {"Sid": s.sid} if s.sid else {}
    written["Effect"] = str(s.effect)
    for key, principals in (("Principal", s.principals), ("NotPrincipal", s.not_principals)):
        if principals is not None:
            written[key] = _principals(principals)
    pairs = (
        ("Action", s.actions),
        ("NotAction", s.not_actions),
        ("Resource", s.resources),
        ("NotResource", s.not_resources),
    )
    written |= {key: _one_or_all(values) for key, values in pairs if values is not None}
    if s.conditions:
        written["Condition"] = _conditions(s)
    return written


def size(document: Json | list[str]) -> int:
    """The characters that AWS counts."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return sum(not character.isspace() for character in text)


def split(statements: Iterable[Written], limit: int = POLICY_CHARACTERS) -> tuple[Json, ...]:
    """Documents with the statements in their order. A statement too long for one is cut along its actions, else its
    resources, which says the same; one that cannot be cut stands alone and is over the limit."""
    documents: list[Json] = []
    for written in statements:
        for piece in _cut(written, limit):
            last = documents[-1] if documents else None
            named = _named(piece, last)
            if last and last["Version"] == written.version and size(_with(last, named)) <= limit:
                last["Statement"].append(named)
            else:
                documents.append({"Version": written.version, "Statement": [statement_json(piece)]})
    return tuple(documents)


def _cut(written: Written, limit: int) -> Iterator[Statement]:
    statement = written.statement
    if _alone(written, statement) <= limit:
        yield statement
        return
    for part in ("actions", "resources"):
        values: tuple[str, ...] = getattr(statement, part) or ()
        if len(values) > 1:
            for some in _filled(values, limit - _alone(written, _having(statement, part, ()))):
                yield from _cut(Written(_having(statement, part, some), written.variables), limit)
            return
    yield statement


def _having(statement: Statement, part: str, values: tuple[str, ...]) -> Statement:
    return replace(statement, actions=values) if part == "actions" else replace(statement, resources=values)


def _alone(written: Written, statement: Statement) -> int:
    return size({"Version": written.version, "Statement": [statement_json(statement)]})


def _filled(values: tuple[str, ...], room: int) -> Iterator[tuple[str, ...]]:
    """The values in runs that fit into the room, and always one at least."""
    run: list[str] = []
    left = room
    for value in values:
        need = size([value]) - 1  # quotes and a comma
        if run and need > left:
            yield tuple(run)
            run, left = [], room
        run.append(value)
        left -= need
    yield tuple(run)


def _with(document: Json, statement: Json) -> Json:
    return {**document, "Statement": [*document["Statement"], statement]}


def _named(statement: Statement, document: Json | None) -> Json:
    """In one document no two statements may share a Sid."""
    taken = {s.get("Sid") for s in document["Statement"]} if document else set()
    sid, number = statement.sid, 2
    while sid and sid in taken:
        sid, number = f"{statement.sid}{number}", number + 1
    return statement_json(replace(statement, sid=sid))


def _one_or_all(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _conditions(statement: Statement) -> Json:
    written: Json = {}
    for condition in statement.conditions:
        written.setdefault(condition.operator, {})[condition.key] = _one_or_all(condition.values)
    return written


def _principals(principals: Principals) -> str | Json:
    aws = (*([ANYONE] if principals.anyone else []), *principals.aws)
    kinds = {
        "AWS": aws,
        "Service": principals.service,
        "Federated": principals.federated,
        "CanonicalUser": principals.canonical_user,
    }
    if principals.anyone and not any((principals.aws, *list(kinds.values())[1:])):
        return ANYONE
    return {kind: _one_or_all(values) for kind, values in kinds.items() if values}


def _has_dollar(statement: Statement) -> bool:
    texts = (*(statement.resources or ()), *(statement.not_resources or ()))
    return any("${" in text for text in (*texts, *(v for c in statement.conditions for v in c.values)))
