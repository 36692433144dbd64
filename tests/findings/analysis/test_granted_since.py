"""Which actions were granted all through the last 90 days."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.granted_since import granted_throughout
from tests.builders import ago, facts, group, policy, role, user
from tests.findings.rules.policies import allow, document

S3, EC2 = document(allow("s3:GetObject")), document(allow("ec2:RunInstances"))
BOTH = document(allow(["s3:GetObject", "ec2:RunInstances"]))


def version(number: int, created: float, body: dict[str, Any]) -> records.PolicyVersion:
    return records.PolicyVersion(version_id=f"v{number}", created_at=ago(created), document=records.digest(body))


def managed(*versions: tuple[float, dict[str, Any]]) -> records.Policy:
    """Versions from the first, the last one being the default."""
    made = tuple(version(n, created, body) for n, (created, body) in enumerate(versions, 1))
    found = policy("app-access", document=made[-1].document, versions=made)
    return records.Policy(
        **{**{f: getattr(found, f) for f in found.__struct_fields__}, "default_version": made[-1].version_id}
    )


def throughout(principal: records.Role | records.User, *more: Any, **changed: float) -> list[str]:
    known: Facts = facts(
        principal, *more, trusts=[S3, EC2, BOTH], changed_at={uid: ago(days) for uid, days in changed.items()}
    )
    return known.permissions.catalogue.members(granted_throughout(principal, known, 90))


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([(300, S3)], ["s3:GetObject"]),
        ([(90, S3)], ["s3:GetObject"]),
        ([(89, S3)], []),
        ([(300, S3), (20, BOTH)], ["s3:GetObject"]),
        ([(300, S3), (50, EC2), (20, BOTH)], []),
        ([(300, BOTH), (50, BOTH), (20, BOTH)], ["ec2:RunInstances", "s3:GetObject"]),
        ([(300, EC2), (200, S3), (20, BOTH)], ["s3:GetObject"]),
    ],
)
def test_versions_of_a_managed_policy_have_dates(versions: list[tuple[float, Any]], expected: list[str]) -> None:
    held = managed(*versions)
    assert throughout(role(attached=(held.arn,)), held) == expected


@pytest.mark.parametrize(("created", "expected"), [(90, ["s3:GetObject"]), (89, [])])
def test_an_inline_policy_is_as_old_as_its_role(created: float, expected: list[str]) -> None:
    assert throughout(role(created=created, inline={"own": records.digest(S3)})) == expected


def test_unless_we_saw_its_policies_change() -> None:
    app = role(unique_id="AROA1", inline={"own": records.digest(S3)})
    assert throughout(app, AROA1=91) == ["s3:GetObject"]
    assert throughout(app, AROA1=30) == []


def test_what_comes_by_a_group_is_as_old_as_the_younger_of_the_two() -> None:
    ops = group("ops", unique_id="AGPA1", inline={"own": records.digest(S3)})
    member = user("member", groups=("ops",))
    assert throughout(member, ops) == ["s3:GetObject"]
    assert throughout(member, ops, AGPA1=30) == []
    assert throughout(user("new", created=30, groups=("ops",)), ops) == []


def test_one_policy_that_is_old_enough_suffices() -> None:
    young = managed((10, BOTH))
    app = role(attached=(young.arn,), inline={"own": records.digest(EC2)})
    assert throughout(app, young) == ["ec2:RunInstances"]


def test_a_version_that_was_not_collected_grants_nothing() -> None:
    lost = document(allow("sqs:SendMessage"))
    held = managed((300, lost), (20, S3))
    assert throughout(role(attached=(held.arn,)), held) == []
