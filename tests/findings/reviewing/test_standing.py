"""How each part of an access looks in the account as it is: unknown before anything, then there, then gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors import records
from collectors.records import State
from findings.analysis.reviewing.standing import ALL, KEY, About, sight, trust_part
from tests import builders
from tests.builders import AS_OF, ago, credential, facts, key, role, trust, user
from tests.findings.rules.judging import denied
from tests.findings.rules.policies import ADMINISTRATOR, allow, document

VENDOR = trust(AWS="arn:aws:iam::999999999999:root")
S3 = document(allow(["s3:*"]))
DETAILS, REPORT, KEYS = "GetAccountAuthorizationDetails", "GetCredentialReport", "ListAccessKeys"


def app(body: dict[str, Any] | None = S3, **more: Any) -> records.Role:
    inline = {"own": records.digest(body)} if body else {}
    return role("app", unique_id="AROA1", inline=inline, **more)


def ann(**more: Any) -> records.User:
    return user("ann", unique_id="AIDA1", inline={"own": records.digest(S3)}, **more)


def looked(about: str, *parts: str, of: list[Any], **more: Any) -> tuple[bool | None, str]:
    arn = builders.arn("role", "app") if about.startswith("AROA") else builders.arn("user", "ann")
    told = facts(*of, trusts=[VENDOR, S3, ADMINISTRATOR], **more)
    seen = sight(About(about, arn), parts, told)
    return seen.there, seen.said


@pytest.mark.parametrize(
    "part", [ALL, "admin", "policy:arn:x", "inline:own", "service:s3", trust_part("account", "", "1")]
)
@pytest.mark.parametrize("api", [DETAILS])
def test_unknown_while_the_inventory_was_denied(part: str, api: str) -> None:
    there, said = looked("AROA1", part, of=[], coverage=denied(api))
    assert (there, "was denied; it needs the permission" in said) == (None, True)


def test_a_key_is_unknown_while_keys_were_denied() -> None:
    assert looked("AKIA1", KEY, of=[], coverage=denied(KEYS))[0] is None


@pytest.mark.parametrize(
    ("part", "of", "there", "said"),
    [
        (ALL, [app()], True, "the role is there"),
        (ALL, [], False, "it was deleted"),
        (ALL, [app(None)], False, "its policies leave it no action"),
        (ALL, [app(trust=records.digest(document()))], True, "the role is there"),  # its trust was not read
        ("inline:own", [app()], True, "it has the policy own"),
        ("inline:other", [app()], False, "it no longer has the policy other"),
        (
            "policy:arn:aws:iam::aws:policy/X",
            [app(attached=("arn:aws:iam::aws:policy/X",))],
            True,
            "it has the policy X",
        ),
        ("policy:arn:aws:iam::aws:policy/X", [app()], False, "it no longer has the policy X"),
        ("policy:arn:aws:iam::aws:policy/X", [], False, "it was deleted"),
        ("admin", [app(ADMINISTRATOR)], True, "it is an administrator by own"),
        ("admin", [app()], False, "it is no administrator: its policies do not make it an administrator"),
        (
            "admin",
            [app(attached=("arn:x",))],
            None,
            "the policy arn:x could not be read: the document was not collected",
        ),
        ("service:s3", [app()], True, "it may use"),
        ("service:ec2", [app()], False, "it may use no action of ec2"),
        ("service:ec2", [app(attached=("arn:x",))], None, "the policy arn:x could not be read"),
    ],
)
def test_parts_of_a_role(part: str, of: list[Any], there: bool | None, said: str) -> None:
    seen = looked("AROA1", part, of=of)
    assert seen[0] is there
    assert said in seen[1]


@pytest.mark.parametrize(
    ("body", "outsider", "there"),
    [
        (VENDOR, "999999999999", True),
        (VENDOR, "", True),
        (VENDOR, "888888888888", False),
        (trust(Service="ec2.amazonaws.com"), "999999999999", False),
    ],
)
def test_an_outsider_in_a_trust_policy(body: dict[str, Any], outsider: str, there: bool) -> None:
    part = trust_part("account", outsider, "arn:aws:iam::999999999999:root")
    assert looked("AROA1", part, of=[app(trust=records.digest(body))])[0] is there


def test_a_trust_policy_that_was_not_read_is_unknown() -> None:
    part = trust_part("account", "", "arn:aws:iam::999999999999:root")
    assert looked("AROA1", part, of=[app(trust="none")])[0] is None


@pytest.mark.parametrize(
    ("of", "more", "there", "said"),
    [
        ([ann(), credential("ann", password_enabled=True)], {}, True, "the user is there"),
        ([ann(), credential("ann", password_enabled=None)], {}, True, "the user is there"),
        ([ann()], {}, True, "the user is there"),
        ([ann(), credential("ann"), key("ann")], {}, True, "the user is there"),
        ([ann(), credential("ann")], {"coverage": denied(KEYS)}, True, "the user is there"),
        ([ann(), credential("ann")], {}, False, "it has no password and no active access key"),
        ([ann(), credential("ann"), key("ann", active=False)], {}, False, "no active access key"),
    ],
)
def test_a_user_whom_nobody_can_sign_in_as_is_gone(of: list[Any], more: Any, there: bool, said: str) -> None:
    seen = looked("AIDA1", ALL, of=of, **more)
    assert seen[0] is there
    assert said in seen[1]


@pytest.mark.parametrize(("groups", "there"), [(("admins",), True), ((), False)])
def test_membership(groups: tuple[str, ...], there: bool) -> None:
    assert looked("AIDA1", "group:admins", of=[ann(groups=groups)])[0] is there


@pytest.mark.parametrize(
    ("of", "there", "said"),
    [
        ([key("ann", unique_id="AKIA1")], True, "the key is active"),
        ([key("ann", unique_id="AKIA1", active=False)], False, "the key is inactive"),
        ([], False, "the key was deleted"),
    ],
)
def test_a_key(of: list[Any], there: bool, said: str) -> None:
    assert looked("AKIA1", KEY, of=of) == (there, said)


@pytest.mark.parametrize(("part", "again"), [(ALL, True), ("inline:own", True), ("inline:other", False)])
def test_made_again_under_its_name(part: str, again: bool) -> None:
    other = role("app", unique_id="AROA2", inline={"own": records.digest(S3)}, created=1)
    seen = sight(About("AROA1", other.arn), [part], facts(other, trusts=[S3]))
    assert (seen.there, seen.again) == (again, again)
    assert ("deleted, and made again under its name on 2026-11-23 (AROA2)" in seen.said) is again


def test_parts_together() -> None:
    """One that is there outweighs one that is unknown, and that one outweighs what is gone."""
    one = app(attached=("arn:x",))
    assert looked("AROA1", "inline:other", "admin", "inline:own", of=[one])[0] is True
    assert looked("AROA1", "inline:other", "admin", of=[one])[0] is None
    assert looked("AROA1", "inline:other", "inline:more", of=[one])[0] is False


def test_a_look_is_as_old_as_the_oldest_answer_that_it_rests_on() -> None:
    rows = tuple(
        records.Coverage(api=f"iam:{api}", state=State.COMPLETE, observed_at=at)
        for api, at in ((DETAILS, AS_OF), (REPORT, ago(2)), (KEYS, ago(1)))
    )
    one = facts(ann(), credential("ann"), trusts=[S3], coverage=rows)
    about = About("AIDA1", ann().arn)
    assert sight(about, [ALL], one).at == AS_OF - timedelta(days=2)
    assert sight(about, ["inline:own"], one).at == AS_OF
