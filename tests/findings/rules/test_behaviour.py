"""MO112, MO113, MO115: what a principal does against its own baseline. Look-alikes first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import PrincipalDay, Session
from findings.analysis.facts import Settings
from findings.rules.behaviour import OUR_POLICY
from findings.vocabulary import Verdict
from tests.builders import credential, key, role, trust, user
from tests.findings.behaviour import admin, daily, from_everywhere, on
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.sessions import NETWORKS, OFFICE, OUTSIDE, provider, read, session

GITHUB = trust(Federated=provider("oidc", "token.actions.githubusercontent.com"))
PEOPLE = trust(Federated=provider("saml", "Okta"))
APP = role("app")
CI = role("ci", trust=records.digest(GITHUB))
STAFF = role("staff", trust=records.digest(PEOPLE))
YOUNG = role("young", created=20)
OURS = role("iamdash", inline={OUR_POLICY: records.digest(GITHUB)})
LINKED = role("AWSServiceRoleForConfig", path="/aws-service-role/config.amazonaws.com/")
ROBOT, ALICE = user("svc-backup", tags={"kind": "machine"}), user("alice")
KEY = key("svc-backup", used=1, unique_id="AKIA1")
USERS = (credential("svc-backup"), KEY, credential("alice", password_enabled=True))
RUNNERS = [f"20.{n}.1.1" for n in range(64, 124)]
NAT = ["198.51.100.1", "198.51.100.2", "203.0.113.77"]
LOOKS = tuple(f"iam:List{n}" for n in range(12))
OF_KEY: dict[str, Any] = {"key_id": KEY.unique_id}


def given(days: list[PrincipalDay], **more: Any) -> dict[str, Any]:
    named = Settings(networks=NETWORKS)
    return read(principal_days=tuple(days), **{"trusts": (GITHUB, PEOPLE), "settings": named, **more})


def of(code: str, owner: records.Record, days: list[PrincipalDay], **more: Any) -> list[str]:
    return statuses(code, owner, *USERS, **given(days, **more))


def told(code: str, owner: records.Record, days: list[PrincipalDay], **more: Any) -> Verdict:
    return next(v for v in verdicts(code, owner, *USERS, **given(days, **more)) if v.status.value == "open")


@pytest.mark.parametrize(
    ("owner", "days", "expected"),
    [
        (APP, [], []),
        (APP, daily(APP), ["clear"]),
        (APP, [*daily(APP), on(APP, 3, denied=19)], ["clear"]),
        (APP, [*daily(APP, denied=10), on(APP, 3, denied=50)], ["clear"]),  # it always fails a little
        (APP, [*daily(APP, every=7, denied=60), on(APP, 2, denied=70)], ["clear"]),  # a weekly job
        (APP, [*daily(APP, newest=4, n=1_000, denied=10), on(APP, 3, n=9_000, denied=90)], ["clear"]),  # more work
        (APP, [*daily(APP), on(APP, 20, denied=90)], ["clear"]),  # before what is judged
        (YOUNG, [*daily(YOUNG, 19), on(YOUNG, 2, denied=90)], ["clear"]),
        (LINKED, [on(LINKED, 3, denied=90)], []),
        (OURS, [*daily(OURS), on(OURS, 3, denied=90)], []),
        (STAFF, [*daily(STAFF, newest=4, denied=2), on(STAFF, 3, denied=40)], ["open"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, denied=40)], ["open"]),
        (APP, [on(APP, 3, denied=40)], ["open"]),  # silent for long, and then this
        (APP, [*daily(APP, newest=4, n=1, denied=1), on(APP, 3, denied=100)], ["open"]),
    ],
)
def test_refusals(owner: records.Role, days: list[PrincipalDay], expected: list[str]) -> None:
    assert of("MO112", owner, days) == expected


def test_refusals_of_a_key_stand_with_the_key_and_a_rotated_one_goes_on() -> None:
    old = daily(ROBOT, newest=20, key_id="AKIA0", denied=1)
    assert of("MO112", ROBOT, [*old, *daily(ROBOT, 19, **OF_KEY)]) == ["clear"]
    days = [*old, *daily(ROBOT, 19, 4, **OF_KEY), on(ROBOT, 3, denied=90, **OF_KEY)]
    assert of("MO112", ROBOT, days) == ["open"]  # the key's; the user did nothing without one
    assert told("MO112", ROBOT, days).subject.id == KEY.unique_id


def test_the_usual_and_the_day_are_told() -> None:
    refused = tuple(f"iam:Create{n}" for n in range(7))
    verdict = told("MO112", APP, [*daily(APP, newest=4, denied=1), on(APP, 3, denied=40, refused=refused)])
    assert verdict.title == (
        "Role app was refused 40 times on 2026-11-21: iam:Create0, iam:Create1, iam:Create2, iam:Create3 and 3 more"
    )
    assert verdict.evidence["days"] == ["60 days: at most 1 a day; 2026-11-21: 40 of 100 calls"]


@pytest.mark.parametrize(
    ("owner", "days", "sessions", "expected"),
    [
        (APP, [*daily(APP), on(APP, 3, recon=LOOKS[:9])], [], ["clear"]),
        (APP, daily(APP, recon=LOOKS), [], ["clear"]),  # an auditor's role
        (APP, daily(APP, every=7, recon=LOOKS), [], ["clear"]),  # each week
        (CI, [*daily(CI, newest=4), on(CI, 3, recon=LOOKS)],
         [session(CI, "x", day=9, agents=("terraform",)), session(CI, "x", day=3, agents=("terraform",))], ["clear"]),
        (YOUNG, [*daily(YOUNG, 19), on(YOUNG, 3, recon=LOOKS)], [], ["clear"]),
        (OURS, [*daily(OURS), on(OURS, 3, recon=LOOKS)], [], []),
        (LINKED, [on(LINKED, 3, recon=LOOKS)], [], []),
        (CI, [*daily(CI, newest=4), on(CI, 3, recon=LOOKS)], [session(CI, "x", day=3, agents=("terraform",))], ["open"]),
        (APP, [*daily(APP, newest=4, recon=LOOKS[:3]), on(APP, 3, recon=LOOKS)], [], ["open"]),
        (STAFF, [*daily(STAFF, newest=4), on(STAFF, 3, recon=LOOKS)], [], ["open"]),
    ],
)  # fmt: skip
def test_looking_around(
    owner: records.Role, days: list[PrincipalDay], sessions: list[Session], expected: list[str]
) -> None:
    assert of("MO115", owner, days, sessions=tuple(sessions)) == expected


def test_from_where_it_looked_is_told() -> None:
    seen = session(APP, "x", day=3, networks=(OUTSIDE,), agents=("cli",))
    verdict = told("MO115", APP, [*daily(APP, newest=4), on(APP, 3, recon=LOOKS)], sessions=(seen,))
    assert verdict.evidence["days"] == ["60 days: none; 2026-11-21: 12 different calls within an hour"]
    assert (verdict.evidence["from"], verdict.evidence["agents"]) == ([OUTSIDE], ["cli"])


def announced(day: float = 5, **more: Any) -> dict[str, Any]:
    return {"admin_events": (admin("iam PutRolePolicy", CI, day, "role app", **{"agent": "terraform", **more}),)}


STACKS = "cloudformation.amazonaws.com"
TOKYO = ("ap-northeast-1",)


@pytest.mark.parametrize(
    ("owner", "days", "more", "expected"),
    [
        (STAFF, [*daily(STAFF, newest=4), on(STAFF, 3, "ec2")], {}, []),  # people
        (OURS, [*daily(OURS, newest=4), on(OURS, 3, "ec2")], {}, []),
        (LINKED, [*daily(LINKED, newest=4), on(LINKED, 3, "ec2")], {}, []),
        (APP, [], {}, []),
        (APP, daily(APP), {}, ["clear"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, "ec2")], announced(), ["clear"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, "ec2")], announced(invoked_by=STACKS, agent=""), ["clear"]),
        (APP, [*daily(APP), *daily(APP, 60, 3, every=7), on(APP, 56, "ses"), on(APP, 3, "ses")], {}, ["clear"]),
        (APP, [on(APP, n, f"svc{n}") for n in range(60, 1, -1)], {}, ["clear"]),  # a scanner
        (APP, [*daily(APP), on(APP, 50, "ec2"), on(APP, 49, "kms"), on(APP, 3, "ses")], {}, ["clear"]),  # now this, now that
        (APP, [*daily(APP, newest=4), on(APP, 3, "sts")], {}, ["clear"]),
        (APP, [on(APP, n) for n in (50, 40, 30)] + [on(APP, 3, "ec2")], {}, ["clear"]),  # too seldom for a habit
        (YOUNG, [*daily(YOUNG, 19, 4), on(YOUNG, 3, "ec2")], {}, ["clear"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, "ec2")], {}, ["open"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, "ec2")], announced(40), ["open"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, "ec2")], announced(agent="cli"), ["open"]),
        (APP, [*daily(APP, newest=4), on(APP, 3, regions=TOKYO)], {}, ["open"]),
        (APP, [*daily(APP, 60, 4, every=7), on(APP, 2, regions=TOKYO)], {}, ["open"]),  # a weekly job has habits
    ],
)  # fmt: skip
def test_services_and_regions(
    owner: records.Role, days: list[PrincipalDay], more: dict[str, Any], expected: list[str]
) -> None:
    assert of("MO113", owner, days, **more) == expected


def today(network: str, **more: Any) -> Session:
    return session(APP, "s", day=1, networks=(network,), **more)


@pytest.mark.parametrize(
    ("owner", "sessions", "expected"),
    [
        (CI, from_everywhere(CI, RUNNERS), ["clear"]),  # runners with ever other addresses
        (APP, from_everywhere(APP, NAT), ["clear"]),
        (APP, [*from_everywhere(APP, NAT[:1]), today("198.51.100.200")], ["clear"]),
        (APP, [*from_everywhere(APP, [OFFICE]), today("192.0.2.99")], ["clear"]),
        (APP, [*from_everywhere(APP, NAT), today("athena.amazonaws.com")], ["clear"]),
        (APP, [*from_everywhere(APP, NAT), today(STACKS, agents=("aws-service",))], ["clear"]),
        (APP, [*from_everywhere(APP, NAT, cut=("networks",)), today("8.8.8.8")], ["clear"]),
        (APP, [*from_everywhere(APP, NAT, agents=("boto3",)), today(NAT[0], agents=("boto3",))], ["clear"]),
        (APP, [*from_everywhere(APP, NAT), today("8.8.8.8")], ["open"]),
        (APP, [*from_everywhere(APP, NAT), today(OFFICE)], ["open"]),
        (APP, [*from_everywhere(APP, NAT, agents=("boto3",)), today(NAT[0], agents=("cli on macOS",))], ["open"]),
    ],
)  # fmt: skip
def test_networks_and_agents(owner: records.Role, sessions: list[Session], expected: list[str]) -> None:
    assert of("MO113", owner, daily(owner, newest=1), sessions=tuple(sessions)) == expected


def test_the_baseline_is_explained() -> None:
    days = [*daily(APP, newest=4), on(APP, 3, "s3", "ec2", regions=("ap-southeast-2",))]
    verdict = told("MO113", APP, days)
    assert verdict.title == "Role app did what it never did before: service ec2 and region ap-southeast-2"
    assert verdict.evidence["firsts"] == [
        "service: 60 days: s3, sqs; 2026-11-21: ec2",
        "region: 60 days: eu-west-1 only; 2026-11-21: ap-southeast-2",
    ]
    assert verdict.evidence == told("MO113", APP, days, since=300).evidence


def test_a_key_of_a_machine_user() -> None:
    days = [*daily(ROBOT, newest=4, **OF_KEY), on(ROBOT, 3, "secretsmanager", **OF_KEY)]
    assert told("MO113", ROBOT, days).subject.id == KEY.unique_id
    console = [*daily(ALICE, newest=4), on(ALICE, 3, "ec2")]
    assert statuses("MO113", ALICE, *USERS, **given(console)) == []


@pytest.mark.parametrize(
    ("code", "more"),
    [("MO112", {"denied": 90}), ("MO113", {}), ("MO115", {"recon": LOOKS})],
)
def test_a_gap_in_the_reading_is_unknown(code: str, more: dict[str, Any]) -> None:
    days = [*daily(APP, 25, 4), on(APP, 3, "ec2", **more)]
    assert of(code, APP, days, since=25) == ["unknown"]
    (verdict,) = verdicts(code, APP, **given(days, since=25))
    assert verdict.reason.startswith("what is usual is not known yet: that takes 30 days")
    assert verdict.reason.endswith("and events were read since 2026-10-30")
    assert of(code, APP, days, since=32.5) == ["unknown"]
    assert of(code, APP, [*daily(APP, 33, 4), days[-1]], since=34) == ["open"]
    assert set(of(code, APP, days, activity_since=None)) == {"unknown"}


def test_few_refusals_are_no_burst_whatever_was_usual() -> None:
    assert of("MO112", APP, [on(APP, 3, denied=3)], since=5) == ["clear"]
    assert of("MO115", APP, [on(APP, 3, recon=LOOKS[:3])], since=5) == ["clear"]
