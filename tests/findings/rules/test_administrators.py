"""LP201, LP209, KY111, HM107 and HM108: administrators by what their policies allow."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Facts
from findings.rules import registry
from findings.vocabulary import Verdict
from tests.builders import aws_policy, credential, group, key, role, user, virtual_mfa
from tests.findings.rules.judging import denied
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, POWER_USER, READER, World, allow, deny, document

SNAPSHOT = "GetAccountAuthorizationDetails"


def judged(code: str, facts: Facts) -> list[Verdict]:
    return list(registry.judge(facts, [registry.catalogue()[code]]))


def short(code: str, facts: Facts) -> list[str]:
    """ "open high part name": the severity only where it is not the rule's own."""
    found = []
    for verdict in judged(code, facts):
        own = verdict.severity == verdict.rule.severity
        words = [verdict.status.value, "" if own else verdict.severity.slug, verdict.part, verdict.subject.name]
        found.append(" ".join(filter(None, words)))
    return found


# -- LP201


def test_nobody_is_an_administrator_by_name() -> None:
    world = World()
    named = world.aws("AdministratorAccess", READER)
    facts = world.facts(role("app", attached=(named,)), user("eve"), group("admins"))
    assert short("LP201", facts) == ["clear app", "clear eve", "clear admins"]


def test_service_linked_roles_are_left_alone() -> None:
    world = World()
    linked = role(path="/aws-service-role/x.amazonaws.com/", inline=world.inline(own=EVERYTHING))
    assert short("LP201", world.facts(linked)) == []


def test_a_boundary_clears_and_says_so() -> None:
    world = World()
    edge = world.managed("edge", document(allow("s3:*")))
    facts = world.facts(role(inline=world.inline(own=EVERYTHING), boundary=edge))
    (verdict,) = judged("LP201", facts)
    assert (verdict.status, verdict.reason) == (
        "clear",
        "the permissions boundary edge takes administration away",
    )


def test_administrators_by_kind_of_policy() -> None:
    world = World()
    managed, own = world.aws("AdministratorAccess", EVERYTHING), world.managed("platform", EVERYTHING)
    facts = world.facts(
        role("app", attached=(managed, own), inline=world.inline(all=EVERYTHING)),
        role("both", inline=world.inline(power=POWER_USER, iam=document(allow("iam:*")))),
        role(
            "mixed",
            attached=(world.aws("PowerUserAccess", POWER_USER),),
            inline=world.inline(i=document(allow("iam:*"))),
        ),
        user("bob", groups=("admins",)),
        group("admins", attached=(managed,)),
    )
    assert short("LP201", facts) == [
        "open AWS-managed app",
        "open customer-managed app",
        "open inline app",
        "open inline both",
        "open combined mixed",
        "open AWS-managed bob",
        "open AWS-managed admins",
    ]
    assert judged("LP201", facts)[5].evidence["policies"] == ["AdministratorAccess by group admins"]


def test_the_evidence_names_conditions_and_guardrails() -> None:
    world = World()
    app = role(inline=world.inline(own=document(allow("*", Condition=MFA))))
    stay = {"stay": document(deny("organizations:LeaveOrganization"))}
    (verdict,) = judged("LP201", world.facts(app, scp=[FULL_ACCESS | stay]))
    assert verdict.title == "app is an administrator by inline policy: own"
    assert verdict.evidence == {
        "policies": ["own"],
        "conditions": ["aws:MultiFactorAuthPresent"],
        "blocked_in_part_by": ["SCP stay at Root"],
    }


def test_scps_that_nobody_could_read_are_marked() -> None:
    world = World()
    facts = world.facts(role(inline=world.inline(own=EVERYTHING)), scp=None)
    (verdict,) = judged("LP201", facts)
    assert (verdict.status, verdict.severity.slug) == ("open", "high")
    assert verdict.evidence["guardrails"] == "SCPs not visible"


def test_permission_sets_are_changed_in_identity_center() -> None:
    world = World()
    one = role(
        "AWSReservedSSO_Admin_Set_0123456789abcdef",
        path="/aws-reserved/sso.amazonaws.com/",
        attached=(world.aws("AdministratorAccess", EVERYTHING),),
    )
    (verdict,) = judged("LP201", world.facts(one))
    assert verdict.title.startswith("Permission set Admin_Set (role ")
    assert "change its permission set" in str(verdict.evidence["change_in"])


