"""How controls stood on a day that is past: what is not kept is unknown, never passed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from findings.frameworks import Control, State
from findings.frameworks.evidence import evidence
from findings.frameworks.past import Then
from findings.frameworks.standing import Standing, standings
from findings.frameworks.states import Verdict
from findings.models import AccountDay, DecidedSetting, Finding, FindingEvent, PastRuleState, Unknown
from tests.findings.frameworks.test_standing import accept, control
from tests.pages.making import ago, checked, finding

pytestmark = pytest.mark.django_db
KEYS = control("cis-v5", "1.13")  # KY102
DAY = 10  # days ago


def day(ago_: int = DAY) -> date:
    return timezone.now().date() - timedelta(days=ago_)


@pytest.fixture
def judged(account: Account) -> Account:
    """On the day and since, with the same numbers all the time."""
    for n in (DAY + 5, DAY, 0):
        AccountDay.objects.create(account=account, day=day(n))
    checked(account, "KY102", as_of=ago(days=DAY + 5))
    return account


def standing(account: Account, on: int = DAY, one: Control = KEYS) -> Standing:
    return standings([account], [one], reasons=True, then=Then([account], [one], day(on)))[account.pk]


def then(account: Account, on: int = DAY, one: Control = KEYS) -> Verdict:
    return standing(account, on, one).of(one)


def test_it_passes_where_all_is_as_it_was(judged: Account) -> None:
    assert then(judged).state is State.PASSED
    finding(judged, "KY102", subject_type="key", opened_at=ago(days=DAY - 2))
    finding(judged, "KY102", subject_type="key", opened_at=ago(days=DAY + 4), resolved_at=ago(days=DAY + 2))
    assert then(judged).state is State.PASSED


@pytest.mark.parametrize(
    ("on", "why"),
    [(DAY + 9, "not judged by"), (DAY + 1, "was not judged on"), (DAY - 1, "the last time before on")],
)
def test_a_day_without_a_judgement_is_unknown(judged: Account, on: int, why: str) -> None:
    found = then(judged, on)
    assert found.state is State.UNKNOWN
    assert why in found.why[0]


def test_a_rule_that_is_kept_only_since_later_or_that_is_newer_is_unknown(judged: Account) -> None:
    judged.rulestate_set.update(as_of=ago(days=3))
    found = then(judged)
    assert (found.state, found.why) == (State.UNKNOWN, (f"how KY102 stood is not kept before {day(3)}",))
    past(judged, DAY - 2, 3)
    assert then(judged).why == (f"how KY102 stood is not kept before {day(DAY - 2)}",)
    judged.rulestate_set.all().delete()
    PastRuleState.objects.all().delete()
    assert then(judged).why == ("KY102 was not judged yet",)


def past(account: Account, since: int, until: int, **numbers: Any) -> PastRuleState:
    """How KY102 stood from one day to another, both in days ago."""
    given = {"n_subjects": 9, "n_open": 0, "n_clear": 9, "n_unknown": 0, "n_in_doubt": 0} | numbers
    return PastRuleState.objects.create(
        account=account, code="KY102", as_of=ago(days=since), until=ago(days=until), **given
    )


def test_a_rule_stood_as_its_interval_says(judged: Account) -> None:
    judged.rulestate_set.update(as_of=ago(days=3))
    one = past(judged, DAY + 2, 3)
    past(judged, DAY + 5, DAY + 2, n_unknown=1, n_in_doubt=1)  # over by then
    assert then(judged).state is State.PASSED
    assert standing(judged).seen(KEYS.judging[0]).subjects == 9
    PastRuleState.objects.filter(pk=one.pk).update(n_unknown=2, n_in_doubt=2)
    Unknown.objects.create(account=judged, code="KY102", subject_id="k", reason="since then", since=ago(days=1))
    assert (then(judged).state, then(judged).why) == (State.UNKNOWN, ("KY102 cannot tell of 2",))
    PastRuleState.objects.filter(pk=one.pk).update(n_subjects=0, n_clear=0, n_unknown=0, reason="iam:ListUsers: denied")
    assert (then(judged).state, then(judged).why) == (State.UNKNOWN, ("iam:ListUsers: denied",))


def test_what_was_unknown_then_stays_so(judged: Account) -> None:
    judged.rulestate_set.update(n_unknown=1, n_in_doubt=1, n_clear=41)
    Unknown.objects.create(account=judged, code="KY102", subject_id="k", reason="odd", since=ago(days=DAY + 5))
    found = then(judged)
    assert (found.state, found.why) == (State.UNKNOWN, ("odd",))


def test_a_fault_of_that_day_fails_it_whatever_became_of_it(judged: Account) -> None:
    gone = finding(judged, "KY102", subject_type="key", opened_at=ago(days=DAY + 4), resolved_at=ago(days=DAY - 3))
    assert then(judged).state is State.FAILED
    Finding.objects.filter(pk=gone.pk).update(
        status="open", resolved_at=None, resolved_why="", opened_at=ago(days=1), reopened=1
    )
    assert then(judged).state is State.FAILED
    assert standing(judged).faults(KEYS) == (1, 0)
    assert then(judged, DAY - 1).state is State.FAILED  # though nobody judged it on that day
    judged.rulestate_set.update(as_of=ago(days=3))
    assert then(judged).state is State.FAILED


def told(one: Finding, kind: str, days: int, **detail: Any) -> None:
    FindingEvent.objects.create(account=one.account, finding=one, at=ago(days=days), kind=kind, detail=detail)


def test_exceptions_stand_as_they_stood(judged: Account) -> None:
    one = finding(judged, "KY102", subject_type="key", opened_at=ago(days=DAY + 4))
    made = accept(one)
    assert (then(judged).state, then(judged).accepted) == (State.FAILED, False)
    told(one, "accepted", DAY + 3, acceptance=made.pk)
    assert then(judged).accepted
    (excepted,) = evidence([judged], [KEYS], day()).excepted(judged.pk, KEYS)
    assert (excepted.reason, excepted.by, excepted.n) == ("until March", "ada", 1)
    told(one, "ended", DAY + 2, acceptance=made.pk)
    assert not then(judged).accepted
    assert evidence([judged], [KEYS], day()).excepted(judged.pk, KEYS) == []


def test_an_exception_of_an_interval_before_hides_nothing(judged: Account) -> None:
    one = finding(judged, "KY102", subject_type="key", opened_at=ago(days=DAY + 1), first_opened_at=ago(days=99))
    told(one, "accepted", DAY + 3, acceptance=accept(one).pk)
    assert not then(judged).accepted


def test_settings_are_those_of_that_day(judged: Account) -> None:
    laxer = DecidedSetting.objects.create(
        scope="account", account=judged, name="rotation_days", value=180, reason="old", set_by="ada"
    )
    assert then(judged).state is State.PASSED
    DecidedSetting.objects.filter(pk=laxer.pk).update(set_at=ago(days=DAY + 8), ended_at=ago(days=DAY - 2))
    assert then(judged).state is State.UNKNOWN
    assert standings([judged], [KEYS])[judged.pk].of(KEYS).state is State.PASSED


def test_what_findings_say_is_of_today(account: Account) -> None:
    asked = control("cis-v7", "2.21")  # LP408, of public access alone
    AccountDay.objects.create(account=account, day=day())
    for answer in asked.judging:
        checked(account, answer.code, as_of=ago(days=DAY + 5))
    assert then(account, one=asked).state is not State.UNKNOWN
    finding(account, "LP408", part="x", evidence={"public": False}, opened_at=ago(days=DAY + 4))
    found = then(account, one=asked)
    assert (found.state, "of public access then" in found.why[0]) == (State.UNKNOWN, True)


def test_as_many_queries_for_many_accounts(django_assert_num_queries: Any) -> None:
    many = [Account.objects.create(aws_id=f"{n:012}", name=f"account {n}") for n in range(10, 15)]
    for one in many:
        AccountDay.objects.create(account=one, day=day())
        checked(one, "KY102", as_of=ago(days=DAY + 5))
    with django_assert_num_queries(12, exact=False) as found:
        standings(many[:1], [KEYS], then=Then(many[:1], [KEYS], day()))
    with django_assert_num_queries(len(found)):
        standings(many, [KEYS], then=Then(many, [KEYS], day()))
