"""Working on findings by the pages: in bulk and one by one, with undo; exceptions; by owner. The silent cases first."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from collectors.models import Account
from findings.engine import bulk
from findings.models import (
    Acceptance,
    AccountOwner,
    AccountPlace,
    DecidedSetting,
    Finding,
    JudgementRequest,
    Note,
)
from iamdash.access.models import Role
from tests.findings.engine.accepted import accepted
from tests.pages.acted import said
from tests.pages.making import BACKWARDS, SCRIPT, ago, checked, finding
from tests.pages.test_findings import options, tabs, titles

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]


def day(days: int) -> str:
    return str(timezone.now().date() + timedelta(days=days))


ACCEPT = {"reason": "known", "owner": "team-a", "until": day(30)}


@pytest.fixture
def analyst(sign_in: Client) -> Any:
    return sign_in(Role.ANALYST)


@pytest.fixture
def three(account: Account) -> list[Finding]:
    return [finding(account, title=f"f{n}", severity=n) for n in (3, 4, 5)]


def statuses() -> list[str]:
    return list(Finding.objects.order_by("pk").values_list("status", flat=True))


def work(act: str, *some: Finding, more: str = "") -> str:
    return f"/findings/work/?act={act}{''.join(f'&pick={one.pk}' for one in some)}{more}"


def undo_of(response: Any, client: Any) -> str:
    """The address of the undo that the next page offers."""
    page = client.get(response.url).content.decode()
    return f"/findings/work/{page.split('/findings/work/')[1].split('/')[0]}/"


@pytest.mark.parametrize(
    "query", ["", "?act=accept", "?act=nothing&pick=1", "?act=accept&pick=x&pick=99999999999999999999"]
)
def test_without_a_finding_there_is_nothing_to_do(analyst: Any, account: Account, query: str) -> None:
    response = analyst.get(f"/findings/work/{query}")
    assert response.status_code == 200
    assert "No finding is chosen" in said(response)


def test_a_get_changes_nothing_and_shows_what_would_be(analyst: Any, three: list[Finding]) -> None:
    page = said(analyst.get(work("accept", *three[:2])))
    assert "2 findings: High 1, Medium 1." in page
    assert "payments-prod: 2" in page
    assert statuses() == ["open"] * 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": " "}, "Say why: others will ask."),
        ({"reason": BACKWARDS}, "signs that can be seen"),
        ({"owner": ""}, "required"),
        ({"until": day(0)}, "Choose a day after today."),
        ({"until": day(-9)}, "Choose a day after today."),
        ({"until": day(91)}, "The settings allow at most 90 days"),
        ({"until": "soon"}, "valid date"),
    ],
)
def test_a_wrong_answer_is_told(analyst: Any, three: list[Finding], change: dict[str, str], why: str) -> None:
    response = analyst.post(work("accept", *three), ACCEPT | {"n": "3"} | change)
    assert (response.status_code, why in said(response)) == (422, True)
    assert statuses() == ["open"] * 3


def test_some_are_accepted_and_the_undo_opens_just_them(analyst: Any, three: list[Finding], account: Account) -> None:
    other = accepted(account, code="LP101", subject_id=three[2].subject_id)
    Finding.objects.filter(pk=three[2].pk).update(status="accepted", acceptance=other, accepted_at=ago(days=1))
    Acceptance.objects.update(expires_at=timezone.now() + timedelta(days=9))
    response = analyst.post(work("accept", *three[:2]), ACCEPT | {"n": "2"})
    assert statuses() == ["accepted"] * 3
    assert JudgementRequest.objects.filter(account=account).exists()
    undo = undo_of(response, analyst)
    assert f"accepted until {day(30)}" in said(analyst.get("/findings/?tab=accepted"))
    assert "2 findings were accepted by analyst-0" in said(analyst.get(undo))
    analyst.post(undo)
    assert statuses() == ["open", "open", "accepted"]
    assert "cannot be undone" in said(analyst.post(undo, follow=True))


def test_all_that_match_are_changed_if_they_are_still_as_many(
    analyst: Any, three: list[Finding], account: Account
) -> None:
    url = "/findings/work/?act=assign&all=1&severity=high&severity=medium&q=role"
    assert "2 findings" in said(analyst.get(url))
    finding(account, title="f9", severity=4)
    page = said(analyst.post(url, {"n": "2", "to": "team-a"}))
    assert "The list has changed since you looked" in page
    assert "3 findings" in page
    assert not Finding.objects.exclude(assignee="").exists()
    assert analyst.post(url, {"n": "3", "to": "team-a"}).url == "/findings/?q=role&severity=high&severity=medium"
    assert Finding.objects.filter(assignee="team-a").count() == 3


def test_more_than_a_step_may_change_are_refused(
    analyst: Any, three: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    page = said(analyst.post("/findings/work/?act=accept&all=1", ACCEPT | {"n": "3"}))
    assert "More than 2 findings match" in page
    assert statuses() == ["open"] * 3


def test_what_is_not_seen_is_not_changed(sign_in: Client, account: Account, other_account: Account) -> None:
    mine, theirs = finding(account), finding(other_account)
    client = sign_in(Role.ANALYST, [account])
    client.post(work("assign", mine, theirs), {"n": "1", "to": "me"})
    client.post(work("accept", mine, theirs), ACCEPT | {"n": "1"})
    client.post("/findings/work/?act=note&all=1&tab=all", {"n": "1", "text": "x"})
    theirs.refresh_from_db()
    assert (theirs.status, theirs.assignee, Note.objects.count()) == ("open", "", 1)
    assert statuses() == ["accepted", "open"]
    assert client.post(f"/findings/{theirs.pk}/note/", {"text": "x"}).status_code == 404


def test_many_statements_do_not_come_of_many_findings(
    analyst: Any, account: Account, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        finding(account, part=str(n))
    with django_assert_max_num_queries(45):
        analyst.post("/findings/work/?act=accept&all=1", ACCEPT | {"n": "30"})
    assert statuses() == ["accepted"] * 30


def test_reopening_says_what_stays_accepted(analyst: Any, three: list[Finding], account: Account) -> None:
    analyst.post(work("accept", *three), ACCEPT | {"n": "3"})
    wide = accepted(account, code="LP101", expires_at=timezone.now() + timedelta(days=60))
    Finding.objects.filter(pk=three[0].pk).update(acceptance=wide)
    response = analyst.post(work("reopen", *three[:2]), {"n": "2"}, follow=True)
    assert "1 finding stays accepted" in said(response)


@pytest.mark.parametrize("late", [False, True])
def test_only_who_did_it_undoes_it_within_an_hour(sign_in: Client, three: list[Finding], late: bool) -> None:
    anna, bert = sign_in(Role.ANALYST), sign_in(Role.ANALYST)
    undo = undo_of(anna.post(work("accept", *three), ACCEPT | {"n": "3"}), anna)
    bert.post(undo)
    if late:
        Acceptance.objects.update(set_at=ago(hours=2))
        anna.post(undo)
    assert statuses() == ["accepted"] * 3
    assert ("Undo" in said(anna.get(undo))) is not late
    assert "Undo" not in said(bert.get(undo)).replace("can undo", "")
    assert anna.get(f"/findings/work/{uuid4()}/").status_code == 404


def test_where_approval_is_demanded_another_one_gives_it(sign_in: Client, three: list[Finding]) -> None:
    DecidedSetting.objects.create(scope="all", name="acceptance_approval", value=True, set_by="x")
    anna, bert = sign_in(Role.ANALYST), sign_in(Role.ANALYST)
    url = undo_of(anna.post(work("accept", *three[:2]), ACCEPT | {"n": "2"}), anna)
    assert statuses() == ["open"] * 3
    assert tabs(anna.get("/findings/exceptions/")) == [0, 2, 0, 0, 2]
    anna.post(url, {"approve": "1"})
    assert statuses() == ["open"] * 3
    bert.post(url, {"approve": "1"})
    assert statuses() == ["accepted", "accepted", "open"]


def test_the_longest_time_follows_the_settings_of_the_accounts(
    analyst: Any, three: list[Finding], other_account: Account
) -> None:
    DecidedSetting.objects.create(scope="account", account=other_account, name="acceptance_days", value=7, set_by="x")
    theirs = finding(other_account)
    assert "at most 7 days" in said(analyst.post(work("accept", *three, theirs), ACCEPT | {"n": "4"}))
    assert analyst.post(work("accept", *three), ACCEPT | {"n": "3"}).status_code == 302


def test_a_finding_is_assigned_and_noted_on_its_page(analyst: Any, account: Account) -> None:
    AccountOwner.objects.create(scope="all", name="platform", set_by="x")
    one = finding(account, due_at=ago(days=2))
    page = said(analyst.get(f"/findings/{one.pk}/"))
    assert "Owner platform" in page
    assert "overdue: 2 d ago" in page
    analyst.post(f"/findings/{one.pk}/assign/", {"to": "", "me": "1"})
    analyst.post(f"/findings/{one.pk}/note/", {"text": f"{SCRIPT}\nsecond line"})
    analyst.post(f"/findings/{one.pk}/note/", {"text": BACKWARDS})
    response = analyst.get(f"/findings/{one.pk}/")
    assert SCRIPT not in response.content.decode()
    page = said(response)
    assert "Owner analyst-0 assigned" in page
    assert f"{SCRIPT} second line analyst-0" in page
    assert "signs that can be seen" in page
    assert "Assigned to analyst-0, by analyst-0" in page
    assert Note.objects.count() == 1
    assert options(analyst.get("/findings/"), "assigned") == {"analyst-0": 1}
    assert titles(analyst.get("/findings/?assigned=-")) == []


def test_a_reader_sees_the_work_and_does_none(sign_in: Client, three: list[Finding]) -> None:
    client = sign_in()
    page = client.get("/findings/").content.decode()
    assert 'name="pick"' not in page
    assert 'id="work"' not in page
    assert "Assign" not in said(client.get(f"/findings/{three[0].pk}/")).replace("Assigned", "")


def test_tabs_and_days_narrow_the_list(analyst: Any, account: Account) -> None:
    now = timezone.now()
    finding(account, title="late", due_at=ago(days=1), opened_at=ago(days=20))
    finding(account, title="soon", due_at=now + timedelta(days=2), opened_at=ago(days=10))
    finding(account, title="done", opened_at=ago(days=10), resolved_at=ago(days=3))
    assert titles(analyst.get("/findings/?tab=overdue")) == ["late"]
    assert titles(analyst.get("/findings/?due=soon")) == ["soon"]
    assert titles(analyst.get(f"/findings/?tab=all&opened={day(-10)}..{day(-10)}")) == ["done", "soon"]
    assert titles(analyst.get(f"/findings/?tab=all&opened=..{day(-11)}")) == ["late"]
    assert titles(analyst.get(f"/findings/?tab=resolved&resolved={day(-3)}..")) == ["done"]
    for wrong in ("x", "..", "2026-13-01..", day(-1)):
        assert f"ignored: opened = {wrong}" in said(analyst.get(f"/findings/?opened={wrong}")), wrong


# Exceptions


WIDER = {"whom": "all", "code": "LP101", "tag": "", "severity": "5", **ACCEPT}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"code": ""}, "This would accept everything everywhere."),
        ({"code": "LP999"}, "No rule has the code LP999."),
        ({"code": "LP10"}, "No rule has the code LP10."),
        ({"tag": "team"}, "Write it as key=value."),
        ({"tag": "=x"}, "Write it as key=value."),
        ({"whom": "ou:ou-9"}, "not one of the available choices"),
        ({"severity": "9"}, "not one of the available choices"),
        ({"until": day(91)}, "at most 90 days"),
    ],
)
def test_a_wrong_exception_is_told(analyst: Any, account: Account, change: dict[str, str], why: str) -> None:
    response = analyst.post("/findings/exceptions/add/", WIDER | change)
    assert (response.status_code, why in said(response)) == (422, True)
    assert not Acceptance.objects.exists()


def test_nothing_is_accepted_before_it_was_seen_what_that_hides(
    analyst: Any, three: list[Finding], other_account: Account
) -> None:
    finding(other_account)
    page = said(analyst.post("/findings/exceptions/add/", WIDER))
    assert "It hides 4 findings now: Critical 1, High 1, Medium 2. Nothing is accepted yet." in page
    assert "payments-prod: 3 sandbox: 1" in page
    finding(other_account)
    page = said(analyst.post("/findings/exceptions/add/", WIDER | {"seen": "4"}))
    assert "Since you looked it hides 1 more." in page
    assert not Acceptance.objects.exists()
    response = analyst.post("/findings/exceptions/add/", WIDER | {"seen": "5"}, follow=True)
    assert "5 findings accepted until" in said(response)
    assert statuses() == ["accepted"] * 5
    assert set(JudgementRequest.objects.values_list("account", flat=True)) == {three[0].account_id, other_account.pk}


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("one", ["mine"]),
        ("parts", ["mine", "other part"]),
        ("subject", ["mine", "other part", "other rule"]),
        ("wider", ["mine", "other part", "other subject"]),
    ],
)
def test_an_exception_begins_with_a_finding(
    analyst: Any, account: Account, other_account: Account, what: str, expected: list[str]
) -> None:
    mine = finding(account, title="mine", subject_id="AROAX", part="a")
    finding(account, title="other part", subject_id="AROAX", part="ab")
    finding(account, "LP103", title="other rule", subject_id="AROAX")
    finding(account, title="other subject")
    finding(other_account, title="elsewhere", subject_id="AROAX", part="a")
    url = f"/findings/exceptions/add/?finding={mine.pk}"
    assert f"This finding: LP101 of {mine.subject_name}, a" in said(analyst.get(url))
    asked = WIDER | {"what": what, "whom": f"account:{account.aws_id}"}
    analyst.post(url, asked | {"seen": str(len(expected))})
    hidden = Finding.objects.filter(status="accepted").order_by("title").values_list("title", flat=True)
    assert list(hidden) == expected


def test_a_family_is_accepted_as_one(analyst: Any, account: Account, other_account: Account) -> None:
    told = {"fix_at": "prod (ou-ab12-34567890)"}
    mine = finding(account, "GR104", subject_type="account", evidence=told)
    finding(other_account, "GR104", subject_type="account", evidence=told)
    finding(other_account, "GR106", subject_type="account", evidence=told)
    asked = WIDER | {"what": "family", "whom": "all", "code": ""}
    analyst.post(f"/findings/exceptions/add/?finding={mine.pk}", asked | {"seen": "2"})
    assert statuses() == ["accepted", "accepted", "open"]


def on_role(account: Account, name: str = "deploy", code: str = "LP101", **more: Any) -> Finding:
    arn = f"arn:aws:iam::{account.aws_id}:role/{name}"
    return finding(account, code, subject_name=name.rpartition("/")[2], subject_arn=arn, **more)


def test_the_same_role_in_many_accounts_is_listed_and_accepted_as_one(
    analyst: Any, account: Account, other_account: Account
) -> None:
    mine, theirs = on_role(account), on_role(other_account)
    others = [
        on_role(other_account, "deploy-2"),
        on_role(other_account, "platform/deploy"),
        on_role(other_account, code="LP103"),
        finding(other_account, subject_name="deploy", subject_type="user", subject_arn="arn:aws:iam::1:user/deploy"),
    ]
    page = analyst.get(f"/findings/{mine.pk}/")
    assert "On the role of this name in 1 other account too. Accept them as one" in said(page)
    assert 'href="/findings/?rule=LP101&amp;same=deploy"' in page.content.decode()
    listed = analyst.get("/findings/", {"rule": "LP101", "same": "deploy"}).context["list"]
    assert {row.record.pk for row in listed.table.rows} == {mine.pk, theirs.pk}
    url = f"/findings/exceptions/add/?finding={mine.pk}&family=1"
    form = analyst.get(url).context["form"]
    assert (form.initial["what"], form.initial["whom"]) == ("family", "all")
    asked = WIDER | {"what": "family", "whom": "all", "code": ""}
    looked = said(analyst.post(url, asked | {"look": "1"}))
    assert f"{account.name}" in looked
    assert f"{other_account.name}" in looked
    analyst.post(url, asked | {"seen": "2"})
    assert set(Finding.objects.filter(status="accepted").values_list("pk", flat=True)) == {mine.pk, theirs.pk}
    assert Finding.objects.filter(status="open").count() == len(others)
    assert "of the family deploy" in said(analyst.get("/findings/exceptions/"))


def test_a_role_of_one_account_and_one_of_a_permission_set_have_no_such_family(
    analyst: Any, account: Account, other_account: Account
) -> None:
    reserved = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"
    for one in (on_role(account), on_role(account, reserved)):
        assert "On the role of this name" not in said(analyst.get(f"/findings/{one.pk}/"))
    on_role(other_account, reserved)
    assert "On the role of this name" not in said(analyst.get(f"/findings/{one.pk}/"))


def test_who_sees_some_accounts_accepts_in_those_alone(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    finding(account)
    theirs = finding(other_account)
    client = sign_in(Role.ANALYST, [account])
    assert client.post("/findings/exceptions/add/", WIDER).status_code == 422
    assert client.get(f"/findings/exceptions/add/?finding={theirs.pk}").status_code == 404
    wide = accepted(code="LP101", expires_at=timezone.now() + timedelta(days=9))
    assert client.post(f"/findings/exceptions/{wide.pk}/end/").status_code == 403
    assert client.get(f"/findings/exceptions/{wide.pk}/").status_code == 200
    hidden = accepted(scope="ou", target="ou-elsewhere", code="LP101", reason="not yours")
    assert "not yours" not in said(client.get("/findings/exceptions/?tab=all"))
    assert client.get(f"/findings/exceptions/{hidden.pk}/").status_code == 404


def test_the_list_says_what_each_hides_and_which_hides_nothing(analyst: Any, account: Account) -> None:
    ends = timezone.now() + timedelta(days=40)
    idle = accepted(account, code="KY102", reason="idle", expires_at=ends, last_hid_at=ago(days=3))
    finding(account)
    analyst.post("/findings/exceptions/add/", WIDER | {"seen": "1"})
    page = said(analyst.get("/findings/exceptions/"))
    assert "LP101 unused-role up to critical all accounts 1 finding known" in page
    assert "nothing last 3 d ago idle" in page
    assert f"until {ends - timedelta(seconds=1):%Y-%m-%d}" in said(analyst.get(f"/findings/exceptions/{idle.pk}/"))
    one = Acceptance.objects.get(code="LP101")
    assert tabs(analyst.get("/findings/exceptions/")) == [2, 0, 0, 0, 2]
    young = finding(account, title="came later", status="accepted", acceptance=one, accepted_at=timezone.now())
    page = said(analyst.get(f"/findings/exceptions/{one.pk}/"))
    assert "Since it was made it hides 1 more: " in page
    assert young.title in page


def test_it_is_ended_and_extended_on_its_page(analyst: Any, account: Account) -> None:
    finding(account)
    analyst.post("/findings/exceptions/add/", WIDER | {"seen": "1"})
    first = Acceptance.objects.get()
    assert "at most 90 days" in said(
        analyst.post(f"/findings/exceptions/{first.pk}/extend/", {"reason": "x", "until": day(200)}, follow=True)
    )
    analyst.post(f"/findings/exceptions/{first.pk}/extend/", {"reason": "still so", "until": day(80)})
    second = Acceptance.objects.exclude(pk=first.pk).get()
    assert (second.reason, second.expires_at.date()) == ("still so", date.fromisoformat(day(81)))
    assert statuses() == ["accepted"]
    analyst.post(f"/findings/exceptions/{second.pk}/end/")
    assert statuses() == ["open"]
    assert "ended by analyst-0" in said(analyst.get(f"/findings/exceptions/{second.pk}/"))
    assert "It ended already" in said(
        analyst.post(f"/findings/exceptions/{second.pk}/extend/", {"reason": "x", "until": day(9)}, follow=True)
    )


def test_the_export_has_the_terms(analyst: Any, account: Account) -> None:
    accepted(account, code="LP101", reason="=1+1", expires_at=timezone.now() + timedelta(days=9))
    assert "'=1+1" in analyst.get("/findings/exceptions/?export=csv").body.decode()


# By owner


def test_what_an_owner_of_accounts_that_nobody_judged_has_to_do_is_unknown(analyst: Any, account: Account) -> None:
    names = ("open_critical", "overdue", "new", "accepted", "accepted_ending")
    assert "1 unknown: not judged yet unknown unknown unknown unknown" in said(analyst.get("/findings/owners/"))
    (row,) = json.loads(analyst.get("/findings/owners/?export=json").body)
    assert [row[name] for name in names] == [None] * 5
    checked(account)
    assert "1 none 0 0 0 0" in said(analyst.get("/findings/owners/"))
    (row,) = json.loads(analyst.get("/findings/owners/?export=json").body)
    assert [row[name] for name in names] == [0] * 5


def test_what_each_owner_has_to_do(analyst: Any, sign_in: Client, account: Account, other_account: Account) -> None:
    assert "Nobody is noted as the owner" in said(analyst.get("/findings/owners/"))
    assert 'none has findings of the part "Overdue"' in html.unescape(
        said(analyst.get("/findings/owners/?tab=overdue"))
    )
    AccountPlace.objects.create(account=account, tags={"team": "pay"})
    AccountOwner.objects.create(scope="own-tag", target="team", set_by="x")
    one = accepted(account, code="LP103", expires_at=timezone.now() + timedelta(days=5))
    finding(account, severity=5, due_at=ago(days=1))
    finding(account, severity=5, opened_at=ago(days=1))
    finding(account, "LP103", severity=4, status="accepted", acceptance=one, accepted_at=ago(days=1))
    finding(account, resolved_at=ago(days=1))
    finding(other_account, assignee=analyst.operator.username, due_at=ago(days=1))
    page = said(analyst.get("/findings/owners/"))
    assert "1 open finding assigned to you, 1 of them overdue" in page
    response = analyst.get("/findings/owners/")
    assert [(one.mine.name, one.mine.accounts, one.mine.sums.total) for one in listed(response)] == [
        ("pay", 1, 2),
        ("Nobody", 1, 1),
    ]
    assert "pay unknown: 1 account not judged yet 1 2 critical 1 1 1 1 " in page
    (pay, nobody) = json.loads(analyst.get("/findings/owners/?export=json").body)
    assert (
        pay["owner"],
        pay["open_critical"],
        pay["overdue"],
        pay["new"],
        pay["accepted"],
        pay["accepted_ending"],
    ) == ("pay", 2, 1, 1, 1, 1)
    assert (nobody["owner"], nobody["open_medium"], nobody["overdue"]) == ("", 1, 1)
    for some, seen in (([account], [pay]), ([other_account], [nobody])):
        assert json.loads(sign_in(accounts=some).get("/findings/owners/?export=json").body) == seen
    for query, names in (
        ("q=PA", ["pay"]), ("tab=urgent", ["pay"]), ("tab=overdue", ["pay", "Nobody"]), ("sort=owner", ["Nobody", "pay"]),
        ("owner=pay", ["pay"]), ("findings=none", []), (f"account={other_account.aws_id}", ["Nobody"]),
    ):  # fmt: skip
        assert [one.mine.name for one in listed(analyst.get(f"/findings/owners/?{query}"))] == names, query
    there = html.unescape(re.findall(r'href="(/accounts/[?][^"]*owner=pay[^"]*)"', response.content.decode())[0])
    page = said(analyst.get(there))
    assert "payments-prod 2 critical 1 1 1" in page  # the same numbers of each of its accounts
    assert "sandbox" not in page.partition("<main")[2]


def listed(response: Any) -> Any:
    return response.context["list"].table.data.data


def test_by_owner_in_few_queries(analyst: Any, account: Account, django_assert_max_num_queries: Any) -> None:
    AccountOwner.objects.create(scope="all", name="platform", set_by="x")
    for n in range(30):
        Account.objects.create(aws_id=f"{n + 100:012d}", name=f"a{n}")
    with django_assert_max_num_queries(25):
        (row,) = listed(analyst.get("/findings/owners/"))
    assert (row.mine.name, row.mine.accounts) == ("platform", 31)
