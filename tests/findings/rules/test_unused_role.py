from __future__ import annotations

import pytest

from collectors import records
from findings.rules.registry import CHANGE_IN
from tests.builders import facts, instance_profile, last_accessed, role
from tests.findings.rules.judging import denied, statuses, verdicts

SSO = "/aws-reserved/sso.amazonaws.com/"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (role(created=89), []),
        (role(created=90), []),
        (role(created=10, used=5), []),
        (role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/", created=900), []),
        (role(used=1), ["clear"]),
        (role(used=90), ["clear"]),
        (role(used=91), ["open"]),
        (role(created=91), ["open"]),
        (role(created=900), ["open"]),
        (role("AmazonEC2Role", path="/service-role/", created=900), ["open"]),
        (role("AWSReservedSSO_Read_0123456789abcdef", path=SSO, used=200), ["open"]),
    ],
)
def test_status(given: records.Role, expected: list[str]) -> None:
    assert statuses("LP101", given) == expected


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (role("app", used=100), "Role app has not been used since 2026-08-16"),
        (role("app", created=100), "Role app was never used since it was made on 2026-08-16"),
        (role("app", created=401), "Role app has not been used in the 400 days that AWS remembers"),
        (
            role("AWSReservedSSO_Read_Only_0123456789abcdef", path=SSO, used=100),
            "Permission set Read_Only (role AWSReservedSSO_Read_Only_0123456789abcdef) has not been used since 2026-08-16",
        ),
    ],
)
def test_title_tells_never_from_not_lately(given: records.Role, title: str) -> None:
    assert [v.title for v in verdicts("LP101", given)] == [title]


def test_instance_profile_is_a_doubt() -> None:
    profile = instance_profile()
    (verdict,) = verdicts("LP101", role(created=500, instance_profiles=(profile,)))
    assert verdict.evidence["instance_profiles"] == [profile.arn]
    assert "doubt" in verdict.evidence


def test_sso_role_is_changed_in_identity_center() -> None:
    (verdict,) = verdicts("LP101", role("AWSReservedSSO_Read_0123456789abcdef", path=SSO, created=500))
    assert (verdict.evidence["permission_set"], verdict.evidence["change_in"]) == ("Read", CHANGE_IN)


def test_unknown_when_denied_but_a_sighting_stands() -> None:
    coverage = denied("GetAccountAuthorizationDetails")
    assert statuses("LP101", role(used=200), coverage=coverage) == ["unknown", "unknown"]
    assert statuses("LP101", role(used=1), coverage=coverage) == ["unknown", "clear"]
    assert statuses("LP101", coverage=coverage) == ["unknown"]


def test_reason_names_api_state_and_permission() -> None:
    (verdict,) = verdicts("LP101", coverage=denied("GetAccountAuthorizationDetails"))
    assert verdict.reason == (
        "iam:GetAccountAuthorizationDetails was denied; it needs the permission iam:GetAccountAuthorizationDetails"
    )


def test_window_is_a_setting() -> None:
    from findings.analysis.facts import Settings
    from findings.rules import registry

    judged = registry.judge(facts(role(used=40), settings=Settings(unused_days=30)), [registry.catalogue()["LP101"]])
    assert [v.status for v in judged] == ["open"]


@pytest.mark.parametrize(
    ("given", "services", "expected"),
    [
        (role(), {"s3": 20}, ["clear"]),
        (role(used=200), {"s3": 90, "ec2": None}, ["clear"]),
        (role(used=1), {"s3": None}, ["clear"]),
        (role(created=10), {"s3": None}, []),
        (role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/", created=900), {"s3": None}, []),
        (role(), {}, ["open"]),
        (role(used=200), {"s3": 91}, ["open"]),
    ],
)
def test_use_that_access_advisor_saw_clears(
    given: records.Role, services: dict[str, float | None], expected: list[str]
) -> None:
    assert statuses("LP101", given, last_accessed(given, **services)) == expected


def test_its_sighting_stands_however_old_and_whatever_was_denied() -> None:
    app = role(used=200)
    old = last_accessed(app, read=60, s3=80)
    assert statuses("LP101", app, old) == ["clear"]
    assert statuses("LP101", app, old, coverage=denied("GetAccountAuthorizationDetails")) == ["unknown", "clear"]


def test_the_evidence_names_who_spoke_and_how_sure_that_is() -> None:
    app = role("app", used=200)
    (alone,) = verdicts("LP101", app)
    (both,) = verdicts("LP101", app, last_accessed(app, s3=150))
    (stale,) = verdicts("LP101", app, last_accessed(app, read=3, s3=150))
    assert (alone.evidence["sources"], alone.evidence["confidence"]) == (["RoleLastUsed"], "medium")
    assert (both.evidence["sources"], both.evidence["confidence"]) == (["RoleLastUsed", "Access Advisor"], "high")
    assert (stale.evidence["sources"], stale.evidence["confidence"]) == (["RoleLastUsed"], "medium")
    assert both.title == "Role app has not been used since 2026-06-27"
    assert (both.evidence["last_used_service"], both.evidence["last_used_region"]) == ("s3", "eu-west-1")


def test_access_advisor_alone_opens_nothing() -> None:
    """It sees only services that the role's policies allow; whether it was read changes no state either."""
    app = role("app")
    silent = last_accessed(app, s3=None)
    assert statuses("LP101", app, silent, coverage=denied("GetAccountAuthorizationDetails")) == ["unknown", "unknown"]
    assert statuses("LP101", app) == statuses("LP101", app, silent) == ["open"]
