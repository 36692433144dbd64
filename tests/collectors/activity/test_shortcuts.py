"""The loop over events takes shortcuts: an identity by its checksum, a call by its name, an agent by its address. None shows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.activity import Aggregate, aggregate, of_account, take
from tests.collectors.activity.events import ACCOUNT, LATEST, assume, event, log, role, total, user

WHO = [
    role(),
    role("other"),
    role(sourceIdentity="ann"),
    role(ec2RoleDelivery="2.0"),
    user(),
    user("bob", key=""),
    None,
]
CALLS = [
    {},
    {"awsRegion": "us-east-1"},
    {"eventSource": "rds.amazonaws.com"},
    {"eventCategory": "Insight"},
    {"eventCategory": "Data", "eventName": "GetObject", "eventSource": "s3.amazonaws.com"},
    {"eventCategory": None, "eventType": "New"},
    {"eventVersion": "9.9"},
    {"eventName": "CreateUser", "eventSource": "iam.amazonaws.com", "eventID": "1", "readOnly": False},
]
ASKED = [None, {"bucketName": "logs", "key": "a/b"}, {"bucketName": "logs", "prefix": "c/d"}]
MORE = [
    {},
    {"errorCode": "AccessDenied"},
    {"errorCode": "Throttling"},
    {"vpcEndpointId": "vpce-1"},
    {"userAgent": None},
]
CAME = [None, "10.0.0.1", "10.0.0.2", "ec2.amazonaws.com"]
AGENTS = [None, "aws-cli/2.0", "Boto3/1.34"]
TIMES = [f"2026-11-{day}T{hour:02}:59:59Z" for day in (19, 20) for hour in (0, 23)]


def made(**parts: Any) -> dict[str, Any]:
    call, more = parts.pop("call"), parts.pop("more")
    return event(**{**parts, **call, **more})


ONE = st.builds(
    made,
    userIdentity=st.sampled_from(WHO),
    sourceIPAddress=st.sampled_from(CAME),
    userAgent=st.sampled_from(AGENTS),
    eventTime=st.sampled_from(TIMES),
    requestParameters=st.sampled_from(ASKED),
    sessionCredentialFromConsole=st.sampled_from([None, "true"]),
    call=st.sampled_from(CALLS),
    more=st.sampled_from(MORE),
) | st.builds(assume, st.sampled_from(["deploy", "app"]), userIdentity=st.sampled_from(WHO))


def everything(found: Aggregate) -> Any:
    named = {key: {text: use.n for text, use in one.uses.items()} for key, one in found.resources.items()}
    return of_account(found, ACCOUNT), named, found.tally


def one_by_one(events: list[dict[str, Any]]) -> Aggregate:
    """Added up after each event, which forgets all that the shortcuts know."""
    found = Aggregate(LATEST)
    for one in events:
        take(found, "", log(one))
        assert found.uses is not None
    return found


@given(st.lists(ONE, max_size=12))
@settings(max_examples=60)
def test_events_together_are_what_each_is_alone(events: list[dict[str, Any]]) -> None:
    assert everything(total(*events)) == everything(one_by_one(events))


def test_identities_of_one_checksum_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(userIdentity=who, sourceIPAddress=came) for came in CAME for who in WHO]
    before = everything(total(*events))
    monkeypatch.setattr("collectors.activity.aggregate.crc32", lambda identity: 0)
    assert everything(total(*events)) == before


def test_a_name_in_two_regions_and_of_two_services_is_counted_apart() -> None:
    found = total(*(event(**call) for call in (*CALLS[:3], *CALLS[:3], {})))
    assert sorted((*found.calls[call], use.n) for (_, call, _, _), use in found.uses.items()) == [
        ("ec2.amazonaws.com", "DescribeInstances", "eu-west-1", 3),
        ("ec2.amazonaws.com", "DescribeInstances", "us-east-1", 2),
        ("rds.amazonaws.com", "DescribeInstances", "eu-west-1", 2),
    ]


def test_agents_that_take_turns_at_an_address_are_both_evidence() -> None:
    ways = [(came, agent) for came in CAME for agent in AGENTS]
    (found,) = of_account(
        total(*(event(sourceIPAddress=came, userAgent=agent) for came, agent in ways)), ACCOUNT
    ).sessions
    assert (found.agents, found.networks) == (("boto3", "cli", "none"), ("10.0.0.1", "10.0.0.2", "ec2.amazonaws.com"))


def test_requests_for_roles_may_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks chooses the name of the session, and so how many requests differ."""
    asked = [assume(asked={"roleSessionName": name}) for name in "abcd" * 3]
    many = of_account(total(*asked), ACCOUNT).assumptions
    monkeypatch.setattr(aggregate, "KNOWN", 1)
    assert of_account(total(*asked), ACCOUNT).assumptions == many
    assert [one.n for one in many] == [3] * 4
