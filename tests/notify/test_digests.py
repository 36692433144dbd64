"""The weekly digest: when it is due, what it counts, and that it is sent once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collectors.models import Account, Coverage
from findings.models import AccountDay
from iamdash.notify import digests, queue, sending
from iamdash.notify.models import Channel, Delivery, Digest
from tests.conftest import db_role

from .receiver import Receiver
from .telling import NOW, channel, finding

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)


def digest(to: Any = None, zone: str = "UTC", **more: Any) -> Digest:
    given = {"weekday": 0, "hour": 8, "scope": "all", "set_by": "anna", "set_at": NOW, **more}
    return Digest(channel=to, zone=zone, **given)


@pytest.mark.parametrize(
    ("zone", "at", "due"),
    [
        ("UTC", MONDAY - timedelta(seconds=1), None),
        ("UTC", MONDAY, date(2026, 11, 30)),
        ("UTC", MONDAY + 11 * HOUR, date(2026, 11, 30)),
        ("UTC", MONDAY + 12 * HOUR, None),
        ("UTC", MONDAY + 24 * HOUR, None),
        ("UTC", MONDAY - timedelta(days=7), None),  # before it was asked for
        ("Europe/Berlin", MONDAY - HOUR, date(2026, 11, 30)),
        ("Europe/Berlin", datetime(2027, 7, 5, 6, tzinfo=UTC), date(2027, 7, 5)),  # summer time
        ("Europe/Berlin", datetime(2027, 7, 5, 5, 59, tzinfo=UTC), None),
        ("Pacific/Kiritimati", MONDAY - 14 * HOUR, date(2026, 11, 30)),  # Sunday in UTC
        ("America/Los_Angeles", MONDAY + 8 * HOUR, date(2026, 11, 30)),
        ("No/Such_Zone", MONDAY, date(2026, 11, 30)),
    ],
)
def test_when_it_is_due(zone: str, at: datetime, due: date | None) -> None:
    assert digests.due(digest(zone=zone), at) == due


@pytest.mark.django_db
def test_it_is_put_into_the_queue_once_a_week(account: Account) -> None:
    to = channel()
    digest(to).save()
    digest(channel(), ended_at=NOW).save()
    quiet = channel()
    Channel.objects.filter(pk=quiet.pk).update(paused_at=NOW)
    digest(quiet).save()
    with db_role("iamdash_worker"):
        for at in (NOW, MONDAY, MONDAY + HOUR, MONDAY + timedelta(days=1), MONDAY + timedelta(days=7)):
            digests.ask(at)
    rows = Delivery.objects.order_by("pk").values_list("channel", "reason", "digest_for")
    assert list(rows) == [(to.pk, "digest", date(2026, 11, 30)), (to.pk, "digest", date(2026, 12, 7))]


@pytest.mark.django_db
def test_it_counts_the_accounts_that_it_is_for(
    account: Account, other_account: Account, receiver: Receiver, settings: Any
) -> None:
    Coverage.objects.create(account=account, source="s", api="a", state="denied", observed_at=MONDAY)
    finding(account, severity=5, title="new and late", opened_at=MONDAY - HOUR, due_at=MONDAY - HOUR)
    finding(account, severity=3, opened_at=MONDAY - timedelta(days=30), due_at=MONDAY + HOUR)
    finding(other_account, severity=5, opened_at=MONDAY - HOUR)
    to = channel("webhook", url=receiver.url())
    digest(to, scope="account", account=account).save()
    digests.ask(MONDAY)
    for pk in queue.due(MONDAY):
        sending.deliver(pk, MONDAY)
    told = json.loads(receiver.got[0].body)
    assert (told["type"], told["subject"][:34]) == ("digest", "Week until 2026-11-30: 0 opened, 0")
    week = told["digest"]
    assert (week["accounts"], week["partial"], week["overdue"]) == (1, 1, 1)
    assert [one["title"] for one in week["newest"]] == ["new and late"]
    assert week["before"] is None


@pytest.mark.django_db
def test_open_findings_are_those_of_the_days_and_what_is_not_known_is_not_zero(account: Account) -> None:
    AccountDay.objects.create(
        account=account, day=MONDAY.date() - timedelta(days=2), high=1, n_opened=1, score=61_260, unknown=0, decided=0
    )
    week = digests.week(digest(channel()), MONDAY)
    assert week.open == {"high": (None, 1)}
    assert (week.opened, week.resolved, week.before, week.score) == (1, 0, None, (None, 61_260))
