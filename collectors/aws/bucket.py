"""Token buckets: how fast one account's APIs are asked, by all workers together (TRUST, token bucket).

A request takes the next free moment of its bucket and waits for it. Redis keeps that moment, so that workers share the rate;
without Redis each process keeps its own and asks at a fraction of it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)
ALONE = 0.25  # the share of the rate that a process takes which cannot see the others
REST = 30.0  # seconds without Redis after it failed, so that a dead one does not cost its timeout at each request
TIMEOUT = 1.0


@dataclass(frozen=True)
class Rate:
    """Requests a second in the long run; burst: how many may go at once before that."""

    a_second: float
    burst: float


# API, or service for all its others. AWS publishes a number for LookupEvents only (2/s an account and region, botocore's model;
# other tools of the account share it). The others are ours: IAM's throttling of GenerateServiceLastAccessedDetails is real at
# a few requests a second (AWS.md 4, indeni/dragoneye#79), and all IAM reads of an account share one hidden quota. Identity
# Center's APIs share 20/s (its user guide, quotas). Of Config none is published.
RATES: Mapping[str, Rate] = {
    "cloudtrail:LookupEvents": Rate(1, 1),
    "iam:GenerateServiceLastAccessedDetails": Rate(5, 10),
    "iam:GetServiceLastAccessedDetails": Rate(10, 20),
    "iam": Rate(10, 30),
    "organizations": Rate(5, 10),
    "sso-admin": Rate(15, 30),
    "identitystore": Rate(15, 30),
    "config": Rate(10, 20),
}

# A bucket is one number: when it will be full again, in seconds. Taking a token moves that by one interval; the answer is how
# long the caller has to wait for its token. Redis's own clock counts, and the key goes when the bucket is full.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + interval
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000))
return tostring(math.max(0, full - now - interval * burst))
"""


class Local:
    """Buckets of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full: dict[str, float] = {}

    def take(self, key: str, rate: Rate) -> float:
        """Seconds until the token that this takes is there."""
        now, interval = self._clock(), 1 / rate.a_second
        full = max(self._full.get(key, 0.0), now) + interval
        self._full[key] = full
        return max(0.0, full - now - interval * rate.burst)


class Buckets:
    """One a process. factor multiplies all rates; jitter gives 0 to 1, by which waits are stretched to at most twice."""

    def __init__(
        self,
        url: str,
        factor: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        self._script = self._redis.register_script(_TAKE)
        self._factor, self._clock, self._jitter = factor, clock, jitter
        self._local, self._rested_at = Local(clock), clock()

    def wait(self, account_id: str, region: str, api: str) -> float:
        """Take a token for a request that is about to go out; seconds to wait before it does. 0 where the API has no rate."""
        rate = RATES.get(api) or RATES.get(api.partition(":")[0])
        if rate is None:
            return 0.0
        rate = Rate(rate.a_second * self._factor, max(1.0, rate.burst * self._factor))
        seconds = self._take(f"rate:{account_id}:{region}:{api}", rate)
        return seconds + self._jitter() * min(seconds, 1 / rate.a_second)

    def _take(self, key: str, rate: Rate) -> float:
        if self._clock() >= self._rested_at:
            try:
                return float(self._script(keys=[key], args=[1 / rate.a_second, rate.burst]))
            except redis.RedisError as error:
                log.warning("rate.alone", error=str(error))
                self._rested_at = self._clock() + REST
        return self._local.take(key, Rate(rate.a_second * ALONE, 1.0))
