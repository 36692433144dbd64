"""The sections of a role's or user's page on what it may do, what limits it, and how it could get more."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from collectors import records
from collectors.models import Account
from iamdash.pages import escalation, indexes
from tests.builders import (
    MANAGEMENT,
    arn,
    in_organization,
    key,
    org_account,
    org_policy,
    policy,
    role,
    tree_coverage,
    trust,
    unit,
    user,
)
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, allow, deny, document
from tests.pages.making import SCRIPT
from tests.pages.shown import text
from tests.pages.test_principals import page_of, store_documents
from tests.pages.test_right_sizing import advised

Client = Callable[..., Any]
APP = document(allow(["s3:GetObject", "s3:PutObject", "iam:CreateUser"]))
LIMITS = document(allow("s3:*"))
LAMBDA = trust(Service="lambda.amazonaws.com")
PASSER = document(allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]))
SELF = document(allow("iam:PutRolePolicy"))
JUMP = document(allow("sts:AssumeRole"))
OWN = trust(AWS="arn:aws:iam::000000000001:root")
BASELINE = document(deny(["iam:CreateUser", "iam:PutRolePolicy"]))


@pytest.fixture(autouse=True)
def forgotten() -> None:
    indexes._entries.clear()


def inline(*bodies: Any) -> dict[str, str]:
    return {f"p{number}": records.digest(body) for number, body in enumerate(bodies)}


def section(response: Any, name: str) -> str:
    """The text of one section of the page."""
    html = response.content.decode()
    start = html.index(f'id="{name}"')
    return " ".join(
        text(type("Part", (), {"content": html[start : html.index('class="section"', start)].encode()})()).split()
    )


def filled(account: Account, *entities: Any, bodies: Any = (), covered: Any = None) -> None:
    store_documents(account, APP, LIMITS, LAMBDA, PASSER, SELF, JUMP, OWN, BASELINE, EVERYTHING, *bodies)
    put(account, *entities, covered=covered)


def organization() -> list[Any]:
    """The account is in ou-1, whose SCP BASELINE denies."""
    return [
        in_organization(),
        unit("r-1", ""),
        unit(),
        org_account(),
        org_account(MANAGEMENT),
        org_policy("full", "r-1", "ou-1", "000000000001", document=EVERYTHING),
        org_policy("baseline", "ou-1", document=BASELINE),
    ]


def test_nothing_granted_says_so(sign_in: Client, account: Account) -> None:
    filled(account, made := role("bare"))
    page = sign_in().get(page_of(made))
    assert "Its policies grant no action" in section(page, "permissions")
    assert "None of the known paths is open to it" in section(page, "escalation")
    assert "unknown: SCPs and RCPs are not visible: the account was not judged yet" in section(page, "guardrails")


def test_granted_in_effect_and_used(sign_in: Client, account: Account) -> None:
    limits = policy("limits", document=records.digest(LIMITS))
    made = role("app", inline=inline(APP), boundary=limits.arn)
    filled(account, made, limits, advised(made, s3=20))
    page = sign_in().get(page_of(made))
    permissions = section(page, "permissions")
    assert "2 of 3 granted actions in effect, in 2 services" in permissions
    assert "0 of 1" in permissions
    assert "Access Advisor counts attempts, including denied ones" in permissions
    assert "not told" in permissions
    assert "unknown 20 d ago Access Advisor" in permissions
    html = page.content.decode()
    said = "1 unknown: no CloudTrail events were read; the service was used, last on"
    assert re.search(rf'<span class="use unknown" title="{said} [0-9-]+ \(Access Advisor\)" tabindex="0">unknown', html)
    assert (
        "nobody can say which actions were used, but for those that Access Advisor tracks: no CloudTrail events"
        in permissions
    )
    assert "blocks 1 granted action: iam:CreateUser" in section(page, "guardrails")


def test_use_that_was_not_read_is_unknown(sign_in: Client, account: Account) -> None:
    filled(account, made := role("app", inline=inline(APP)))
    assert "unknown: Access Advisor was not read for app" in section(sign_in().get(page_of(made)), "permissions")


def test_an_administrator_has_no_more_to_get(sign_in: Client, account: Account) -> None:
    filled(account, made := role("boss", inline=inline(EVERYTHING)))
    page = sign_in().get(page_of(made))
    assert "It is an effective administrator, by p0" in section(page, "permissions")
    assert "there is no more to get" in section(page, "escalation")
    assert "more services" in section(page, "permissions"), "those that matter less fold away"


def test_scps_level_by_level_and_what_they_block(sign_in: Client, account: Account) -> None:
    filled(account, made := role("app", inline=inline(APP)), *organization(), covered=tree_coverage())
    judge(account)
    guardrails = section(sign_in().get(page_of(made)), "guardrails")
    for said in (
        "Root",
        "prod (ou-1)",
        "baseline",
        "blocks 1 granted action: iam:CreateUser",
        "blocks nothing that its policies grant",
    ):
        assert said in guardrails, said


def test_policies_that_were_not_read_make_all_of_it_unknown(sign_in: Client, account: Account) -> None:
    filled(account, made := role("dark", inline={"lost": "never-collected"}))
    page = sign_in().get(page_of(made))
    assert "unknown: nothing of its policies could be read" in section(page, "permissions")
    assert "the policy inline:lost could not be read" in section(page, "permissions")
    assert "There may be more ways" in section(page, "escalation")
    assert "unknown: of what could be read, no known path is open to it" in section(page, "escalation")
    assert "None of the known paths" not in section(page, "escalation")


def test_a_live_path_is_drawn_with_what_it_needs(sign_in: Client, account: Account) -> None:
    target = role("deployer", inline=inline(EVERYTHING), trust=records.digest(LAMBDA))
    filled(account, made := role("passer", inline=inline(PASSER)), target)
    page = sign_in().get(page_of(made))
    said = section(page, "escalation")
    assert "1 live" in said
    assert "The shortest way to an administrator passer role" in said
    assert "lambda-001 deployer role becomes an administrator" in said
    assert "iam:PassRole, lambda:CreateFunction, lambda:InvokeFunction" in said
    assert "Needs: a stronger role that trusts the service" in said
    assert f'href="{page_of(target)}"' in page.content.decode()


def test_a_blocked_path_names_statement_policy_and_level(sign_in: Client, account: Account) -> None:
    filled(account, made := role("writer", inline=inline(SELF)), *organization(), covered=tree_coverage())
    judge(account)
    said = section(sign_in().get(page_of(made)), "escalation")
    assert "1 blocked" in said
    assert "blocked by SCP baseline at prod (ou-1) (statement 1)" in said
    assert "would become an administrator" in said


def test_a_conditional_path_names_its_keys(sign_in: Client, account: Account) -> None:
    body = document(allow("iam:PutRolePolicy", Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}))
    filled(account, made := role("writer", inline=inline(body)), bodies=(body,))
    said = section(sign_in().get(page_of(made)), "escalation")
    assert "conditional on aws:SourceIp" in said
    assert "may become an administrator" in said


def test_the_shortest_way_hop_by_hop(sign_in: Client, account: Account) -> None:
    boss = role("boss", inline=inline(EVERYTHING), trust=records.digest(trust(AWS=arn("role", "middle"))))
    middle = role("middle", inline=inline(JUMP), trust=records.digest(trust(AWS=arn("user", "alice"))))
    bodies = (trust(AWS=arn("role", "middle")), trust(AWS=arn("user", "alice")))
    filled(account, boss, middle, alice := user("alice"), bodies=bodies)
    said = section(sign_in().get(page_of(alice)), "escalation")
    assert (
        "alice user assumes role middle sts-001 middle role assumes role boss sts-001 boss role an administrator"
        in said
    )


def test_keys_of_the_other_users_count(sign_in: Client, account: Account) -> None:
    """A user with two keys has no room for a third."""
    body = document(allow("iam:CreateAccessKey"))
    boss = user("boss", inline=inline(EVERYTHING))
    filled(account, made := user("maker", inline=inline(body)), boss, bodies=(body,))
    client = sign_in()
    assert "iam-002" in section(client.get(page_of(made)), "escalation")
    put(account, made, boss, key("boss"), key("boss"))
    indexes._entries.clear()
    assert "iam-002" not in section(client.get(page_of(made)), "escalation")


def test_many_paths_fold_away(sign_in: Client, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "SHOWN", 1)
    body = document(allow(["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion"]))
    filled(account, made := role("writer", inline=inline(body)), bodies=(body,))
    assert "1 more" in section(sign_in().get(page_of(made)), "escalation")


def test_a_big_account_is_asked_for_apart(sign_in: Client, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "SMALL", 1)
    target = role("deployer", inline=inline(EVERYTHING), trust=records.digest(LAMBDA))
    filled(account, made := role("passer", inline=inline(PASSER)), target)
    client = sign_in()
    page = client.get(page_of(made))
    assert "lambda-001" not in section(page, "escalation")
    address = f"{page_of(made)}escalation/"
    assert f'hx-get="{address}"' in page.content.decode()
    assert f'<a href="{address}">Show the ways</a>' in page.content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "lambda-001" in part
    assert "<nav" not in part
    assert "How could passer get more?" in text(client.get(address))
    assert "lambda-001" in section(client.get(page_of(made)), "escalation"), "now it is at hand"


def test_gone_and_service_linked(sign_in: Client, account: Account) -> None:
    linked = role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/", inline=inline(SELF))
    filled(account, old := role("old", inline=inline(SELF)), linked)
    put(account, linked)
    client = sign_in()
    assert "It is gone." in section(client.get(page_of(old)), "escalation")
    assert "Only its AWS service" in section(client.get(page_of(linked)), "escalation")


def test_other_accounts_ways_are_not_there(sign_in: Client, account: Account, other_account: Account) -> None:
    filled(account, made := role("passer", inline=inline(PASSER)))
    assert sign_in(accounts=[other_account]).get(f"{page_of(made)}escalation/").status_code == 404


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    target = role(SCRIPT, inline=inline(EVERYTHING), trust=records.digest(LAMBDA))
    filled(account, made := role(f"{SCRIPT}2", inline=inline(PASSER)), target)
    html = sign_in().get(page_of(made)).content.decode()
    assert "lambda-001" in html
    assert SCRIPT not in html


def test_queries_do_not_grow_with_the_account(
    sign_in: Client, account: Account, django_assert_max_num_queries: Any
) -> None:
    filled(
        account,
        made := role("passer", inline=inline(PASSER)),
        *(role(f"r{n}", inline=inline(EVERYTHING)) for n in range(50)),
    )
    judge(account)
    client = sign_in()
    client.get("/principals/")
    with django_assert_max_num_queries(QUERIES + 9):  # the account is read whole
        client.get(page_of(made))
    with django_assert_max_num_queries(QUERIES):
        client.get(page_of(made))


QUERIES = 34  # seven of them begin and end the transaction, and note in the audit log that the documents were read
