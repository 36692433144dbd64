"""HM101, HM102, HM110, HM111, HM112, HM115: what CloudTrail's sessions tell. Look-alikes first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import Actor, Session, SignIn, State
from findings.analysis.facts import Settings
from findings.vocabulary import Verdict
from tests import builders
from tests.builders import arn, credential, instance_profile, key, role, trust, user
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.sessions import (
    AWS_ADDRESS,
    NETWORKS,
    OFFICE,
    OUTSIDE,
    assumption,
    provider,
    read,
    session,
    sso,
)

SSO_PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
INSTANCE = "i-0123456789abcdef0"
TRUSTS: dict[str, dict[str, Any]] = {
    "github": trust(Federated=provider("oidc", "token.actions.githubusercontent.com")),
    "people": trust(AWS=sso()),
    "notebook": trust(Service="sagemaker.amazonaws.com"),
    "account": trust(AWS=f"arn:aws:iam::{builders.ACCOUNT_ID}:root"),
}
APP = role("app")  # trusts ec2
CI = role("ci", trust=records.digest(TRUSTS["github"]))
STAFF = role("staff", trust=records.digest(TRUSTS["people"]))
NOTEBOOK = role("notebook", trust=records.digest(TRUSTS["notebook"]))
UNKNOWN = role("shared", trust=records.digest(TRUSTS["account"]))
GLASS = role("break-glass", trust=records.digest(TRUSTS["account"]))
LINKED = role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/")
SSO = role("AWSReservedSSO_SSO-Dev_0123456789abcdef", path=SSO_PATH)
ROBOT, ALICE = user("svc-backup"), user("alice")
USERS = (credential("svc-backup"), key("svc-backup", used=1), credential("alice", password_enabled=True))
NAMED = Settings(networks=NETWORKS)
BROWSER: dict[str, Any] = {"networks": (OUTSIDE,), "agents": ("browser on macOS",)}
PROOF: dict[str, Any] = {"sign_in": SignIn.SWITCH, "switched_from": arn("user", "alice"), "networks": (OUTSIDE,)}


def given(*sessions: Session, **more: Any) -> dict[str, Any]:
    return read(**{"sessions": sessions, "trusts": TRUSTS.values(), "settings": NAMED, **more})


def opens(code: str, owner: records.Role | records.User, *sessions: Session, **more: Any) -> list[str]:
    return statuses(code, owner, *USERS, **given(*sessions, **more))


def told(code: str, owner: records.Role | records.User, *sessions: Session, **more: Any) -> Verdict:
    (verdict,) = verdicts(code, owner, *USERS, **given(*sessions, **more))
    return verdict


@pytest.mark.parametrize(
    ("owner", "sessions", "expected"),
    [
        # people's roles, and what people may drive, are no machine's
        (SSO, [session(SSO, "alice@example.com", networks=(OFFICE,), sign_in=SignIn.LOGIN)], []),
        (STAFF, [session(STAFF, "alice", **PROOF)], []),
        (NOTEBOOK, [session(NOTEBOOK, "SageMaker", **PROOF)], []),
        (GLASS, [session(GLASS, "alice", **PROOF)], []),
        (UNKNOWN, [session(UNKNOWN, "alice", **PROOF)], []),
        (LINKED, [session(LINKED, "x", **PROOF)], []),
        # machines that look a little like people
        (APP, [], ["clear"]),
        (APP, [session(APP, INSTANCE, networks=(AWS_ADDRESS,), agents=("cli",))], ["clear"]),
        (APP, [session(APP, "botocore-session-*", networks=(OUTSIDE,), agents=("cli",))], ["clear"]),
        (APP, [session(APP, "x", networks=("cloudformation.amazonaws.com",), invoked_by=("cloudformation.amazonaws.com",))],
         ["clear"]),
        (CI, [session(CI, "GitHubActions", networks=(OUTSIDE,), agents=("cli on macOS",))], ["clear"]),
        (CI, [session(CI, "a@b.example", identity_provider=provider("oidc", "gitlab.com"))], ["clear"]),
        (CI, [session(CI, "deploy", networks=("100.24.1.1",), agents=("cli on Windows",))], ["clear"]),
        (CI, [session(CI, "deploy", networks=(OFFICE,), agents=("cli", "terraform"))], ["clear"]),
        (APP, [session(APP, "alice", day=91, **PROOF)], ["clear"]),
        (APP, [session(CI, "alice", **PROOF)], ["clear"]),
        # who was refused at the console's door did not use it
        (APP, [session(APP, "alice@example.com", n=1, denied=1, refused=1, **BROWSER)], ["clear"]),
        (APP, [session(APP, "alice@example.com", n=3, denied=3, refused=3, **BROWSER, source_identity="a@b.example")], ["clear"]),
        # people; whose calls were denied acted
        (APP, [session(APP, "alice@example.com", n=3, denied=3, **BROWSER)], ["open"]),
        (APP, [session(APP, "alice@example.com", n=3, denied=3, refused=2, **BROWSER)], ["open"]),
        (APP, [session(APP, "alice@example.com", n=2, denied=1, refused=1, **BROWSER, sign_in=SignIn.LOGIN)], ["open"]),
        (APP, [session(APP, "x", n=1, denied=1, refused=1, caller=sso())], ["open"]),  # it was assumed all the same
        (APP, [session(APP, "alice", **PROOF)], ["open"]),
        (CI, [session(CI, "alice@example.com", networks=(OUTSIDE,), agents=("cli",))], ["open"]),
        (CI, [session(CI, "x", networks=(OFFICE,), agents=("cli on macOS",))], ["open"]),
        (CI, [session(CI, "x", source_identity="alice@example.com")], ["open"]),
        (APP, [session(APP, "x", caller=sso())], ["open"]),
    ],
)  # fmt: skip
def test_people_on_machine_roles(owner: records.Role, sessions: list[Session], expected: list[str]) -> None:
    assert opens("HM101", owner, *sessions) == expected


def test_who_came_how_and_why_is_told() -> None:
    rows = (assumption(APP, sso(), "botocore-session-*", n=3), assumption(sso(), provider("saml", "AWSSSO_x"), "alice"))
    many = [session(APP, "botocore-session-*", day=day, networks=(OUTSIDE,)) for day in (3, 2)]
    verdict = told("HM101", APP, *many, session(APP, "bob@example.com", day=9, networks=(OFFICE,)), assumptions=rows)
    chain = 'Session "botocore-session-*" was opened by SSO user alice -> SSO-Dev -> app'
    named = 'Session "bob@example.com" is named like an e-mail address, bob@example.com'
    assert verdict.title == "Role app is a machine's, and SSO user alice and bob@example.com used it"
    assert verdict.evidence == {
        "kind": "machine-compute",
        "why_machine": ["trusts ec2.amazonaws.com"],
        "sessions": [
            f"{chain}, 3 times, from 203.0.113.9; last on 2026-11-22",
            f"{named}, from 192.0.2.7 (office Berlin); last on 2026-11-15",
        ],
        "confidence": "high",
        "last_on": "2026-11-22",
    }


@pytest.mark.parametrize("code", ["HM101", "HM102"])
def test_an_operators_word_counts(code: str) -> None:
    person = Settings(kinds={APP.unique_id: "human-assumed"})
    assert opens(code, APP, session(APP, "alice", **PROOF), settings=person) == []


@pytest.mark.parametrize(
    ("owner", "sessions", "expected"),
    [
        (SSO, [session(SSO, "alice", sign_in=SignIn.LOGIN)], []),
        (STAFF, [session(STAFF, "alice", sign_in=SignIn.SWITCH)], []),
        (ALICE, [session(ALICE, sign_in=SignIn.LOGIN)], []),
        (NOTEBOOK, [session(NOTEBOOK, "x", sign_in=SignIn.CONSOLE)], []),
        (APP, [session(APP, "alice", agents=("browser",), mfa=True)], ["clear"]),
        (APP, [session(APP, "x", day=91, sign_in=SignIn.SWITCH)], ["clear"]),
        (ROBOT, [session(ROBOT, key_id="AKIA1", networks=(OUTSIDE,))], ["clear"]),
        (APP, [session(APP, "alice", sign_in=SignIn.SWITCH)], ["open"]),
        (APP, [session(APP, "alice", sign_in=SignIn.CONSOLE)], ["open"]),
        (CI, [session(CI, "alice", sign_in=SignIn.LOGIN)], ["open"]),
        (ROBOT, [session(ROBOT, sign_in=SignIn.LOGIN)], ["open"]),
    ],
)
def test_machines_in_the_console(
    owner: records.Role | records.User, sessions: list[Session], expected: list[str]
) -> None:
    assert opens("HM102", owner, *sessions) == expected


def test_how_it_came_to_the_console_is_told() -> None:
    assert told("HM102", APP, session(APP, "alice", **PROOF)).title == (
        "Role app is a machine's, and was switched to in the console"
    )
    verdict = told("HM102", ROBOT, session(ROBOT, sign_in=SignIn.LOGIN, networks=(OUTSIDE,)))
    assert verdict.title == "User svc-backup is a machine's, and was signed in to the console"
    assert verdict.evidence["sessions"] == ["A session signed in to the console, from 203.0.113.9; last on 2026-11-21"]


LOGIN: dict[str, Any] = {"sign_in": SignIn.LOGIN, "networks": (OUTSIDE,)}


@pytest.mark.parametrize(
    ("owner", "sessions", "expected"),
    [
        (ROBOT, [], []),  # has no password
        (ALICE, [], ["clear"]),
        (ALICE, [session(ALICE, mfa=True, **LOGIN)], ["clear"]),
        (ALICE, [session(ALICE, mfa=None, **LOGIN)], ["clear"]),
        (ALICE, [session(ALICE, mfa=False, **LOGIN | {"sign_in": SignIn.CONSOLE})], ["clear"]),
        (ALICE, [session(ALICE, mfa=False, identity_provider=provider("saml", "Okta"), **LOGIN)], ["clear"]),
        (ALICE, [session(ALICE, mfa=False, actor=Actor.FEDERATED, **LOGIN)], ["clear"]),
        (ALICE, [session(ALICE, mfa=False, day=91, **LOGIN)], ["clear"]),
        (ALICE, [session(ALICE, mfa=False, key_id="AKIA1", networks=(OUTSIDE,))], ["clear"]),
        (ALICE, [session(ALICE, mfa=False, **LOGIN)], ["open"]),
        (ALICE, [session(ALICE, mfa=True, day=1, **LOGIN), session(ALICE, mfa=False, **LOGIN)], ["open"]),
        (ROBOT, [session(ROBOT, mfa=False, **LOGIN)], ["open"]),  # had a password then
    ],
)
def test_sign_ins_without_mfa(owner: records.User, sessions: list[Session], expected: list[str]) -> None:
    assert opens("HM112", owner, *sessions) == expected


def test_when_and_from_where_is_told() -> None:
    verdict = told("HM112", ALICE, session(ALICE, mfa=False, **LOGIN), session(ALICE, mfa=True, day=1, **LOGIN))
    assert verdict.title == "alice signed in to the console without MFA, last on 2026-11-21"
    assert verdict.evidence["sign_ins"] == ["2026-11-21, from 203.0.113.9"]
    assert verdict.evidence["with_mfa_too"] is True


DEFAULT = "botocore-session-*"
SAML_ROLE = provider("saml", "Okta")


@pytest.mark.parametrize(
    ("owner", "callers", "more", "expected"),
    [
        (SSO, {"alice": [SAML_ROLE]}, {}, []),
        (APP, {DEFAULT: [sso()]}, {}, []),
        (STAFF, {}, {}, ["clear"]),
        (STAFF, {"alice": [arn("user", "alice")], "bob": [arn("user", "bob")]}, {}, ["clear"]),
        (STAFF, {DEFAULT: [arn("user", "alice")]}, {}, ["clear"]),
        (STAFF, {"alice": [sso()]}, {}, ["clear"]),
        (STAFF, {"x": []}, {}, ["clear"]),
        (STAFF, {"admin": [arn("user", "alice"), sso()]}, {"source_identity": "alice"}, ["clear"]),
        (STAFF, {"admin": [SAML_ROLE]}, {"identity_provider": SAML_ROLE}, ["clear"]),
        (STAFF, {"admin": [arn("user", "alice"), arn("user", "bob")]}, {}, ["open"]),
        (STAFF, {DEFAULT: [sso()]}, {}, ["open"]),
    ],
)
def test_sessions_that_tell_nobody(
    owner: records.Role, callers: dict[str, list[str]], more: dict[str, Any], expected: list[str]
) -> None:
    rows = tuple(assumption(owner, caller, name) for name, some in callers.items() for caller in some)
    sessions = [session(owner, name, **more) for name in callers]
    assert opens("HM111", owner, *sessions, assumptions=rows) == expected


def console(day: float, *networks: str) -> Session:
    return session(ALICE, day=day, sign_in=SignIn.LOGIN, networks=networks or (OFFICE,))


def program(day: float, *networks: str, agents: tuple[str, ...] = ("boto3",)) -> Session:
    return session(ALICE, day=day, key_id="AKIA1", networks=networks or (OUTSIDE,), agents=agents)


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ([], []),
        ([console(3), console(2)], ["clear"]),
        ([program(3), program(2)], ["clear"]),
        ([console(3), program(3)], ["clear"]),  # once
        ([console(5), program(4), console(3), program(2)], ["clear"]),  # on other days
        ([console(3), program(3, OFFICE), console(2), program(2, "192.0.2.200")], ["clear"]),
        (
            [console(3, "8.8.8.1"), program(3, "8.8.8.9"), console(2, "8.8.8.2"), program(2, "8.8.8.3")],
            ["clear"],
        ),  # NAT pool
        (
            [console(3, OUTSIDE), program(3, OFFICE), console(2, OUTSIDE), program(2, OFFICE)],
            ["clear"],
        ),  # own script at work
        ([one for day in (3, 2) for one in (console(day), program(day, agents=("cli on macOS",)))], ["clear"]),
        ([one for day in (3, 2) for one in (console(day), program(day, OFFICE, OUTSIDE))], ["clear"]),
        ([one for day in (92, 91) for one in (console(day), program(day))], []),
        ([one for day in (3, 2) for one in (console(day), program(day))], ["open"]),
        ([one for day in (30, 2) for one in (console(day), program(day, AWS_ADDRESS))], ["open"]),
    ],
)
def test_person_and_program_in_one_user(sessions: list[Session], expected: list[str]) -> None:
    assert opens("HM110", ALICE, *sessions) == expected


def test_the_days_and_networks_of_both_are_told() -> None:
    verdict = told("HM110", ALICE, *[one for day in (3, 2) for one in (console(day), program(day))])
    assert verdict.evidence == {
        "days": ["2026-11-21", "2026-11-22"],
        "console_from": ["office Berlin"],
        "keys_from": ["203.0.113.0/24"],
        "keys": ["AKIA1"],
        "agents": ["boto3"],
    }


def instance(day: float, *networks: str, **more: Any) -> Session:
    return session(APP, INSTANCE, day=day, networks=networks, instance=True, **{"agents": ("boto3",), **more})


@pytest.mark.parametrize(
    ("sessions", "aws_known", "expected"),
    [
        ([session(APP, "alice", networks=(OUTSIDE,))], True, []),
        ([instance(3, AWS_ADDRESS, "10.0.0.5", "s3.amazonaws.com", OFFICE)], True, ["clear"]),
        ([instance(62, OUTSIDE), instance(40, OUTSIDE), instance(15, "203.0.113.77")], True, ["clear"]),  # as ever
        ([instance(61, OUTSIDE), instance(3, AWS_ADDRESS)], True, ["clear"]),  # before what is judged
        ([instance(3, OUTSIDE)], False, ["unknown"]),  # a new NAT gateway
        ([instance(3, OUTSIDE, agents=("cli on Windows",))], False, ["unknown"]),  # a Windows server
        (
            [instance(9, "8.8.4.4", agents=("cli on macOS",)), instance(3, OUTSIDE, agents=("cli on macOS",))],
            True,
            ["open"],
        ),
        ([instance(3, OUTSIDE)], True, ["open"]),
        ([instance(40, OUTSIDE), instance(3, OUTSIDE)], True, ["open"]),
        ([instance(3, OUTSIDE, "10.0.0.5")], True, ["open"]),
        ([instance(9, "8.8.4.4"), instance(3, OUTSIDE, agents=("cli on macOS",))], False, ["open"]),
    ],
)
def test_instance_credentials_elsewhere(sessions: list[Session], aws_known: bool, expected: list[str]) -> None:
    networks = NETWORKS if aws_known else {"192.0.2.0/24": "office"}
    assert opens("HM115", APP, *sessions, settings=Settings(networks=networks)) == expected


def test_before_30_days_were_read_only_two_places_tell() -> None:
    assert opens("HM115", APP, instance(3, OUTSIDE), since=20) == ["unknown"]
    assert opens("HM115", APP, instance(3, OUTSIDE, AWS_ADDRESS), since=20) == ["open"]


def test_the_first_sessions_have_no_baseline_and_that_is_said() -> None:
    mac = {"agents": ("cli on macOS",)}
    assert opens("HM115", APP, instance(3, OUTSIDE, **mac), since=5) == ["unknown"]
    (unknown,) = verdicts("HM115", APP, **given(instance(3, OUTSIDE, **mac), since=5))
    assert unknown.reason == (
        "whether 203.0.113.9 is usual is not known: these are the first sessions that were read, since 2026-11-19"
    )
    first, later = instance(3, OUTSIDE), instance(3, OUTSIDE, **mac)
    alone = told("HM115", APP, first).evidence
    assert (alone["confidence"], alone["baseline"]) == (
        "medium",
        "none: no instance of the role called in the 30 days before",
    )
    compared = told("HM115", APP, instance(9, AWS_ADDRESS), later, since=20).evidence
    assert (compared["confidence"], compared["baseline"]) == ("high", "the 30 days before")


def test_the_instance_and_where_its_credentials_were_is_told() -> None:
    verdict = told("HM115", APP, instance(9, AWS_ADDRESS), instance(3, OUTSIDE, agents=("cli",)))
    assert verdict.title == f"Credentials of {INSTANCE} (role app) were used outside AWS"
    assert verdict.evidence["uses"] == [f"2026-11-21: {INSTANCE} from 203.0.113.9: which is outside AWS's ranges"]


@pytest.mark.parametrize(
    ("code", "owner"),
    [
        ("HM101", APP),
        ("HM102", APP),
        ("HM102", ROBOT),
        ("HM110", ALICE),
        ("HM111", STAFF),
        ("HM112", ALICE),
        ("HM115", role("web", instance_profiles=(instance_profile(),))),
    ],
)
def test_without_cloudtrail_it_is_unknown_and_the_next_step_told(code: str, owner: records.Role | records.User) -> None:
    (never,) = verdicts(code, owner, *USERS, trusts=TRUSTS.values())
    assert (never.status, never.reason) == ("unknown", "s3:GetObject was not collected")
    (unread,) = verdicts(code, owner, *USERS, **{**given(), "activity_since": None})
    assert unread.status == "unknown"
    assert "s3:ListBucket and s3:GetObject" in unread.reason


@pytest.mark.parametrize(
    ("code", "owner", "found"),
    [
        ("HM101", APP, session(APP, "alice", **PROOF)),
        ("HM102", APP, session(APP, "alice", **PROOF)),
        ("HM112", ALICE, session(ALICE, "", sign_in=SignIn.LOGIN, mfa=False, networks=(OFFICE,))),
    ],
)
def test_what_look_ups_found_is_told_although_no_trail_is_read(
    code: str, owner: records.Role | records.User, found: Session
) -> None:
    """LookupEvents brings sign-ins and who assumed what; that it found nobody says nothing."""
    few = {"trusts": TRUSTS.values(), "settings": NAMED, "activity_since": None}
    assert statuses(code, owner, *USERS, **few, sessions=(found,)) == ["open"]
    assert statuses(code, owner, *USERS, **few) == ["unknown"]


@pytest.mark.parametrize("state", [State.DENIED, State.PARTIAL])
def test_what_was_read_in_part_opens_but_never_clears(state: State) -> None:
    seen, silent = ((session(APP, "alice", **PROOF),), ())
    partly = {"trusts": TRUSTS.values(), "settings": NAMED}
    assert statuses("HM101", APP, **read(state=state, sessions=seen), **partly) == ["open"]
    assert statuses("HM101", APP, **read(state=state, sessions=silent), **partly) == ["unknown"]
