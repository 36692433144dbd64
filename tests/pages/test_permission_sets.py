"""Who has what by Identity Center, on the pages: the list, one permission set, and the role that it makes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from collectors.models import Account, Coverage, Principal, TrailWatch
from collectors.records import AccountAssignment, CenterPrincipal
from findings.engine import judge_account
from findings.models import AccountPlace, Finding, PermissionSetRole, PrincipalPosture
from findings.vocabulary import Severity
from tests.builders import AS_OF, role
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, ago
from tests.pages.center import arn, joined, permission_set, told
from tests.pages.making import SCRIPT
from tests.pages.shown import text
from tests.pages.test_principals import page_of

SSO = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
DEV = role("AWSReservedSSO_Dev_0123456789abcdef", path=SSO, used=200)


def people(set_name: str, target: str) -> dict[str, Any]:
    return {
        "account_assignments": (
            AccountAssignment(
                unique_id=f"{arn(set_name)}/{target}", permission_set=arn(set_name), target=target,
                users=("u-1",), groups=("g-1", "g-2"), read_at=AS_OF,
            ),
        ),
        "center_principals": (
            CenterPrincipal(unique_id="u-1", name="ann@halden.example", display_name=SCRIPT),
            CenterPrincipal(unique_id="g-1", group=True, name="developers", members=("u-1", "u-2")),
        ),
    }  # fmt: skip


def judged(account: Account, other: Account) -> PermissionSetRole:
    """account holds a role of Identity Center, of which the other one tells."""
    put(account, DEV)
    told(
        other,
        permission_set("Dev", account.aws_id, managed=("arn:aws:iam::aws:policy/X",)),
        **people("Dev", account.aws_id),
    )
    judge_account(account.pk, AS_OF)
    return PermissionSetRole.objects.get()


def listed(response: Any) -> list[Any]:
    return [row.set for row in response.context["list"].table.data.data]


def test_nothing_told_says_what_to_connect(sign_in: Any, account: Account) -> None:
    put(account, DEV)
    page = text(sign_in().get("/permission-sets/"))
    assert "Nobody told of Identity Center yet" in page
    assert "1 role of Identity Center has a permission set that is not known" in page
    assert "makes it? unknown unknown: it was not judged yet" in text(sign_in().get(page_of(DEV)))
    judge_account(account.pk, AS_OF)
    assert "unknown: no connected account told of it" in text(sign_in().get(page_of(DEV)))


def test_what_is_not_judged_yet_is_not_called_good(sign_in: Any, account: Account, other_account: Account) -> None:
    put(account, DEV)
    told(other_account, permission_set("Dev", account.aws_id))
    page = text(sign_in().get("/permission-sets/"))
    assert "joined to roles at the next judgement" in page
    assert "no permission set makes a role" not in page


def test_a_refusal_is_named(sign_in: Any, account: Account) -> None:
    put(account, DEV)
    Coverage.objects.create(
        account=account, source="identity_center", api="sso-admin:ListPermissionSets", state="denied", observed_at=AS_OF,
        permission="sso:ListPermissionSets",
    )  # fmt: skip
    judge_account(account.pk, AS_OF)
    page = text(sign_in().get("/permission-sets/"))
    assert (
        f"There may be more. sso-admin:ListPermissionSets is denied in {account.name}: grant sso:ListPermissionSets"
        in page
    )
    assert "it needs the permission sso:ListPermissionSets" in text(sign_in().get(page_of(DEV)))


def test_refusals_of_many_accounts_are_one_line(sign_in: Any, account: Account) -> None:
    """And what another source was refused is not said here."""
    others = Account.objects.bulk_create(Account(aws_id=f"9{n:011}", name=f"member-{n}") for n in range(40))
    for one in others:
        refused = {"account": one, "state": "denied", "observed_at": AS_OF}
        for source, api in (("identity_center", "sso-admin:ListInstances"), ("trails", "cloudtrail:DescribeTrails")):
            Coverage.objects.create(source=source, api=api, permission="sso:ListInstances", **refused)
    page = text(sign_in().get("/permission-sets/"))
    assert page.count("sso-admin:ListInstances is denied") == 1
    assert "37 more accounts" in page
    assert "cloudtrail" not in page
    page = text(sign_in().get(f"/permission-sets/?account={others[0].aws_id}"))
    assert "is denied in member-0: grant" in page


def test_no_permission_set_is_a_good_answer(sign_in: Any, account: Account) -> None:
    told(account)
    assert "Identity Center was read, and no permission set makes a role" in text(sign_in().get("/permission-sets/"))


def test_the_role_says_who_has_it_and_where_to_change_it(
    sign_in: Any, account: Account, other_account: Account
) -> None:
    row = judged(account, other_account)
    assert (row.told_by, row.people, row.whole) == (other_account.aws_id, 2, False)
    response = sign_in().get(page_of(DEV))
    page = text(response)
    for said in (
        "Which permission set makes it?", "Dev, at least 2 people", "Change it in IAM Identity Center of account sandbox",
        "group developers", "2 members", "ann@halden.example", "group g-2 unknown: its members were not read",
    ):  # fmt: skip
        assert said in page, said
    assert SCRIPT not in response.content.decode()
    finding = Finding.objects.get(code="LP101")
    assert "Permission set Dev makes this role" in text(sign_in().get(f"/findings/{finding.pk}/"))
    said = f"IAM Identity Center: change permission set Dev in account {other_account.aws_id}"
    assert finding.evidence["change_in"].startswith(f"{said} (assigned to 2 people and the members of group g-2")


def test_the_role_says_who_of_them_uses_it(sign_in: Any, account: Account, other_account: Account) -> None:
    judged(account, other_account)
    unknown = "unknown: whether they use it: CloudTrail's events are not read"
    assert unknown in text(sign_in().get(page_of(DEV)))
    acted(account, DEV, "Ann@halden.example", days=4)
    acted(account, DEV, "somebody-else", days=4)
    TrailWatch.objects.create(account=account, since=ago(days=80), until=ago(days=0))
    response = sign_in().get(page_of(DEV))
    assert "1 of them was seen with this role in the last 90 days, as far as" in text(response)
    assert f"seen {ago(days=4):%Y-%m-%d}" in text(response)


def test_who_sees_the_account_only_sees_its_own(sign_in: Any, account: Account, other_account: Account) -> None:
    judged(account, other_account)
    client = sign_in(accounts=[account])
    page = text(client.get("/permission-sets/"))
    assert "Dev" in page
    assert other_account.name not in page
    assert client.get(f"/permission-sets/{arn('Dev')}/").status_code == 200
    assert "ann@halden.example" in text(client.get(page_of(DEV)))
    outside = sign_in(accounts=[Account.objects.create(aws_id="000000000003", name="third")])
    assert outside.get(f"/permission-sets/{arn('Dev')}/").status_code == 404
    assert "Dev" not in text(outside.get("/permission-sets/"))


def test_an_ou_narrows_the_list_and_a_set(sign_in: Any, account: Account, other_account: Account) -> None:
    judged(account, other_account)
    for one, unit in ((account, "ou-ab12-1"), (other_account, "ou-ab12-2")):
        AccountPlace.objects.update_or_create(
            account=one, defaults={"ous": ["r-1", unit], "names": ["Root", unit], "tags": {}}
        )
    client = sign_in()
    inside, outside = (client.get("/permission-sets/", {"ou": unit}) for unit in ("ou-ab12-1", "ou-ab12-2"))
    assert [row.set.accounts for row in inside.context["list"].table.data.data] == [1]
    assert outside.context["list"].total == 0
    assert "In no account you see" not in text(client.get("/permission-sets/"))
    assert "not narrowed" not in inside.content.decode()
    page = client.get(f"/permission-sets/{arn('Dev')}/", {"ou": "ou-ab12-2"})
    assert page.status_code == 200
    assert page_of(DEV) not in page.content.decode()


def test_an_unchanged_judgement_writes_nothing_and_a_lost_set_goes(account: Account, other_account: Account) -> None:
    row = judged(account, other_account)
    judge_account(account.pk, AS_OF)
    assert PermissionSetRole.objects.get().pk == row.pk
    told_again = permission_set("Dev", account.aws_id, managed=())
    Coverage.objects.all().delete()
    told(other_account, told_again)
    judge_account(account.pk, AS_OF)
    again = PermissionSetRole.objects.get()
    assert (again.pk, again.data["managed"]) == (row.pk, [])
    told_again = permission_set("Dev", "000000000007")
    Coverage.objects.all().delete()
    other_account.accountassignment_set.all().delete()
    told(other_account, told_again)
    judge_account(account.pk, AS_OF)
    assert not PermissionSetRole.objects.exists()


def test_what_is_open_is_what_the_postures_of_roles_say_that_are_there(
    sign_in: Any, account: Account, other_account: Account
) -> None:
    judged(account, other_account)
    robot = role("AWSReservedSSO_Dev_1111111111111111", path=SSO, used=1)
    clients = sign_in(), sign_in(accounts=[account])

    def agree() -> bool:
        roles = PrincipalPosture.objects.filter(principal__gone_at=None, principal__path=SSO)
        sums = {s: sum(getattr(one, s.slug) for one in roles) for s in Severity}
        found = [listed(client.get("/permission-sets/")) for client in clients]
        return all([(row.accounts, row.findings) for row in rows] == [(1, sums)] * bool(roles) for rows in found)

    assert agree()
    before = PermissionSetRole.objects.get().risk
    assert before == PrincipalPosture.objects.get().risk > 0
    put(account, DEV, robot)
    judge_account(account.pk, AS_OF)
    assert PermissionSetRole.objects.count() == 2
    assert agree()
    for here in ((robot,), (), (DEV, robot), (DEV,)):  # as collections see them, before anybody judges
        put(account, *here)
        assert agree(), here
        assert clients[1].get(f"/permission-sets/{arn('Dev')}/").status_code == (200 if here else 404)
    put(account, structs.replace(DEV, last_used_at=AS_OF))
    judge_account(account.pk, AS_OF)
    assert agree()
    assert PermissionSetRole.objects.get().risk < before


@pytest.fixture
def two(account: Account, other_account: Account) -> list[Principal]:
    """A role of the same permission set in each of two accounts, with the same fault open on both."""
    made = []
    for number, one in enumerate((account, other_account)):
        put(one, role(f"AWSReservedSSO_Dev_{number:016d}", path=SSO, used=200))
        judge_account(one.pk, AS_OF)
        principal = Principal.objects.get(account=one)
        joined(principal, "Dev", people=3 + number)
        made.append(principal)
    return made


def test_a_fault_on_all_roles_of_a_set_is_one_family(sign_in: Any, two: list[Principal]) -> None:
    client = sign_in()
    response = client.get("/permission-sets/")
    (row,) = listed(response)
    assert (row.accounts, row.people) == (2, 4)
    found = client.get("/findings/", {"set": arn("Dev")}).context["list"]
    assert found.total == sum(row.findings.values()) > 0
    shown = client.get(f"/permission-sets/{arn('Dev')}/")
    unused = next(one for one in shown.context["families"] if one.code == "LP101")
    assert [one.account_id for one in unused.findings] == [one.account_id for one in two]
    assert "LP101 unused-role" in text(shown)
    assert f"set={arn('Dev').replace(':', '%3A').replace('/', '%2F')}" in shown.content.decode()
    only = client.get(f"/permission-sets/{arn('Dev')}/", {"account": two[0].account.aws_id})
    assert [len(one.findings) for one in only.context["families"] if one.code == "LP101"] == [1]


def test_the_list_is_narrowed_sorted_and_exported(sign_in: Any, two: list[Principal], account: Account) -> None:
    third = Account.objects.create(aws_id="000000000003", name="third")
    put(third, robot := role("robot", path=SSO))
    joined(Principal.objects.get(unique_id=robot.unique_id), "Quiet", people=None, data={"managed": None})
    client = sign_in()
    assert [row.name for row in listed(client.get("/permission-sets/"))] == ["Dev", "Quiet"]
    assert [row.name for row in listed(client.get("/permission-sets/?sort=-name"))] == ["Quiet", "Dev"]
    assert [row.name for row in listed(client.get("/permission-sets/?q=de"))] == ["Dev"]
    assert [row.name for row in listed(client.get("/permission-sets/?findings=none"))] == ["Quiet"]
    assert [row.name for row in listed(client.get("/permission-sets/?people=unknown"))] == ["Quiet"]
    assert [
        row.accounts for row in listed(client.get("/permission-sets/", {"account": account.aws_id, "q": "Dev"}))
    ] == [1]
    assert "No set matches" in text(client.get("/permission-sets/?q=<b>"))
    told = client.get("/permission-sets/?export=json&q=dev")
    (line,) = json.loads(told.body)
    assert (line["name"], line["accounts"], line["people_at_most"]) == ("Dev", 2, 4)
    assert client.get("/settings/views/save/", {"list": "principals-sets"}).status_code == 200


def test_a_set_without_roles_is_shown_to_who_may_see_its_teller(
    sign_in: Any, account: Account, other_account: Account
) -> None:
    told(other_account, permission_set("Billing", managed=None))
    assert "In no account you see" in text(sign_in().get("/permission-sets/"))
    page = text(sign_in().get(f"/permission-sets/{arn('Billing')}/"))
    assert "in no account you see" in page
    assert "unknown: its policies were not read" in page
    assert sign_in(accounts=[account]).get(f"/permission-sets/{arn('Billing')}/").status_code == 404


def test_queries_do_not_grow(sign_in: Any, two: list[Principal], django_assert_max_num_queries: Any) -> None:
    client = sign_in()
    with django_assert_max_num_queries(23):
        client.get("/permission-sets/")
    with django_assert_max_num_queries(20):  # two of them for the audit log: its documents are read
        client.get(f"/permission-sets/{arn('Dev')}/")
