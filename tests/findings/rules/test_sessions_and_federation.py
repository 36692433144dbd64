"""HM106, HM109 and HM113: what must stay silent first, then what must be reported, then what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import State
from findings.analysis.facts import Settings
from tests import builders as b
from tests.findings.rules.judging import denied, statuses

GITHUB = f"arn:aws:iam::{b.ACCOUNT_ID}:oidc-provider/token.actions.githubusercontent.com"
EKS = f"arn:aws:iam::{b.ACCOUNT_ID}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB"
OKTA = f"arn:aws:iam::{b.ACCOUNT_ID}:oidc-provider/acme.okta.com"
STRANGE = f"arn:aws:iam::{b.ACCOUNT_ID}:oidc-provider/id.acme.example"
PERSON = (b.user("alice"), b.credential("alice", password_enabled=True))
PROGRAM = (b.user("bot"), b.credential("bot"))
GUARD = (b.user("break-glass"), b.credential("break-glass", password_enabled=True))
CENTER = b.role("AWSReservedSSO_Dev_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/")


def providers(*oidc: str, saml: tuple[str, ...] = ()) -> records.AccountDetails:
    return b.details(oidc_providers=oidc, saml_providers=tuple(records.SamlProvider(arn=arn) for arn in saml))


SAML = b.arn("saml-provider", "okta")


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        ((*PROGRAM, providers()), "clear"),
        ((*GUARD, providers()), "clear"),
        ((*PERSON, providers(saml=(SAML,))), "clear"),
        ((*PERSON, providers(OKTA)), "clear"),
        ((*PERSON, CENTER, providers()), "clear"),
        ((*PERSON, providers()), "open"),
        ((*PERSON, *GUARD, providers(GITHUB, EKS)), "open"),
        ((*PERSON, providers(GITHUB, STRANGE)), "unknown"),
    ],
)
def test_no_federation(entities: Any, expected: str) -> None:
    assert statuses("HM106", *entities) == [expected]


@pytest.mark.parametrize("api", ["GetCredentialReport", "ListSAMLProviders", "ListOpenIDConnectProviders"])
def test_federation_that_was_not_looked_for_is_unknown(api: str) -> None:
    assert statuses("HM106", *PERSON, providers(), coverage=denied(api)) == ["unknown"]


def role(hours: float, *, kind: str = "", **principal: Any) -> tuple[Any, records.AccountDetails, dict[str, Any]]:
    action = "sts:AssumeRoleWithWebIdentity" if "Federated" in principal else "sts:AssumeRole"
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    tags = {"iamdash:kind": kind} if kind else {}
    made = b.role(trust=records.digest(document), tags=tags)
    seconds = {made.unique_id: int(hours * 3600)} if hours != 1 else {}
    return made, b.details(long_sessions=seconds), document


@pytest.mark.parametrize(
    ("hours", "kind", "principal", "expected"),
    [
        (12, "", {"Service": "lambda.amazonaws.com"}, []),
        (12, "", {"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:root"}, []),
        (1, "", {"Federated": GITHUB}, ["clear"]),
        (8, "human-saml", {"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:root"}, ["clear"]),
        (1.5, "", {"Federated": GITHUB}, ["open"]),
        (12, "machine-external", {"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:root"}, ["open"]),
        (2, "", {"AWS": "999999999999"}, ["open"]),
        (12, "human-assumed", {"AWS": f"arn:aws:iam::{b.ACCOUNT_ID}:root"}, ["open"]),
    ],
)
def test_machine_role_long_session(hours: float, kind: str, principal: Any, expected: list[str]) -> None:
    made, details, document = role(hours, kind=kind, **principal)
    assert statuses("HM109", made, details, trusts=[document]) == expected


def test_how_long_people_may_stay_is_a_setting() -> None:
    made, details, document = role(4, kind="human-sso", AWS=f"arn:aws:iam::{b.ACCOUNT_ID}:root")
    assert statuses("HM109", made, details, trusts=[document], settings=Settings(human_session_hours=2)) == ["open"]


def test_sessions_that_were_not_read_are_unknown() -> None:
    made, _, document = role(1, Federated=GITHUB)
    coverage = b.coverage(ListRoles=State.DENIED)
    assert statuses("HM109", made, trusts=[document], coverage=coverage) == ["unknown"]


ADMIN_POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
READ_POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}


def member(name: str, **credential: Any) -> tuple[Any, ...]:
    return b.user(name, groups=("ops",)), b.credential(name, **credential)


def group(document: Any = ADMIN_POLICY) -> records.Group:
    return b.group("ops", inline={"all": records.digest(document)})


@pytest.mark.parametrize(
    ("document", "members", "expected"),
    [
        (READ_POLICY, member("alice", password_enabled=True), []),
        (ADMIN_POLICY, (), ["clear"]),
        (ADMIN_POLICY, member("bot"), ["clear"]),
        (ADMIN_POLICY, member("alice", password_enabled=True, mfa_active=True), ["clear"]),
        (ADMIN_POLICY, (*member("bot"), *member("alice", password_enabled=True)), ["open"]),
        (ADMIN_POLICY, (b.user("new", groups=("ops",)),), ["unknown"]),
        ("garbage", member("alice", password_enabled=True), ["unknown"]),
    ],
)
def test_admin_group_member_without_mfa(document: Any, members: Any, expected: list[str]) -> None:
    assert statuses("HM113", group(document), *members, trusts=[document]) == expected


def test_mfa_is_unknown_without_the_report() -> None:
    entities = (group(), *member("alice", password_enabled=True))
    assert statuses("HM113", *entities, trusts=[ADMIN_POLICY], coverage=denied("GetCredentialReport")) == ["unknown"]
