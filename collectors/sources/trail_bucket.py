"""CloudTrail's files in their bucket: where they lie, and which of them a run has to read (AWS.md 8, TRUST trap 2).

Files come late and out of order, so days are listed again from 36 hours before the last whole reading, and once a week from two
weeks before; the ledger knows what was read. One account's role, mostly the log archive's, reads for all accounts: how it goes on
is in collectors.trail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from collectors.aws import objects
from collectors.aws.call import Aws
from collectors.aws.objects import Found
from collectors.records import TRAIL, Part
from collectors.sources import Source

ACTIONS = ("kms:Decrypt", "s3:GetObject", "s3:ListBucket")
LOOK_BACK, LOOK_FAR_BACK, SELDOM = timedelta(hours=36), timedelta(days=14), timedelta(days=7)
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+\Z")
LOG = (".json.gz", ".json")


@dataclass(frozen=True)
class Place:
    """bucket "": nobody named one. organization: its id where the trail is the organization's, else "". reader: the account whose
    role reads the bucket."""

    bucket: str
    prefix: str
    organization: str
    reader: str

    @property
    def root(self) -> str:
        """ "some/prefix/AWSLogs/" """
        return "/".join(part for part in (self.prefix.strip("/"), "AWSLogs") if part) + "/"

    def folder(self, account: str) -> str:
        below = f"{self.organization}/{account}" if self.organization else account
        return f"{self.root}{below}/CloudTrail/"


def place() -> Place:
    return Place(settings.TRAIL_BUCKET, settings.TRAIL_PREFIX, settings.TRAIL_ORGANIZATION, settings.TRAIL_ACCOUNT)


def days(now: datetime, until: datetime | None, looked_back_at: datetime | None) -> list[date]:
    """The days whose folders a run lists. until: when the trail was last read to its end."""
    begin = now - timedelta(days=settings.TRAIL_DAYS)
    if until is not None:
        begin = min(now, until) - LOOK_BACK
        if looked_back_at is None or now - looked_back_at >= SELDOM:
            begin = min(begin, now - LOOK_FAR_BACK)
    return [begin.date() + timedelta(days=n) for n in range((now.date() - begin.date()).days + 1)]


def regions(aws: Aws, where: Place, account: str) -> list[str]:
    """Folders of the account's regions, whole."""
    found = objects.folders(aws, where.bucket, where.folder(account))
    return [folder for folder in found if REGION.match(folder.split("/")[-2])]


def listed(aws: Aws, where: Place, region: str, day: date) -> Iterator[Found]:
    """The day's files in a region's folder."""
    for one in objects.objects(aws, where.bucket, f"{region}{day:%Y/%m/%d}/"):
        if one.key.endswith(LOG):
            yield one


def permissions(where: Place, partition: str) -> list[dict[str, object]]:
    """Statements of the reader's policy: this folder of this bucket, and keys as far as they encrypt CloudTrail's files."""
    arn = f"arn:{partition}:s3:::{where.bucket}"
    return [
        {
            "Sid": "IamdashListsTrail",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": f"{where.root}*"}},
        },
        {"Sid": "IamdashReadsTrail", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/{where.root}*"},
        {
            "Sid": "IamdashDecryptsTrail",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"Null": {"kms:EncryptionContext:aws:cloudtrail:arn": "false"}},
        },
    ]


def read_by(account: str) -> bool:
    """Whether this account's role reads the bucket, and not Athena."""
    where = place()
    return bool(where.bucket) and where.reader == account and not settings.ATHENA_WORKGROUP


SOURCE = Source(
    name="trail_bucket",
    title="CloudTrail's files",
    apis=(),
    transform=lambda answers: Part(),
    queue="activity",
    streams=TRAIL,
    asked_in=read_by,
    calls=lambda size: size.accounts * (1 + 2 * size.regions + size.files),
)
