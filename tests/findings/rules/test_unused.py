"""LP102, LP107, LP108 and LP109: users, policies, groups and instance profiles that nobody needs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors import records
from tests.builders import ago, aws_policy, credential, details, group, instance_profile, policy, slot, user
from tests.findings.rules.judging import denied, statuses, verdicts

GAAD = denied("GetAccountAuthorizationDetails")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([user(created=90), credential(created=90)], []),
        ([user(), credential(password_enabled=True, password_last_used=90)], ["clear"]),
        ([user(), credential(password_last_used=200, slots=(slot(used=3),))], ["clear"]),
        ([user(), credential(slots=(slot(active=False, used=3),))], ["clear"]),
        ([user(), credential(password_last_used=91, slots=(slot(used=100),))], ["unknown"]),
        ([user(), credential()], ["unknown"]),
        ([user()], ["unknown"]),
        ([user(created=200), credential(created=500, slots=(slot(used=3),))], ["unknown"]),
    ],
)
def test_a_used_user_is_clear_and_another_is_unknown(given: list[Any], expected: list[str]) -> None:
    assert statuses("LP102", *given) == expected


def test_a_sighting_stands_without_the_report_and_the_reason_names_what_is_not_collected() -> None:
    used = user(), credential(slots=(slot(used=3),))
    assert statuses("LP102", *used, coverage=denied("GetCredentialReport")) == ["clear"]
    (verdict,) = verdicts("LP102", user(), credential(slots=(slot(used=100),)))
    assert "last used on 2026-08-16" in verdict.reason
    assert "iam:ListSSHPublicKeys did not tell of the user lately" in verdict.reason


SSH = records.ServiceCredential(unique_id="APKA1", kind=records.SSH_KEY, active=True)
OFF, ENDED = (msgspec.structs.replace(SSH, **more) for more in ({"active": False}, {"expires_at": ago(1)}))
IDLE = credential(slots=(slot(used=100),))


@pytest.mark.parametrize(
    ("keys", "passwords", "more", "expected"),
    [
        ((), (), {}, "open"),
        ((OFF,), (ENDED,), {}, "open"),
        ((SSH,), (), {}, "unknown"),
        ((), (SSH,), {}, "unknown"),
        ((), None, {}, "unknown"),
        ((), (), {"coverage": denied("ListSSHPublicKeys")}, "unknown"),
        ((), (), {"coverage": denied("ListServiceSpecificCredentials")}, "unknown"),
        ((), (), {"coverage": denied("ListSigningCertificates", "ListMFADevices")}, "open"),
    ],
)
def test_an_idle_user_is_unused_where_he_surely_has_nothing_else(
    keys: Any, passwords: Any, more: Any, expected: str
) -> None:
    whose = user()
    told = details(
        ssh_keys={whose.unique_id: keys}, service_credentials={} if passwords is None else {whose.unique_id: passwords}
    )
    assert statuses("LP102", whose, IDLE, told, **more) == [expected]
    with_certificate = msgspec.structs.replace(IDLE, signing_certificates=1)
    assert statuses("LP102", whose, with_certificate, told, **more) == ["unknown"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (policy(attachment_count=1), ["clear"]),
        (policy(boundary_count=1), ["clear"]),
        (msgspec.structs.replace(policy(), arn=aws_policy("ReadOnlyAccess")), []),
        (policy(), ["open"]),
    ],
)
def test_unattached_policy(given: records.Policy, expected: list[str]) -> None:
    assert statuses("LP107", given) == expected


def test_unattached_is_unknown_when_the_snapshot_is_not_whole() -> None:
    assert statuses("LP107", policy(), coverage=GAAD) == ["unknown", "unknown"]


READ = (aws_policy("ReadOnlyAccess"),)


@pytest.mark.parametrize(
    ("given", "expected", "title"),
    [
        ([group(attached=READ), user(groups=("developers",))], ["clear"], ""),
        ([group(inline={"own": "digest"}), user(groups=("developers",))], ["clear"], ""),
        ([group(attached=READ), user(groups=("others",))], ["open"], "Group developers has no members"),
        ([group(), user(groups=("developers",))], ["open"], "Group developers has no permissions"),
        ([group()], ["open"], "Group developers has no members and no permissions"),
    ],
)
def test_empty_group(given: list[Any], expected: list[str], title: str) -> None:
    assert statuses("LP108", *given) == expected
    assert [v.title for v in verdicts("LP108", *given)] == [title]


def test_a_group_is_unknown_when_its_members_are_not_all_known() -> None:
    assert statuses("LP108", group(attached=READ), coverage=GAAD) == ["unknown", "unknown"]


def test_unused_instance_profile() -> None:
    assert statuses("LP109", details(empty_instance_profiles=())) == ["clear"]
    two = details(empty_instance_profiles=(instance_profile("old"), instance_profile("older")))
    assert statuses("LP109", two) == ["open old", "open older"]
    assert statuses("LP109", two, coverage=denied("ListInstanceProfiles")) == ["unknown old", "unknown older"]
    assert statuses("LP109", details(), coverage=denied("ListInstanceProfiles")) == ["unknown"]
    assert statuses("LP109") == ["unknown"]
