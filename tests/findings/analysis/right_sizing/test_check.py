"""The checks find a proposal that breaks a promise: each is given one that does, and the honest one."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.right_sizing import check
from findings.analysis.right_sizing.check import Before
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Compiled, compile_document
from findings.policy.document import Document, read
from findings.policy.evaluate import Layer, Named
from findings.policy.render import NewPolicy
from tests.builders import facts, role
from tests.findings.rules.policies import allow, deny, document

C = catalogue()
KEYS, LOGS = "arn:aws:s3:::keys/*", "arn:aws:s3:::logs/*"
OLD = document(allow(["s3:GetObject", "s3:PutObject"], [KEYS, LOGS]), deny("s3:PutObject", KEYS))


def verdicts(new: dict[str, Any], used: str = "s3:GetObject") -> dict[str, bool | None]:
    app = role("app", inline={"own": records.digest(OLD)})
    told = facts(app, trusts=[OLD])
    old, compiled = (compile_document(_read(body), C) for body in (OLD, new))
    named = (Named(Layer.IDENTITY, "new", _read(new)), _mask(compiled))
    before = Before(told.permissions.caller(app), told.permissions.policies(app), old.clauses, (named,))
    return {one.name: one.ok for one in check.checks(old, compiled, C.match(used), [before], C)}


def _read(body: dict[str, Any]) -> Document:
    found = read(body)
    assert isinstance(found, Document)
    return found


def _mask(compiled: Compiled) -> int:
    found = 0
    for clause in compiled.clauses:
        found |= clause.mask
    return found


DENY = deny("s3:PutObject", KEYS)
KEPT, NOTHING_MORE, NO_WILDCARD = (
    "What is used stays allowed",
    "Nothing is allowed that was not",
    "No wildcard stands for a write",
)


@pytest.mark.parametrize(
    ("statements", "failed"),
    [
        ([allow("s3:GetObject", [KEYS, LOGS]), DENY], []),
        ([allow("s3:PutObject", LOGS), DENY], [KEPT]),
        ([allow("s3:GetObject", KEYS), DENY], [KEPT]),  # the action stays, one of its resources does not
        ([allow("s3:GetObject", [KEYS, LOGS], Condition={"Bool": {"a:b": "true"}}), DENY], [KEPT]),
        ([allow(["s3:GetObject", "s3:DeleteObject"], [KEYS, LOGS]), DENY], [NOTHING_MORE]),
        ([allow("s3:GetObject"), DENY], [NOTHING_MORE]),
        ([allow("s3:GetObject", [KEYS, LOGS])], [NOTHING_MORE]),  # its Deny is gone
        ([allow(["s3:GetObject", "s3:PutObj*"], [KEYS, LOGS]), DENY], [NOTHING_MORE, NO_WILDCARD]),
        ([allow(None, [KEYS, LOGS], NotAction="iam:*"), DENY], [NOTHING_MORE, NO_WILDCARD]),
    ],
)
def test_what_breaks_a_promise_fails_its_check(statements: list[dict[str, Any]], failed: list[str]) -> None:
    assert [name for name, ok in verdicts(document(*statements)).items() if ok is False] == failed


def test_a_star_without_its_reason_is_missed() -> None:
    policy = NewPolicy("p", document(allow("s3:GetObject", KEYS), allow("s3:GetObject", ["*"])))
    assert check.stars_told([policy], ()).detail == "statement 2 of p"


def test_a_pattern_that_the_catalogue_does_not_know_is_told_as_unknown() -> None:
    new = document(allow(["s3:GetObject", "s3:FlyObject*"], [KEYS, LOGS]), DENY)
    assert verdicts(new)[NO_WILDCARD] is None
