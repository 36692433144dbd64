"""Rates that workers share through Redis, and keep by themselves without it. Nobody sleeps here."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import redis
from django.conf import settings

from collectors.aws import bucket
from collectors.aws.bucket import Buckets
from collectors.aws.call import LiveAws

EVENTS, GENERATE = "cloudtrail:LookupEvents", "iam:GenerateServiceLastAccessedDetails"
NOWHERE = "redis://127.0.0.1:1/2"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def buckets(url: str = "", **more: Any) -> Buckets:
    return Buckets(url or settings.BUCKETS_URL, **{"jitter": lambda: 0.0, **more})


@pytest.fixture
def account() -> str:
    """An account that no other test has taken tokens of."""
    return uuid.uuid4().hex


def test_an_api_without_a_rate_waits_for_nothing(account: str) -> None:
    assert [buckets().wait(account, "us-east-1", "sts:GetCallerIdentity") for _ in range(99)] == [0.0] * 99


def test_two_workers_share_a_rate(account: str) -> None:
    one, other = buckets(), buckets()
    waits = [worker.wait(account, "us-east-1", EVENTS) for worker in (one, other, one, other)]
    assert waits == pytest.approx([0, 1, 2, 3], abs=0.3)


def test_accounts_regions_and_apis_have_buckets_of_their_own(account: str) -> None:
    shared = buckets()
    places = [(account, "us-east-1"), (account, "eu-west-1"), (account + "2", "us-east-1")]
    assert [shared.wait(*place, EVENTS) for place in places] == [0.0] * 3
    assert shared.wait(account, "us-east-1", GENERATE) == 0.0


def test_a_burst_goes_at_once_and_then_the_rate_holds(account: str) -> None:
    rate, shared = bucket.RATES[GENERATE], buckets()
    waits = [shared.wait(account, "us-east-1", GENERATE) for _ in range(int(rate.burst) + 5)]
    assert waits[: int(rate.burst)] == [0.0] * int(rate.burst)
    assert waits[-1] == pytest.approx(5 / rate.a_second, abs=0.3)


def test_the_factor_slows_all_of_it(account: str) -> None:
    slow = buckets(factor=0.1)
    assert [slow.wait(account, "us-east-1", EVENTS) for _ in range(2)] == pytest.approx([0, 10], abs=0.3)


def test_jitter_stretches_a_wait_and_never_makes_one(account: str) -> None:
    shared = buckets(jitter=lambda: 1.0)
    waits = [shared.wait(account, "us-east-1", EVENTS) for _ in range(3)]
    assert waits == pytest.approx([0, 2, 3], abs=0.5)


def test_nothing_stays_in_redis(account: str) -> None:
    shared = buckets()
    for _ in range(3):
        shared.wait(account, "us-east-1", EVENTS)
    (key,) = redis.Redis.from_url(settings.BUCKETS_URL).keys(f"*{account}*")
    assert 0 < redis.Redis.from_url(settings.BUCKETS_URL).pttl(key) <= 3_000


def test_without_redis_a_process_keeps_its_own_buckets_and_asks_slower(account: str) -> None:
    clock = Clock()
    alone = buckets(NOWHERE, clock=clock)
    assert [alone.wait(account, "us-east-1", EVENTS) for _ in range(3)] == [0.0, 4.0, 8.0]
    clock.now += 12
    assert alone.wait(account, "us-east-1", EVENTS) == 0.0


def test_a_dead_redis_is_left_alone_for_a_while_then_tried_again(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, tried = Clock(), []
    shared = buckets(clock=clock)
    good = shared._script

    def dead(**_: Any) -> Any:
        tried.append(clock.now)
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(shared, "_script", dead)
    for _ in range(5):
        shared.wait(account, "us-east-1", EVENTS)
    assert len(tried) == 1
    clock.now += bucket.REST
    monkeypatch.setattr(shared, "_script", good)
    assert shared.wait(account, "us-east-1", EVENTS) == 0.0


def test_a_request_waits_before_it_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []

    class Client:
        def get_caller_identity(self) -> Any:
            said.append("asked")
            return {"ResponseMetadata": {"HTTPStatusCode": 200}, "Account": "1"}

    class Clients:
        def client(self, service: str, region: str) -> Any:
            return Client()

    def wait(*place: str) -> float:
        said.append(place)
        return 1.5

    monkeypatch.setattr(LiveAws, "pause", lambda aws, seconds: said.append(seconds))
    aws = LiveAws(Clients(), "000000000001", "us-east-1", wait=wait)
    aws.ask("sts:GetCallerIdentity", require="Account")
    assert said == [("000000000001", "us-east-1", "sts:GetCallerIdentity"), 1.5, "asked"]
