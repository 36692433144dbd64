"""Deciding settings: who may, what a wrong answer is told, whom it reaches; and that accounts are judged by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from collectors.models import Account, Connection
from findings.engine.decided import settings_of
from findings.models import AccountGroup, AccountPlace, DecidedSetting, Finding, JudgementRequest, KindOverride
from iamdash.access.database import seen_accounts
from iamdash.access.models import Role
from iamdash.pages.reading import facts_of
from tests.builders import in_organization, org_account, role, tree_coverage, unit
from tests.conftest import db_role
from tests.findings.engine.inventory import put
from tests.pages.acted import judge_now, said
from tests.pages.conftest import Made
from tests.pages.making import BACKWARDS, SCRIPT

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
UNUSED = {"name": "unused_days", "whom": "all", "value": "45", "reason": ""}
PROD, SANDBOX = ("ou-1", "prod"), ("ou-2", "sandbox")


def connect(account: Account) -> None:
    Connection.objects.create(account=account)


def placed(account: Account, *path: tuple[str, str], tags: Any = None, unknown: str = "") -> None:
    whole = (("r-1", "Root"), *path)
    AccountPlace.objects.create(
        account=account, ous=[u for u, _ in whole], names=[n for _, n in whole], tags=tags, unknown=unknown
    )


def decided(value: Any, scope: str = "all", target: str = "", account: Account | None = None, **more: Any) -> Any:
    given = {"name": "unused_days", "set_by": "anna", **more}
    return DecidedSetting.objects.create(scope=scope, target=target, account=account, value=value, **given)


def standing() -> list[tuple[str, str, Any]]:
    rows = DecidedSetting.objects.filter(ended_at=None).order_by("pk")
    return list(rows.values_list("scope", "target", "value"))


def asked() -> set[int]:
    return set(JudgementRequest.objects.values_list("account", flat=True))


@pytest.fixture
def admin(sign_in: Client) -> Any:
    return sign_in(Role.ADMIN)


def test_where_nothing_is_decided_the_page_says_what_holds(sign_in: Client, account: Account, settings: Any) -> None:
    settings.ALLOWED_REGIONS = frozenset({"eu-west-1"})
    page = said(sign_in().get("/settings/"))
    assert "Nothing is decided: what the product and the worker's environment say holds." in page
    assert "What nobody used for longer is unused: roles, users, services, actions. 90 days product default" in page
    assert "eu-west-1 environment" in page
    assert "networks (the page Networks)" in page
    assert "Decide a setting" not in page


def test_kinds_that_somebody_gave_are_listed(made: Made, elsewhere: Made, sign_in: Any) -> None:
    assert "None: each is taken for what it was set up as." in said(sign_in().get("/settings/"))
    role = made.role("deploy")
    for one, uid in ((made, role.unique_id), (elsewhere, "AROAGONE")):
        KindOverride.objects.create(
            account=one.account, principal_id=uid, kind="machine-ci", reason="<i>runner</i>", set_by="anna"
        )
    page = sign_in().get("/settings/").content.decode()
    assert f"/principals/{made.account.aws_id}/{role.unique_id}/#kind" in page
    assert "&lt;i&gt;runner" in page
    assert "AROAGONE" in page
    assert "AROAGONE" not in sign_in(accounts=[made.account]).get("/settings/").content.decode()
    assert "AROAGONE" not in sign_in().get("/settings/", {"account": made.account.aws_id}).content.decode()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"value": ""}, "Unused after (unused_days): it must be a whole number of days between 0 and 36,500."),
        ({"value": "-3"}, "whole number of days"),
        ({"value": SCRIPT}, "whole number of days"),
        ({"value": BACKWARDS}, "whole number of days"),
        ({"whom": "ou:ou-9"}, "not one of the available choices"),
        ({"whom": "account:000000000009"}, "not one of the available choices"),
        ({"whom": "tag:a=b"}, "not one of the available choices"),
        ({"whom": ""}, "required"),
        ({"name": "off", "value": "LP999"}, "no rule has the code LP999"),
        ({"name": "off", "value": "unused-role"}, "the code of a rule, such as LP206"),
        ({"name": "allowed_regions", "value": "Ireland"}, "'Ireland' cannot be used"),
        ({"reason": "x" * 501}, "at most 500"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_decided(
    admin: Any, account: Account, change: dict[str, str], why: str
) -> None:
    response = admin.post("/settings/decide/", UNUSED | change)
    assert response.status_code == 422
    assert why in said(response)
    assert SCRIPT not in response.content.decode()
    assert (standing(), asked()) == ([], set())


def test_what_it_reaches_is_shown_before_it_is_decided(admin: Any, account: Account, other_account: Account) -> None:
    placed(account, PROD)
    placed(other_account, SANDBOX)
    decided(30, "account", account=account)
    page = said(admin.post("/settings/decide/", UNUSED | {"look": "1"}))
    assert "It reaches 2 accounts and changes 1 of them; 1 stays as it is. Nothing is decided yet." in page
    assert "sandbox: 90 days → 45 days" in page
    third = Account.objects.create(aws_id="000000000003", name="new")
    page = said(admin.post("/settings/decide/", UNUSED | {"whom": "ou:ou-1", "look": "1"}))
    assert "It reaches 1 account and changes 0 of them" in page
    assert "Of 1 more it is unknown whether it reaches them: their OUs or tags were not read." in page
    third.delete()
    assert (len(standing()), asked()) == (1, set())


def test_only_the_accounts_reached_are_judged_anew(admin: Any, account: Account, other_account: Account) -> None:
    placed(account, PROD)
    placed(other_account, SANDBOX)
    page = said(admin.post("/settings/decide/", UNUSED | {"whom": "ou:ou-1", "reason": "audit 7"}, follow=True))
    assert "Unused after is decided. Accounts that it reaches are judged by it within a minute." in page
    assert "Unused after 45 days OU prod (ou-1) reaches 1 account just now by admin-0: audit 7" in page
    assert asked() == {account.pk}
    assert (settings_of(account).unused_days, settings_of(other_account).unused_days) == (45, 90)


def test_a_decision_is_changed_and_ended_and_stays_on_record(admin: Any, account: Account) -> None:
    decided(60)
    assert 'value="60"' in admin.get("/settings/decide/?name=unused_days&whom=all").content.decode()
    admin.post("/settings/decide/", UNUSED)
    assert standing() == [("all", "", 45)]
    one = DecidedSetting.objects.get(ended_at=None)
    page = said(admin.post(f"/settings/{one.pk}/end/", follow=True))
    assert "Unused after is no longer decided for all accounts." in page
    assert "What was decided before Unused after 45 days, for all accounts from" in page
    assert "Unused after 60 days, for all accounts from" in page
    assert standing() == []
    assert JudgementRequest.objects.count() == 2
    assert admin.post(f"/settings/{one.pk}/end/").status_code == 404


def test_the_account_s_page_says_where_each_value_comes_from(sign_in: Client, account: Account, settings: Any) -> None:
    connect(account)
    settings.ALLOWED_REGIONS = frozenset({"eu-west-1"})
    placed(account, PROD, tags={"team": "red"})
    decided(60)
    decided(45, "ou", "ou-1")
    page = said(sign_in().get(f"/accounts/{account.aws_id}/"))
    assert "Which settings hold here? 2 decided" in page
    assert "In Root / prod." in page
    assert "Unused after 45 days OU prod (ou-1) by anna just now in place of 60 days (all accounts), 90 days" in page
    assert "Allowed regions eu-west-1 environment" in page
    assert "Nobody is noted as its owner" in page


def test_what_is_not_known_of_its_place_is_said(sign_in: Client, account: Account, other_account: Account) -> None:
    connect(account)
    connect(other_account)
    AccountGroup.objects.create(name="reds", tags=["team=red"], set_by="anna")
    AccountPlace.objects.create(account=other_account, unknown="what is above ou-1 was not read")
    client = sign_in()
    page = said(client.get(f"/accounts/{account.aws_id}/"))
    assert "unknown: it was not judged yet. What is decided for OUs does not reach it until then." in page
    assert "unknown: its tags or OUs were not read: whether it is in reds." in page
    assert "unknown: what is above ou-1 was not read" in said(client.get(f"/accounts/{other_account.aws_id}/"))


def test_an_admin_of_some_accounts_decides_for_those_only(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    placed(account, PROD)
    placed(other_account, SANDBOX)
    shared = decided(60)
    decided(50, "ou", "ou-2", reason="not for your eyes")
    theirs = decided(40, "account", account=other_account)
    client = sign_in(Role.ADMIN, [account])
    page = said(client.get("/settings/"))
    assert "60 days" in page
    assert "50 days" not in page
    assert "not for your eyes" not in page
    assert 'value="50"' not in client.get("/settings/decide/?name=unused_days&whom=ou:ou-2").content.decode()
    for whom in ("all", "ou:ou-1", f"account:{other_account.aws_id}"):
        assert client.post("/settings/decide/", UNUSED | {"whom": whom}).status_code == 422
    assert client.post("/settings/decide/", UNUSED | {"whom": f"account:{account.aws_id}"}).status_code == 302
    assert client.post(f"/settings/{shared.pk}/end/").status_code == 403
    assert client.post(f"/settings/{theirs.pk}/end/").status_code == 404
    assert asked() == {account.pk}


def test_the_database_keeps_shared_decisions_from_who_sees_some_accounts(account: Account) -> None:
    for row in (lambda: decided(3), lambda: AccountGroup.objects.create(name="x", set_by="x")):
        with (
            db_role("iamdash_web"),
            pytest.raises(ProgrammingError, match="row-level security"),
            transaction.atomic(),
            seen_accounts([account.pk]),
        ):
            row()
    with pytest.raises(IntegrityError, match="decided_setting_scope"), transaction.atomic():
        decided(3, "all", account=account)


def tree(account: Account, other: Account, where: str) -> None:
    """The first is the management account, which reads the tree; the second is below an OU."""
    members = (org_account(account.aws_id, "r-1", tags={}), org_account(other.aws_id, where, tags={"team": "red"}))
    units = (unit("r-1", ""), unit("ou-1"), unit("ou-2", name="sandbox"))
    told = in_organization(management_account_id=account.aws_id)
    put(account, told, *units, *members, role("idle", used=60, created=400), covered=tree_coverage())


def unused(account: Account) -> list[str]:
    return list(Finding.objects.filter(account=account, code="LP101").values_list("status", flat=True))


@pytest.fixture
def organization(account: Account, other_account: Account) -> tuple[Account, Account]:
    """Both accounts have a role that was used 60 days ago, by the rows' as_of."""
    tree(account, other_account, "ou-1")
    put(other_account, role("idle", used=60, created=400))
    for each in (account, other_account):
        judge_now(each)
    return account, other_account


