"""KY106, KY110, KY113, KY114 and KY115: leaked and new keys, keys that work, and other credentials that do not end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors import records
from findings.analysis.facts import Settings
from tests.builders import ACCOUNT_ID, ago, aws_policy, credential, details, key, role, user
from tests.findings.rules.judging import denied, statuses, verdicts
from tests.findings.sessions import read, session

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
        (credential(signing_certificates=1), ["open signing certificate", "unknown"]),
        (credential(signing_certificates=2, password_enabled=True), ["open signing certificate", "unknown"]),
        (credential("bob", signing_certificates=1), ["unknown"]),
    ],
)
def test_service_specific_credential(row: records.Credential, expected: list[str]) -> None:
    assert statuses("KY113", user(), row) == expected


def test_other_credentials_are_unknown_and_not_fine() -> None:
    (found,) = verdicts("KY113", user(), credential())
    assert found.reason == "iam:ListServiceSpecificCredentials and iam:ListSSHPublicKeys did not tell of alice lately"
    assert statuses("KY113", user(), coverage=denied("GetCredentialReport")) == ["unknown"]


def made(kind: str, **more: Any) -> records.ServiceCredential:
    return records.ServiceCredential(**{"unique_id": f"A{kind}", "kind": kind, "active": True, **more})


GIT, SSH, CERTIFICATE = made("codecommit"), made(records.SSH_KEY, created_at=ago(30)), made(records.SIGNING_CERTIFICATE)
NO_SSH = denied("ListSSHPublicKeys")


@pytest.mark.parametrize(
    ("ssh", "services", "certificates", "more", "expected"),
    [
        ((), (), (), {}, ["clear"]),
        ((), (), None, {}, ["clear"]),
        ((made(records.SSH_KEY, active=False),), (made("bedrock", expires_at=ago(1)),), (), {}, ["clear"]),
        ((SSH,), (GIT,), (), {}, ["open SSH key", "open codecommit"]),
        ((SSH,), None, (), {}, ["open SSH key", "unknown"]),
        ((), None, (), {}, ["unknown"]),
        ((), (), (), {"coverage": NO_SSH}, ["unknown"]),
        ((SSH,), (), (), {"coverage": NO_SSH}, ["unknown"]),
        ((SSH,), (GIT,), (), {"coverage": NO_SSH}, ["open codecommit", "unknown"]),
    ],
)
def test_each_kind_is_told_by_itself(
    ssh: Any, services: Any, certificates: Any, more: Any, expected: list[str]
) -> None:
    """What was known and can be read no more is known no more."""
    whose = user()
    lists = {"ssh_keys": ssh, "service_credentials": services, "certificates": certificates}
    told = details(**{field: {whose.unique_id: some} for field, some in lists.items() if some is not None})
    assert statuses("KY113", whose, credential(), told, **more) == expected


def test_certificates_have_their_age_where_they_are_listed() -> None:
    whose, counted = user(), credential(signing_certificates=1)
    listed = details(certificates={whose.unique_id: (msgspec.structs.replace(CERTIFICATE, created_at=ago(30)),)})
    found, _ = verdicts("KY113", whose, counted, listed)
    assert found.evidence == {"active": 1, "made": ["Asigning certificate: 2026-10-25"], "use": "unknown"}
    found, _ = verdicts("KY113", whose, counted, listed, coverage=denied("ListSigningCertificates"))
    assert found.evidence["made"] == "unknown"
    found, _ = verdicts("KY113", whose, listed)
    assert found.title == "alice has 1 active signing certificate"


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


ADMIN = user("anna.berg")


def done(name: str, *, day: float = 5, by: records.User | records.Role = ADMIN, **more: Any) -> records.AdminEvent:
    """An administrative call on a key of alice's, made so many days ago."""
    details = {"access_key_id": "AKIA5", **more.pop("details", {})}
    given = {"target_type": "user", "target_name": "alice", "network": "192.0.2.7", "agent": "browser", "console": True}
    return records.AdminEvent(
        account_id=ACCOUNT_ID, event_id=f"{name}{day}", at=ago(day), actor=records.Actor.USER, principal_id=by.unique_id,
        principal_arn=by.arn, source="iam.amazonaws.com", name=name, details=details, **{**given, **more},
    )  # fmt: skip


