"""Puts the readings together and serves them. Prometheus' own server: a thread a scrape, nothing else on the port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from threading import Thread

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.transport.redis import PRIORITY_STEPS, Channel
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from collectors import heartbeat
from iamdash.api.metrics import readings, traffic

UNREADABLE = (DatabaseError, RedisError, OSError)


class Readings(Collector):
    def collect(self) -> Iterator[Metric]:
        """A part that cannot be read is not told, rather than told wrong: iamdash_metrics_read says which."""
        read = GaugeMetricFamily("iamdash_metrics_read", "Whether the part could be read.", labels=("part",))
        try:
            for name, part in parts().items():
                families = _tried(name, part)
                yield from families or ()
                read.add_metric([name], float(families is not None))
        finally:
            connection.close()  # of this scrape's thread, which ends with it
        yield read

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering reads nothing."""
        return ()


def parts() -> dict[str, Callable[[], Iterator[Metric]]]:
    by_sql = {name: partial(readings.read, some) for name, some in readings.PARTS.items()}
    return {**by_sql, "queues": queues, "http": traffic.read}


def _tried(name: str, part: Callable[[], Iterator[Metric]]) -> list[Metric] | None:
    try:
        return list(part())
    except UNREADABLE as error:
        structlog.get_logger(__name__).warning("metrics not read", part=name, error=type(error).__name__)
        return None


def queues() -> Iterator[Metric]:
    """Messages that no worker has taken, of every priority. PostgreSQL is the queue of record: what is lost is rung for again."""
    length = GaugeMetricFamily("iamdash_queue_length", "Messages that no worker has taken yet.", labels=("queue",))
    with traffic.valkey(settings.QUEUES_URL) as broker:
        for queue in heartbeat.QUEUES:
            length.add_metric([queue], float(sum(broker.llen(name) for name in lists_of(queue))))
    yield length


def lists_of(queue: str) -> list[str]:
    """Names of the lists in which kombu keeps the queue, one a step of priority."""
    return [f"{queue}{Channel.sep}{step}" if step else queue for step in PRIORITY_STEPS]


def serve(host: str, port: int) -> tuple[object, Thread]:
    """The server, and the thread that it runs in."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Readings())
    return start_http_server(port, addr=host, registry=registry)
