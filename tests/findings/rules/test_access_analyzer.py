"""MO109 and LP408: what Access Analyzer looks at, and what it found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors import records
from collectors.records import Actor, PrincipalDay, State
from findings.analysis.analyzers import FINDINGS, LIST
from findings.analysis.facts import Settings
from findings.vocabulary import Status
from tests import builders
from tests.builders import AS_OF, MANAGEMENT, role, trust, user
from tests.findings.analyzed import IRELAND, STRANGER, VIRGINIA, analyzer, asked, found
from tests.findings.rules.judging import statuses, verdicts

BOTH = (analyzer(), analyzer("unused"))
REGIONS = builders.details(regions=(IRELAND, VIRGINIA))
CLOSED = asked({IRELAND: State.COMPLETE, VIRGINIA: State.BLOCKED_BY_SCP})
KEY = "arn:aws:kms:eu-west-1:000000000001:key/1"


def days(*regions: str, who: str = "AIDA1") -> dict[str, Any]:
    """Events were read, and these regions are in use."""
    day = PrincipalDay(
        account_id=builders.ACCOUNT_ID,
        actor=Actor.USER,
        principal_id=who,
        day=AS_OF.date() - timedelta(days=3),
        n=1,
        regions=regions,
    )
    return {"principal_days": (day,), "activity_since": AS_OF - timedelta(days=90)}


@pytest.mark.parametrize(
    ("entities", "more", "expected"),
    [
        (BOTH, {}, ["clear"]),
        ((*BOTH, REGIONS, analyzer(region=VIRGINIA)), {"coverage": asked((IRELAND, VIRGINIA))}, ["clear"]),
        # an organization's analyzer looks here too, whoever has it
        ((analyzer(owner=MANAGEMENT), analyzer("unused", VIRGINIA, MANAGEMENT)), {}, ["clear"]),
        # of two regions that are in use one is enabled no longer
        ((*BOTH, builders.details(regions=(IRELAND,))), days(IRELAND, "ap-east-1"), ["clear"]),
        ((*BOTH, REGIONS), {"coverage": asked((IRELAND, VIRGINIA))} | days(IRELAND, "eu-north-1"), ["clear"]),
        ((*BOTH, REGIONS), {"coverage": asked({IRELAND: State.COMPLETE, VIRGINIA: State.NOT_APPLICABLE})}, ["clear"]),
        ((*BOTH, REGIONS), {"coverage": CLOSED}, ["clear"]),  # an SCP keeps everybody out
        # at fault
        ((), {}, ["open", "open info unused"]),
        ((analyzer(),), {}, ["open info unused"]),
        ((analyzer("unused"),), {}, ["open"]),
        ((analyzer(status="FAILED"), analyzer("unused"), analyzer("internal")), {}, ["open"]),
        ((*BOTH, REGIONS), {"coverage": asked((IRELAND, VIRGINIA))}, ["open"]),
        # events of one region only say nothing of the others
        ((*BOTH, REGIONS), {"coverage": asked((IRELAND, VIRGINIA))} | days(IRELAND), ["open"]),
        ((*BOTH, REGIONS), {"coverage": asked((IRELAND, VIRGINIA))} | days(IRELAND, VIRGINIA), ["open"]),
        # a region that cannot be read hides no other, and one that nobody uses hides nothing
        (
            (analyzer("unused"), REGIONS),
            {"coverage": asked({IRELAND: State.COMPLETE, VIRGINIA: State.DENIED})},
            ["open"],
        ),
        # unknown
        ((), {"coverage": builders.coverage()}, ["unknown"]),
        (BOTH, {"coverage": asked({"": State.DENIED})} | {"analyzers": ()}, ["unknown"]),
        ((*BOTH, REGIONS), {"coverage": CLOSED} | days(IRELAND, VIRGINIA), ["unknown"]),
        ((), {"coverage": asked({"": State.BLOCKED_BY_SCP})}, ["unknown"]),
        ((), {"analyzer_coverage": {MANAGEMENT: ()}}, ["unknown"]),
    ],
)
def test_no_access_analyzer(entities: tuple[Any, ...], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("MO109", *entities, **{"coverage": asked(), **more}) == expected


def test_regions_that_only_iamdash_calls_are_not_in_use() -> None:
    ours = role("iamdash", inline={"iamdash-read": "d"})
    both = {"coverage": asked((IRELAND, VIRGINIA))}
    used = days(IRELAND, "eu-north-1")
    mine = days(IRELAND, VIRGINIA, who=ours.unique_id)["principal_days"]
    assert statuses(
        "MO109", ours, *BOTH, REGIONS, **both, **used | {"principal_days": used["principal_days"] + mine}
    ) == ["clear"]


def test_where_it_is_to_be_fixed() -> None:
    tree = (builders.unit("r-1", ""), builders.unit(), builders.org_account(), builders.in_organization())
    first, second = verdicts("MO109", *tree, coverage=asked())
    assert {first.evidence["fix_at"], second.evidence["fix_at"]} == {"Root (r-1)"}
    assert first.title == "No analyzer looks for access from outside to payments-prod in eu-west-1"


def trusting(*accounts: str, **more: Any) -> tuple[records.Role, dict[str, Any]]:
    document = trust(AWS=[f"arn:aws:iam::{one}:root" for one in accounts])
    return role(trust=records.digest(document), used=1, **more), document


def test_access_from_outside_stands_with_the_account() -> None:
    told = verdicts("LP408", found(KEY), found(KEY, n=2, principal={"AWS": "*"}, public=True), coverage=asked())
    (one,) = told
    assert (one.status, one.subject.type, one.part, one.severity.slug) == (Status.OPEN, "account", KEY, "high")
    assert one.title == f"Access Analyzer says that {KEY} can be used from outside by everybody"
    assert one.evidence["findings"] == ["finding-1", "finding-2"]
    assert one.evidence["principals"] == ["AWS *", f"AWS {STRANGER}"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"principal": {"AWS": builders.MANAGEMENT}}, []),  # of the organization
        ({"principal": {"AWS": "464622532012"}}, []),  # Datadog
        ({"principal": {"AWS": "*"}, "organization": builders.ORGANIZATION}, []),
        ({"error": "ACCESS_DENIED"}, []),
        ({}, [f"open {KEY}"]),
        ({"principal": {"AWS": "*"}, "organization": "o-other"}, [f"open {KEY}"]),
        ({"principal": None, "public": None}, [f"open {KEY}"]),  # ListFindings did not tell
        ({"kind": "InternalAccess"}, []),
    ],
)
def test_the_zone_of_trust_is_not_outside(more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("LP408", found(KEY, **more), builders.in_organization(), coverage=asked()) == expected


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    first, second = (f"arn:aws:secretsmanager:eu-west-1:000000000001:secret:{'x' * 200}{n}" for n in (1, 2))
    told = verdicts("LP408", found(first), found(second, n=2), coverage=asked())
    assert len({one.part for one in told}) == 2
    assert max(len(one.part) for one in told) <= 128


def test_what_our_rules_say_of_a_role_is_not_said_again() -> None:
    stranger, document = trusting(STRANGER)
    vendor, vendors = trusting("464622532012", name="datadog")
    public = found(stranger.arn)
    assert statuses("LP402", stranger, trusts=(document,)) == ["open"]
    assert statuses("LP408", stranger, public, trusts=(document,), coverage=asked()) == ["clear"]
    assert statuses("LP408", vendor, found(vendor.arn), trusts=(vendors,), coverage=asked()) == ["clear"]
    unreadable = role(trust="nobody-has-it")
    assert statuses("LP408", unreadable, found(unreadable.arn), coverage=asked()) == ["open external"]


@pytest.mark.parametrize(
    ("kind", "entity", "expected"),
    [
        ("UnusedIAMRole", role(used=400), "clear"),  # LP101 is open
        ("UnusedIAMRole", role(used=1), "clear"),  # and here it knows better
        ("UnusedIAMUserAccessKey", user(), "clear"),
    ],
)
def test_unused_access_is_told_once(kind: str, entity: Any, expected: str) -> None:
    key = builders.key(used=200, created=300)
    assert statuses("LP408", entity, key, found(entity.arn, kind), coverage=asked()) == [expected]


def test_what_our_rules_could_not_judge_stands_on_the_analyzers_word() -> None:
    alice = user()
    denied = tuple(
        records.Coverage(
            api=one.api, state=State.DENIED if "CredentialReport" in one.api else one.state, observed_at=AS_OF
        )
        for one in asked()
    )
    told = verdicts("LP408", alice, found(alice.arn, "UnusedIAMUserPassword"), coverage=denied)
    assert [(one.status.value, one.part, one.severity.slug) for one in told] == [("open", "unused-password", "medium")]
    off = Settings(off=frozenset({"LP103"}))
    assert statuses("LP408", alice, found(alice.arn, "UnusedIAMUserPassword"), coverage=denied, settings=off) == [
        "clear"
    ]


def test_what_nobody_asked_is_unknown() -> None:
    assert statuses("LP408", coverage=builders.coverage()) == ["unknown"]
    assert statuses("LP408", coverage=asked({IRELAND: State.DENIED}, LIST)) == ["unknown"]
    assert statuses("LP408", found(KEY), coverage=asked({IRELAND: State.DENIED}, FINDINGS, LIST)) == [
        f"open {KEY}",
        "unknown",
    ]
    assert statuses("LP408", coverage=asked({IRELAND: State.COMPLETE, VIRGINIA: State.BLOCKED_BY_SCP})) == []


def test_a_role_that_is_gone_is_not_told() -> None:
    gone = "arn:aws:iam::000000000001:role/gone"
    assert statuses("LP408", found(gone), coverage=asked()) == []


def test_whose_role_it_is_waits_for_the_snapshot() -> None:
    """Else it opens with the account when Access Analyzer answers first, and resolves a moment later."""
    reader, missing = "arn:aws:iam::000000000001:role/reader", "iam:GetAccountAuthorizationDetails"
    early = tuple(one for one in asked() if one.api != missing)
    (one,) = verdicts("LP408", found(reader), coverage=early)
    assert (one.subject.type, one.status, one.reason) == ("account", Status.UNKNOWN, f"{missing} was not collected")
    assert set(statuses("LP408", found(KEY), coverage=early)) == {f"open {KEY}", "unknown"}
    denied = (*early, records.Coverage(api=missing, state=State.DENIED, observed_at=AS_OF))
    assert f"open {reader}" in statuses("LP408", found(reader), coverage=denied)
