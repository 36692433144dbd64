"""How many requests the web processes answered, and how fast: counted in each, added up in Valkey.

A process hands its numbers over every few seconds, with a request, in one go. Valkey may be lost at any time: then they begin
anew, as Prometheus expects of counters. While it is away, one request in half a minute waits for it, half a second at most.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

KEY = "iamdash:http"
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)  # seconds
EVERY, AWAY = 5.0, 30.0  # seconds between two hand-overs, and after one that failed
PATIENCE = 0.5  # seconds that Valkey has for an answer
MICRO = 1_000_000


def valkey(url: str = "") -> Redis:
    """A connection that does not wait, of the cache where no URL is given."""
    where = url or settings.CACHES["default"]["LOCATION"]
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(where, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=once)


class Tally:
    """Of one process. Fields of the hash: "n view method status", "b view bucket" (not cumulative), "s view" (microseconds)."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.due = 0.0

    def note(self, view: str, method: str, status: int, seconds: float) -> None:
        bucket = next((str(edge) for edge in BUCKETS if seconds <= edge), "+Inf")
        with self.lock:
            self.counts.update((f"n {view} {method} {status}", f"b {view} {bucket}"))
            self.counts[f"s {view}"] += int(seconds * MICRO)
            if (now := time.monotonic()) < self.due:
                return
            self.due, handed, self.counts = now + EVERY, self.counts, Counter()
        self._hand_over(handed)

    def _hand_over(self, handed: Counter[str]) -> None:
        try:
            with valkey() as server, server.pipeline(transaction=True) as pipe:
                for field, n in handed.items():
                    pipe.hincrby(KEY, field, n)
                pipe.execute()
        except (RedisError, OSError):
            with self.lock:
                self.counts.update(handed)
                self.due = time.monotonic() + AWAY


class TrafficMiddleware:
    """The outermost, so that it measures all of ours. Of a streamed answer it measures the way to its first byte."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS_PORT:
            raise MiddlewareNotUsed
        self.get_response, self.tally = get_response, Tally()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in {"GET", "HEAD", "POST"} else "other"
        self.tally.note(view_of(request), str(method), response.status_code, time.perf_counter() - began)
        return response


def view_of(request: HttpRequest) -> str:
    """The route's name, never the address: that has names in it, and there are any number of them."""
    if request.resolver_match is None:
        return "static" if request.path.startswith(settings.STATIC_URL) else "none"
    return request.resolver_match.url_name or "none"


def read() -> Iterator[Metric]:
    """Raises RedisError."""
    with valkey() as server:
        kept: Any = server.hgetall(KEY)
    found = {field.decode(): int(n) for field, n in kept.items()}
    labels = ("view", "method", "status")
    requests = CounterMetricFamily("iamdash_http_requests", "Requests that the web processes answered.", labels=labels)
    times = HistogramMetricFamily("iamdash_http_request_seconds", "How long that took.", labels=("view",))
    for field, n in sorted(found.items()):
        kind, *values = field.split(" ")
        if kind == "n":
            requests.add_metric(values, n)
        elif kind == "s":
            times.add_metric(values, _buckets(values[0], found), n / MICRO)
    yield from (requests, times)


def _buckets(view: str, found: Mapping[str, int]) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for edge in (*map(str, BUCKETS), "+Inf"):
        total += found.get(f"b {view} {edge}", 0)
        buckets.append((edge, float(total)))
    return buckets
