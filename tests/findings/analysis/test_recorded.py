"""What of a region's events is recorded now, by what selectors select."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import Selector, State
from findings.analysis import recorded, selecting
from findings.analysis.recorded import Access
from tests.builders import ACCOUNT_ID, ago, facts
from tests.findings.trailed import (
    ALL,
    ENABLED,
    HOME,
    OWNER,
    READS,
    REGIONS,
    SEEN,
    WRITES,
    asked,
    data,
    seen,
    trail,
    without,
)

KMS, RDS = "kms.amazonaws.com", "rdsdata.amazonaws.com"
ONLY_KMS = Selector(category="Management", where={"eventSource": {"Equals": (KMS,)}})
OF_ONE = Selector(category="Management", where={"userIdentity.arn": {"Equals": ("arn:aws:iam::1:role/a",)}})
TABLE = "AWS::DynamoDB::Table"


@pytest.mark.parametrize(
    ("selectors", "reads", "writes"),
    [
        ([ALL], "all", "all"),
        ([READS], "all", "nothing"),
        ([WRITES], "nothing", "all"),
        ([READS, WRITES], "all", "all"),
        ([], "nothing", "nothing"),
        ([data()], "nothing", "nothing"),
        ([without(KMS)], f"leaves out {KMS}", f"leaves out {KMS}"),
        ([without(KMS, RDS), without(RDS)], f"leaves out {RDS}", f"leaves out {RDS}"),
        ([without(KMS), without(RDS)], "all", "all"),
        ([without(KMS), ONLY_KMS], "all", "all"),
        ([without(KMS), READS], "all", f"leaves out {KMS}"),
        ([ONLY_KMS], f"records only eventSource {KMS}", f"records only eventSource {KMS}"),
        ([OF_ONE, READS], "all", "records only userIdentity.arn arn:aws:iam::1:role/a"),
        ([Selector(category="Management", where={"readOnly": {"Equals": ("True",)}})], "all", "nothing"),
        ([Selector(category="Management", where={"eventSource": {}})], "all", "all"),
        ([Selector(category="")], "nothing", "nothing"),
    ],
)  # fmt: skip
def test_management_events_by_content(selectors: list[Selector], reads: str, writes: str) -> None:
    found = [selecting.management(selectors, reads=one) for one in (True, False)]
    assert [one.lacks or ("nothing" if one.nothing else "all") for one in found] == [reads, writes]


BUCKET, OTHER = "arn:aws:s3:::payments/", "arn:aws:s3:::payments-old/"


@pytest.mark.parametrize(
    ("selectors", "every", "covered"),
    [
        ([data()], True, [BUCKET, OTHER]),
        ([data({"StartsWith": ("arn:aws:s3:::",)})], True, [BUCKET, OTHER]),
        ([data({"StartsWith": (BUCKET,)})], False, [BUCKET]),
        ([data({"StartsWith": (BUCKET, OTHER)})], False, [BUCKET, OTHER]),
        ([data({"StartsWith": ("arn:aws:s3:::payments",)})], False, [BUCKET, OTHER]),
        ([data({"StartsWith": (f"{BUCKET}in/",)})], False, []),
        ([data({"NotStartsWith": (BUCKET,)})], False, [OTHER]),
        ([data({"NotStartsWith": (f"{BUCKET}in/",)})], False, [OTHER]),
        ([data({"NotStartsWith": (BUCKET,)}), data({"StartsWith": (BUCKET,)})], False, [BUCKET, OTHER]),
        ([data({"EndsWith": (".csv",)})], False, []),
        ([data({"Equals": (f"{BUCKET}file",)})], False, []),
        ([data(eventName={"Equals": ("GetObject",)})], False, []),
        ([data(kind=TABLE)], False, []),
        ([ALL], False, []),
    ],
)
def test_data_events_by_content(selectors: list[Selector], every: bool, covered: list[str]) -> None:
    found = selecting.data(selectors, recorded.S3_OBJECT, reads=True)
    assert found.every is every
    assert [arn for arn in (BUCKET, OTHER) if found.covers(arn)] == covered


def test_reads_and_writes_of_data_are_told_apart() -> None:
    told = facts(trail(selectors=(data(readOnly={"Equals": ("false",)}),)), ENABLED, **SEEN)
    assert [recorded.data(told, HOME, access).state for access in Access] == ["none", "all"]
    assert recorded.data(told, HOME, Access.WRITE).covering(BUCKET)[0].name == "main"


ONE_REGION: dict[str, Any] = {"multi_region": False}


@pytest.mark.parametrize(
    ("given", "states"),
    [
        ([trail()], ["all", "all"]),
        ([trail(**ONE_REGION)], ["all", "none"]),
        ([trail(**ONE_REGION), trail("other", region="us-east-1", **ONE_REGION)], ["all", "all"]),
        ([trail(logging=False)], ["none", "none"]),
        ([trail(errors={"bucket": "AccessDenied"})], ["none", "none"]),
        ([trail(errors={"logs": "AccessDenied"})], ["all", "all"]),
        ([trail(selectors=(without(KMS),))], ["part", "part"]),
        ([trail(region="us-east-1", global_events=False, **ONE_REGION)], ["none", "part"]),
        ([], ["none", "none"]),
        ([trail(unread=("status",))], ["unknown", "unknown"]),
        ([trail(unread=("selectors",))], ["unknown", "unknown"]),
        ([trail(unread=("selectors",), logging=False)], ["none", "none"]),
        ([trail(), trail("other", unread=("status",))], ["all", "all"]),
    ],
)
def test_a_region_is_recorded(given: list[Any], states: list[str]) -> None:
    told = facts(*given, ENABLED, **SEEN)
    assert [recorded.management(told, region, Access.READ).state for region in REGIONS] == states


def test_a_region_that_was_not_asked_may_have_a_trail_of_its_own() -> None:
    closed = {"coverage": (*asked(HOME), *asked("us-east-1", DescribeTrails=State.BLOCKED_BY_SCP))}
    told = facts(ENABLED, **closed)
    assert [recorded.management(told, region, Access.READ).state for region in REGIONS] == ["none", "unknown"]
    assert "blocked by a service control policy" in recorded.management(told, "us-east-1", Access.READ).unread
    assert recorded.unlisted_everywhere(told) == ""
    assert recorded.management(facts(trail(), ENABLED, **closed), "us-east-1", Access.READ).state == "all"


def test_nobody_asked() -> None:
    told = facts(trail(), ENABLED)
    assert recorded.management(told, HOME, Access.READ).state == "unknown"
    assert recorded.unlisted_everywhere(told) == "cloudtrail:DescribeTrails was not collected"
    assert recorded.regions(facts(trail())) == ()
    assert recorded.regions(facts(trail(), **SEEN)) == REGIONS


def test_what_stood_before_is_not_what_is_now() -> None:
    """A trail of a region that is closed by now keeps what was known of it: that is history."""
    old = trail(region="us-east-1", **ONE_REGION)
    told = facts(old, ENABLED, **seen(HOME))
    assert recorded.known(old, told).logging is None
    lost = facts(trail(), ENABLED, **seen(GetTrailStatus=State.DENIED))
    assert recorded.known(trail(), lost).logging is None
    assert "needs the permission cloudtrail:GetTrailStatus" in recorded.management(lost, HOME, Access.READ).unread


MEMBERS_VIEW = trail("org", owner=OWNER, unread=("selectors", "status"), logging=None, selectors=None)


def test_the_owner_tells_of_the_organizations_trail() -> None:
    elsewhere = {"trails_elsewhere": (trail("org", owner=OWNER),), "trail_coverage": {OWNER: asked(HOME)}}
    told = facts(MEMBERS_VIEW, ENABLED, **SEEN, **elsewhere)
    assert recorded.management(told, HOME, Access.WRITE).state == "all"
    stopped = {**elsewhere, "trails_elsewhere": (trail("org", owner=OWNER, logging=False, stopped_at=ago(2)),)}
    assert recorded.management(facts(MEMBERS_VIEW, ENABLED, **SEEN, **stopped), HOME, Access.WRITE).state == "none"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {},
        {"trails_elsewhere": (trail("org", owner=OWNER),)},
        {"trails_elsewhere": (trail("other", owner=OWNER),), "trail_coverage": {OWNER: asked(HOME)}},
        {
            "trails_elsewhere": (trail("org", owner=OWNER),),
            "trail_coverage": {OWNER: asked(HOME, GetTrailStatus=State.DENIED)},
        },
    ],
)
def test_nobody_tells_of_the_organizations_trail(elsewhere: dict[str, Any]) -> None:
    told = facts(MEMBERS_VIEW, ENABLED, **SEEN, **elsewhere)
    unread = recorded.management(told, HOME, Access.WRITE).unread
    assert unread == f"the status of trail org is for account {OWNER} to tell, which owns it"
    assert told.snapshot.account_id == ACCOUNT_ID


def test_what_many_regions_lack_is_one_sentence() -> None:
    """Else a region-deny policy would fill the page."""
    many = [f"eu-west-{n}" for n in range(1, 9)]
    told = facts(ENABLED, coverage=(*asked(*many, DescribeTrails=State.BLOCKED_BY_SCP), *asked("us-east-1")))
    (gap,) = told.gaps((recorded.DESCRIBE,))
    assert str(gap).startswith("cloudtrail:DescribeTrails in 8 regions was blocked by a service control policy")
    some = facts(ENABLED, coverage=asked("eu-west-1", "us-east-1", DescribeTrails=State.DENIED))
    assert str(some.gaps((recorded.DESCRIBE,))[0]).startswith(
        "cloudtrail:DescribeTrails in eu-west-1, us-east-1 was denied"
    )
