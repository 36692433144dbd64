"""What calls named: a bucket with the first part of the key, or an ARN. Object keys would be rows without end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Raw

from collectors.activity import parts
from collectors.activity.events import Event
from collectors.activity.texts import tidy

SOURCES = frozenset({"s3.amazonaws.com", "s3express.amazonaws.com"})  # whose requests name buckets
MOST = 500  # resources of one principal and call; the smallest names stay, and the rest is told as cut
# An ARN; of a request to S3 the bucket's name and the first part of the key, None for none.
Mark = str | tuple[str, str | None]


def buckets(event: Event) -> str:
    """How the ARNs of buckets begin that such a call may name; "" where it names none."""
    return _partition(event.aws_region) if event.event_source in SOURCES else ""


def marks(event: Event, buckets: str) -> Sequence[Mark]:
    """The resources of an event: the bucket in a request to S3, else what it lists; in a form that is quick to make."""
    if buckets:
        asked = parts.bucket(event)
        if isinstance(name := asked.bucket_name, str) and name:
            key = asked.key or asked.prefix
            return ((name, _first(key) if key else None),)
    return _listed(bytes(event.resources)) if event.resources else ()


@lru_cache(10_000)
def _listed(resources: bytes) -> list[Mark]:
    """The same roles and keys are named over and over."""
    return [_of_arn(one.arn) for one in parts.named(Raw(resources)) if one.arn]


def text(mark: Mark, buckets: str) -> str:
    """ "arn:aws:s3:::logs/2026/*" for the keys below 2026/, "arn:aws:s3:::logs/*" for those at the top."""
    return tidy(mark if isinstance(mark, str) else _below(buckets + mark[0], mark[1]), 1_024)


def _below(bucket: str, first: str | None) -> str:
    return bucket if first is None else f"{bucket}/{first}/*" if first else f"{bucket}/*"


def _partition(region: str) -> str:
    return f"arn:{'aws-cn' if region[:3] == 'cn-' else 'aws-us-gov' if region[:7] == 'us-gov-' else 'aws'}:s3:::"


def _first(key: object) -> str | None:
    if not isinstance(key, str) or not key:
        return None
    first, slash, _ = key.partition("/")
    return first if slash else ""


def _of_arn(arn: str) -> str:
    if ":s3:::" not in arn or "/" not in arn:
        return arn
    bucket, _, key = arn.partition("/")
    return _below(bucket, _first(key))
