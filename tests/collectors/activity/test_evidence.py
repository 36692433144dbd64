"""Who is behind a session: sign-ins, MFA, agents and addresses, within their limits."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import SignIn
from tests.collectors.activity.events import (
    ACCOUNT,
    LOGIN,
    OTHER,
    ROLE,
    ROLE_ARN,
    activity,
    event,
    role,
    session,
    user,
)

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


def test_refused_sign_ins_are_counted_apart_from_calls_that_were_denied() -> None:
    identity = user(key="")
    login = event(
        "ConsoleLogin", "signin", userIdentity=identity, responseElements={"ConsoleLogin": "Failure"}, errorMessage="x"
    )
    assert [session(*some).refused for some in ([login], [login, login], [login, SIGN_INS[0][0]])] == [1, 2, 1]
    assert session(event(errorCode="AccessDenied", userIdentity=identity)).refused == 0
    elsewhere = session(login | {"eventSource": "example.amazonaws.com"})
    assert elsewhere.refused == 0


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
