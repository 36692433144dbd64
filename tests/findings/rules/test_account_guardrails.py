"""GR102, GR104-GR108, GR113, GR114: what SCPs, RCPs and required boundaries leave open. Silent ones first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import State, digest
from findings.analysis import baseline
from findings.analysis.declared import declared
from findings.analysis.facts import Settings
from findings.analysis.guardrails import RCP, SCP
from findings.policy.catalogue import catalogue
from tests.builders import (
    ACCOUNT_ID,
    details,
    facts,
    in_organization,
    org_account,
    org_policy,
    role,
    tree_coverage,
    trust,
    unit,
    user,
)
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.worlds import EVERYTHING, allow, deny, document

NAME = facts().account.name
FULL = org_policy("FullAWSAccess", "r-1", "ou-1", ACCOUNT_ID, document=EVERYTHING, aws_managed=True)
SPARED = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}
TREE = (unit("r-1", ""), unit(), org_account())
OURS = in_organization(management_account_id=ACCOUNT_ID)


def bound(code: str, *denies: Any, at: str = "ou-1", also: tuple[Any, ...] = (), **more: Any) -> list[str]:
    """The account under FullAWSAccess and one SCP with these statements."""
    body = document(*denies) if denies else None
    scps = [FULL] if body is None else [FULL, org_policy("guard", at, document=body)]
    trusts = (EVERYTHING, *([] if body is None else [body]), trust(Service="ec2.amazonaws.com"))
    entities = (in_organization(), *TREE, *scps, *also)
    return statuses(code, *entities, trusts=trusts, **{"coverage": tree_coverage(), **more})


# -- GR104


@pytest.mark.parametrize(
    ("denies", "expected"),
    [
        ([deny("s3:DeleteBucket")], ["clear"]),
        ([deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})], ["clear"]),
        ([], ["open"]),
        ([allow("*")], ["open"]),
    ],
)
def test_an_account_that_no_scp_limits(denies: list[Any], expected: list[str]) -> None:
    assert bound("GR104", *denies) == expected


def test_an_allow_list_limits() -> None:
    narrow = document(allow(["s3:*", "ec2:*"]))
    listed = (
        org_policy("allow-list", "ou-1", document=narrow),
        org_policy("full", "r-1", ACCOUNT_ID, document=EVERYTHING),
    )
    found = statuses("GR104", in_organization(), *TREE, *listed, trusts=(narrow, EVERYTHING), coverage=tree_coverage())
    assert found == ["clear"]


@pytest.mark.parametrize("code", ["GR104", "GR106"])
def test_where_no_scp_binds_or_nobody_sees_them(code: str) -> None:
    assert statuses(code, OURS, coverage=tree_coverage()) == ["clear"]
    assert statuses(code, in_organization(organization_id="", management_account_id=""), coverage=tree_coverage()) == [
        "clear"
    ]
    off = (in_organization(), unit("r-1", "", policy_types=()), unit(), org_account())
    assert statuses(code, *off, coverage=tree_coverage()) == ["clear"]
    assert statuses(code, in_organization(), coverage=tree_coverage(ListRoots=State.DENIED)) == ["unknown"]
    assert statuses(code, coverage=tree_coverage(DescribeOrganization=State.DENIED)) == ["unknown"]


def test_an_scp_that_cannot_be_read_is_neither_a_limit_nor_a_gap() -> None:
    lost = org_policy("lost", "ou-1", document={"Statement": "no"})
    entities = (in_organization(), *TREE, FULL, lost)
    trusts = (EVERYTHING, {"Statement": "no"})
    assert statuses("GR104", *entities, trusts=trusts, coverage=tree_coverage()) == ["unknown"]
    assert statuses("GR106", *entities, trusts=trusts, coverage=tree_coverage()) == ["unknown"]


# -- GR106

NO_TRAIL = deny(list(baseline.TRAILS))
NO_CONFIG = deny("config:*")
NO_LEAVING = deny("organizations:LeaveOrganization")
NO_ROOT = deny("*", Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}})
WHOLE = (NO_TRAIL, NO_CONFIG, NO_LEAVING, NO_ROOT)
PARTS = ["open organization", "open trail", "open config", "open root"]


@pytest.mark.parametrize(
    ("denies", "expected"),
    [
        (WHOLE, ["clear"]),
        ((deny(["cloudtrail:*", "config:*", "organizations:*"], Condition=SPARED), NO_ROOT), ["clear"]),
        ((NO_TRAIL, NO_LEAVING, NO_ROOT), ["open config"]),
        ((deny("cloudtrail:StopLogging"), NO_CONFIG, NO_LEAVING, NO_ROOT), ["open trail"]),
        ((*WHOLE[:3], deny("s3:*", Condition=NO_ROOT["Condition"])), ["open root"]),
        ((deny("s3:*"),), PARTS),
        ((), PARTS),
        (
            (*WHOLE[1:], deny(list(baseline.TRAILS), Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})),
            ["unknown"],
        ),
    ],
)
def test_parts_of_a_baseline(denies: tuple[Any, ...], expected: list[str]) -> None:
    assert bound("GR106", *denies) == expected


def test_boundaries_are_asked_for_where_somebody_carries_one() -> None:
    edge = f"arn:aws:iam::{ACCOUNT_ID}:policy/edge"
    carrier = role("app", boundary=edge)
    assert bound("GR106", *WHOLE, also=(carrier,)) == ["open boundary"]
    kept = deny([*baseline.EDITS, "iam:DeleteRolePermissionsBoundary"])
    assert bound("GR106", *WHOLE, kept, also=(carrier,)) == ["clear"]
    assert bound("GR106", *WHOLE, also=(role("app"), user())) == ["clear"]


def test_regions_are_asked_for_where_the_settings_name_some() -> None:
    europe = Settings(allowed_regions=frozenset({"eu-west-1"}))
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
    outside = {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*", "Condition": elsewhere}
    assert bound("GR106", *WHOLE, settings=europe) == ["open regions"]
    assert bound("GR106", *WHOLE, outside, settings=europe) == ["clear"]


def test_what_is_denied_is_told_with_the_policy() -> None:
    body = document(*WHOLE[1:], deny("cloudtrail:DeleteTrail"))
    scps = FULL, org_policy("guard", "ou-1", document=body)
    entities = (in_organization(), *TREE, *scps)
    (found,) = verdicts("GR106", *entities, trusts=(EVERYTHING, body), coverage=tree_coverage())
    assert found.title == f"No SCP denies stopping or deleting trails in {NAME}"
    assert found.evidence["denied_by"] == ["guard at prod (ou-1)"]
    assert "cloudtrail:DeleteTrail" not in found.evidence["actions"]


def test_actions_are_in_the_catalogue() -> None:
    assert catalogue().check(baseline.ACTIONS) == []


# -- GR105, GR107, GR114


def root(*types: str) -> Any:
    return unit("r-1", "", policy_types=types)


@pytest.mark.parametrize(
    ("code", "entities", "expected"),
    [
        ("GR105", (in_organization(), root()), []),
        ("GR105", (OURS, root(SCP)), ["clear"]),
        ("GR105", (OURS, root(RCP)), ["open"]),
        (
            "GR105",
            (in_organization(management_account_id=ACCOUNT_ID, features="CONSOLIDATED_BILLING"), root()),
            ["open"],
        ),
        ("GR105", (OURS,), ["unknown"]),
        ("GR107", (OURS, root(SCP, RCP), org_policy("perimeter", "r-1", kind=RCP)), ["clear"]),
        ("GR107", (OURS, root(SCP, RCP), org_policy("RCPFullAWSAccess", "r-1", kind=RCP, aws_managed=True)), ["open"]),
        ("GR107", (OURS, root(SCP, RCP), org_policy("perimeter", kind=RCP)), ["open"]),
        ("GR107", (OURS, root(SCP)), ["open"]),
        ("GR107", (OURS,), ["unknown"]),
        ("GR114", (OURS, root(SCP)), []),
    ],
)
def test_policy_types(code: str, entities: Any, expected: list[str]) -> None:
    assert statuses(code, *entities, coverage=tree_coverage()) == expected


def test_policy_types_that_the_settings_ask_for() -> None:
    asked = Settings(organization_policies=frozenset({"TAG_POLICY", "BACKUP_POLICY"}))
    both = (OURS, root("TAG_POLICY", "BACKUP_POLICY"))
    assert statuses("GR114", *both, settings=asked, coverage=tree_coverage()) == ["clear"]
    assert statuses("GR114", OURS, root("TAG_POLICY"), settings=asked, coverage=tree_coverage()) == [
        "open BACKUP_POLICY"
    ]
    assert statuses("GR114", OURS, settings=asked, coverage=tree_coverage()) == ["unknown"]


def test_rcps_that_were_not_read() -> None:
    assert statuses("GR107", OURS, root(RCP), coverage=tree_coverage(ListPolicies=State.DENIED)) == ["unknown"]
    untold = tree_coverage(ListTargetsForPolicy=State.ABSENT)
    mine, aws = org_policy("perimeter", kind=RCP), org_policy("RCPFullAWSAccess", kind=RCP, aws_managed=True)
    assert statuses("GR107", OURS, root(RCP), mine, aws, coverage=untold) == ["unknown"]
    assert statuses("GR107", OURS, root(RCP), aws, coverage=untold) == [
        "open"
    ]  # what is not there is attached to nothing


# -- GR113

EUROPE = Settings(allowed_regions=frozenset({"eu-west-1"}))
OUTSIDE = document(deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}))


def regions(*scps: Any, accounts: Any = (), settings: Settings = EUROPE) -> list[str]:
    tree = (OURS, unit("r-1", ""), unit(), org_account(parent="r-1"), *accounts)
    return statuses(
        "GR113", *tree, FULL, *scps, trusts=(EVERYTHING, OUTSIDE), settings=settings, coverage=tree_coverage()
    )


MEMBER, CLOSED = org_account("222233334444"), org_account("333344445555", "r-1", state="SUSPENDED")
EVERYWHERE = org_policy("full", "r-1", "ou-1", "222233334444", document=EVERYTHING)


def test_regions_of_the_members() -> None:
    europe = org_policy("europe", "ou-1", document=OUTSIDE)
    assert regions(settings=Settings()) == []
    assert regions(EVERYWHERE, europe, accounts=(MEMBER, CLOSED)) == ["clear"]
    assert regions(EVERYWHERE, accounts=(MEMBER,)) == ["open"]
    assert regions(EVERYWHERE, europe) == ["unknown"]


@pytest.mark.parametrize(
    "spared",
    [
        {"StringNotEquals": {"aws:PrincipalAccount": "222233334444"}},
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::222233334444:role/*"}},
        {"StringNotEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}},
    ],
)
def test_an_scp_that_spares_an_account_is_asked_for_each(spared: dict[str, Any]) -> None:
    elsewhere = {"aws:RequestedRegion": "eu-west-1"}
    condition = {**spared, "StringNotEquals": {**spared.get("StringNotEquals", {}), **elsewhere}}
    some = document(deny("*", Condition=condition))
    other = org_account("333344445555")
    tree = (OURS, unit("r-1", ""), unit(), org_account(parent="r-1"), MEMBER, other)
    full = org_policy("full", "r-1", "ou-1", "222233334444", "333344445555", document=EVERYTHING)
    scp = org_policy("some", "r-1", document=some)
    (found,) = verdicts("GR113", *tree, full, scp, trusts=(EVERYTHING, some), settings=EUROPE, coverage=tree_coverage())
    every = "${" in str(spared)
    assert found.evidence["accounts"] == ["222233334444", *(["333344445555"] if every else [])]


# -- GR108

COMPUTE = trust(Service="ec2.amazonaws.com")


def workloads(organization: Any, **more: Any) -> list[str]:
    return statuses(
        "GR108", organization, role("web", trust=digest(COMPUTE), **more), trusts=(COMPUTE,), coverage=tree_coverage()
    )


def test_workloads_in_the_management_account() -> None:
    assert workloads(in_organization(), used=3) == ["clear"]
    assert workloads(OURS) == ["clear"]
    assert workloads(OURS, used=91) == ["clear"]
    assert workloads(OURS, used=3) == ["open"]
    assert workloads(details(), used=3) == ["unknown"]


# -- GR102


@pytest.mark.parametrize(
    ("asked", "holder", "expected"),
    [
        ({}, role("app"), []),
        ({"path:/teams/": "edge"}, role("app"), []),
        ({"tag:team=red": "edge"}, role("app", tags={"team": "blue"}), []),
        ({"*": "edge"}, role("app", boundary="arn:aws:iam::123456789012:policy/team/edge"), ["clear"]),
        ({"*": "arn:aws:iam::1:policy/edge"}, role("app", boundary="arn:aws:iam::1:policy/edge"), ["clear"]),
        (
            {"*": "edge", "path:/teams/": "other"},
            role("a", path="/teams/", boundary="arn:aws:iam::1:policy/other"),
            ["clear"],
        ),
        ({"*": "edge"}, role("app"), ["open"]),
        ({"*": "edge"}, role("app", boundary="arn:aws:iam::1:policy/another"), ["open"]),
        ({"tag:team=red": "edge"}, user(tags={"team": "red"}), ["open"]),
        ({"*": "edge"}, role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/"), []),
        ({"ou:ou-1": "edge"}, role("app"), ["unknown"]),
    ],
)
def test_boundaries_that_the_settings_ask_for(asked: dict[str, str], holder: Any, expected: list[str]) -> None:
    assert statuses("GR102", holder, settings=Settings(required_boundaries=asked)) == expected


def test_a_boundary_that_an_ou_asks_for() -> None:
    asked = Settings(required_boundaries={"ou:ou-1": "edge"})
    assert bound("GR102", also=(role("app"),), settings=asked) == ["open"]
    assert bound("GR102", also=(role("app"),), settings=Settings(required_boundaries={"ou:ou-2": "edge"})) == []


def test_a_selector_that_nothing_understands_is_named() -> None:
    settings, complaints = declared({"required_boundaries": {"*": "edge", "paths:/x": "edge"}})
    assert settings.required_boundaries == {"*": "edge"}
    assert "paths:/x" in complaints[0]


# -- where GR104 and GR106 are to be fixed

STOP = document(NO_TRAIL)
OTHER_OU = unit("ou-2", name="dev")
INNER = unit("ou-3", "ou-1", name="payments")


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        ((), "Root (r-1)"),
        ((OTHER_OU,), "Root (r-1)"),
        ((OTHER_OU, org_policy("stop", "ou-2", document=STOP)), "prod (ou-1)"),
        ((OTHER_OU, org_policy("lost", "ou-2", document=None)), "prod (ou-1)"),
        ((INNER, org_policy("stop", "ou-3", document=STOP)), ACCOUNT_ID),
        ((unit("ou-4", "ou-9"), org_policy("stop", "ou-4", document=STOP)), "Root (r-1)"),
        ((unit("ou-4", "ou-5"), unit("ou-5", "ou-4"), org_policy("stop", "ou-4", document=STOP)), "Root (r-1)"),
    ],
)
def test_the_place_of_the_fix_is_as_high_as_nobody_else_has_it(entities: Any, expected: str) -> None:
    everywhere = ("r-1", *(f"ou-{n}" for n in range(1, 6)), ACCOUNT_ID)
    scps = (org_policy("full", *everywhere, document=EVERYTHING), org_policy("elsewhere", "ou-8", document=STOP))
    for code in ("GR104", "GR106"):
        found = verdicts(
            code, in_organization(), *TREE, *scps, *entities, trusts=(EVERYTHING, STOP), coverage=tree_coverage()
        )
        assert {v.evidence["fix_at"] for v in found if v.part in ("", "trail")} == {expected}
    leaving = next(v for v in found if v.part == "organization")
    assert leaving.evidence["fix_at"] == ("prod (ou-1)" if "lost" in str(entities) else "Root (r-1)")
