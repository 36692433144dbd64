"""Two states of an entity -> what is said; two sets of policies -> what may be done now and no longer."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.timeline.causes import about_call, can_make
from findings.analysis.timeline.differences import BY_USER, differences, fields_of
from findings.analysis.timeline.effects import Effects, plain
from findings.analysis.timeline.model import Entity, What
from findings.analysis.timeline.naming import Life, Names
from tests.builders import arn, facts, group, policy, role, trust

V1 = {"version_id": "v1", "document": "1"}
V2 = {"version_id": "v2", "document": "2"}


@pytest.mark.parametrize(
    ("kind", "was", "now", "said"),
    [
        ("role", {"attached": ["a"]}, {"attached": ["a"]}, []),
        ("role", None, {"trust": "1"}, ["made"]),
        ("role", {"trust": "1"}, None, ["deleted"]),
        ("key", None, {"user_name": "bob", "active": True}, ["made for user bob, active"]),
        ("key", {"active": True}, {"active": False}, ["switched off"]),
        ("role", {"attached": [arn("policy", "a")]}, {"attached": [arn("policy", "b")]}, ["b attached", "a detached"]),
        ("role", {"inline": {"x": "1", "y": "1"}}, {"inline": {"x": "2", "z": "1"}},
         ["inline policy x changed", "inline policy y deleted", "inline policy z added"]),
        ("role", {"trust": "1"}, {"trust": "2"}, ["trust policy changed"]),
        ("role", {}, {"boundary": arn("policy", "b")}, ["permissions boundary b set"]),
        ("role", {"boundary": arn("policy", "b")}, {}, ["permissions boundary b removed"]),
        ("role", {"tags": {"a": "1", "b": "1"}}, {"tags": {"a": "2", "c": ""}},
         ["tag a: 1 became 2", "tag b removed", "tag c added: none"]),
        ("account", {"mfa_devices": {"A": [], "B": ["arn:aws:iam::1:mfa/x"]}},
         {"mfa_devices": {"A": ["arn:aws:iam::1:mfa/y"], "B": [], "C": [], "D": ["arn:aws:iam::1:mfa/z", "GAHT"]}},
         ["MFA devices of user A y added", "MFA devices of user B x removed",
          "MFA devices of user D, read for the first time: z, GAHT"]),
        ("account", {"regions": []}, {"regions": [], "ssh_keys": {"A": [], "B": []}}, []),
        ("account", {"ssh_keys": {"A": [{"id": "APKA1"}]}}, {"ssh_keys": {}}, []),  # gone with the user, or not told
        ("user", {"groups": ["a"]}, {"groups": ["b"]}, ["joined group b", "left group a"]),
        ("user", {"mfa_active": True}, {"mfa_active": False}, ["MFA removed"]),
        ("user", {"mfa_active": True}, {}, ["MFA: yes became none"]),  # not supported is not removed
        ("user", {"password_enabled": False}, {"password_enabled": True}, ["console password given"]),
        ("user", {"password_last_changed": "1"}, {"password_last_changed": "2"}, ["password changed"]),
        ("policy", {"document": "1", "default_version": "v1", "versions": [V1], "updated_at": "1"},
         {"document": "2", "default_version": "v2", "versions": [V1, V2], "updated_at": "2"}, ["default version v1 became v2"]),
        ("policy", {"document": "1", "default_version": "v1", "versions": [V1]},
         {"document": "1", "default_version": "v1", "versions": [V1, V2]}, ["version v2 added, not the default"]),
        ("policy", {"updated_at": "1", "attachment_count": 1}, {"updated_at": "2", "attachment_count": 2}, []),
        ("account", {"summary": {"Roles": 1, "AccountMFAEnabled": 1}}, {"summary": {"Roles": 2, "AccountMFAEnabled": 0}},
         ["root's MFA: 1 became 0"]),
        ("account", {"password_policy": {"minimum_length": 14}}, {"password_policy": {"minimum_length": 6}},
         ["password policy minimum_length: 14 became 6"]),
        ("account", {"saml_providers": [{"arn": "arn:x/a"}]}, {"saml_providers": [{"arn": "arn:x/a", "valid_until": "1"}]},
         ["SAML provider a changed"]),
        ("organization_policy", {"targets": ["r-1"]}, {"targets": ["r-1", "ou-1"]}, ["target ou-1 added"]),
        ("bucket", {"created_at": "2024-01-02T08:30:00Z"}, {"created_at": "2026-11-02T09:15:00Z"},
         ["made again: created 2026-11-02 09:15, the one before 2024-01-02 08:30"]),
        ("analyzer", {"created_at": None}, {"created_at": "2026-11-02T09:15:00Z"},
         ["created 2026-11-02 09:15, read for the first time"]),
        ("trail", {"multi_region": True}, {"multi_region": False}, ["multi region: yes became no"]),
        ("role", {"description": "x" * 500}, {"description": ""}, [f"description: {'x' * 200}… became none"]),
    ],
)  # fmt: skip
def test_what_is_said(kind: str, was: Any, now: Any, said: list[str]) -> None:
    fields = fields_of(was, now)
    assert [one.text for one in differences(kind, was, now, fields)] == said
    assert said or not fields & BY_USER


def test_a_user_is_called_by_name() -> None:
    was, now = {"mfa_devices": {"AIDA1": [], "AIDA2": []}}, {"mfa_devices": {"AIDA1": ["one"], "AIDA2": ["two"]}}
    names = Names([Life(Entity("user", "AIDA1", "anna"), "user", "anna", None)])
    found = differences("account", was, now, fields_of(was, now), names.name)
    assert [one.text for one in found] == ["MFA devices of user anna one added", "MFA devices of user AIDA2 two added"]


@pytest.mark.parametrize(
    ("name", "fields", "made", "what"),
    [
        ("AttachRolePolicy", "attached tags", "attached", What.POLICY),
        ("DeleteRolePolicy", "inline attached", "inline", What.POLICY),
        ("UpdateAssumeRolePolicy", "tags", "", What.TRUST),
        ("CreateRole", "made", "made", What.MADE),
        ("DeleteRole", "gone", "gone", What.DELETED),
        ("TagRole", "gone", "", What.TAGS),
        ("SetDefaultPolicyVersion", "document versions", "document versions", What.POLICY),
        ("UpdateAccessKey", "active", "active", What.KEY),
        ("EnableMFADevice", "mfa_active password_enabled", "mfa_active", What.MFA),
        ("InventedLater", "attached tags", "attached tags", What.OTHER),
        ("StopLogging", "logging", "logging", What.RECORDING),
        ("AttachPolicy", "targets", "targets", What.ORGANIZATION),
    ],
)
def test_what_a_call_can_make(name: str, fields: str, made: str, what: What) -> None:
    assert can_make(name, frozenset(fields.split())) == frozenset(made.split())
    assert about_call(name) is what


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


READ, BOTH, ONE_BUCKET = (
    allow("s3:GetObject"),
    allow("s3:GetObject", "s3:PutObject"),
    allow("s3:GetObject", resource="arn:aws:s3:::x/*"),
)
OPEN = trust(AWS="arn:aws:iam::000000000009:root")
BODIES = (READ, BOTH, ONE_BUCKET, OPEN, "no policy")
LIMIT, GIVES = policy("limit", document=records.digest(READ)), policy("gives", document=records.digest(BOTH))
GONE = policy("gone", document=records.digest(BOTH))
TEAM = group("team", attached=(GIVES.arn,))


def inline(body: Any) -> dict[str, Any]:
    return {"inline": {"x": records.digest(body)}}


@pytest.mark.parametrize(
    ("was", "now", "gained", "lost"),
    [
        ({}, {"tags": {"a": "1"}}, [], []),
        (inline(READ), inline(READ), [], []),
        (inline(READ), inline(BOTH), ["s3:PutObject"], []),
        (inline(BOTH), inline(READ), [], ["s3:PutObject"]),
        (inline(ONE_BUCKET), inline(READ), ["s3:GetObject"], []),  # the same action, on more
        (inline(READ), inline(ONE_BUCKET), [], ["s3:GetObject"]),
        ({}, {"attached": [GIVES.arn]}, ["s3:PutObject", "s3:GetObject"], []),
        ({"attached": [GONE.arn]}, {}, [], ["s3:PutObject", "s3:GetObject"]),
        (inline(BOTH), {**inline(BOTH), "boundary": LIMIT.arn}, [], ["s3:PutObject"]),
        ({**inline(BOTH), "boundary": LIMIT.arn}, inline(BOTH), ["s3:PutObject"], []),
    ],
)
def test_gained_and_lost(was: Any, now: Any, gained: list[str], lost: list[str]) -> None:
    app = records.to_json(role("app"))
    known = facts(LIMIT, GIVES, TEAM, trusts=BODIES)
    effects = Effects(known, {GONE.arn: GONE}, {})
    found = effects.of("role", {**app, **was}, {**app, **now}, fields_of({**app, **was}, {**app, **now}))
    for mask, names in ((found.gained, gained), (found.lost, lost)):
        assert plain(mask, (), effects.catalogue).get("examples", []) == names
    assert not found.unknown


@pytest.mark.parametrize(
    ("kind", "was", "now", "unknown"),
    [
        ("role", {}, {"attached": ["arn:aws:iam::aws:policy/Unread"]}, "a policy of it was not collected"),
        ("role", {}, inline("no policy"), "a document cannot be read"),
        ("policy", {"document": records.digest(READ)}, {"document": "0"}, "a document cannot be read"),
        ("role", {"attached": 3}, {"attached": []}, "a record of it cannot be read"),
    ],
)
def test_what_cannot_be_told(kind: str, was: Any, now: Any, unknown: str) -> None:
    app = records.to_json(role("app")) if kind == "role" else {}
    effects = Effects(facts(LIMIT, trusts=BODIES), {}, {})
    found = effects.of(kind, {**app, **was}, {**app, **now}, fields_of(was, now))
    assert found.unknown.startswith(unknown)
    assert (found.gained, found.lost) == (0, 0)


def test_a_user_gets_what_its_group_has_and_a_role_says_who_may_come_in() -> None:
    effects = Effects(facts(GIVES, TEAM, trusts=BODIES), {}, {})
    bob = {"unique_id": "AIDA1", "arn": arn("user", "bob"), "name": "bob", "created_at": "2026-01-01T00:00:00Z"}
    joined = effects.of("user", bob, {**bob, "groups": ["team"]}, frozenset({"groups"}))
    assert joined.gained.bit_count() == 2
    app = records.to_json(role("app"))
    opened = effects.of("role", app, {**app, "trust": records.digest(OPEN)}, frozenset({"trust"}))
    assert (opened.admits, opened.shuts) == (("arn:aws:iam::000000000009:root",), ("ec2.amazonaws.com",))
    assert not opened.gained
    made = effects.of("role", None, {**app, **inline(READ)}, frozenset({"made"}))
    assert (made.admits, made.gained.bit_count()) == (("ec2.amazonaws.com",), 1)


def test_only_the_fields_asked_for_count() -> None:
    """Two callers, one look: each is told what followed from his part."""
    effects = Effects(facts(GIVES, trusts=BODIES), {}, {})
    app = records.to_json(role("app"))
    now = {**app, **inline(READ), "attached": [GIVES.arn]}
    assert effects.of("role", app, now, frozenset({"inline"})).gained.bit_count() == 1
    assert effects.of("role", app, now, frozenset({"attached"})).gained.bit_count() == 2
    assert not effects.of("role", app, now, frozenset({"tags"}))
