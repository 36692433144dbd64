"""What is kept of events: who, how often, with what outcome, and on what evidence."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors.activity import Aggregate, of_account, of_files, take
from collectors.activity.lineage import lineage
from collectors.records import Actor, Session, SignIn
from tests.collectors.activity.events import (
    ACCOUNT,
    LATEST,
    OTHER,
    ROLE,
    USER,
    activity,
    assume,
    event,
    log,
    packed,
    role,
    total,
    user,
)

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/path/app"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/okta"
LOGIN: dict[str, Any] = {"responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No"}}


def session(*events: dict[str, Any]) -> Session:
    (found,) = activity(*events).sessions
    return found


@pytest.mark.parametrize(
    ("identity", "actor", "principal", "name"),
    [
        (role("app"), Actor.ROLE, ROLE, "app"),
        (
            {"type": "AssumedRole", "principalId": "AROA2:x", "arn": "arn:aws:sts::1:assumed-role/x/x"},
            Actor.ROLE,
            "AROA2",
            "x",
        ),
        (user(), Actor.USER, USER, ""),
        ({"type": "Root", "principalId": ACCOUNT, "accountId": ACCOUNT}, Actor.ROOT, ACCOUNT, ""),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, Actor.SERVICE, "ec2.amazonaws.com", ""),
        ({"type": "AWSAccount", "principalId": "AROA9:far", "accountId": OTHER}, Actor.ACCOUNT, "AROA9", "far"),
        ({"type": "AWSAccount", "principalId": OTHER, "accountId": OTHER}, Actor.ACCOUNT, OTHER, ""),
        ({"type": "AWSAccount", "accountId": "anonymous"}, Actor.ACCOUNT, "anonymous", ""),
        (
            {
                "type": "FederatedUser",
                "principalId": f"{ACCOUNT}:bob",
                "sessionContext": {"sessionIssuer": {"principalId": USER, "arn": f"arn:aws:iam::{ACCOUNT}:user/alice"}},
            },
            Actor.FEDERATED,
            USER,
            "bob",
        ),
        (
            {"type": "SAMLUser", "principalId": "x=:ann", "userName": "ann", "identityProvider": SAML},
            Actor.FEDERATED,
            SAML,
            "ann",
        ),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}}, Actor.IDENTITY_CENTER, "u-1", ""),
        ({"principalId": "AROA3:x"}, Actor.ROLE, "AROA3", "x"),
        ({"invokedBy": "s3.amazonaws.com"}, Actor.SERVICE, "s3.amazonaws.com", ""),
        ({"type": "Martian", "principalId": "m"}, Actor.UNKNOWN, "m", ""),
        (None, Actor.UNKNOWN, "", ""),
        (
            {"type": "IAMUser", "accountId": ACCOUNT, "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            Actor.USER,
            "",
            "",
        ),
    ],
)
def test_who_acts(identity: Any, actor: Actor, principal: str, name: str) -> None:
    found = session(event(userIdentity=identity))
    assert (found.actor, found.principal_id, found.name, found.account_id) == (actor, principal, name, ACCOUNT)


def test_people_without_a_principal_id_are_told_apart() -> None:
    some = [event(userIdentity={"type": "IdentityCenterUser", "onBehalfOf": {"userId": f"u-{n}"}}) for n in range(3)]
    assert {s.principal_id for s in activity(*some).sessions} == {"u-0", "u-1", "u-2"}


def test_only_long_term_keys_are_kept() -> None:
    found = activity(
        event(userIdentity=user()), event(userIdentity=user(key="ASIA1")), event(userIdentity=user(key="ASIA2"))
    )
    assert [(s.key_id, s.n) for s in found.sessions] == [("", 2), ("AKIA0000000000000001", 1)]
    assert found.sessions[0].principal_arn == f"arn:aws:iam::{ACCOUNT}:user/alice"


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, (1, 0, 0)),
        ({"errorCode": "AccessDenied"}, (1, 1, 0)),
        ({"errorCode": "AccessDeniedException"}, (1, 1, 0)),
        ({"errorCode": "Client.UnauthorizedOperation"}, (1, 1, 0)),
        ({"errorCode": "UnauthorizedOperation"}, (1, 1, 0)),
        ({"errorCode": "NotAuthorizedException"}, (1, 1, 0)),
        ({"errorCode": "AuthorizationErrorException"}, (1, 1, 0)),
        ({"errorCode": "ValidationException", "errorMessage": "User: x is not authorized to perform: a:B"}, (1, 1, 0)),
        ({"errorCode": "NoSuchEntityException", "errorMessage": "gone"}, (1, 0, 1)),
        ({"errorCode": "ThrottlingException"}, (1, 0, 1)),
        ({"errorMessage": "a message alone is no error of a call"}, (1, 0, 0)),
    ],
)
def test_a_denial_is_an_attempt_and_another_error_is_use(more: dict[str, str], counts: tuple[int, int, int]) -> None:
    (use,) = activity(event(**more)).event_uses
    assert (use.n, use.denied, use.failed) == counts
    assert (use.used_at is None, use.denied_at is None) == (bool(use.denied), not use.denied)


def test_use_is_kept_by_source_and_name_as_they_are_written() -> None:
    times = ("2026-11-20T10:00:00Z", "2026-11-19T09:00:00Z", "2026-11-21T11:00:00Z")
    found = activity(*(event("Invoke20150331", "lambda", eventTime=at) for at in times))
    (use,) = found.event_uses
    assert (use.principal_id, use.source, use.name, use.n) == (ROLE, "lambda.amazonaws.com", "Invoke20150331", 3)
    assert (use.first_at, use.used_at) == (
        datetime(2026, 11, 19, 9, tzinfo=UTC),
        datetime(2026, 11, 21, 11, tzinfo=UTC),
    )
    assert [s.day for s in found.sessions] == [date(2026, 11, d) for d in (19, 20, 21)]
    assert found.since == datetime(2026, 11, 19, 9, tzinfo=UTC)


def test_events_of_other_accounts_are_not_this_one_s() -> None:
    found = activity(event(), event(recipientAccountId=OTHER))
    assert [use.n for use in found.event_uses] == [1]
    assert activity(event(), account=OTHER).since is None


SIGN_INS = [
    (event("ConsoleLogin", "signin", userIdentity=user(key=""), **LOGIN), SignIn.LOGIN, False),
    (
        event(
            "ConsoleLogin", "signin", userIdentity=user(key=""), **{**LOGIN, "additionalEventData": {"MFAUsed": "Yes"}}
        ),
        SignIn.LOGIN,
        True,
    ),
    (
        event("ConsoleLogin", "signin", **LOGIN),
        SignIn.LOGIN,
        None,
    ),  # SAML and Identity Center say No whatever was asked
    (
        event(
            "ConsoleLogin",
            "signin",
            userIdentity=user(key=""),
            responseElements={"ConsoleLogin": "Failure"},
            errorMessage="Failed authentication",
        ),
        SignIn.NONE,
        None,
    ),
    (event("SwitchRole", "signin", responseElements={"SwitchRole": "Success"}), SignIn.SWITCH, None),
    (event("SwitchRole", "signin", responseElements={"SwitchRole": "Failure"}), SignIn.NONE, None),
    (event(sessionCredentialFromConsole="true"), SignIn.CONSOLE, None),
    (event("ConsoleLogin", "elsewhere", **LOGIN), SignIn.NONE, None),
    (event(), SignIn.NONE, None),
]


@pytest.mark.parametrize(("one", "how", "mfa"), SIGN_INS)
def test_how_a_session_came_to_the_console(one: dict[str, Any], how: SignIn, mfa: bool | None) -> None:
    found = session(one)
    assert (found.sign_in, found.mfa) == (how, mfa)


def test_a_refused_sign_in_is_a_denial() -> None:
    one = SIGN_INS[3][0]
    (use,) = activity(one).event_uses
    assert (use.n, use.denied, use.used_at) == (1, 1, None)


def test_of_a_sign_in_its_own_word_on_mfa_counts() -> None:
    """A call with a token that was had without MFA does not make the console's sign-in one without."""
    safe = {"attributes": {"mfaAuthenticated": "false"}}
    found = session(SIGN_INS[1][0], event(userIdentity=user(key="ASIA1", sessionContext=safe)))
    assert (found.sign_in, found.mfa) == (SignIn.LOGIN, True)