BY_ANNA = "anna.berg from 192.0.2.7, in the console, on 2026-11-19"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), "unknown: no CreateAccessKey event of it was seen"),
        ((done("CreateAccessKey", details={"access_key_id": "AKIA6"}),), "unknown: no CreateAccessKey event of it was seen"),
        ((done("CreateAccessKey", error="AccessDenied", denied=True),), "unknown: no CreateAccessKey event of it was seen"),
        ((done("CreateAccessKey", error="LimitExceeded"),), "unknown: no CreateAccessKey event of it was seen"),
        ((done("CreateAccessKey", day=9, details={"access_key_id": ""}),), "unknown: no CreateAccessKey event of it was seen"),
        ((done("CreateAccessKey", details={"access_key_id": ""}),), BY_ANNA),
        ((done("UpdateAccessKey", day=1), done("CreateAccessKey")), BY_ANNA),
        (
            (done("CreateAccessKey", by=role("Deploy"), session_name="ci-7", console=False, agent="terraform"),),
            "ci-7 as role Deploy from 192.0.2.7, with terraform, on 2026-11-19",
        ),
    ],
)  # fmt: skip
def test_who_made_a_new_key(events: tuple[records.AdminEvent, ...], expected: str) -> None:
    (found,) = verdicts("KY115", user(), key(created=5, unique_id="AKIA5"), **read(admin_events=events))
    assert found.evidence["made_by"] == expected
    assert ("by anna.berg" in found.title) == (expected == BY_ANNA)


def test_who_made_a_key_is_unknown_where_nobody_read_it() -> None:
    alice = user()
    (found,) = verdicts("KY115", alice, key(created=5))
    assert found.evidence["made_by"] == "unknown: no CloudTrail events that tell it were read"
    (found,) = verdicts("KY115", alice, key(created=5), **read(3))
    assert found.evidence["made_by"] == "unknown: CloudTrail was read from 2026-11-21 on"
    own = done("CreateAccessKey", by=alice, target_name="", details={"access_key_id": ""})
    (found,) = verdicts("KY115", alice, key(created=5), **read(admin_events=(own,)))
    assert found.evidence["made_for"] == "alice, by its own hand"


OFF, ON = {"status": "Inactive"}, {"status": "Active"}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), "unknown since when"),
        ((done("UpdateAccessKey", details=ON),), "unknown since when"),
        ((done("UpdateAccessKey", details=OFF), done("UpdateAccessKey", day=2, details=ON)), "unknown since when"),
        ((done("UpdateAccessKey", details=OFF, error="AccessDenied"),), "unknown since when"),
        ((done("UpdateAccessKey", day=9, details=OFF), done("UpdateAccessKey", details=OFF)), "since 2026-11-19"),
    ],
)
def test_since_when_a_key_is_inactive(events: tuple[records.AdminEvent, ...], expected: str) -> None:
    off = key(active=False, unique_id="AKIA5")
    (found,) = verdicts("KY106", off, **read(admin_events=events))
    assert found.title == f"Key AKIA5 of alice is inactive and was kept, {expected}"
    assert (found.evidence["made_inactive_by"] == BY_ANNA) == expected.startswith("since")


def calls(n: int, day: float, **more: Any) -> records.Session:
    return session(more.pop("of", ADMIN), day=day, n=n, **more)


def test_the_share_of_calls_is_by_whole_weeks() -> None:
    """AS_OF is a Tuesday: the last whole week began on the 16th, eight days before."""
    linked = role("AWSServiceRoleForSSO", path="/aws-service-role/sso.amazonaws.com/")
    sessions = (
        calls(500, 0.5, key_id="AKIA5"),  # this week
        calls(30, 3, key_id="AKIA5"),
        calls(20, 8, key_id="AKIA5"),
        calls(150, 8, of=role("app"), name="i-1"),
        calls(900, 8, of=linked, name="sso"),
        calls(900, 8, of="cloudtrail.amazonaws.com"),
        calls(40, 10, of=role("app"), name="i-1"),
    )
    (found,) = verdicts("KY114", linked, key(unique_id="AKIA5"), **read(12, sessions=sessions))
    assert found.title == "Long-term keys make 25.0 % of the calls in payments-prod"
    assert found.evidence["share_of_calls"] == ["week of 2026-11-16: 25.0 % (50 of 200 calls)"]
    assert found.evidence["calls_by_key"] == ["AKIA5 of alice: 50 calls"]
    (found,) = verdicts("KY114", linked, key(unique_id="AKIA5"), **read(200, sessions=sessions))
    assert found.evidence["share_of_calls"] == [
        "week of 2026-11-16: 25.0 % (50 of 200 calls)",
        "week of 2026-11-09: 0.0 % (0 of 40 calls)",
    ]


def test_without_a_whole_week_the_share_is_unknown() -> None:
    sessions = (calls(30, 3, key_id="AKIA5"),)
    (found,) = verdicts("KY114", works("s3"), **read(5, sessions=sessions))
    assert found.evidence["share_of_calls"] == "unknown: CloudTrail's events were not read for a whole week"
    assert statuses("KY114", works("sts"), **read(5, sessions=sessions)) == ["clear"]
    assert statuses("KY114", works("sts"), **read(20, sessions=sessions)) == ["open keys in use"]