@pytest.mark.parametrize("boundary", [None, aws_policy("Gone")])
def test_unreadable_parts_are_unknown_unless_the_rest_suffices(boundary: str | None) -> None:
    world = World()
    broken = world.managed("broken", "not json")
    admin = role("admin", attached=(broken,), inline=world.inline(own=EVERYTHING), boundary=boundary)
    reader = role("reader", attached=(broken,), inline=world.inline(own=READER), boundary=boundary)
    first, second = judged("LP201", world.facts(admin, reader))
    assert (first.status, second.status) == ("open", "unknown")
    assert "broken could not be read" in str(first.evidence["not_read"])
    assert "broken could not be read: the text is not JSON" in second.reason


def test_it_opens_on_partial_data_and_clears_only_on_whole() -> None:
    world = World()
    facts = world.facts(
        role(inline=world.inline(own=EVERYTHING)), role("r", inline=world.inline(own=READER)), coverage=denied(SNAPSHOT)
    )
    assert [v.status for v in judged("LP201", facts) if v.subject.id] == ["open", "unknown"]


# -- LP209


@pytest.mark.parametrize(
    ("body", "counts", "expected"),
    [
        (READER, {}, ["clear"]),
        (document(allow("iam:*")), {}, ["clear"]),
        (EVERYTHING, {"attachment_count": 1}, ["clear"]),
        (EVERYTHING, {"boundary_count": 1}, ["clear"]),
        (EVERYTHING, {}, ["open"]),
        (document({"Effect": "Allow", "NotAction": "billing:*", "Resource": "*"}), {}, ["open"]),
        ("not json", {}, ["unknown"]),
    ],
)
def test_unattached_admin_policy(body: Any, counts: dict[str, int], expected: list[str]) -> None:
    world = World()
    world.managed("legacy", body, **{"attachment_count": 0, **counts})
    assert [v.status.value for v in judged("LP209", world.facts())] == expected


def test_aws_policies_are_not_ours_to_delete() -> None:
    world = World()
    world.aws("AdministratorAccess", EVERYTHING)
    assert judged("LP209", world.facts()) == []


# -- KY111


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("reader", ["clear"]),
        ("bounded", ["clear"]),
        ("admin", ["open"]),
        ("member", ["open"]),
        ("escalator", ["open"]),
        ("broken", ["unknown"]),
        ("nobody", ["unknown"]),
    ],
)
def test_key_of_admin(owner: str, expected: list[str]) -> None:
    world = World()
    edge = world.managed("edge", document(allow("s3:*")))
    people = (
        user("reader", inline=world.inline(own=READER)),
        user("bounded", inline=world.inline(own=EVERYTHING), boundary=edge),
        user("admin", inline=world.inline(own=EVERYTHING)),
        user("member", groups=("admins",)),
        user("escalator", inline=world.inline(own=document(allow("iam:PutUserPolicy")))),
        user("broken", inline=world.inline(own="not json")),
        group("admins", inline=world.inline(own=EVERYTHING)),
    )
    assert [v.status.value for v in judged("KY111", world.facts(*people, key(owner)))] == expected


def test_inactive_keys_open_nothing() -> None:
    world = World()
    admin = user("admin", inline=world.inline(own=EVERYTHING))
    assert judged("KY111", world.facts(admin, key("admin", active=False))) == []


# -- HM107 and HM108


def person(world: World, body: Any) -> records.User:
    return user(attached=(world.aws("Some", body),))


def test_an_administrator_without_mfa_is_critical() -> None:
    row = credential(password_enabled=True)
    for body, expected in ((READER, "open alice"), (EVERYTHING, "open critical alice"), ("x", "open alice")):
        world = World()
        assert short("HM107", world.facts(person(world, body), row)) == [expected]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (READER, []),
        (document(allow("s3:*")), []),
        (EVERYTHING, ["open alice"]),
        (POWER_USER, ["open alice"]),
        (document(allow("iam:*")), ["open alice"]),
        ("not json", ["unknown alice"]),
    ],
)
def test_phishable_mfa_of_the_privileged(body: Any, expected: list[str]) -> None:
    world = World()
    row = credential(password_enabled=True, mfa_active=True)
    assert short("HM108", world.facts(person(world, body), row, virtual_mfa("alice"))) == expected