def test_a_switch_without_a_session_context_names_its_role_and_who_came() -> None:
    identity = {k: v for k, v in role("ann").items() if k != "sessionContext"}
    came = f"arn:aws:iam::{OTHER}:user/ann"
    found = activity(
        event(
            "SwitchRole",
            "signin",
            userIdentity=identity,
            responseElements={"SwitchRole": "Success"},
            additionalEventData={"SwitchFrom": came},
        )
    )
    assert (found.sessions[0].principal_id, found.sessions[0].switched_from) == (ROLE, came)
    (edge,) = found.assumptions
    assert (edge.caller, edge.caller_account, edge.role_arn, edge.role_id, edge.event, edge.n) == (
        came, OTHER, f"arn:aws:iam::{ACCOUNT}:role/app", ROLE, "SwitchRole", 1,
    )  # fmt: skip


def test_evidence_is_gathered_over_the_day() -> None:
    more = {
        "sourceIdentity": "ann",
        "ec2RoleDelivery": "2.0",
        "webIdFederationData": {"federatedProvider": "token.example"},
    }
    cloudformation = "cloudformation.amazonaws.com"
    cli = "aws-cli/2.15.4 Python/3.11"
    found = session(
        event(),
        event(userIdentity=role(**more), sourceIPAddress="203.0.113.9", userAgent=cli, awsRegion="us-east-1"),
        event(userIdentity=role() | {"invokedBy": cloudformation}, sourceIPAddress=cloudformation),
        event(errorCode="AccessDenied"),
    )  # fmt: skip
    assert (found.n, found.denied, found.instance, found.source_identity) == (4, 1, True, "ann")
    assert (found.identity_provider, found.principal_arn) == ("token.example", ROLE_ARN)
    assert found.agents == ("boto3", "cli")
    assert found.networks == ("198.51.100.7", "203.0.113.9", "cloudformation.amazonaws.com")
    assert (found.regions, found.invoked_by) == (("eu-west-1", "us-east-1"), ("cloudformation.amazonaws.com",))
    assert found.cut == ()


