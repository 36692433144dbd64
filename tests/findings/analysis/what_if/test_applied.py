"""An account as it would be with a candidate."""

from __future__ import annotations

from dataclasses import replace

from findings.analysis.facts import Facts
from findings.analysis.what_if import Candidate, Kind
from findings.analysis.what_if.applied import applied, by_level, by_service, losses
from findings.policy.catalogue import catalogue
from tests.builders import ACCOUNT_ID, arn, role
from tests.findings.analysis.what_if.used import candidate, scp
from tests.findings.worlds import FULL_ACCESS, MFA, World, allow, deny, document

WIDE = document(allow(["s3:*", "iam:CreateUser"]))


def lost(asked: Candidate, **used: int) -> dict[str, tuple[list[str], list[str]]]:
    """Name -> the actions lost that were not used, and those that were."""
    world = World()
    app = role("app", unique_id="app", inline=world.inline(all=WIDE))
    linked = role("linked", path="/aws-service-role/x/", unique_id="linked", inline=world.inline(all=WIDE))
    before = world.facts(app, linked, scp=[FULL_ACCESS])
    names = catalogue().members
    found = losses(before, applied(before, asked), used)
    return {one.holder.name: (names(one.unused), names(one.used)) for one in found}


def test_what_takes_nothing_from_anybody() -> None:
    assert lost(scp(deny("ec2:*"))) == {}
    assert lost(scp(deny("s3:*", Condition=MFA))) == {}
    assert lost(scp(deny("s3:*", "arn:aws:s3:::logs/*"))) == {}
    assert lost(scp(deny("*"), accounts=frozenset({"000000000009"}))) == {}
    assert lost(scp(deny("*"), unbound=frozenset({ACCOUNT_ID}))) == {}
    assert lost(candidate(Kind.BOUNDARY, allow("ec2:*"), principals=(arn("user", "*"),))) == {}


def test_what_was_not_used_apart_from_what_was() -> None:
    both = scp(deny(["iam:*", "s3:DeleteBucket"]))
    assert lost(both) == {"app": (["iam:CreateUser", "s3:DeleteBucket"], [])}
    assert lost(both, app=catalogue().bit("iam:CreateUser")) == {"app": (["s3:DeleteBucket"], ["iam:CreateUser"])}


def test_a_boundary_takes_the_place_of_the_one_there_is() -> None:
    assert lost(candidate(Kind.BOUNDARY, allow("s3:*"))) == {"app": (["iam:CreateUser"], [])}


def test_the_management_account_is_bound_by_none() -> None:
    world = World()
    before = world.facts(role("app", inline=world.inline(all=WIDE)), scp=[FULL_ACCESS])
    before = Facts(before.snapshot, None, replace(before.guardrails, management=True))
    assert applied(before, scp(deny("*"))) is before


def test_sets_in_words() -> None:
    mask = catalogue().mask(["s3:DeleteBucket", "s3:ListAllMyBuckets", "iam:CreateUser"])
    assert by_service(mask) == (("s3", 2), ("iam", 1))
    assert dict(by_level(mask)) == {"List": 1, "Write": 2}
