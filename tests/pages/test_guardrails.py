"""The pages of guardrails: what is not there or not known is said first, then the tree, a policy, a boundary, an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors import records
from collectors.models import Account, Connection, Coverage
from findings.models import AccountGuarding, GuardrailEffect
from tests import builders as b
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, deny, document
from tests.pages.guarded import SCPS, WRITER, member, organization
from tests.pages.making import SCRIPT
from tests.pages.shown import text
from tests.pages.test_principals import store_documents

Client = Callable[..., Any]
ALONE = b.details(organization=records.Organization(organization_id="", management_account_id="", features=""))


def test_nothing_connected_and_nothing_judged_say_so(sign_in: Client, account: Account) -> None:
    client = sign_in()
    Connection.objects.create(account=account)
    page = text(client.get("/guardrails/"))
    assert "Nothing was judged yet" in page
    assert "organizations:ListPolicies" in page
    assert "Nothing was judged yet" in text(client.get("/guardrails/accounts/"))
    assert "Nothing was judged yet" in text(client.get("/guardrails/boundaries/"))
    assert "Nothing was judged yet" in text(client.get(f"/accounts/{account.aws_id}/"))
    account.delete()
    assert "No account is connected" in text(client.get("/guardrails/"))


def test_roles_that_nobody_could_read_are_unknown_and_not_none(sign_in: Client, account: Account) -> None:
    """Judged without them: 0 % of 0 would read as an answer."""
    denied = {"state": "denied", "permission": "iam:GetAccountAuthorizationDetails"}
    Coverage.objects.create(
        account=account, source="iam", api="iam:GetAccountAuthorizationDetails", observed_at=b.AS_OF, **denied
    )
    Connection.objects.create(account=account)
    known = {"organization_known": False, "management": False, "path": [], "digest": "d"}
    AccountGuarding.objects.create(account=account, holders=0, bounded=0, unread=0, **known)
    client = sign_in()
    said = "it needs the permission iam:GetAccountAuthorizationDetails"
    for path in ("/guardrails/", "/guardrails/boundaries/", f"/accounts/{account.aws_id}/"):
        assert said in text(client.get(path))
    assert "0 of 0" not in text(client.get("/guardrails/"))
    assert "0 roles, 0 users" not in text(client.get(f"/accounts/{account.aws_id}/"))
    assert "Nothing was judged yet" not in text(client.get("/guardrails/boundaries/"))
    (row,) = client.get("/accounts/").context["table"].rows
    assert "unknown" in row.get_cell("principals")


def test_an_account_in_no_organization(sign_in: Client, account: Account) -> None:
    put(account, ALONE, b.role())
    judge(account)
    page = text(sign_in().get("/guardrails/"))
    assert "1 account in no organization: no SCP or RCP binds it" in page
    assert "What does each policy block?" not in page
    assert "Nobody has a permissions boundary" in text(sign_in().get("/guardrails/boundaries/"))


def test_an_organization_that_nobody_may_read_names_the_permission(sign_in: Client, account: Account) -> None:
    judge(account)
    page = text(sign_in().get("/guardrails/"))
    assert "organizations:DescribeOrganization" in page
    assert "The organization is not known" in page
    assert "not known" in text(sign_in().get("/guardrails/accounts/"))


def test_the_whole_tree_with_what_binds_whom(sign_in: Client, account: Account, other_account: Account) -> None:
    organization(account)
    member(other_account)
    response = sign_in().get("/guardrails/")
    (root,) = response.context["roots"]
    assert (root.listed, root.judged, root.holders, root.bounded) == (3, 2, 2, 1)
    prod, sandbox = root.below
    assert ([one.name for one in prod.direct], [one.name for one in prod.inherited]) == (
        ["FullAWSAccess", "keep-trails", "nobody-has-it"],
        ["FullAWSAccess", "europe"],
    )
    assert (sandbox.listed, sandbox.judged, sandbox.missing, sandbox.limited) == (2, 1, 1, 1)
    page = text(response)
    for said in (
        "The whole organization o-1",
        "Policy types on: SCPs",
        "50% 1 of 2",
        "2 accounts, 1 judged",
        "blocks nothing",
        "no judged account",
        "1 action in 1 account, on aws:RequestedRegion",
        "Told by payments-prod",
    ):
        assert said in page, said
    told = {row.name: row for row in response.context["policies"]}
    assert (told["keep-trails"].blocking, told["keep-trails"].most) == (1, 1)
    assert (told["europe"].accounts, told["europe"].depending, told["europe"].most_depends) == (2, 1, 1)
    assert (told["nobody-has-it"].useless, told["FullAWSAccess"].useless, told["nowhere"].accounts) == (True, False, 0)


def test_who_sees_one_account_sees_the_way_to_it_and_no_other(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    organization(account)
    member(other_account)
    client = sign_in(accounts=[other_account])
    response = client.get("/guardrails/")
    (root,) = response.context["roots"]
    assert ([unit.name for unit in root.below], root.listed, root.judged) == (["sandbox"], None, 1)
    assert [row.name for row in response.context["policies"]] == ["europe", "FullAWSAccess"]
    html = response.content.decode() + client.get("/guardrails/p-europe/").content.decode()
    html += client.get("/guardrails/accounts/?export=jsonl").body.decode()
    for hidden in (account.aws_id, account.name, "000000000003", "ou-1", "keep-trails", "nowhere"):
        assert hidden not in html, hidden
    assert client.get("/guardrails/p-keep-trails/").status_code == 404
    assert client.get(f"/guardrails/boundaries/{account.aws_id}/ANPABOUND/").status_code == 404


def test_the_account_of_the_selector_narrows_it(sign_in: Client, account: Account, other_account: Account) -> None:
    organization(account)
    member(other_account)
    response = sign_in().get(f"/guardrails/?account={other_account.aws_id}")
    assert response.context["coverage"].accounts == 1
    assert {row.name for row in response.context["policies"]} == {"europe", "FullAWSAccess"}
    (root,) = response.context["roots"]
    assert [(unit.name, unit.judged) for unit in root.below] == [("sandbox", 1)]
    assert "Policy types on: SCPs" in text(response)


def test_two_organizations_are_two_pages(sign_in: Client, account: Account, other_account: Account) -> None:
    organization(account)
    put(other_account, b.in_organization(organization_id="o-2"), covered=b.tree_coverage())
    judge(other_account)
    client = sign_in()
    assert {one.id for one in client.get("/guardrails/").context["organizations"]} == {"o-1", "o-2"}
    page = text(client.get("/guardrails/?organization=o-2"))
    assert "SCPs and RCPs are not visible" in page
    assert "keep-trails" not in page


def test_one_policy_in_words_and_by_account(sign_in: Client, account: Account, other_account: Account) -> None:
    organization(account)
    member(other_account)
    client = sign_in()
    page = text(client.get("/guardrails/p-keep-trails/"))
    for said in (
        "Of 1 account that it binds it always blocks something in 1",
        "prod (ou-1)",
        "cloudtrail:*",
        "1 action ",
        "cloudtrail:StopLogging",
        "writer",
    ):
        assert said in page, said
    page = text(client.get("/guardrails/p-europe/"))
    assert "only where it depends in 1, and nothing that any role or user has in 1" in page
    assert "depends on aws:RequestedRegion" in page
    assert "nothing that any role or user has" in text(client.get("/guardrails/p-europe/?blocks=nothing"))
    assert "It binds no account that was judged" in text(client.get("/guardrails/p-nowhere/"))
    page = text(client.get("/guardrails/p-FullAWSAccess/?organization=o-1"))
    assert "lets everything through" in page
    assert "ignored" not in page
    rows = [json.loads(line) for line in client.get("/guardrails/p-keep-trails/?export=jsonl").body.splitlines()]
    assert [(row["account"], row["actions_blocked_by_it_alone"]) for row in rows] == [(account.aws_id, 1)]
    assert client.get("/guardrails/p-unheard-of/").status_code == 404


def test_a_policy_that_nobody_can_read(sign_in: Client, account: Account) -> None:
    organization(account, scps={**SCPS, "broken": ({"Statement": "?"}, ("ou-1",))})
    client = sign_in()
    assert "not read in 1 account" in text(client.get("/guardrails/"))
    page = text(client.get("/guardrails/p-broken/"))
    assert "It could not be read in 1 account" in page
    assert "unknown:" in page


def test_one_boundary(sign_in: Client, account: Account) -> None:
    hollow = b.policy("hollow", unique_id="ANPAHOLLOW", document=records.digest(EVERYTHING), boundary_count=1)
    free = b.role("free", inline={"all": records.digest(EVERYTHING)}, boundary=hollow.arn)
    store_documents(account, EVERYTHING)
    organization(account, hollow, free)
    client = sign_in()
    page = text(client.get(f"/guardrails/boundaries/{account.aws_id}/ANPABOUND/"))
    for said in (
        "carried by 1 role",
        "It takes 2 actions away",
        "None of those that it binds can take it off",
        "sqs:SendMessage",
    ):
        assert said in page, said
    page = text(client.get(f"/guardrails/boundaries/{account.aws_id}/ANPAHOLLOW/"))
    for said in (
        "free",
        "It is hollow: it allows every action",
        "free can undo it, by iam:DeleteRolePermissionsBoundary",
    ):
        assert said in page, said
    listed = client.get("/guardrails/boundaries/")
    assert [row.record.name for row in listed.context["list"].table.rows] == ["bound", "hollow"]
    assert "ANPABOUND" in listed.content.decode()
    assert [row.record.name for row in client.get("/guardrails/boundaries/?takes=open").context["list"].table.rows] == [
        "hollow"
    ]


def test_a_boundary_that_nobody_carries(sign_in: Client, account: Account) -> None:
    put(account, ALONE, b.policy("spare", unique_id="ANPASPARE"))
    judge(account)
    assert "Nobody carries it" in text(sign_in().get(f"/guardrails/boundaries/{account.aws_id}/ANPASPARE/"))


def test_the_section_of_an_account(sign_in: Client, account: Account, other_account: Account) -> None:
    organization(account)
    for one in (account, other_account):
        Connection.objects.create(account=one)
    client = sign_in()
    page = text(client.get(f"/accounts/{account.aws_id}/"))
    for said in (
        "Root / prod",
        "keep-trails SCP at prod (ou-1): 1 action",
        "1 of 2 roles and users has one",
        "bound of 1:",
    ):
        assert said in page, said
    judge(other_account)
    page = text(client.get(f"/accounts/{other_account.aws_id}/"))
    assert "Root / sandbox" in page
    assert "europe SCP at Root: nothing that any role or user has" in page


def test_accounts_below_a_unit(sign_in: Client, account: Account, other_account: Account) -> None:
    organization(account)
    member(other_account)
    client = sign_in()

    def names(query: str) -> list[str]:
        return [
            row.record.account.name for row in client.get(f"/guardrails/accounts/?{query}").context["list"].table.rows
        ]

    assert names("") == ["payments-prod", "sandbox"]
    assert names("ou=ou-2") == ["sandbox"]
    assert names("ou=r-1&limits=yes") == ["payments-prod", "sandbox"]
    assert names("limits=no") == []
    assert names("q=payments") == ["payments-prod"]
    page = text(client.get("/guardrails/accounts/?ou=ou-2"))
    assert "below sandbox (ou-2)" in page
    assert "1 of 2 (50%)" in text(client.get("/guardrails/accounts/"))
    assert "ignored" in text(client.get("/guardrails/accounts/?ou=x"))


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    body = document(deny("s3:PutObject", Sid=SCRIPT, Condition={"StringEquals": {SCRIPT: SCRIPT}}))
    store_documents(account, WRITER, body, EVERYTHING)
    full = b.org_policy("FullAWSAccess", "r-1", "ou-1", b.ACCOUNT_ID, document=EVERYTHING)
    hostile = b.org_policy(SCRIPT, "ou-1", document=body, unique_id="p-hostile")
    strange = b.org_policy("strange", "ou-1", document=body, unique_id=f"p-{SCRIPT}/../..")
    tree = (b.in_organization(), b.unit("r-1", ""), b.unit("ou-1", name=SCRIPT), b.org_account())
    bound = b.policy(SCRIPT, unique_id="ANPAX", document=records.digest(body), boundary_count=1)
    role = b.role(SCRIPT, inline={SCRIPT: records.digest(WRITER)}, boundary=bound.arn)
    put(account, *tree, full, hostile, strange, bound, role, covered=b.tree_coverage())
    judge(account)
    Connection.objects.create(account=account)
    client = sign_in()
    for path in (
        "/guardrails/", "/guardrails/accounts/", "/guardrails/boundaries/", "/guardrails/p-hostile/",
        f"/accounts/{account.aws_id}/", f"/guardrails/boundaries/{account.aws_id}/ANPAX/",
    ):  # fmt: skip
        response = client.get(path)
        assert response.status_code == 200, path
        assert SCRIPT not in response.content.decode(), path


def test_circles_and_orphans_of_the_tree_are_told(sign_in: Client, account: Account) -> None:
    organization(account)
    circle = (b.unit("ou-8", "ou-9"), b.unit("ou-9", "ou-8"), b.unit("ou-7", "ou-gone"))
    put(
        account,
        b.in_organization(),
        b.unit("r-1", ""),
        *circle,
        b.org_account(parent="ou-8"),
        covered=b.tree_coverage(),
    )
    judge(account)
    response = sign_in().get("/guardrails/")
    assert [(unit.id, unit.problem) for unit in response.context["roots"]] == [
        ("r-1", ""),
        ("ou-7", "what is above it was not read"),
        ("ou-8", "what is above it goes in a circle, or too deep"),
    ]
    assert "unknown: what is above it goes in a circle" in text(response)
    assert "Where 1 account stands in the tree was not read" in text(response)


@pytest.mark.parametrize(
    "path", ["/guardrails/", "/guardrails/p-europe/", "/guardrails/accounts/", "/guardrails/boundaries/"]
)
def test_pages_take_a_fixed_number_of_queries(
    sign_in: Client, account: Account, path: str, django_assert_num_queries: Any
) -> None:
    organization(account)
    client = sign_in()
    client.get(path)
    with django_assert_num_queries(QUERIES[path]):
        client.get(path)
    row, effects = AccountGuarding.objects.get(), list(GuardrailEffect.objects.all())
    for n in range(20):
        row.pk, row.account = None, Account.objects.create(aws_id=f"{n + 10:012d}", name=f"more-{n}")
        row.save()
        for effect in effects:
            effect.pk, effect.account = None, row.account
            effect.save()
    with django_assert_num_queries(QUERIES[path]):
        client.get(path)


QUERIES = {"/guardrails/": 26, "/guardrails/p-europe/": 21, "/guardrails/accounts/": 13, "/guardrails/boundaries/": 17}
