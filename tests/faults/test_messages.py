"""A receiver of messages that is away for hours: what was to be told is told, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collectors.models import Account
from tests.faults.sampling import fault
from tests.notify.receiver import Receiver, Told
from tests.notify.telling import NOW, channel
from tests.notify.test_sending import run, shown, waiting

pytestmark = pytest.mark.django_db


@fault(
    "A webhook's target is down", "a receiver that answers 500, 503, 429 for five tries, then 200", "It is told once."
)
def test_a_target_that_was_down_is_told_once(account: Account, receiver: Receiver) -> None:
    receiver.answers += [Told(500), Told(503), Told(429), Told(500), Told(500)]
    one = waiting(account, channel("webhook", name="siem", url=receiver.url()))
    for hour in range(40):
        run(NOW + timedelta(hours=hour))
    assert shown(one) == ("sent", 6)
    assert len(receiver.got) == 6
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
