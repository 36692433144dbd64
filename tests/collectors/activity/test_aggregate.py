"""What is kept of events: who, how often, with what outcome, and on what evidence."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors.activity import Aggregate, of_account, of_files, take
from collectors.records import Actor
from tests.collectors.activity.events import (
    ACCOUNT,
    LATEST,
    LOGIN,
    OTHER,
    ROLE,
    SAML,
    USER,
    activity,
    assume,
    event,
    log,
    packed,
    role,
    session,
    total,
    user,
)


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
