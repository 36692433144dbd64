"""Leaves policy documents out that cannot matter to a question about some actions: reading them all would take most of the time.

A document matters if a statement of it, Allow or Deny, may mean one of the actions; or if anything about it is unusual, so that
only reading it tells whether it can be read. The look at its JSON costs a fiftieth of reading and compiling it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from collectors import records
from findings.policy.catalogue import catalogue

NOTHING = {"Version": "2012-10-17", "Statement": []}
STANDS_FOR_OTHERS = records.digest(NOTHING)
VERSIONS = ("2012-10-17", "2008-10-17")
OF_DOCUMENT = {"Version", "Id", "Statement"}
OF_STATEMENT = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class Narrowing:
    """What the documents say of some actions. Asked for the same digest again it remembers."""

    def __init__(self, actions: Collection[str]) -> None:
        self.wanted = catalogue().mask(actions)
        self._matters: dict[str, bool] = {}

    def matters(self, digest: str, body: Any) -> bool:
        if digest not in self._matters:
            self._matters[digest] = not plain(body) or any(self._means(one) for one in listed(body["Statement"]))
        return self._matters[digest]

    def _means(self, statement: Mapping[str, Any]) -> bool:
        if "Action" in statement:
            return any(catalogue().match(pattern) & self.wanted for pattern in listed(statement["Action"]))
        return bool(self.wanted & ~catalogue().mask(listed(statement["NotAction"])))


def without(holder: Any, digests: Collection[str]) -> Any:
    """The role, user or group with an empty document in place of each of these inline ones."""
    if digests and not digests.isdisjoint(holder.inline.values()):
        inline = {name: STANDS_FOR_OTHERS if digest in digests else digest for name, digest in holder.inline.items()}
        return msgspec.structs.replace(holder, inline=inline)
    return holder


def plain(body: Any) -> bool:
    """Whether the document is written as nearly all are, and so can be read."""
    if not isinstance(body, dict) or not body.keys() <= OF_DOCUMENT or body.get("Version") not in VERSIONS:
        return False
    statements = listed(body.get("Statement"))
    return isinstance(body.get("Id", ""), str) and all(map(_plain_statement, statements))


def _plain_statement(statement: Any) -> bool:
    if not isinstance(statement, dict) or not statement.keys() <= OF_STATEMENT:
        return False
    return (
        statement.get("Effect") in ("Allow", "Deny")
        and isinstance(statement.get("Sid", ""), str)
        and ("Action" in statement) is not ("NotAction" in statement)
        and ("Resource" in statement) is not ("NotResource" in statement)
        and all(
            _texts(statement[name]) for name in ("Action", "NotAction", "Resource", "NotResource") if name in statement
        )
        and _plain_conditions(statement.get("Condition", {}))
    )


def _plain_conditions(conditions: Any) -> bool:
    if not isinstance(conditions, dict):
        return False
    return all(
        isinstance(keys, dict) and all(_texts(values) for values in keys.values()) for keys in conditions.values()
    )


def _texts(value: Any) -> bool:
    return all(isinstance(one, str) for one in listed(value))


def listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else (value,)