def test_lists_are_bounded_and_say_so() -> None:
    found = session(
        *(event(sourceIPAddress=f"10.0.{n // 200}.{n % 200}", userAgent=f"agent {n:04}") for n in range(1_000))
    )
    assert (len(found.networks), len(found.agents), found.cut) == (40, 20, ("agents", "networks"))
    assert found.agents[0] == "other: agent 0000"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ann@example.org", "ann@example.org"),
        ("ann-20261120123456@example.org", "ann-20261120123456@example.org"),
        ("i-0123456789abcdef0", "i-0123456789abcdef0"),
        ("botocore-session-1700000000", "botocore-session-*"),
        ("5f2a6c1e-9b1d-4d3f-8a7e-0123456789ab", "*"),
        ("job-12345", "job-12345"),
        ("evil\x1b[31m\r\nname\0", "evil [31m name "),
    ],
)
def test_names_that_programs_count_up_are_one(given: str, kept: str) -> None:
    assert session(event(userIdentity=role(given))).name == kept


def test_assuming_a_role_is_lineage_and_tells_of_the_session() -> None:
    found = activity(
        assume(userIdentity=role("ann", unique_id="AROA9"), asked={"sourceIdentity": "ann"}),
        event(userIdentity=role("deploy")),
    )
    (edge,) = found.assumptions
    assert (edge.caller, edge.caller_id, edge.role_arn, edge.role_id, edge.session_name) == (
        ROLE_ARN,
        "AROA9",
        ROLE_ARN,
        ROLE,
        "deploy",
    )
    (began,) = (s for s in found.sessions if s.principal_id == ROLE)
    assert (began.caller, began.source_identity, began.n, began.principal_arn) == (ROLE_ARN, "ann", 1, ROLE_ARN)


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, [(1, 0)]),
        ({"errorCode": "AccessDenied", "responseElements": None}, [(1, 1)]),
        ({"errorCode": "Throttling"}, []),
    ],
)
def test_a_denied_assumption_is_an_attempt(more: dict[str, Any], counts: list[tuple[int, int]]) -> None:
    assert [(one.n, one.denied) for one in activity(assume(**more)).assumptions] == counts


@pytest.mark.parametrize(
    ("identity", "asked", "caller"),
    [
        ({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}, {}, "lambda.amazonaws.com"),
        ({"type": "SAMLUser", "userName": "ann", "identityProvider": "x"}, {"principalArn": SAML}, SAML),
        ({"type": "WebIdentityUser", "userName": "repo:a", "identityProvider": "token.example"}, {}, "token.example"),
        ({"type": "AWSAccount", "principalId": OTHER, "accountId": OTHER}, {}, f"arn:aws:iam::{OTHER}:root"),
    ],
)
def test_who_assumed(identity: dict[str, Any], asked: dict[str, Any], caller: str) -> None:
    found = activity(assume(userIdentity=identity, asked=asked))
    assert [one.caller for one in found.assumptions] == [caller]
    (began,) = (s for s in found.sessions if s.principal_id == ROLE)
    assert began.caller == caller
    assert began.federated_user == identity.get("userName", "")


