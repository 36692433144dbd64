"""Services by week: what was called, and what was not read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.models import Account, TrailWatch
from collectors.records import TRAIL
from iamdash.pages.weeks import WEEKS, weeks
from tests.builders import role, user
from tests.findings.engine.inventory import put
from tests.pages.acted import said, used, watch
from tests.pages.making import BACKWARDS, SCRIPT, ago

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP, BOB = role("app"), user("bob")
PAGE = f"/principals/000000000001/{APP.unique_id}/weeks/"


def cells(response: Any, service: str) -> list[int | None]:
    chart = response.context["heat"].chart
    return [value for value, _ in dict(chart.rows)[service]]


@pytest.fixture
def here(account: Account) -> Account:
    put(account, APP, BOB)
    return account


def test_what_was_not_read_is_unknown(sign_in: Client, here: Account) -> None:
    client = sign_in()
    page = said(client.get(PAGE))
    assert "Unknown: CloudTrail is not read" in page
    assert "No call was seen" not in page
    used(here, APP, "s3 PutObject")
    assert "unknown: CloudTrail was not read without a gap" in said(client.get(PAGE))
    watch(here, "denied")
    assert f"There may be more: {TRAIL} was denied" in said(client.get(PAGE))


def test_silence_says_since_when_it_was_watched(sign_in: Client, here: Account) -> None:
    watch(here)
    assert "No call was seen" in said(sign_in().get(PAGE))


def test_weeks_before_it_was_watched_are_unknown_and_no_zeros(sign_in: Client, here: Account) -> None:
    watch(here, since=30)
    used(here, APP, "s3 PutObject", days=0, n=50, denied=8)
    used(here, APP, "ec2 RunInstances", days=75, n=7)
    response = sign_in().get(PAGE)
    s3, ec2 = cells(response, "s3"), cells(response, "ec2")
    assert (s3[0], s3[-2], s3[-1]) == (None, 0, 42)
    assert 7 in ec2[:4]
    assert ec2[-1] == 0
    assert "called 2 services in 13 weeks, most often s3 (42 calls); 1 of them not in the last 4 weeks" in said(
        response
    )
    assert ">unknown</span>" in response.content.decode()


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        (200, 0, (True, True), (True, True)),
        (30, 0, (False, False), (True, True)),
        (200, 20, (True, True), (False, False)),
        (None, 0, (False, False), (False, False)),
        (200, 1, (True, True), (True, None)),
    ],
)
def test_which_weeks_are_whole(since: int | None, until: int, first: Any, last: Any) -> None:
    watch = TrailWatch(since=since and ago(days=since), until=ago(days=until))
    found = weeks(watch)
    assert len(found) == WEEKS
    assert [week.monday.weekday() for week in found] == [0] * WEEKS
    assert (found[0].whole, found[0].read) == first
    assert found[-1].whole == last[0]
    assert last[1] is None or found[-1].read == last[1]


def test_a_week_that_began_unwatched_is_in_part() -> None:
    monday = weeks(None)[5].monday
    begin = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
    found = weeks(TrailWatch(since=begin + timedelta(days=2), until=ago(days=0)))
    assert [(week.whole, week.read) for week in found[4:7]] == [(False, False), (False, True), (True, True)]
    assert found[5].label.endswith("(in part)")


def test_what_was_only_denied_was_not_used(sign_in: Client, here: Account) -> None:
    watch(here)
    used(here, APP, "iam CreateUser", n=4, denied=4)
    response = sign_in().get(PAGE)
    assert response.context["heat"].chart is None
    assert "Only denied: iam" in said(response)


def test_a_cell_leads_to_the_calls_it_counts(sign_in: Client, here: Account) -> None:
    watch(here)
    for days in (3, 4, 40):
        used(here, APP, "s3 PutObject", days=days)
    used(here, BOB, "s3 PutObject", days=3)
    client = sign_in()
    for page in (PAGE, f"/activity/weeks/?account={here.aws_id}"):
        (_, row), *_ = client.get(page).context["heat"].chart.rows
        assert sum(value or 0 for value, _ in row) == (30 if page == PAGE else 40)
        for value, link in row:
            listed = client.get(link).context["list"].table.rows
            assert sum(one.record.n for one in listed) == (value or 0)


def test_an_account_is_chosen_where_there_are_several(sign_in: Client, here: Account, other_account: Account) -> None:
    used(here, APP, "s3 PutObject")
    page = said(sign_in().get("/activity/weeks/"))
    assert "Of which account?" in page
    assert other_account.name in page
    page = said(sign_in(accounts=[here]).get("/activity/weeks/"))
    assert "payments-prod called 1 service" in page
    here.delete()
    other_account.delete()
    assert "No account is connected" in said(sign_in().get("/activity/weeks/"))


def test_other_accounts_calls_are_not_there(sign_in: Client, here: Account, other_account: Account) -> None:
    used(here, APP, "s3 PutObject")
    client = sign_in(accounts=[other_account])
    assert client.get(PAGE).status_code == 404
    assert "payments-prod" not in said(client.get(f"/activity/weeks/?account={here.aws_id}"))
    assert client.get("/activity/weeks/").context["heat"].chart is None


def test_hostile_names_are_said(sign_in: Client, here: Account) -> None:
    for text in (SCRIPT, BACKWARDS):
        used(here, APP, f"{text} Call")
        used(here, APP, f"x{text} Call", n=4, denied=4)
    html = sign_in().get(PAGE).content.decode()
    assert SCRIPT not in html
    assert "\u202e" not in html


def test_a_page_takes_a_fixed_number_of_queries(sign_in: Client, here: Account, django_assert_num_queries: Any) -> None:
    client = sign_in()
    used(here, APP, "s3 PutObject")
    client.get(PAGE)
    for n in range(30):
        used(here, APP, f"s{n} Call", days=n)
    with django_assert_num_queries(QUERIES):
        assert "more services were called less often" in said(client.get(PAGE))


# Transaction, role and read-only: 4; session and operator: 2; the principal, its actors, the watch, calls, their events: 5; what
# was watched: 2; frame: 2; the test client's own role: 2.
QUERIES = 15