def test_an_ou_s_threshold_opens_a_finding_there_and_nowhere_else(
    admin: Any, organization: tuple[Account, Account], settings: Any
) -> None:
    """It opens; the account moves away and it resolves; it moves back and the finding comes back; the decision ends."""
    management, member = organization
    assert (unused(management), unused(member)) == ([], [])
    admin.post("/settings/decide/", UNUSED | {"whom": "ou:ou-1"})
    assert asked() == {member.pk}
    for each in organization:
        judge_now(each)
    assert (unused(management), unused(member)) == ([], ["open"])
    tree(management, member, "ou-2")
    judge_now(member)
    assert unused(member) == ["resolved"]
    assert AccountPlace.objects.get(account=member).names == ["Root", "sandbox"]
    tree(management, member, "ou-1")
    judge_now(member)
    assert unused(member) == ["open"]
    admin.post(f"/settings/{DecidedSetting.objects.get().pk}/end/")
    judge_now(member)
    assert unused(member) == ["resolved"]


def test_pages_read_by_the_same_settings(account: Account) -> None:
    decided(17, "account", account=account)
    assert facts_of((), account).settings == settings_of(account)
    assert facts_of((), account).settings.unused_days == 17


def test_the_page_takes_a_fixed_number_of_queries(
    sign_in: Client, account: Account, django_assert_num_queries: Any
) -> None:
    client = sign_in(Role.ADMIN)
    client.get("/settings/")
    placed(account, PROD)
    for n in range(20):
        decided(n, "ou", f"ou-{n}")
        decided(n, "account", account=account, name=f"old_{n}")
    with django_assert_num_queries(15):
        client.get("/settings/")
