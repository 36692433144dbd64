"""Trends and the report: what they say, how they say "no", whose data they show, and that every number leads to its findings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account, Connection, Membership
from findings.engine import judge_account
from findings.models import AccountDay, AccountOwner, AccountPlace, EndedInterval, Finding
from iamdash.access.models import Role
from tests.builders import AS_OF, role, root, summary
from tests.findings.engine.inventory import put
from tests.pages.acted import changed, said
from tests.pages.making import SCRIPT

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BY = ("practice", "severity", "rule", "account", "ou", "owner")
ROLES = [role(f"app-{n}", used=300, unique_id=f"AROA{n}") for n in range(6)]
SAFE, UNSAFE = (
    summary(AccountMFAEnabled=1, AccountAccessKeysPresent=0),
    summary(AccountMFAEnabled=0, AccountAccessKeysPresent=0),
)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AS_OF + timedelta(hours=6))


def at(back: int) -> datetime:
    return AS_OF - back * DAY + timedelta(hours=3)


def judged(account: Account, back: int, *entities: Any) -> None:
    put(account, *entities, root())
    judge_account(account.pk, at(back))


@pytest.fixture
def past(account: Account, other_account: Account) -> Account:
    """Roles that nobody uses come and go; root has no MFA for some time, and today again. The other account was read once."""
    Connection.objects.bulk_create([Connection(account=account), Connection(account=other_account)])
    judged(other_account, 30, ROLES[0], SAFE)
    judged(account, 60, *ROLES[:5], SAFE)
    judged(account, 20, *ROLES[:2], UNSAFE)
    judged(account, 5, *ROLES[:3], SAFE)
    judged(account, 0, *ROLES[:3], UNSAFE)
    for one, unit in ((account, "prod"), (other_account, "sandbox")):
        names = ["Root", unit]
        AccountPlace.objects.update_or_create(
            account=one, defaults={"ous": ["r-1", f"ou-{unit}"], "names": names, "tags": {}, "unknown": ""}
        )
    AccountOwner.objects.create(scope="account", account=account, name="Payments team", set_by="t")
    return account


def test_all_together(past: Account, sign_in: Any) -> None:
    web = sign_in()
    response = web.get("/trends/", {"days": "30"})
    text = said(response)
    shown = response.context
    assert "The score of all accounts is" in text
    assert "1 account was not judged today: the last score stands" in text
    assert "On 30 of 30 days some account was not judged (1 of 2 today)" in text
    today = [series.values[-1] for series in shown["open"].series[:5]]
    assert sum(today) == Finding.objects.filter(resolved_at=None).count()
    for series in shown["open"].series[:5]:
        for n in (0, 12, -1):
            assert web.get(series.links[n]).context["list"].total == series.values[n], series.links[n]
    for series in shown["flow"].series[:2]:
        for n, link in enumerate(series.links):
            assert web.get(link).context["list"].total == series.values[n], link
    assert sum(map(sum, (series.values for series in shown["ages"].series))) == sum(today)
    for series in shown["ages"].series:
        for n, link in enumerate(series.links):
            assert web.get(link).context["list"].total == series.values[n], link
    right = shown["times"].right
    assert (right.fixed, right.gone) == (1, 3)
    assert (
        "Half of the 4 faults put right in 30 days took 40 days or less; in the 30 days before nothing was put right."
        in text
    )


def test_the_time_to_fix_by_week_is_a_line_with_its_numbers(past: Account, sign_in: Any) -> None:
    web = sign_in()
    shown = web.get("/trends/", {"days": "90"}).context
    median, n = shown["times_figure"].chart.series
    assert sum(n.values) == shown["times"].right.n
    assert [value is None for value in median.values] == [not one for one in n.values]
    (drawing,) = shown["times_figure"].drawings
    assert [bool(one) for one in n.values] == list(drawing.solid)
    for link, ended in zip(drawing.links, n.values, strict=True):
        assert web.get(link).context["list"].total == ended, link
    assert web.get("/trends/", {"days": "7"}).context["times_figure"] is None


def test_solid_where_it_was_judged_and_dashed_where_it_stands(past: Account, sign_in: Any) -> None:
    shown = sign_in().get("/trends/", {"days": "30", "account": past.aws_id}).context
    (drawing,) = shown["score"].drawings
    assert [n for n, solid in enumerate(drawing.solid) if solid] == [9, 24, 29]
    assert drawing.line.count("M") == 2
    assert drawing.dashes.count("M") == 3
    assert shown["open"].carried[9] == 0
    assert shown["open"].carried[10] == sum(series.values[10] for series in shown["open"].series[:5])


def test_critical_and_high_lead_to_these_alone(past: Account, sign_in: Any) -> None:
    web = sign_in()
    report = web.get("/trends/report/", {"days": "30"}).context
    beside = web.get("/trends/", {"by": "account", "days": "30"}).context
    figures = [report["urgent"], *filter(None, (beside["worse"], beside["better"]))]
    series = [one for figure in figures for one in figure.chart.series]
    assert len(series) > 1
    for one in series:
        assert web.get(one.links[-1]).context["list"].total == one.values[-1], one.label
    for account in report["worst"]:
        assert web.get(account.urgent_url).context["list"].total == account.urgent
        assert web.get(account.open_url).context["list"].total == account.open


@pytest.mark.parametrize("by", BY)
def test_beside_each_other(past: Account, sign_in: Any, by: str) -> None:
    """Every number is that of the list it leads to, and the lines end with what is open."""
    web = sign_in()
    shown = web.get("/trends/", {"by": by, "days": "30"}).context
    assert shown["rows"]
    for one in shown["rows"]:
        line = one.line
        assert web.get(one.open_url).context["list"].total == line.open, one.label
        listed = web.get(one.opened_url).context["list"].total  # what opened twice is one finding of the list
        assert line.opened - line.reopened <= listed <= line.opened, one.label
        assert web.get(one.resolved_url).context["list"].total == line.ended.n, one.label
        if line.points:
            assert line.points[-1].open == line.open
            assert line.points[0].open == line.was
    assert sum(row.line.open for row in shown["rows"]) == Finding.objects.filter(resolved_at=None).count()
    assert {row.score is not None for row in shown["rows"]} == {by in ("account", "ou", "owner")}


def test_a_moved_account_takes_its_past_along(past: Account, sign_in: Any) -> None:
    before = {row.label: row.line for row in sign_in().get("/trends/", {"by": "ou"}).context["rows"]}
    AccountPlace.objects.filter(account=past).update(ous=["r-1", "ou-sandbox"], names=["Root", "sandbox"])
    after = {row.label: row.line for row in sign_in().get("/trends/", {"by": "ou"}).context["rows"]}
    assert len(before) == 2
    (left,) = after.values()
    assert left.change == sum(line.change for line in before.values())
    assert left.points[0].open == sum(line.points[0].open for line in before.values())


@pytest.mark.parametrize(
    ("query", "days", "ignored"),
    [
        ({}, 90, ()),
        ({"days": "365"}, 365, ()),
        ({"days": "8"}, 90, (("days", "8"),)),
        ({"by": "colour"}, 90, (("by", "colour"),)),
        ({"ou": "ou-nowhere"}, 90, (("ou", "ou-nowhere"),)),
        ({"owner": SCRIPT}, 90, (("owner", SCRIPT),)),
    ],
)
def test_what_is_asked_stands_in_the_address(
    past: Account, sign_in: Any, query: dict[str, str], days: int, ignored: tuple[Any, ...]
) -> None:
    response = sign_in().get("/trends/", query)
    assert response.context["scope"].days == days
    assert response.context["scope"].asked.ignored == ignored
    assert SCRIPT not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "accounts"),
    [({"ou": "ou-prod"}, 1), ({"owner": "Payments team"}, 1), ({"owner": "Payments team", "ou": "ou-sandbox"}, 0)],
)
def test_some_accounts(past: Account, sign_in: Any, query: dict[str, str], accounts: int) -> None:
    response = sign_in().get("/trends/", query)
    assert response.context["scope"].accounts == [past.pk][:accounts]
    assert ("Nothing to compare yet" in said(response)) is not accounts


@pytest.mark.parametrize("path", ["/trends/", "/trends/?by=account", "/trends/?by=rule", "/trends/report/?days=30"])
def test_a_reader_sees_the_trend_of_his_accounts(
    past: Account, other_account: Account, sign_in: Any, path: str
) -> None:
    theirs = said(sign_in(Role.VIEWER, accounts=[other_account]).get(path))
    assert past.name not in theirs
    assert "Payments team" not in theirs
    assert "app-1" not in theirs
    assert said(sign_in(Role.VIEWER, accounts=[past]).get(path)).count("sandbox") == 0


@pytest.mark.parametrize("path", ["/trends/", *(f"/trends/?by={by}" for by in BY), "/trends/report/"])
def test_nothing_was_judged_yet(account: Account, sign_in: Any, path: str) -> None:
    response = sign_in().get(path)
    assert response.status_code == 200
    assert any(
        words in said(response) for words in ("Nothing to compare yet", "Nothing to show by", "Nothing was judged yet")
    )


def test_the_report_says_what_changed_and_why(past: Account, sign_in: Any) -> None:
    changed(past, role("boss", unique_id="AROABOSS"), "DeleteRole", "role", "app-4", days=0)
    Finding.objects.filter(code="LP101").update(due_at=at(1))
    response = sign_in().get("/trends/report/", {"days": "30"})
    text = said(response)
    assert "What changed in all accounts" in text
    assert "1 of 2 accounts was judged" in text or "1 of 2 accounts were judged in the period, 1 today" in text
    assert "1 new critical finding" in text
    assert "AB101 root-without-mfa" in text
    assert "lowered it, by" in text
    assert "3 gone with their subjects" in text
    assert "findings are overdue" in text
    assert "sandbox (last judged 25 October 2026)" in text
    assert len(response.context["practices"]) == 6


def test_who_put_it_right(past: Account, sign_in: Any) -> None:
    changed(past, role("boss", unique_id="AROABOSS"), "DeleteRole", "role", "app-4", days=0)
    event = past.adminevent_set.get()
    event.at = at(21)
    event.save()
    rows = sign_in().get("/trends/report/", {"days": "30"}).context["resolved"]
    told = {one.ended.finding.subject_name: (one.call, one.by) for one in rows}
    assert told["app-4"] == ("DeleteRole", "role/boss")
    assert told["app-3"] == ("", "")


def test_of_what_was_done_to_a_subject_the_last_before_it_was_put_right_is_told(past: Account, sign_in: Any) -> None:
    other = Account.objects.exclude(pk=past.pk).get()
    changed(past, role("boss", unique_id="AROABOSS"), "DeleteRole", "role", "app-4", days=0)
    event = past.adminevent_set.get()
    ended = EndedInterval.objects.get(finding__subject_name="app-4")
    hour = timedelta(hours=1)
    more: list[dict[str, Any]] = [
        {"at": ended.opened_at - hour, "name": "before it opened"},
        {"at": ended.opened_at, "name": "earlier"},
        {"at": ended.resolved_at + hour, "name": "after it was resolved"},
        {"at": ended.resolved_at, "name": "denied", "denied": True},
        {"at": ended.resolved_at, "name": "failed", "error": "NoSuchEntity"},
        {"at": ended.resolved_at, "name": "of another kind", "target_type": "user"},
        {"at": ended.resolved_at, "name": "of another", "target_name": "App-4"},
        {"at": ended.resolved_at, "name": "elsewhere", "account": other},
        {"at": ended.resolved_at - hour, "name": "the last"},
    ]
    for n, one in enumerate(more):
        event.pk, event.event_id = None, f"more-{n}"
        for name, value in (
            {"denied": False, "error": "", "target_type": "role", "target_name": "app-4", "account": past} | one
        ).items():
            setattr(event, name, value)
        event.save(force_insert=True)
    rows = sign_in().get("/trends/report/", {"days": "30"}).context["resolved"]
    assert {one.ended.finding.subject_name: one.call for one in rows}["app-4"] == "the last"


def test_the_report_says_no_as_clearly_as_yes(account: Account, sign_in: Any) -> None:
    Connection.objects.create(account=account)
    judged(account, 8, SAFE)
    judged(account, 0, SAFE)
    text = said(sign_in().get("/trends/report/"))
    assert "Neither better nor worse" in text
    assert "No rule moved it." in text
    assert "No critical finding opened in these days" in text
    assert "No finding was put right." in text
    assert "No trail stopped and no recording was lost, as far as it was judged." in text
    assert "Nothing opened and nothing was resolved. It did not move the score." in text


def test_an_account_that_is_not_collected_is_named(past: Account, other_account: Account, sign_in: Any) -> None:
    Membership.objects.create(account=other_account, standing="frozen", state="SUSPENDED", name="x", since=at(10))
    text = said(sign_in().get("/trends/report/"))
    assert "sandbox is SUSPENDED in its organization" in text
    assert "nothing is collected, and its last score stands." in text
    Membership.objects.filter(account=other_account).delete()
    text = said(sign_in().get("/trends/report/"))
    assert "sandbox (last judged 25 October 2026)" in text


def test_hostile_names(past: Account, sign_in: Any) -> None:
    Account.objects.filter(pk=past.pk).update(name=SCRIPT)
    AccountOwner.objects.create(scope="all", name=SCRIPT, set_by="t")
    for path in ("/trends/", "/trends/?by=account", "/trends/?by=owner", "/trends/report/"):
        assert SCRIPT not in sign_in().get(path).content.decode()


# Of each one is that the session was seen.
QUERIES = {"/trends/": 25, "/trends/?by=ou": 19, "/trends/?by=rule": 20, "/trends/report/": 46}


@pytest.mark.parametrize("path", QUERIES)
def test_queries_do_not_grow(past: Account, sign_in: Any, django_assert_max_num_queries: Any, path: str) -> None:
    web = sign_in()
    with django_assert_max_num_queries(QUERIES[path]):
        assert web.get(path).status_code == 200
    assert AccountDay.objects.count() == 5
