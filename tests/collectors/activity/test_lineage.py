"""Who assumed what."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.activity import of_account
from collectors.activity.lineage import lineage
from tests.collectors.activity.events import (
    ACCOUNT,
    OTHER,
    ROLE,
    ROLE_ARN,
    SAML,
    activity,
    assume,
    event,
    role,
    total,
)


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
