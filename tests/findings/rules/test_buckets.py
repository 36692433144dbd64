"""MO105 and MO106: buckets that hold trails, and what happens to objects."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import Coverage, PublicAccessBlock, Selector, State, Trail
from findings.analysis.facts import Settings
from tests import builders
from tests.builders import AS_OF
from tests.findings import trailed
from tests.findings.analyzed import IRELAND, VIRGINIA, bucket
from tests.findings.rules.judging import statuses, verdicts

LISTING = "s3:ListBuckets"
OPEN_TO_ALL = PublicAccessBlock()


def asked(region: str = IRELAND, **states: State) -> tuple[Coverage, ...]:
    """coverage() with buckets listed and trails read; ListBuckets=State.DENIED for other states."""
    listed = Coverage(
        api=LISTING, state=states.pop("ListBuckets", State.COMPLETE), observed_at=AS_OF, permission=LISTING
    )
    return (*builders.coverage(), listed, *trailed.asked(region, **states))


def account_block(**more: bool) -> records.AccountDetails:
    return records.AccountDetails(unique_id="s3_logging", public_access_block=PublicAccessBlock(**more))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["clear"]),
        ({"delivers": False, "policy_public": True, "block": OPEN_TO_ALL, "logs_to": ""}, []),  # of no trail
        ({"policy_public": True}, ["clear"]),  # the bucket's block restricts it
        ({"acl_public": ("everybody",)}, ["clear"]),
        ({"object_lock": False, "mfa_delete": True}, ["clear"]),
        ({"object_lock": None, "mfa_delete": True}, ["clear"]),
        ({"policy_public": True, "block": OPEN_TO_ALL}, ["open public"]),
        ({"acl_public": ("any AWS account",), "block": PublicAccessBlock(restrict=True)}, ["open public"]),
        ({"policy_public": True, "block": None}, ["open public"]),
        ({"logs_to": ""}, ["open low logging"]),
        ({"object_lock": False}, ["open info undeletable"]),
        ({"logs_to": "", "object_lock": False, "versioning": ""}, ["open low logging", "open info undeletable"]),
        ({"delivers": None}, ["unknown"]),
        ({"logs_to": None}, ["unknown"]),
        ({"logs_to": "", "unread": ("logs_to",)}, ["unknown"]),  # what was so the last time
        ({"acl_public": None, "policy_public": None}, ["clear"]),  # its block makes both harmless
        ({"acl_public": None, "block": PublicAccessBlock(restrict=True)}, ["unknown"]),
        ({"policy_public": None, "block": PublicAccessBlock(ignore_acls=True)}, ["unknown"]),
        ({"acl_public": None, "block": None}, ["unknown"]),
        ({"acl_public": None, "block": OPEN_TO_ALL, "object_lock": False}, ["open info undeletable", "unknown"]),
        ({"object_lock": None}, ["unknown"]),
    ],
)
def test_the_bucket_of_a_trail(more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("MO105", bucket(**more), coverage=asked()) == expected


def test_the_accounts_block_counts_and_a_trail_may_name_the_bucket() -> None:
    public = bucket(policy_public=True, block=OPEN_TO_ALL, delivers=None)
    assert statuses("MO105", public, account_block(restrict=True), trail(), coverage=asked()) == ["clear"]
    (told,) = verdicts("MO105", public, account_block(ignore_acls=True), trail(), coverage=asked())
    assert told.title == "Bucket logs, which holds a trail, is public by its policy"
    assert told.evidence["trails"] == [trail().unique_id]
    assert told.subject.id == "logs"


def trail(*selectors: Selector, **more: Any) -> Trail:
    """Without selectors it records management events only."""
    return trailed.trail(bucket="logs", selectors=selectors or (trailed.ALL,), **more)


def objects(*buckets: str, read_only: str = "") -> Selector:
    arns = {"StartsWith": tuple(f"arn:aws:s3:::{name}/" for name in buckets)} if buckets else None
    return trailed.data(arns, **({"readOnly": {"Equals": (read_only,)}} if read_only else {}))


def plain(name: str = "payments", **more: Any) -> records.Bucket:
    return bucket(name, **{"delivers": False, "logs_to": None, **more})


SECRET = Settings(sensitive_buckets=frozenset({"tag:classification=secret"}))
TAGGED = {"classification": "secret"}


@pytest.mark.parametrize(
    ("entities", "settings", "expected"),
    [
        ((bucket(), trail()), None, ["clear"]),  # a trail's own bucket is not asked for
        ((plain(), trail(objects())), None, ["clear"]),
        ((plain(), trail(objects("payments"))), None, ["clear"]),
        ((plain(), plain("web"), trail(objects("payments"))), SECRET, ["clear"]),
        ((plain(tags=TAGGED), plain("web"), trail(objects("payments"))), SECRET, ["clear"]),
        (
            (plain(), plain("web"), trail(objects("payments"))),
            Settings(sensitive_buckets=frozenset({"pay*"})),
            ["clear"],
        ),
        ((plain(),), None, ["open read", "open write"]),
        ((plain(), trail()), None, ["open read", "open write"]),
        ((plain(), trail(objects(), logging=False)), None, ["open read", "open write"]),
        ((plain(), trail(objects(read_only="false"))), None, ["open read"]),
        ((plain(), plain("web"), trail(objects("payments"))), None, ["open read", "open write"]),
        ((plain(tags=TAGGED), trail(objects("web"))), SECRET, ["open read", "open write"]),
        ((plain(tags=TAGGED, logs_to="logs"), trail()), SECRET, ["open low read", "open low write"]),
        ((plain(region=""), trail(objects("payments"))), None, ["clear"]),
        # unknown
        ((plain(tags=None), trail()), SECRET, ["unknown"]),
        ((plain(), trail(logging=None, unread=("status",))), None, ["unknown"]),
    ],
)
def test_what_happens_to_objects(entities: tuple[Any, ...], settings: Settings | None, expected: list[str]) -> None:
    assert statuses("MO106", *entities, settings=settings, coverage=asked()) == expected


def test_what_is_missing_is_unknown_and_what_is_not_recorded_is_named() -> None:
    assert statuses("MO106", plain(), trail(), coverage=asked(ListBuckets=State.DENIED)) == [
        "unknown read",
        "unknown write",
    ]
    assert statuses("MO106", plain(), coverage=asked(DescribeTrails=State.DENIED)) == ["unknown"]
    read, _ = verdicts("MO106", plain(), plain("web"), trail(objects("web")), coverage=asked())
    assert read.title == "No trail of payments-prod records reads of objects in 1 of 2 buckets"
    assert (read.evidence["buckets"], read.evidence["regions"]) == (["payments"], [IRELAND])
    assert VIRGINIA not in read.title
