"""LP212: what got wider in the last two weeks, by our own history and by the dates that AWS gives."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import ACCOUNT_ID, ago, arn, aws_policy, coverage, group, policy, role, trust, user
from tests.findings.behaviour import admin
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.rules.policies import allow, deny, document
from tests.findings.sessions import read

ONE = document(allow("s3:GetObject", "arn:aws:s3:::orders/*"))
TWO = document(allow("s3:GetObject", ["arn:aws:s3:::orders/*", "arn:aws:s3:::payroll/*"]))
TWO_AGAIN = document(allow("s3:GetObject", ["arn:aws:s3:::payroll/*", "arn:aws:s3:::orders/*"]))
FENCED = document(allow("s3:GetObject", "arn:aws:s3:::orders/*"), deny("s3:*", "arn:aws:s3:::orders/secret/*"))
QUEUES = document(allow("sqs:*"))
OURS, THEIRS = trust(AWS=f"arn:aws:iam::{ACCOUNT_ID}:role/ci"), trust(AWS="arn:aws:iam::999999999999:root")
WHOLE = trust(AWS=f"arn:aws:iam::{ACCOUNT_ID}:root")
DOCUMENTS = (ONE, TWO, TWO_AGAIN, FENCED, QUEUES, OURS, THEIRS, WHOLE)


def before(*was: records.Record, since: float | None = 100) -> records.Before:
    """The account two weeks ago. since: days that our inventory goes back."""
    kinds = {records.Role: "roles", records.User: "users", records.Group: "groups", records.Policy: "policies"}
    fields: dict[str, Any] = {name: tuple(w for w in was if type(w) is kind) for kind, name in kinds.items()}
    return records.Before(at=ago(14), since=None if since is None else ago(since), **fields)


def judged(*entities: records.Record, was: records.Before | None = None, **more: Any) -> list[str]:
    return statuses("LP212", *entities, trusts=DOCUMENTS, before=was, **more)


def app(body: dict[str, Any] = ONE, **more: Any) -> records.Role:
    return role(unique_id="AROAAPP", inline={"own": records.digest(body)}, **more)


def managed(*versions: tuple[float, dict[str, Any]], **more: Any) -> records.Policy:
    """Versions from the first, the last one being the default; created so many days ago."""
    made = tuple(
        records.PolicyVersion(version_id=f"v{n}", created_at=ago(days), document=records.digest(body))
        for n, (days, body) in enumerate(versions, 1)
    )
    found = policy(document=made[-1].document, versions=made, **{"attachment_count": 1, **more})
    return records.from_json(records.Policy, {**records.to_json(found), "default_version": made[-1].version_id})


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (app(TWO), app(TWO)),
        (app(TWO), app(ONE)),
        (app(TWO), app(TWO_AGAIN)),
        (app(ONE), app(FENCED)),
        (app(TWO), app(ONE, boundary=arn("policy", "edge"))),
        (app(trust=records.digest(WHOLE)), app(trust=records.digest(OURS))),
    ],
)
def test_the_same_or_less(was: records.Role, now: records.Role) -> None:
    edge = policy("edge", document=records.digest(ONE), boundary_count=1)
    assert judged(now, edge, was=before(was) if was != now else before())[0] == "clear"


def test_what_is_new_is_not_widened() -> None:
    assert judged(app(created=5), was=before()) == ["clear"]
    assert judged(app(created=5)) == ["clear"]
    assert judged(managed((3, TWO), created=3)) == ["clear"]
    assert judged(managed((90, ONE), (5, TWO), attachment_count=0)) == ["clear"]
    assert judged(role(path="/aws-service-role/x.amazonaws.com/"), was=before()) == []


@pytest.mark.parametrize(
    ("was", "now", "cause"),
    [
        (app(ONE), app(TWO), "inline policy own was changed"),
        (role(unique_id="AROAAPP"), app(ONE), "inline policy own was added"),
        (app(FENCED), app(ONE), "inline policy own was changed"),
        (app(QUEUES, boundary=arn("policy", "edge")), app(QUEUES), "its permissions boundary was removed"),
        (
            app(trust=records.digest(OURS)),
            app(trust=records.digest(THEIRS)),
            "its trust policy admits arn:aws:iam::999999999999:root",
        ),
    ],
)
def test_widened(was: records.Role, now: records.Role, cause: str) -> None:
    edge = policy("edge", document=records.digest(ONE), boundary_count=1)
    found, *_ = verdicts("LP212", now, edge, trusts=DOCUMENTS, before=before(was))
    assert found.status.value == "open"
    assert cause in found.evidence["changes"]  # type: ignore[operator]


def test_a_user_who_joined_a_group() -> None:
    developers = group(inline={"own": records.digest(TWO)})
    was, now = user(unique_id="AIDA1"), user(unique_id="AIDA1", groups=("developers",))
    assert judged(now, developers, was=before(was)) == ["open", "clear"]


def test_versions_of_policies_tell_of_files_too() -> None:
    assert judged(managed((90, ONE))) == ["clear"]
    assert judged(managed((90, TWO), (5, ONE))) == ["clear"]
    assert judged(managed((90, TWO), (5, TWO_AGAIN))) == ["clear"]
    assert judged(managed((90, ONE), (20, TWO))) == ["clear"]
    assert judged(managed((90, ONE), (5, TWO))) == ["open"]
    assert judged(managed((90, ONE), (10, FENCED), (5, TWO))) == ["open"]
    assert judged(managed((5, TWO))) == ["unknown"]  # AWS keeps five; the one before was deleted


def test_a_new_policy_on_an_old_role_is_seen_in_files() -> None:
    new, same = (policy("young", document=records.digest(d), created=4, attachment_count=1) for d in (QUEUES, ONE))
    assert judged(app(attached=(new.arn,)), new) == ["open", "clear"]
    assert judged(app(attached=(same.arn,)), same) == ["unknown", "clear"]
    assert judged(user(groups=("young",)), records_group(created=4)) == ["open", "clear"]
    assert judged(user(groups=("old",)), records_group("old", created=400)) == ["unknown", "unknown"]


def records_group(name: str = "young", *, created: float) -> records.Group:
    made = group(name, inline={"own": records.digest(QUEUES)})
    return records.from_json(records.Group, {**records.to_json(made), "created_at": ago(created).isoformat()})


def test_without_history_nobody_is_fine() -> None:
    assert judged(app()) == ["unknown"]
    assert judged(app(), was=before(since=3)) == ["unknown"]
    assert judged(app(), was=before(since=None)) == ["unknown"]
    unread = app(attached=(aws_policy("Unknown"),))
    assert judged(unread, was=before(app())) == ["unknown"]
    denied = coverage(GetAccountAuthorizationDetails=records.State.DENIED)
    assert judged(app(), was=before(), coverage=denied)[-1] == "unknown"


def test_the_evidence_tells_before_and_after() -> None:
    (found,) = verdicts("LP212", app(TWO), trusts=DOCUMENTS, before=before(app(ONE)))
    assert found.title == "Access of app was widened: 1 action of s3 (inline policy own was changed)"
    assert found.evidence["on"] == ["1 action on arn:aws:s3:::payroll/*"]
    assert found.evidence["gained"] == ["s3:GetObject"]


def made_by(*events: records.AdminEvent, since: float | None = 200, **more: Any) -> Any:
    given = read(admin_events=events, **({} if since is None else {"since": since}), **more)
    if since is None:
        given["activity_since"] = None
    (found, *_) = verdicts("LP212", app(TWO), trusts=DOCUMENTS, before=before(app(ONE)), **given)
    return found.evidence["made_by"], found.evidence.get("calls")


def test_who_widened_it_and_from_where() -> None:
    ci = role("ci")
    put = admin("iam PutRolePolicy", ci, 3, "role app", details={"policy_name": "own"}, session_name="alice")
    others = (
        admin("iam PutRolePolicy", ci, 20, "role app"),  # before
        admin("iam PutRolePolicy", ci, 3, "role other"),
        admin("iam PutRolePolicy", ci, 3, "role app", error="AccessDenied", denied=True),
        admin("iam TagRole", ci, 3, "role app"),
    )
    assert made_by(put, *others) == (
        ["ci (session alice), with cli, from 203.0.113.9"],
        ["2026-11-21 00:00: PutRolePolicy own on role app by ci (session alice), with cli, from 203.0.113.9"],
    )
    assert made_by(*others) == ("unknown: CloudTrail's events tell of no such call", None)
    assert made_by(since=5) == ("unknown: CloudTrail was read since 2026-11-19 only, and tells of no such call", None)
    assert made_by(since=None) == ("unknown: CloudTrail was not read", None)


def test_who_made_a_policys_new_version() -> None:
    wider = managed((90, ONE), (5, TWO))
    event = admin("iam CreatePolicyVersion", user("bob"), 5, f"policy {wider.arn}", console=True, agent="browser")
    (found,) = verdicts("LP212", wider, trusts=DOCUMENTS, **read(admin_events=(event,)))
    assert found.evidence["made_by"] == ["user bob, in the console, from 203.0.113.9"]
