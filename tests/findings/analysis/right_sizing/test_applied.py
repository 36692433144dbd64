"""Whether a principal has what was proposed, and what is known of attempts since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.right_sizing.applied import compare
from findings.analysis.right_sizing.watch import SINGLE, watch
from tests.builders import AS_OF, ago, arn, aws_policy, facts, last_accessed, policy, role
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


SINCE, UNTIL = ago(40), ago(10)


def reading(read: float = 1, **services: float | None) -> records.LastAccessed:
    return last_accessed(role("app"), read=read, **services)


@pytest.mark.parametrize(
    ("found", "tried", "said"),
    [
        (None, None, "Access Advisor was not read since."),
        (reading(50, iam=None), None, "Access Advisor was not read since."),
        (reading(20, iam=45), None, "No attempt at iam so far; watched until 2026-11-14."),
        (reading(9.9, iam=45), None, "No attempt at iam so far; watched until 2026-11-14."),
        (reading(9, iam=45), False, "No attempt at iam until 2026-11-14."),
        (reading(9, iam=None), False, "No attempt at iam until 2026-11-14."),
        (reading(9, s3=1), None, "Unknown for iam: Access Advisor tells only of services that its policies allow."),
        (
            reading(39, iam=39.5),
            True,
            "Tried since: iam on 2026-10-15 12:00 UTC. Access Advisor does not say by which action",
        ),
        (reading(1, iam=5), True, "Tried since: iam on 2026-11-19 00:00 UTC."),
    ],
)
def test_silence_counts_only_where_somebody_listened(
    found: records.LastAccessed | None, tried: bool | None, said: str
) -> None:
    watched = watch(["iam"], ["iam:*"], found, SINCE, UNTIL)
    assert (watched.tried, watched.said[: len(said)]) == (tried, said)
    assert SINGLE not in watched.said


def test_one_service_that_nobody_tells_of_is_enough_not_to_be_safe() -> None:
    watched = watch(["ec2", "iam"], ["ec2:*", "iam:*", "s3:PutObject"], reading(1, iam=None), SINCE, UNTIL)
    assert watched.tried is None
    assert watched.said == (
        "No attempt at iam until 2026-11-14. Unknown for ec2: Access Advisor tells only of services that its policies allow. "
        + SINGLE
    )


def test_without_a_whole_service_there_is_nothing_to_watch() -> None:
    watched = watch([], ["s3:PutObject"], reading(1, s3=1), SINCE, UNTIL)
    assert watched.tried is None
    assert watched.said == f"No service was taken away of which Access Advisor could tell an attempt. {SINGLE}"


def test_dates_are_the_watch_s_own() -> None:
    until: datetime = AS_OF + timedelta(days=30)
    assert "watched until 2026-12-24" in watch(["iam"], [], reading(0, iam=None), ago(1), until).said