def test_the_two_records_of_a_call_across_accounts_count_once() -> None:
    far = role("ann", unique_id="AROA9", account=OTHER)
    pair = [
        assume(userIdentity=far, recipientAccountId=OTHER, sharedEventID="s1"),
        assume(userIdentity={"type": "AWSAccount", "principalId": "AROA9:ann", "accountId": OTHER}, sharedEventID="s1"),
    ]
    found = total(*pair, *pair)
    both = [one for account in (ACCOUNT, OTHER) for one in of_account(found, account).assumptions]
    assert [(one.n, one.paired) for one in both] == [(2, 2), (2, 2)]
    (edge,) = lineage(both)
    assert (edge.account_id, edge.caller, edge.caller_account, edge.n) == (
        ACCOUNT,
        f"arn:aws:iam::{OTHER}:role/path/app",
        OTHER,
        2,
    )


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"requestParameters": {"bucketName": "b"}}, ["arn:aws:s3:::b"]),
        ({"requestParameters": {"bucketName": "b", "key": "logs/2026/a.gz"}}, ["arn:aws:s3:::b/logs/*"]),
        ({"requestParameters": {"bucketName": "b", "key": "a.gz"}}, ["arn:aws:s3:::b/*"]),
        ({"requestParameters": {"bucketName": "b", "prefix": "logs/x"}}, ["arn:aws:s3:::b/logs/*"]),
        ({"requestParameters": {"bucketName": "b"}, "awsRegion": "cn-north-1"}, ["arn:aws-cn:s3:::b"]),
        ({"resources": [{"ARN": "arn:aws:kms:eu-west-1:1:key/k"}]}, ["arn:aws:kms:eu-west-1:1:key/k"]),
        ({"resources": [{"ARN": "arn:aws:s3:::b/logs/1"}, {"type": "x"}]}, ["arn:aws:s3:::b/logs/*"]),
        ({"requestParameters": {"bucketName": ["b"]}}, []),
        ({"requestParameters": {"bucketName": "b"}, "eventSource": "lightsail.amazonaws.com"}, []),
        ({}, []),
    ],
)
def test_what_calls_name(more: dict[str, Any], names: list[str]) -> None:
    assert [
        name
        for named in total(event("Call", **({"eventSource": "s3.amazonaws.com"} | more))).resources.values()
        for name in named.uses
    ] == names


def test_resources_are_bounded_and_say_so() -> None:
    some = [event("Call", "s3", requestParameters={"bucketName": f"b{n:05}"}) for n in range(6_000)]
    (named,) = total(*some).resources.values()
    assert (len(named.uses), named.cut, min(named.uses)) == (500, True, "arn:aws:s3:::b00000")


def everything(found: Aggregate) -> Any:
    return of_account(found, ACCOUNT), {k: sorted(n.uses) for k, n in found.resources.items()}


def test_the_order_of_files_and_events_makes_no_difference() -> None:
    some = [
        event(userIdentity=role("app", sourceIdentity="b"), sourceIPAddress="10.0.0.1"),
        event(userIdentity=role("app", sourceIdentity="a"), userAgent="aws-cli/2.0", errorCode="AccessDenied"),
        assume("app", userIdentity=role("ann", unique_id="AROA9"), eventTime="2026-11-20T09:00:00Z"),
        event(userIdentity=user(key=""), eventName="ConsoleLogin", eventSource="signin.amazonaws.com", **LOGIN),
    ]
    first, *others = (of_account(total(*order), ACCOUNT) for order in itertools.permutations(some))
    assert all(other == first for other in others)


def test_settling_between_files_changes_nothing() -> None:
    some = [event(eventTime=f"2026-11-{10 + n % 9}T10:00:00Z", userIdentity=role(f"s{n % 7}")) for n in range(60)]
    at_once, by_part = total(*some), Aggregate(LATEST)
    for one in some:
        take(by_part, "", log(one))
        assert by_part.uses
    assert of_account(at_once, ACCOUNT) == of_account(by_part, ACCOUNT)


def test_files_are_read_for_the_account_of_most_events() -> None:
    files = [
        ("a.json.gz", packed(event(), event(recipientAccountId=OTHER))),
        ("b.json", log(event())),
        ("AWSLogs/1/CloudTrail-Digest/c.json.gz", b"junk"),
        ("broken.json.gz", packed(event())[:-20]),
        ("bad.json", log(event(eventTime="1970-01-01T00:00:00Z"))),
    ]
    found = of_files(files, "", LATEST)
    assert {s.account_id for s in found.sessions} == {ACCOUNT}
    assert [use.n for use in found.event_uses] == [2]
    assert found.problems == (
        "broken.json.gz was not read to its end: it is truncated.",
        "broken.json.gz has records that were left out: 1 with not JSON.",
        "bad.json has records that were left out: 1 with a time before CloudTrail began.",
    )
    assert of_files([], "", LATEST).since is None


def test_the_account_of_an_object_s_name_serves_where_events_name_none() -> None:
    found = Aggregate(LATEST)
    for account in (ACCOUNT, OTHER):
        take(found, "", log(event(recipientAccountId=None)), account)
    assert [of_account(found, account).event_uses[0].n for account in (ACCOUNT, OTHER)] == [1, 1]
