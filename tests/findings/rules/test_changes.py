"""MO111, MO114, GR110, GR111, and who widened access (LP212): administrative calls. Look-alikes first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import LOOKUP, AdminEvent, Coverage, State
from findings.analysis.facts import Settings
from findings.rules.behaviour import OUR_POLICY
from findings.vocabulary import Verdict
from tests.builders import AS_OF, ago, aws_policy, coverage, credential, policy, role, trust, user
from tests.findings.behaviour import admin, from_everywhere
from tests.findings.rules.judging import denied, statuses, verdicts
from tests.findings.sessions import NETWORKS, OFFICE, OUTSIDE, provider, read, session

PEOPLE = trust(Federated=provider("saml", "Okta"))
ADMINS, CI = role("admins", trust=records.digest(PEOPLE)), role("ci")
ALICE, ROOT = user("alice"), None
YOUNG = user("young", created=10)
CALLS: dict[str, dict[str, Any]] = {
    "code": {"agent": "terraform"},
    "stack": {"invoked_by": "cloudformation.amazonaws.com", "network": "cloudformation.amazonaws.com", "agent": ""},
    "console": {"console": True, "agent": "browser"},
}


def given(events: list[AdminEvent], **more: Any) -> dict[str, Any]:
    named = Settings(networks=NETWORKS)
    return read(admin_events=tuple(events), **{"trusts": (PEOPLE,), "settings": named, **more})


def of(code: str, *entities: records.Record, events: list[AdminEvent], **more: Any) -> list[str]:
    return statuses(code, *entities, credential("alice", password_enabled=True), **given(events, **more))


def told(code: str, *entities: records.Record, events: list[AdminEvent], **more: Any) -> Verdict:
    found = verdicts(code, *entities, credential("alice", password_enabled=True), **given(events, **more))
    return next(verdict for verdict in found if verdict.status.value == "open")


# -- MO111


def trail(name: str, day: float = 3, about: str = "trail org", **details: Any) -> AdminEvent:
    more = {key: details.pop(key) for key in ("error", "denied", "region") if key in details}
    return admin(f"cloudtrail {name}", ADMINS, day, about, details=details, **more)


def recorder(name: str, day: float = 3, **details: Any) -> AdminEvent:
    return admin(f"config {name}", ADMINS, day, "recorder default", details=details)


def types(said: str, day: float = 3) -> AdminEvent:
    return recorder("PutConfigurationRecorder", day, selectors=f"types={said}")


def selected(selectors: str, day: float = 3, **more: Any) -> AdminEvent:
    return trail("PutEventSelectors", day, selectors=selectors, **more)


REFUSED: dict[str, Any] = {"denied": True, "error": "AccessDenied"}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "clear"),
        ([trail("StartLogging"), trail("AddTags"), trail("CreateTrail")], "clear"),
        ([trail("StopLogging", error="TrailNotFoundException")], "clear"),
        ([trail("StopLogging", 95)], "clear"),
        ([selected("management=all data=0")], "clear"),
        ([selected("management=all data=3")], "clear"),  # widened
        ([selected("management=read data=0", 9, error="InvalidEventSelectorsException")], "clear"),
        ([selected("management=write data=0", 200), selected("management=write data=2")], "clear"),  # as before, and more
        ([trail("CreateTrail", 3.02), selected("management=none data=4", 3.01)], "clear"),  # a trail for data only
        ([trail("UpdateTrail", multi_region="true", bucket="logs")], "clear"),
        ([trail("CreateTrail", 50, multi_region="false"), trail("UpdateTrail", multi_region="false")], "clear"),
        ([types("all global=false")], "clear"),  # as Control Tower sets it outside the home region
        ([types("3 with=none", 9), types("all global=true")], "clear"),
        ([selected("management=all data=0", **REFUSED)], "clear"),  # would have changed nothing
        ([trail("StopLogging", **REFUSED)], "open medium"),
        ([selected("management=none data=0", **REFUSED)], "open medium"),
        ([selected("management=read data=0")], "open high"),
        ([selected("management=none data=9")], "open high"),
        ([selected("management=all data=0 without=kms.amazonaws.com")], "open high"),
        ([selected("management=all data=5", 9), selected("management=all data=1")], "open high"),
        ([trail("UpdateTrail", multi_region="false")], "open high"),
        ([trail("UpdateTrail", log_file_validation="false")], "open high"),
        ([trail("CreateTrail", 50, bucket="logs"), trail("UpdateTrail", bucket="mine")], "open high"),
        ([types("all global=true", 9), types("all global=false")], "open high"),
        ([types("all global=true", 9), types("all but 2 without=AWS::IAM::Role")], "open high"),
        ([types("all global=true", 9), types("9 with=AWS::IAM::Role")], "open high"),
        ([recorder("DeleteDeliveryChannel")], "open high"),
        ([trail("StopLogging")], "open"),
        ([trail("DeleteTrail"), trail("CreateTrail", 2.9)], "open"),
        ([recorder("StopConfigurationRecorder")], "open"),
        ([selected("management=read data=0"), trail("StopLogging", **REFUSED)], "open high"),
    ],
)  # fmt: skip
def test_what_is_recorded(events: list[AdminEvent], expected: str) -> None:
    assert of("MO111", ADMINS, events=events) == [expected]


TRAIL_EVENTS, CONFIG_EVENTS = "cloudtrail.amazonaws.com", "config.amazonaws.com"


def saw(day: float, source: str = TRAIL_EVENTS, **details: str) -> records.Recording:
    """Of trail org, or the recorder, as collected so many days before AS_OF."""
    name = "org" if source == TRAIL_EVENTS else "default"
    region = trail("StopLogging").region
    return records.Recording(source=source, region=region, name=name, since=ago(day), details=details)


@pytest.mark.parametrize(
    ("seen", "events", "expected"),
    [
        ([saw(9, selectors="management=read data=0")], [selected("management=read data=0")], "clear"),  # narrow already
        ([saw(9, selectors="management=all data=2")], [selected("management=all data=2")], "clear"),
        ([saw(9, multi_region="false")], [trail("UpdateTrail", multi_region="false")], "clear"),
        ([saw(2, selectors="management=all data=2")], [selected("management=all data=0")], "clear"),  # not yet seen then
        (
            [saw(5, selectors="management=read data=0")],  # narrowed by a call that nobody read
            [selected("management=all data=0", 9), selected("management=read data=0")],
            "clear",
        ),
        ([saw(9, CONFIG_EVENTS, selectors="types=all global=false")], [types("all global=false")], "clear"),
        ([saw(9, selectors="management=all data=2")], [selected("management=all data=0")], "open high"),
        ([saw(9, bucket="logs")], [trail("UpdateTrail", bucket="mine")], "open high"),
        ([saw(9, multi_region="false"), saw(5, multi_region="true")], [trail("UpdateTrail", multi_region="false")], "open high"),
        ([saw(9, CONFIG_EVENTS, selectors="types=all global=true")], [types("all global=false")], "open high"),
        ([saw(9, CONFIG_EVENTS, selectors="types=3 with=AWS::IAM::Role")], [types("2 with=none")], "open high"),
    ],
)  # fmt: skip
def test_what_collections_saw_stands_before_the_first_call(
    seen: list[records.Recording], events: list[AdminEvent], expected: str
) -> None:
    assert of("MO111", ADMINS, events=events, recordings=tuple(seen)) == [expected]


def test_who_did_it_and_what_is_told() -> None:
    verdict = told("MO111", ADMINS, events=[trail("StopLogging"), selected("management=read data=0", 5)])
    by = " on trail org by admins, with cli, from 203.0.113.9"
    assert verdict.title == "Admins stopped trail org in payments-prod on 2026-11-21"
    assert verdict.evidence["calls"] == [
        f"2026-11-19 00:00: PutEventSelectors{by}: changed what is recorded: trail org records only reads",
        f"2026-11-21 00:00: StopLogging{by}: stopped trail org",
    ]
    tried = told("MO111", ADMINS, events=[trail("DeleteTrail", **REFUSED)])
    assert tried.title == "Admins was refused to delete trail org in payments-prod on 2026-11-21"


def test_what_was_not_read_of_the_recording_is_unknown_but_what_was_seen_opens() -> None:
    assert of("MO111", ADMINS, events=[], activity_since=None) == ["unknown"]
    assert of("MO111", ADMINS, events=[trail("StopLogging")], activity_since=None) == ["open"]
    unread = read(coverage=denied("GetObject"))
    assert statuses("MO111", ADMINS, **unread) == ["unknown"]


# -- MO114


def attach(by: Any, day: float = 3, network: str = OUTSIDE, **more: Any) -> AdminEvent:
    return admin("iam AttachRolePolicy", by, day, "role app", network=network, **more)


def habits(by: Any, *networks: str, newest: int = 20) -> list[AdminEvent]:
    """One change each few days."""
    return [attach(by, day, (networks or (OUTSIDE,))[day % len(networks or (1,))]) for day in range(60, newest, -5)]


SEEN = session(ADMINS, "s", day=9, networks=("8.8.8.8",))  # it came from there, for something else
OWN = admin("iam CreateAccessKey", ALICE, 3, "user alice")
RUNNERS = [f"20.{n}.1.1" for n in range(64, 124)]


@pytest.mark.parametrize(
    ("owner", "events", "sessions", "expected"),
    [
        (ADMINS, [], [], []),
        (ADMINS, [*habits(ADMINS), attach(ADMINS)], [], ["clear"]),
        (ADMINS, [*habits(ADMINS), attach(ADMINS, network="203.0.113.200")], [], ["clear"]),  # the neighbourhood
        (ADMINS, [*habits(ADMINS), attach(ADMINS, network=OFFICE)], [], ["clear"]),  # by VPN, from the office
        (ADMINS, [*habits(ADMINS), *habits(CI, "8.8.8.8"), attach(ADMINS, network="8.8.8.8")], [], ["clear"]),
        (ADMINS, [*habits(ADMINS), attach(ADMINS, network="8.8.8.8")], [SEEN], ["clear"]),
        (CI, [*habits(CI, *RUNNERS), attach(CI, network="9.9.9.9")], from_everywhere(CI, RUNNERS), ["clear"]),
        (ADMINS, [attach(ADMINS, **CALLS["stack"])], [], []),
        (ADMINS, [attach(ADMINS, error="NoSuchEntity"), attach(ADMINS, error="AccessDenied", denied=True)], [], []),
        (ADMINS, [*habits(ADMINS), admin("organizations CreateAccount", ADMINS, 3, network="8.8.8.8")], [], ["clear"]),
        (ALICE, [OWN, admin("iam ChangePassword", ALICE, 3)], [], []),  # her own
        (YOUNG, [*habits(ADMINS), attach(YOUNG)], [], ["clear"]),
        (ADMINS, [*habits(ADMINS, newest=30), attach(ADMINS, 20, "8.8.8.8")], [], ["clear"]),  # before what is judged
        (ADMINS, [attach(ADMINS)], [], ["open"]),
        (ALICE, [*habits(ADMINS), admin("iam CreateAccessKey", ALICE, 3, "user bob")], [], ["open"]),
        (ADMINS, [*habits(ADMINS), attach(ADMINS, network="8.8.8.8")], [], ["open"]),
        (YOUNG, [*habits(ADMINS), attach(YOUNG, network="8.8.8.8")], [], ["open"]),
        (CI, [*habits(CI), attach(CI, network="8.8.8.8")], from_everywhere(CI, [OUTSIDE]), ["open"]),
    ],
)  # fmt: skip
def test_changes_from_new_places(
    owner: records.Role | records.User, events: list[AdminEvent], sessions: list[Any], expected: list[str]
) -> None:
    assert of("MO114", owner, events=events, sessions=tuple(sessions)) == expected


def test_the_change_and_the_place_are_told() -> None:
    verdict = told("MO114", ADMINS, events=[*habits(ADMINS), attach(ADMINS, 3, "8.8.8.8", session_name="bob")])
    assert verdict.title == "Role admins changed IAM (AttachRolePolicy), and no change to IAM came from 8.8.8.8 before"
    assert verdict.evidence["changes"] == [
        "2026-11-21 00:00: AttachRolePolicy on role app by admins (session bob), with cli, from 8.8.8.8"
    ]


def test_a_short_reading_tells_nothing_of_new_places() -> None:
    assert of("MO114", ADMINS, events=[attach(ADMINS)], since=20) == ["unknown"]
    assert of("MO114", ADMINS, events=[attach(ADMINS, 5), attach(ADMINS)], since=20) == ["unknown"]
    assert of("MO114", ADMINS, events=[], activity_since=None) == ["unknown"]


def test_changes_that_were_looked_up_count_as_well() -> None:
    row = Coverage(api=LOOKUP, state=State.COMPLETE, observed_at=AS_OF, permission=LOOKUP)
    known: dict[str, Any] = {"activity_since": None, "coverage": (*coverage(), row)}
    assert of("MO114", ADMINS, events=[attach(ADMINS)], **known) == ["open"]
    assert of("GR111", STACK, events=[], **known) == ["clear"]
    short = Settings(lookup_days=20)
    assert of("MO114", ADMINS, events=[attach(ADMINS)], settings=short, **known) == ["unknown"]
    partly = {
        **known,
        "coverage": (*coverage(), records.from_json(Coverage, {**records.to_json(row), "state": "partial"})),
    }
    assert of("GR111", STACK, events=[], **partly) == ["unknown"]
    assert of("GR111", STACK, events=[changed(**CALLS["console"])], **partly) == ["open"]


# -- GR110, GR111

BY_CODE = Settings(iam_by_code=True, networks=NETWORKS)


def made(entity: Any, **how: Any) -> AdminEvent:
    kind = "role" if isinstance(entity, records.Role) else "policy"
    return admin(f"iam Create{kind.title()}", ADMINS, 0, f"{kind} {entity.name}", **{"at": entity.created_at, **how})


PLAIN, CLICKED = role("plain"), role("clicked", created=20)
NEW_POLICY, OLD_POLICY = policy("new", created=20), policy("old")


@pytest.mark.parametrize(
    ("entity", "events", "expected"),
    [
        (role("a", tags={"aws:cloudformation:stack-name": "app"}), [], "clear"),
        (role("a", tags={"ManagedBy": "Terraform"}), [], "clear"),
        (role("a", tags={"terraform": "true"}), [], "clear"),
        (role("a", tags={"aws-cdk:id": "App"}), [], "clear"),
        (role("app-web-TaskRole-1A2B3C4D5E6F7"), [], "clear"),
        (role("app-web-TaskRole-aB3dE5fG7hI9"), [], "clear"),
        (role("cdk-hnb659fds-deploy-role-000000000001-eu-west-1"), [], "clear"),
        (CLICKED, [made(CLICKED, **CALLS["code"])], "clear"),
        (CLICKED, [made(CLICKED, **CALLS["stack"])], "clear"),
        (NEW_POLICY, [made(NEW_POLICY, **CALLS["code"])], "clear"),
        (OLD_POLICY, [], "unknown"),  # its tags are not listed
        (role("a", tags={"terraform": "false"}), [], "open"),
        (role("a", tags={"managed-by": "alice"}), [], "open"),
        (role("release-deploy-production"), [], "open"),
        (role("app-data-production12"), [], "open"),
        (PLAIN, [], "open"),
        (CLICKED, [made(CLICKED, **CALLS["console"])], "open"),
        (NEW_POLICY, [made(NEW_POLICY, **CALLS["console"])], "open"),
        # one of that name was made by code before it, and deleted since
        (CLICKED, [made(CLICKED, at=ago(60), **CALLS["code"])], "open"),
    ],
)
def test_made_by_hand(entity: records.Record, events: list[AdminEvent], expected: str) -> None:
    assert of("GR110", entity, events=events, settings=BY_CODE) == [expected]
    assert of("GR110", entity, events=events) == []  # nobody asks for code


@pytest.mark.parametrize(
    "entity",
    [
        role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/"),
        role("AWSReservedSSO_Dev_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/"),
        role("OrganizationAccountAccessRole"),
        role("iamdash", inline={OUR_POLICY: records.digest(PEOPLE)}),
        records.from_json(records.Policy, {**records.to_json(policy("x")), "arn": aws_policy("ReadOnlyAccess")}),
    ],
)
def test_what_aws_makes_is_nobodys_code(entity: records.Record) -> None:
    assert of("GR110", entity, events=[], settings=BY_CODE) == []


def test_who_made_it_and_how_much_is_from_code_is_told() -> None:
    code = [role(f"r{n}", tags={"managed_by": "terraform"}) for n in range(3)]
    verdict = told("GR110", CLICKED, *code, events=[made(CLICKED, **CALLS["console"])], settings=BY_CODE)
    assert verdict.title == "Role clicked is not from code, as 75 % of the account's roles and policies are"
    assert verdict.evidence["made"] == (
        "2026-11-04 00:00: CreateRole on role clicked by admins, in the console, from 203.0.113.9"
    )


STACK = role("stack", tags={"aws:cloudformation:stack-name": "app"})
ROBOT = session(ADMINS, "GitHubActions", identity_provider=provider("oidc", "token.actions.githubusercontent.com"))


def changed(name: str = "AttachRolePolicy", day: float = 3, about: str = "role stack", **how: Any) -> AdminEvent:
    return admin(f"iam {name}", ADMINS, day, about, **how)


BOB = user("bob", tags={"managed-by": "terraform"})
NEW_VERSION = changed("CreatePolicyVersion", about=f"policy {NEW_POLICY.arn}", **CALLS["console"])


@pytest.mark.parametrize(
    ("entity", "events", "expected"),
    [
        (PLAIN, [changed(about="role plain", **CALLS["console"])], []),  # no code's
        (STACK, [], ["clear"]),
        (STACK, [changed(**CALLS["code"]), changed(**CALLS["stack"])], ["clear"]),
        (STACK, [changed(agent="boto3")], ["clear"]),
        (STACK, [changed(session_name="GitHubActions")], ["clear"]),  # a pipeline's command line
        (STACK, [changed(error="NoSuchEntity", **CALLS["console"])], ["clear"]),
        (STACK, [changed(day=95, **CALLS["console"])], ["clear"]),
        (STACK, [changed(day=4, **CALLS["console"]), changed(**CALLS["code"])], ["clear"]),  # put back
        (STACK, [changed("GenerateServiceLastAccessedDetails", **CALLS["console"])], ["clear"]),
        (BOB, [changed("CreateAccessKey", about="user bob", **CALLS["console"])], ["clear"]),
        (STACK, [changed(**CALLS["console"])], ["open"]),
        (STACK, [changed("UpdateAssumeRolePolicy")], ["open"]),
        (STACK, [changed(day=4, **CALLS["code"]), changed("PutRolePolicy", **CALLS["console"])], ["open"]),
        (BOB, [changed("AddUserToGroup", about="user bob", **CALLS["console"])], ["open"]),
        (NEW_POLICY, [made(NEW_POLICY, **CALLS["code"]), NEW_VERSION], ["open"]),
    ],
)  # fmt: skip
def test_changed_by_hand(entity: records.Record, events: list[AdminEvent], expected: list[str]) -> None:
    assert of("GR111", entity, events=events, sessions=(ROBOT,)) == expected


def test_what_was_changed_by_hand_is_told() -> None:
    how = {"session_name": "bob", "details": {"policy_arn": aws_policy("AdministratorAccess")}, **CALLS["console"]}
    verdict = told("GR111", STACK, events=[changed(**how)])
    assert verdict.title == "stack is managed by code, and admins (session bob) changed it by hand: AttachRolePolicy"
    what = (
        "AttachRolePolicy AdministratorAccess on role stack by admins (session bob), in the console, from 203.0.113.9"
    )
    assert verdict.evidence["changes"] == [f"2026-11-21 00:00: {what}"]
    assert verdict.evidence["managed_by"] == "tagged aws:cloudformation:stack-name=app"
    assert of("GR111", STACK, events=[], activity_since=None) == ["unknown"]
