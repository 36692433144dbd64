"""The rollup equals the intervals, and a trend carries what is known forward and says so."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum

from collectors.models import Account
from findings import trends
from findings.engine.counted import settle_totals
from findings.models import AccountDay, DailyCount, DayTotal, EndedInterval, Finding
from findings.trends.spans import COLUMNS
from findings.vocabulary import Severity
from iamdash.access.database import seen_accounts
from tests.builders import AS_OF, role, summary
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put
from tests.findings.rollup import expected, intervals, stored

DAY = timedelta(days=1)
TODAY = AS_OF.date()
ROOT_OK = summary(AccountMFAEnabled=1, AccountAccessKeysPresent=0)
ROLES = [role(f"app-{n}", used=200, unique_id=f"AROA{n}") for n in range(6)]


@pytest.mark.parametrize("seed", range(4))
def test_the_rollup_equals_the_intervals(account: Account, seed: int) -> None:
    """Twelve judgements on days and hours by chance; roles come, go and come again."""
    chance, at, judged = Random(seed), AS_OF - 40 * DAY, set()
    with db_role("iamdash_worker"):
        for _ in range(12):
            at += timedelta(hours=chance.choice((1, 5, 24, 72)))
            put(account, *chance.sample(ROLES, chance.randrange(len(ROLES) + 1)), ROOT_OK)
            judge(account, at)
            judged.add(at.date())
    assert any(finding.reopened for finding in Finding.objects.all())
    assert stored(account) == expected(account, judged)
    agree(account, judged)


def agree(account: Account, judged: set[Any]) -> None:
    """The days and the ended intervals say what the rollup and the events say."""
    days = {row.day: row for row in AccountDay.objects.filter(account=account).order_by("day")}
    assert set(days) == judged
    rollup = stored(account)
    for day, row in days.items():
        mine = [(key, n) for key, n in rollup.items() if key[0] == day]
        assert row.n_opened == sum(n[1] for _, n in mine)
        assert row.n_resolved == sum(n[2] for _, n in mine)
        for severity in Severity:
            assert getattr(row, severity.slug) == sum(n[0] for (*_, s), n in mine if s == severity)
    told = [(pk, begin, end) for pk, spans in intervals(account).items() for begin, end in spans if end]
    assert sorted(told) == sorted(EndedInterval.objects.values_list("finding", "opened_at", "resolved_at"))
    assert sum(row.n_reopened for row in days.values()) == sum(f.reopened for f in Finding.objects.all())
    before = sorted(judged)
    assert [days[day].gap for day in before] == [0, *(int((b - a).days) for a, b in pairwise(before))]


def test_a_second_judgement_of_the_day_corrects_it_and_an_equal_one_writes_nothing(account: Account) -> None:
    put(account, *ROLES[:2], ROOT_OK)
    judge(account)
    before = list(DailyCount.objects.values())
    judge(account, AS_OF + timedelta(hours=1))
    assert list(DailyCount.objects.values()) == before
    put(account, ROLES[0], ROOT_OK)
    judge(account, AS_OF + timedelta(hours=2))
    assert stored(account)[TODAY, "LP", 3] == (1, 2, 1)


def test_what_went_to_zero_leaves_no_row_of_the_next_day(account: Account) -> None:
    put(account, ROLES[0], ROOT_OK)
    judge(account, AS_OF - 2 * DAY)
    put(account, ROOT_OK)
    judge(account, AS_OF - DAY)
    judge(account, AS_OF)
    low = {key: n for key, n in stored(account).items() if key[1] == "LP"}
    assert low == {(TODAY - 2 * DAY, "LP", 3): (1, 1, 0), (TODAY - DAY, "LP", 3): (0, 0, 1)}


def day(account: Account, back: int, gap: int = 0, **numbers: Any) -> None:
    """A judged day; gap: days since the one before."""
    AccountDay.objects.create(account=account, day=TODAY - back * DAY, gap=gap, **numbers)


def test_days_without_a_judgement_stand_with_the_last_one(account: Account, other_account: Account) -> None:
    day(account, 200, medium=9)
    day(account, 3, 197, medium=4)
    day(account, 1, 2, medium=2)
    day(other_account, 2, medium=10)
    trend = trends.read(None, 5, TODAY)
    assert trend.days == tuple(TODAY - n * DAY for n in (4, 3, 2, 1, 0))
    assert trend.open[Severity.MEDIUM] == (9, 4, 14, 12, 12)
    assert trend.carried == (1, 0, 1, 1, 2)
    assert trend.carried_open == (9, 0, 4, 10, 12)
    assert trend.judged == {TODAY - n * DAY for n in (3, 2, 1)}
    assert trends.read([account.pk], 5, TODAY).open[Severity.MEDIUM] == (9, 4, 4, 2, 2)


def totals() -> list[tuple[Any, ...]]:
    sums = DayTotal.objects.values_list("day", "scored").annotate(*map(Sum, ("n", *COLUMNS)))
    return sorted(row for row in sums if row[2])


def of_accounts() -> list[tuple[Any, ...]]:
    """The same, of the rows themselves."""
    scored = ExpressionWrapper(Q(score__isnull=False), BooleanField())
    rows = AccountDay.objects.order_by().annotate(scored=scored).values_list("day", "scored")
    return sorted(rows.annotate(Count("pk"), *(Sum(name, default=0) for name in COLUMNS)))


@pytest.mark.parametrize("seed", range(3))
def test_sums_of_days_are_those_of_the_accounts(account: Account, other_account: Account, seed: int) -> None:
    chance = Random(seed)

    def some(**more: int) -> dict[str, int]:
        return {name: chance.randrange(5) for name in chance.sample(COLUMNS, 6)} | more

    for _ in range(15):
        one, at = chance.choice((account, other_account)), TODAY - chance.randrange(4) * DAY
        if not AccountDay.objects.filter(account=one, day=at).exists():
            AccountDay.objects.create(account=one, day=at, **some(rules=chance.randrange(3)))
        elif chance.random() < 0.3:
            AccountDay.objects.filter(account=one, day=at).delete()
        else:
            AccountDay.objects.filter(day=at).update(**some(critical=chance.randrange(3)))
            AccountDay.objects.filter(account=one, day=at).update(score=chance.choice((None, 7)))
        if chance.random() < 0.3:
            with db_role("iamdash_worker"):
                settle_totals()
        assert totals() == of_accounts()
    account.delete()
    settle_totals()
    assert totals() == of_accounts()
    assert DayTotal.objects.count() == len(totals())


def test_all_accounts_together_are_those_one_by_one_and_nobody_elses(account: Account, other_account: Account) -> None:
    score = {"score": 50_000, "decided": 1, "unknown": 2, "rules": 3}
    for back, gap in ((27, 0), (14, 13), (9, 5), (3, 6), (0, 3)):
        day(account, back, gap, medium=back, n_opened=1, **score)
    for back, gap in ((28, 0), (20, 8), (9, 11), (2, 7)):
        day(other_account, back, gap, high=back, n_resolved=2, **score)
    both, mine = [account.pk, other_account.pk], [account.pk]
    for scope, sees in (("*", both), (mine, mine)):
        with db_role("iamdash_web"), seen_accounts(scope):
            found, line = trends.together(None, 14, TODAY)
            assert (found, line) == trends.together(sees, 14, TODAY)
            assert found.open[Severity.MEDIUM][-1] == 0
            assert found.whole.resolved == (4 if scope == "*" else 0)
            assert trends.before(None, found) == trends.before(sees, found)
            assert bool(DayTotal.objects.exists()) == (scope == "*")


def test_a_trend_begins_with_the_first_data(account: Account) -> None:
    day(account, 2, critical=1)
    trend = trends.read(None, 90, TODAY)
    assert [trend.urgent(n) for n in range(len(trend.days))] == [1, 1, 1]
    assert trends.read(None, 90, TODAY - 10 * DAY).days == ()


def test_weeks_end_today_and_the_period_before_is_told_only_when_it_is_whole(account: Account) -> None:
    for back in range(38, -1, -2):
        day(account, back, 2 if back < 38 else 0, medium=3, n_opened=1, n_resolved=2)
    trend = trends.read(None, 14, TODAY)
    assert [(week.begin, week.opened, week.resolved) for week in trend.weeks] == [
        (TODAY - 13 * DAY, 3, 6),
        (TODAY - 6 * DAY, 4, 8),
    ]
    assert trends.before(None, trend) == trends.Flow(TODAY - 27 * DAY, 7, 0, 14)
    assert trends.before(None, trends.read(None, 30, TODAY)) is None


def test_one_query_whatever_the_size(account: Account, django_assert_num_queries: Any) -> None:
    day(account, 1, medium=1)
    with django_assert_num_queries(1):
        trend = trends.read(None, 90, TODAY)
        shown = (trend.open, trend.carried, trend.weeks)
    assert all(shown)
