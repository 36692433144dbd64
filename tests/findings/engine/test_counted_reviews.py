"""The kept counts of access reviews are what counting items finds: of worker and web, and when an account or a review ends."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.models import Count, Sum, Value

from collectors.models import Account
from findings.analysis.reviewing.confirming import State
from findings.engine import review_work
from findings.engine.counted import settle
from findings.engine.review_work import Decided
from findings.models import Review, ReviewCount, ReviewItem
from findings.models.review import Verdict
from iamdash.access.database import seen_accounts
from tests.conftest import db_role
from tests.pages.reviewing import item, review

pytestmark = pytest.mark.django_db
ALIKE = ("review", "account", "verdict", "state")
Counts = dict[tuple[Any, ...], int]


def kept() -> Counts:
    rows = ReviewCount.objects.order_by().values_list(*ALIKE).annotate(total=Sum("n"))
    return {tuple(key): n for *key, n in rows if n}


def counted() -> Counts:
    rows = ReviewItem.objects.order_by().values_list(*ALIKE).annotate(n=Count(Value(1)))
    return {tuple(key): n for *key, n in rows}


def some(random: Random, n: int) -> list[ReviewItem]:
    rows = list(ReviewItem.objects.order_by("pk"))
    return random.sample(rows, min(n, len(rows)))


def freezes(random: Random, of: Review, account: Account) -> None:
    for _ in range(random.randint(1, 3)):
        item(of, account)


def decides(random: Random, of: Review, account: Account) -> None:
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        mine = some(random, 4)
        assert {one.account_id for one in mine} <= {account.pk}
        review_work.decide(mine, Decided(random.choice((Verdict.KEEP, Verdict.REVOKE)), "x"), "ben")


def looks(random: Random, of: Review, account: Account) -> None:
    """A later collection tells, of items of both accounts at once; and what nobody counts changes."""
    with db_role("iamdash_worker"):
        ReviewItem.objects.filter(pk__in=[one.pk for one in some(random, 4)]).update(state=random.choice(list(State)))
        ReviewItem.objects.update(unsure=random.choice((True, False)))


def forgets(random: Random, of: Review, account: Account) -> None:
    ReviewItem.objects.filter(pk__in=[one.pk for one in some(random, 1)], decisions=None).delete()


WRITES: tuple[Callable[[Random, Review, Account], None], ...] = (
    freezes, freezes, decides, decides, looks, looks, forgets,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_counts_are_what_counting_finds(account: Account, other_account: Account, seed: int) -> None:
    random, both = Random(seed), (account, other_account)
    reviews = review(*both), review(*both)
    for write in (freezes, *random.choices(WRITES, k=20)):
        write(random, random.choice(reviews), random.choice(both))
        if random.random() < 0.3:
            settle(account)
        assert kept() == counted(), write
    for one in both:
        settle(one)
    assert kept() == counted()
    assert ReviewCount.objects.count() == len(counted()) > 0


def test_a_review_and_an_account_take_their_counts_with_them(account: Account, other_account: Account) -> None:
    first, second = review(account, other_account), review(account, other_account)
    for one in (first, second):
        item(one, account), item(one, other_account)
    first.delete()
    assert kept() == counted()
    account.delete()
    assert kept() == counted()
    assert set(ReviewCount.objects.values_list("review", "account")) == {(second.pk, other_account.pk)}
    connection.check_constraints()


def test_the_web_counts_the_accounts_that_it_sees_and_writes_none(account: Account, other_account: Account) -> None:
    one = review(account, other_account)
    item(one, account), item(one, other_account)
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        assert ReviewCount.objects.get().account_id == account.pk
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            ReviewCount.objects.update(n=0)
