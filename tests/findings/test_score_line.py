"""The score of accounts together: what closing, never reading and joining do to it, and which rules moved it. Times and ages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.models import Account, Connection, Membership
from findings import trends
from findings.models import AccountDay, EndedInterval, Finding
from findings.score import POINT, WHOLE, Lost
from findings.trends import Key
from findings.trends.keys import midnight
from findings.vocabulary import Practice, Severity
from tests.builders import AS_OF

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = AS_OF.date()


def day(account: Account, back: int, score: int, unknown: int = 0, gap: int = 0, **lost: list[int]) -> None:
    given = {"score": score * POINT, "unknown": unknown * POINT, "decided": 0, "rules": 90, "lost": lost or None}
    AccountDay.objects.create(account=account, day=TODAY - back * DAY, gap=gap, **given)


def means(days: int = 5, accounts: list[int] | None = None) -> list[int]:
    return [mean.score // POINT for mean in trends.score_line(accounts, days, TODAY).means]


@pytest.fixture
def both(account: Account, other_account: Account) -> tuple[Account, Account]:
    """One judged on three days, the other once, before the period."""
    Account.objects.update(added_at=AS_OF - 400 * DAY)
    Connection.objects.bulk_create([Connection(account=account), Connection(account=other_account)])
    day(account, 4, 60)
    day(account, 2, 80, gap=2)
    day(account, 0, 70, gap=2)
    day(other_account, 300, 40, 20)
    return account, other_account


def test_each_account_weighs_the_same_and_stands_until_it_is_judged_again(both: tuple[Account, Account]) -> None:
    assert means() == [50, 50, 60, 60, 55]
    assert means(accounts=[both[0].pk]) == [60, 60, 80, 80, 70]
    last = trends.score_line(None, 5, TODAY).means[-1]
    assert (last.accounts, last.carried, last.never, last.unknown) == (2, 1, 0, 10 * POINT)


def test_a_day_that_no_account_tells_of_has_no_score(account: Account) -> None:
    """As after a restore that lost days: the next row stands for fewer days than lie between."""
    Account.objects.update(added_at=AS_OF - 400 * DAY)
    day(account, 4, 60)
    day(account, 0, 70, gap=1)
    line = trends.score_line(None, 5, TODAY)
    assert [(TODAY - at).days for at in line.days] == [4, 0]
    assert [mean.score // POINT for mean in line.means] == [60, 70]


@pytest.mark.parametrize("standing", ["frozen", "gone", "left_out", "not_chosen"])
@pytest.mark.parametrize("score", [10, 90])
def test_closing_an_account_never_raises_the_score(both: tuple[Account, Account], standing: str, score: int) -> None:
    AccountDay.objects.filter(account=both[1]).update(score=score * POINT)
    before = means()
    closed = Membership.objects.create(account=both[1], standing=standing, name="x", since=AS_OF - 89 * DAY)
    assert means() == before
    assert trends.score_line(None, 5, TODAY).closed == ()
    Membership.objects.filter(pk=closed.pk).update(since=AS_OF - 92 * DAY)
    gone = standing in ("frozen", "gone")
    line = trends.score_line(None, 5, TODAY)
    assert line.closed == ((both[1].pk,) if gone else ())
    assert means() == ([60, 60, 80, 80, 70] if gone else before)  # on every day: the line does not jump


def test_what_was_never_judged_counts_as_nothing_known(both: tuple[Account, Account]) -> None:
    third = Account.objects.create(aws_id="000000000003", name="new")
    Account.objects.filter(pk=third.pk).update(added_at=AS_OF - 2 * DAY)
    line = trends.score_line(None, 5, TODAY)
    assert [mean.accounts for mean in line.means] == [2, 2, 3, 3, 3]
    assert line.means[-1].score == 110 * POINT // 3
    assert line.means[-1].unknown == (20 * POINT + WHOLE) // 3
    Membership.objects.create(account=third, standing="left_out", name="x")
    assert means() == [50, 50, 60, 60, 55]


def test_days_before_scores_were_kept_are_left_out(account: Account) -> None:
    AccountDay.objects.create(account=account, day=TODAY - 4 * DAY, high=3)
    assert trends.score_line(None, 5, TODAY).means == ()
    day(account, 1, 60, gap=3)
    line = trends.score_line(None, 5, TODAY)
    assert (line.days[0], len(line.days), line.change) == (TODAY - DAY, 2, 0)


def test_which_rules_moved_it(both: tuple[Account, Account]) -> None:
    AccountDay.objects.all().delete()
    one, other = both
    day(one, 9, 90, KY102=[6000, 0, 0], LP101=[0, 0, 4000])
    day(one, 3, 96, LP101=[0, 0, 4000])
    day(one, 1, 96)  # as on the day before
    day(other, 9, 98, LP101=[2000, 0, 0])
    moved = trends.reasons(None, TODAY - 5 * DAY, TODAY)
    assert moved.rules == {"KY102": Lost(3000, 0, 0)}
    assert (moved.accounts, moved.rest) == (2, 0)
    assert moved.by_practice == {Practice.KEYS: 3000}
    third = Account.objects.create(aws_id="000000000003", name="new")
    day(third, 1, 40, AB101=[60000, 0, 0])
    moved = trends.reasons(None, TODAY - 5 * DAY, TODAY)
    assert (moved.accounts, moved.rest) == (2, -19000)
    over = trends.over(None, [TODAY - 5 * DAY, TODAY - DAY, TODAY])
    assert over.practices[Practice.LEAST_PRIVILEGE] == (2000, 1333)
    assert over.moved == (trends.reasons(None, TODAY - 5 * DAY, TODAY - DAY), trends.reasons(None, TODAY - DAY, TODAY))
    assert (moved, over.moved[1].rules) == (over.moved[0], {})


def test_to_know_more_is_no_improvement_and_to_know_less_is_worse(account: Account) -> None:
    Account.objects.update(added_at=AS_OF - 400 * DAY)
    day(account, 4, 60, 30, MO111=[0, 0, 30000], KY102=[10000, 0, 0])
    day(account, 2, 84, 0, gap=2, MO111=[10000, 0, 0], KY102=[6000, 0, 0])
    day(account, 0, 60, 30, gap=2, MO111=[0, 0, 30000], KY102=[10000, 0, 0])
    more = trends.reasons(None, TODAY - 4 * DAY, TODAY - 2 * DAY)
    assert (more.learned, more.bettered("MO111"), more.bettered("KY102")) == ({"MO111": 20000}, 0, 4000)
    assert (more.by_practice[Practice.MONITORING], more.by_practice[Practice.KEYS]) == (0, 4000)
    less = trends.reasons(None, TODAY - 2 * DAY, TODAY)
    assert (less.learned, less.by_practice[Practice.MONITORING]) == ({}, -20000)
    line = trends.score_line(None, 5, TODAY)
    assert (line.change, line.learned) == (0, 0)
    first = trends.ScoreLine(line.days[:3], line.means[:3], ())
    assert (first.change, first.learned) == (24 * POINT, 24 * POINT)


def test_accounts_that_are_not_judged_yet_moved_it_too(both: tuple[Account, Account]) -> None:
    """The line counts them as 0, so what moved it may not be nothing."""
    AccountDay.objects.all().delete()
    for one in both:
        day(one, 9, 90, KY102=[10000, 0, 0])
    third = Account.objects.create(aws_id="000000000003", name="new")
    Account.objects.filter(pk=third.pk).update(added_at=AS_OF - 2 * DAY)
    line = trends.score_line(None, 5, TODAY)
    moved = trends.reasons(None, TODAY - 4 * DAY, TODAY)
    assert (moved.rules, moved.rest, line.change) == ({}, -30 * POINT, -30 * POINT)
    assert trends.reasons(None, TODAY - DAY, TODAY).rest == 0


def ended(account: Account, code: str, hours: int, why: str = "clear", back: int = 1, **more: Any) -> EndedInterval:
    end = AS_OF - back * DAY
    begin = end - timedelta(hours=hours)
    n = Finding.objects.count()
    finding = Finding.objects.create(
        account=account, code=code, practice=code[:2], severity=4, subject_type="role", subject_id=f"r{n}", subject_name="r",
        title="t", evidence={}, first_opened_at=begin, opened_at=begin, resolved_at=end, resolved_why=why, status="resolved",
    )  # fmt: skip
    return EndedInterval.objects.create(
        account=account, finding=finding, code=code, severity=4, opened_at=begin, resolved_at=end, why=why,
        again=False, hours=hours, **more,
    )  # fmt: skip


def test_the_median_of_what_was_put_right(account: Account, other_account: Account) -> None:
    for hours in (5, 30, 47, 200, 9000):
        ended(account, "LP101", hours)
    ended(other_account, "KY102", 24, "subject_gone")
    ended(account, "LP101", 1, "not_applicable")
    ended(account, "LP101", 1, back=40)  # before the period
    whole = trends.times(None, TODAY - 29 * DAY, TODAY + DAY)[""]
    assert (whole.right.n, whole.right.gone, whole.right.fixed, whole.lapsed) == (6, 1, 5, 1)
    assert (whole.right.median, whole.right.mean) == (30, 1551)
    by = trends.times(None, TODAY - 29 * DAY, TODAY + DAY, Key("practice"))
    assert {key: (one.right.n, one.right.median) for key, one in by.items()} == {"LP": (5, 47), "KY": (1, 24)}
    by = trends.times(
        None, TODAY - 29 * DAY, TODAY + DAY, Key("owner", ((account.pk, "red"), (other_account.pk, "blue")))
    )
    assert {key: one.n for key, one in by.items()} == {"red": 6, "blue": 1}
    assert trends.times([other_account.pk], TODAY - 29 * DAY, TODAY + DAY)[""].n == 1
    assert trends.times(None, TODAY, TODAY + DAY) == {}


def test_what_ended_is_told_by_week_from_the_periods_end(account: Account) -> None:
    """A week begins at midnight, six days before its last day."""
    first = midnight(TODAY - 6 * DAY)
    for at, hours in (
        (first, 10),
        (first - timedelta(microseconds=1), 30),
        (first - 7 * DAY, 50),
        (first + 2 * DAY, 12),
    ):
        EndedInterval.objects.filter(pk=ended(account, "LP101", hours).pk).update(resolved_at=at)
    found = trends.times(None, TODAY - 29 * DAY, TODAY + DAY, Key("week"))
    assert {key: (one.right.n, one.right.median) for key, one in found.items()} == {
        "0": (2, 10),
        "1": (2, 30),
        "": (4, 12),
    }
    assert found[""] == trends.times(None, TODAY - 29 * DAY, TODAY + DAY)[""]


def test_ages_fall_into_bands(account: Account) -> None:
    begin = datetime.combine(TODAY, datetime.min.time(), AS_OF.tzinfo)
    for n, back in enumerate((0, 6, 7, 29, 30, 89, 90, 364, 365, 900)):
        at = begin - back * DAY
        Finding.objects.create(
            account=account, code="LP101", practice="LP", severity=4, subject_type="role", subject_id=f"r{n}",
            subject_name="r", title="t", evidence={}, first_opened_at=at, opened_at=at,
        )  # fmt: skip
    found = trends.ages(None, TODAY)
    assert found.counts[Severity.HIGH] == (2, 2, 2, 2, 2)
    assert found.total == 10
