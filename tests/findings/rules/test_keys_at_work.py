"""KY110, KY113, KY114 and KY115: leaked and new keys, keys that work, and other credentials that do not end."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Settings
from tests.builders import aws_policy, credential, key, user
from tests.findings.rules.judging import denied, statuses, verdicts

QUARANTINE = aws_policy("AWSCompromisedKeyQuarantine")


@pytest.mark.parametrize(
    ("attached", "active", "expected"),
    [
        ((), True, "clear"),
        ((aws_policy("ReadOnlyAccess"),), True, "clear"),
        (("arn:aws:iam::000000000001:policy/AWSCompromisedKeyQuarantineV3",), True, "clear"),
        ((QUARANTINE,), False, "clear"),
        ((QUARANTINE,), True, "open"),
        ((f"{QUARANTINE}V2",), True, "open"),
        ((aws_policy("ReadOnlyAccess"), f"{QUARANTINE}V3"), True, "open"),
    ],
)
def test_leaked_key(attached: tuple[str, ...], active: bool, expected: str) -> None:
    assert statuses("KY110", user(attached=attached), key(active=active)) == [expected]


def test_a_leak_is_seen_on_partial_data_and_nobody_is_fine_on_it() -> None:
    leaked = user(attached=(QUARANTINE,))
    coverage = denied("GetAccountAuthorizationDetails")
    assert statuses("KY110", leaked, key(), coverage=coverage) == ["open"]
    assert statuses("KY110", user(), key(), coverage=coverage) == ["unknown"]
    assert statuses("KY110", key()) == ["unknown"]
    assert statuses("KY110", coverage=denied("ListAccessKeys")) == ["unknown"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (credential(), ["unknown"]),
        (credential(signing_certificates=1), ["open signing certificate"]),
        (credential(signing_certificates=2, password_enabled=True), ["open signing certificate"]),
        (credential("bob", signing_certificates=1), ["unknown"]),
    ],
)
def test_service_specific_credential(row: records.Credential, expected: list[str]) -> None:
    assert statuses("KY113", user(), row) == expected


def test_other_credentials_are_unknown_and_not_fine() -> None:
    (found,) = verdicts("KY113", user(), credential())
    assert found.reason == "service-specific credentials and SSH keys are not collected"
    assert statuses("KY113", user(), coverage=denied("GetCredentialReport")) == ["unknown"]


def works(service: str, used: float = 1, **more: Any) -> records.AccessKey:
    return key(used=used, last_used_service=service, **more)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], "clear"),
        ([works("s3", active=False)], "clear"),
        ([works("sts"), works("IAM")], "clear"),
        ([works("s3", 46)], "clear"),
        ([key()], "clear"),
        ([works("s3", 45)], "open keys in use"),
        ([works("sts"), works("ec2")], "open keys in use"),
        ([works("s3"), key(use_known=False)], "open keys in use"),
        ([works("sts"), key(use_known=False)], "unknown"),
    ],
)
def test_long_term_share(keys: list[records.AccessKey], expected: str) -> None:
    assert statuses("KY114", *keys) == [expected]


def test_long_term_keys_are_told_once_an_account() -> None:
    some = [works("s3"), works("ec2", unique_id="AKIA2"), works("sts")]
    (found,) = verdicts("KY114", *some, settings=Settings(credential_days=10))
    assert found.title == "Long-term keys of payments-prod call AWS services: 2 of 3 that are active"
    assert found.evidence["services"] == ["ec2", "s3"]
    assert "AKIA2 of alice: ec2" in found.evidence["keys"]  # type: ignore[operator]


@pytest.mark.parametrize("api", ["ListAccessKeys", "GetCredentialReport"])
def test_without_keys_or_report_their_use_is_unknown(api: str) -> None:
    assert statuses("KY114", coverage=denied(api)) == ["unknown"]
    assert statuses("KY114", works("s3"), coverage=denied(api)) == ["open keys in use"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (key(created=8), ["clear"]),
        (key(created=2, active=False), []),
        (key(created=7), ["open"]),
        (key(created=0.1), ["open"]),
    ],
)
def test_static_key_new(given: records.AccessKey, expected: list[str]) -> None:
    assert statuses("KY115", given) == expected


def test_how_new_is_a_setting_and_a_rotation_is_shown() -> None:
    assert statuses("KY115", key(created=5), settings=Settings(new_key_days=3)) == ["clear"]
    (found,) = verdicts("KY115", key(created=5))
    assert found.evidence["other_active_keys"] == []
    new, old = verdicts("KY115", key(created=5), key(created=90, unique_id="AKIAOLD"))
    assert (new.evidence["other_active_keys"], old.status.value) == (["AKIAOLD"], "clear")
    assert statuses("KY115", coverage=denied("ListAccessKeys")) == ["unknown"]
