"""The trend on the Overview: what it says, what it draws, and when it says nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account, Connection
from findings.models import AccountDay
from iamdash.access.models import Role
from tests.pages.conftest import Made
from tests.pages.shown import text

pytestmark = pytest.mark.django_db


def count(account: Account, back: int, n: int, severity: str = "high", **more: int) -> None:
    """A judged day; it knows of the one before, as a judgement does."""
    day = timezone.now().date() - timedelta(days=back)
    before = AccountDay.objects.filter(account=account, day__lt=day).order_by("-day").first()
    gap = (day - before.day).days if before else 0
    AccountDay.objects.create(account=account, day=day, gap=gap, **{severity: n}, **more)


@pytest.fixture
def judged(made: Made) -> Account:
    """Ninety days ago 31 high findings, today 19."""
    made.state("KY101")
    count(made.account, 89, 31, n_opened=31)
    count(made.account, 40, 25, n_resolved=6)
    count(made.account, 0, 19, n_resolved=6)
    return made.account


def test_a_fall_is_said_drawn_and_tabled(judged: Account, sign_in: Any) -> None:
    response = sign_in().get("/")
    assert "Open critical and high findings fell from 31 to 19 in 90 days." in text(response)
    assert "In 90 days 31 findings opened and 12 were resolved." in text(response)
    chart = response.context["trend"].open
    high = next(s for s in chart.spec["series"] if s["name"] == "High")
    assert len(high["values"]) == len(chart.labels) == 90
    assert [s["token"] for s in chart.spec["series"]] == ["critical", "high", "medium", "low", "info"]
    assert sum(chart.dots) == 3
    assert [cells[1][0] for _, cells in chart.rows] == list(high["values"])
    assert [cells[-1][0] for _, cells in chart.rows].count(1) == 87  # days on which the last judgement stands


def test_points_of_what_was_not_judged_or_came_back_lead_to_it(judged: Account, sign_in: Any) -> None:
    Connection.objects.get_or_create(account=judged)
    client = sign_in()
    trend = client.get("/").context["trend"]
    findings, accounts = trend.open.series[-2:]
    assert (accounts.values[-2], client.get(accounts.links[-2]).context["list"].total) == (1, 1)
    assert client.get(accounts.links[-1]).context["list"].total == 0
    assert not client.get(findings.links[-2]).context["list"].asked.ignored
    assert "reopened=" in trend.flow.series[-1].links[-1]
    one = client.get("/", {"account": judged.aws_id}).context["trend"].open.series[-1].links[-2]
    assert (f"q={judged.aws_id}" in one, client.get(one).context["list"].total) == (True, 1)


def test_the_week_bars_add_up(judged: Account, sign_in: Any) -> None:
    opened, resolved, _ = sign_in().get("/").context["trend"].flow.series
    assert (sum(opened.values), sum(resolved.values)) == (31, 12)


@pytest.mark.parametrize(("query", "days"), [("30", 30), ("365", 365), ("8", 90), ("x", 90), ("", 90)])
def test_the_period_is_in_the_address(judged: Account, sign_in: Any, query: str, days: int) -> None:
    trend = sign_in().get("/", {"days": query}).context["trend"]
    assert trend.days == days
    assert [period.label for period in trend.periods if period.current] == [f"{days} days"]


def test_a_period_longer_than_the_data_says_since_when(judged: Account, sign_in: Any) -> None:
    day = timezone.now().date() - timedelta(days=89)
    shown = text(sign_in().get("/", {"days": "365"}))
    assert f"fell from 31 to 19 since {day.day} {day:%B %Y}." in shown


def test_one_day_is_no_trend(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    count(made.account, 0, 5)
    response = sign_in().get("/")
    assert "The trend begins with the second day." in text(response)
    assert b"open-by-day" not in response.content


def test_an_account_not_judged_today_is_said(judged: Account, elsewhere: Made, sign_in: Any) -> None:
    count(elsewhere.account, 3, 2)
    response = sign_in().get("/")
    assert "1 account not judged today stands with its last known counts." in text(response)
    assert "fell from 31 to 21" in text(response)


def test_a_reader_sees_the_trend_of_his_accounts(judged: Account, elsewhere: Made, sign_in: Any) -> None:
    elsewhere.state("KY101")
    count(elsewhere.account, 10, 500)
    count(elsewhere.account, 0, 400)
    assert "fell from 31 to 19" in text(sign_in(Role.VIEWER, accounts=[judged]).get("/"))
    assert "fell from 500 to 400" in text(sign_in(Role.VIEWER, accounts=[elsewhere.account]).get("/"))
    assert "fell from 31 to 19" in text(sign_in().get("/", {"account": judged.aws_id}))


def test_the_period_keeps_the_account(judged: Account, sign_in: Any) -> None:
    periods = sign_in().get("/", {"account": judged.aws_id}).context["trend"].periods
    assert all(f"account={judged.aws_id}" in period.url for period in periods)
