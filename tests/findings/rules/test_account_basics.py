"""AB103 to AB108: what an account as a whole should have."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import Organization, PasswordPolicy, ServerCertificate
from findings.analysis.facts import Settings
from tests.builders import ACCOUNT_ID, ago, aws_policy, credential, details, role, root, user
from tests.findings.rules.judging import denied, statuses, verdicts

PERSON = credential(password_enabled=True)
STRONG = PasswordPolicy(minimum_length=14, upper=True, lower=True, number=True, symbol=True, reuse_prevention=24)
ALL_PARTS = [f"open {part}" for part in ("length", "upper", "lower", "number", "symbol", "reuse")]


def policy(**changes: Any) -> records.AccountDetails:
    fields = {name: getattr(STRONG, name) for name in STRONG.__struct_fields__}
    return details(password_policy=PasswordPolicy(**{**fields, **changes}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([policy(minimum_length=6), credential(), root(password_enabled=True)], []),
        ([policy(minimum_length=6)], []),
        ([policy(), PERSON], ["clear"]),
        ([policy(minimum_length=128, reuse_prevention=25), PERSON], ["clear"]),
        ([policy(minimum_length=13), PERSON], ["open length"]),
        ([policy(symbol=False, reuse_prevention=0), PERSON], ["open symbol", "open reuse"]),
        ([details(password_policy=PasswordPolicy(custom=False)), PERSON], ALL_PARTS),
        ([details(), PERSON], ["unknown"]),
        ([policy(), credential(password_enabled=None)], ["unknown"]),
    ],
)
def test_password_policy(given: list[Any], expected: list[str]) -> None:
    assert statuses("AB103", *given) == expected


@pytest.mark.parametrize(("days", "expected"), [(90, ["clear"]), (0, ["open expiry"]), (120, ["open expiry"])])
def test_expiry_is_judged_where_settings_ask(days: int, expected: list[str]) -> None:
    given = policy(max_age_days=days), PERSON
    assert statuses("AB103", *given, settings=Settings(password_expiry_days=90)) == expected
    assert statuses("AB103", *given) == ["clear"]


def test_a_password_policy_is_unknown_without_its_sources() -> None:
    assert statuses("AB103", details(), PERSON, coverage=denied("GetAccountPasswordPolicy")) == ["unknown"]
    assert statuses("AB103", policy(), PERSON, coverage=denied("GetCredentialReport")) == ["unknown"]
    assert statuses("AB103", policy(), coverage=denied("GetCredentialReport")) == ["unknown"]


def test_no_policy_is_said_so() -> None:
    first, *_ = verdicts("AB103", details(password_policy=PasswordPolicy(custom=False)), PERSON)
    assert first.title == ("payments-prod takes passwords of fewer than 14 characters, since it has no password policy")


@pytest.mark.parametrize(("named", "expected"), [(True, ["clear"]), (False, ["open"]), (None, ["unknown"])])
def test_security_contact(named: bool | None, expected: list[str]) -> None:
    assert statuses("AB104", details(security_contact=named)) == expected
    assert statuses("AB104", details(), coverage=denied("GetAlternateContact")) == ["unknown"]


@pytest.mark.parametrize(("code", "name"), [("AB105", "AWSSupportAccess"), ("AB106", "SecurityAudit")])
def test_a_role_for_support_and_one_for_auditors(code: str, name: str) -> None:
    attached = (aws_policy(name),)
    assert statuses(code, role(), role("help", attached=attached)) == ["clear"]
    assert statuses(code, role()) == ["open"]
    assert statuses(code, user(attached=attached)) == ["open"]
    assert statuses(code, role(attached=(f"arn:aws:iam::{ACCOUNT_ID}:policy/{name}",))) == ["open"]
    assert statuses(code, role(), coverage=denied("GetAccountAuthorizationDetails")) == ["unknown"]


def certificate(name: str, expired: float | None) -> ServerCertificate:
    """expired: days ago."""
    when = None if expired is None else ago(expired)
    return ServerCertificate(unique_id=f"ASCA{name}", arn=f"arn:{name}", name=name, expires_at=when)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), ["clear"]),
        ((certificate("www", -1), certificate("api", None)), ["clear"]),
        ((certificate("www", -1), certificate("old", 0), certificate("older", 35)), ["open old", "open older"]),
    ],
)
def test_expired_server_certificate(given: tuple[ServerCertificate, ...], expected: list[str]) -> None:
    assert statuses("AB107", details(server_certificates=given)) == expected


def test_certificates_that_were_not_read_are_unknown() -> None:
    assert statuses("AB107", details(), coverage=denied("ListServerCertificates")) == ["unknown"]
    assert statuses("AB107", details(server_certificates=()), coverage=denied("ListServerCertificates")) == ["unknown"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [(Organization(organization_id="o-abc"), ["clear"]), (Organization(), ["open"]), (None, ["unknown"])],
)
def test_not_in_organization(found: Organization | None, expected: list[str]) -> None:
    assert statuses("AB108", details(organization=found)) == expected
    assert statuses("AB108", details(), coverage=denied("DescribeOrganization")) == ["unknown"]
