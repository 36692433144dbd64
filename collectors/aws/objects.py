"""Listing a bucket and reading its objects, each failure an AwsError with the action to grant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError

from collectors.aws.call import TRIES, Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import State

LIST, GET = "s3:ListObjectsV2", "s3:GetObject"
GRANT = {LIST: "s3:ListBucket"}  # where the action has another name than the call
GONE = frozenset(
    {"NoSuchKey", "InvalidObjectState"}
)  # deleted since it was listed; archived, so that it must be restored first


@dataclass(frozen=True)
class Found:
    key: str
    etag: str
    size: int


def folders(aws: Aws, bucket: str, prefix: str) -> list[str]:
    """The folders below a prefix that ends with "/", as whole prefixes."""
    pages = _pages(aws, bucket, prefix, Delimiter="/")
    return [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]


def objects(aws: Aws, bucket: str, prefix: str) -> Iterator[Found]:
    for page in _pages(aws, bucket, prefix):
        for one in page.get("Contents", []):
            yield Found(one["Key"], one.get("ETag", "").strip('"'), one.get("Size", 0))


def _pages(aws: Aws, bucket: str, prefix: str, **more: str) -> Iterator[Answer]:
    """By continuation token, which the answer and the request name differently. KeyCount is what every good answer has."""
    while True:
        try:
            answer = aws.ask(LIST, require="KeyCount", Bucket=bucket, Prefix=prefix, **more)
        except AwsError as error:
            error.permission = GRANT.get(error.permission, error.permission)
            raise
        yield answer
        following = answer.get("NextContinuationToken")
        if not following:
            return
        if following == more.get("ContinuationToken"):
            raise AwsError(LIST, State.ERROR, f"{LIST} gave the same page token twice.")
        more["ContinuationToken"] = following


def read(aws: Aws, bucket: str, one: Found) -> bytes:
    """The whole object. Tried again: a connection that breaks in the middle, and another size than the list told, since botocore
    takes a proxy's page for the object."""
    for _ in range(TRIES):
        answer = aws.ask(GET, require="Body", Bucket=bucket, Key=one.key)
        try:
            found = bytes(answer["Body"].read())
        except BotoCoreError:
            continue
        if len(found) == one.size:
            return found
    raise AwsError(GET, State.ERROR, f"s3://{bucket}/{one.key} could not be read whole in {TRIES} tries.")
