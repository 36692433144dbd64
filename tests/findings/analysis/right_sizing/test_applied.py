"""Whether a principal has what was proposed."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.right_sizing.applied import compare
from tests.builders import arn, aws_policy, facts, policy, role
from tests.findings.rules.policies import allow, deny, document

READ, DENY = allow("s3:GetObject", "arn:aws:s3:::a/*"), deny("s3:*", "arn:aws:s3:::b/*")
PROPOSED = document(READ, DENY)


def having(*bodies: dict[str, Any], boundary: dict[str, Any] | None = None) -> tuple[records.Role, Facts]:
    limits = policy("limits", document=records.digest(boundary or {}))
    more = {"boundary": limits.arn} if boundary else {}
    app = role("app", inline={f"p{n}": records.digest(body) for n, body in enumerate(bodies)}, **more)
    return app, facts(app, limits, trusts=[*bodies, boundary or {}])


@pytest.mark.parametrize(
    ("bodies", "confirmed", "said"),
    [
        ([PROPOSED], True, "Its policies allow what was proposed."),
        ([document(DENY), document(READ)], True, "Its policies allow what was proposed."),
        ([document(DENY)], True, "Even less is allowed than was proposed: s3:GetObject are missing."),
        (
            [PROPOSED, document(allow("ec2:RunInstances"))],
            False,
            "More is allowed than was proposed: ec2:RunInstances.",
        ),
        ([document(allow("s3:GetObject"), DENY)], False, "More is allowed than was proposed: s3:GetObject."),
        ([PROPOSED, document(allow("new:Thing"))], False, "More is allowed than was proposed: new:thing."),
        ([document(READ)], False, "A Deny of the proposal is missing"),
    ],
)
def test_effect_is_compared_and_not_the_text(bodies: list[dict[str, Any]], confirmed: bool, said: str) -> None:
    app, told = having(*bodies)
    found = compare(app, [PROPOSED], told)
    assert (found.confirmed, found.detail[: len(said)]) == (confirmed, said)


def test_a_boundary_is_compared_with_the_boundary() -> None:
    app, told = having(document(allow("*")), boundary=PROPOSED)
    assert compare(app, [PROPOSED], told, boundary=True).confirmed
    app, told = having(PROPOSED)
    assert compare(app, [PROPOSED], told, boundary=True).detail == "It has no permissions boundary."


def test_what_cannot_be_read_is_unknown() -> None:
    app = role("app", attached=(aws_policy("ReadOnlyAccess"), arn("policy", "x")))
    found = compare(app, [PROPOSED], facts(app))
    assert (found.confirmed, "ReadOnlyAccess could not be read" in found.detail) == (None, True)
    app, told = having(PROPOSED)
    assert compare(app, [{"Statement": 3}], told).confirmed is None
