"""Athena over the trail's bucket: for organizations whose trail is too much for one machine. Off until a workgroup is named.

Athena adds the events of a day and some accounts up, and answers a row for each group: sql.py. It reads the bucket, and writes
its answers to a folder of yours: the one place in AWS to which anything of this writes, with a role of its own
(docs/operate/activity.md). How it goes on is in collectors.athena.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.records import TRAIL, Part, State
from collectors.sources import Size, Source, pages, trail_bucket
from collectors.sources.athena import sql
from collectors.sources.trail_bucket import Place

START, STATUS, RESULTS = "athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"
STOP = "athena:StopQueryExecution"
ACTIONS = (
    START,
    STATUS,
    RESULTS,
    STOP,
    "glue:GetDatabase",
    "glue:GetTable",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "s3:AbortMultipartUpload",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
PATIENCE = 240.0  # seconds for one query; a task may take 480
PAGE = 1_000  # AWS's maximum
LEAST = 10_000_000  # bytes that a query costs at least
TERABYTE = 10**12
NAME = re.compile(r"\w{1,128}\Z", re.ASCII)
LIMIT = "bytes scanned limit"
ADVICE = "Give the workgroup a higher limit, or set IAMDASH_ATHENA_ACCOUNTS lower."


@dataclass(frozen=True)
class Desk:
    """Where queries are asked. output "": the workgroup says where its answers go. region "": the partition's first one."""

    workgroup: str
    database: str
    table: str
    output: str
    role: str
    region: str
    accounts: int
    price: float


def desk() -> Desk:
    """Raises ValueError for names that no statement may hold."""
    found = Desk(
        settings.ATHENA_WORKGROUP,
        settings.ATHENA_DATABASE,
        settings.ATHENA_TABLE,
        settings.ATHENA_OUTPUT,
        settings.ATHENA_ROLE,
        settings.ATHENA_REGION,
        settings.ATHENA_ACCOUNTS,
        settings.ATHENA_PRICE,
    )
    for name in (found.database, found.table):
        if not NAME.match(name):
            raise ValueError(f"{name!r} is no name of a database or table: letters, digits and _ only.")
    return found


def on() -> bool:
    return bool(settings.ATHENA_WORKGROUP)


@dataclass(frozen=True)
class Answered:
    """scanned: bytes that Athena read, which is what it costs."""

    query_id: str
    scanned: int


def ask(aws: Aws, at: Desk, statement: str, token: str) -> Answered:
    """Run a statement to its end. token: the same for a statement that is to run once. Raises AwsError."""
    query_id = aws.ask(
        START,
        require="QueryExecutionId",
        region=at.region,
        QueryString=statement,
        ClientRequestToken=token,
        WorkGroup=at.workgroup,
        QueryExecutionContext={"Database": at.database},
        **({"ResultConfiguration": {"OutputLocation": at.output}} if at.output else {}),
    )["QueryExecutionId"]
    began, pause = aws.clock(), FIRST_PAUSE
    while True:
        told = aws.ask(STATUS, require="QueryExecution", region=at.region, QueryExecutionId=query_id)["QueryExecution"]
        state = told.get("Status", {}).get("State", "")
        if state == "SUCCEEDED":
            return Answered(query_id, told.get("Statistics", {}).get("DataScannedInBytes", 0))
        if state not in ("QUEUED", "RUNNING"):
            raise _ended(state, told.get("Status", {}).get("StateChangeReason", ""))
        if aws.clock() - began > PATIENCE:
            aws.ask(STOP, require="ResponseMetadata", region=at.region, QueryExecutionId=query_id)
            raise AwsError(
                STATUS, State.ERROR, f"A query was not done after {PATIENCE:.0f} s, and was stopped. {ADVICE}"
            )
        aws.pause(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _ended(state: str, why: str) -> AwsError:
    word = {"FAILED": "failed", "CANCELLED": "was cancelled"}.get(state, f"ended as {state or 'nothing'}")
    advice = f" {ADVICE}" if LIMIT in why.lower() else ""
    return AwsError(STATUS, State.ERROR, f"Athena's query {word}: {why.rstrip('.') or 'AWS does not say why'}.{advice}")


def rows(aws: Aws, at: Desk, query_id: str) -> Iterator[list[str | None]]:
    """The answer's rows; the first one that Athena gives names the columns. Raises AwsError."""
    names: list[str | None] | None = None
    pages = aws.pages(
        RESULTS,
        require="ResultSet",
        token="NextToken",  # noqa: S106 - a page token
        region=at.region,
        QueryExecutionId=query_id,
        MaxResults=PAGE,
    )
    for page in pages:
        for row in page["ResultSet"].get("Rows", []):
            values = [cell.get("VarCharValue") for cell in row.get("Data", [])]
            if names is None:
                names = values
                if names and tuple(names) != sql.NAMES:
                    raise AwsError(RESULTS, State.ERROR, "The answer has other columns than the query.")
            else:
                yield values


def cost(scanned: float, queries: int, price: float) -> float:
    """In dollars: by bytes, of each query 10 MB at least."""
    return max(scanned, LEAST * queries) / TERABYTE * price


def permissions(where: Place, at: Desk, partition: str, region: str) -> dict[str, Any]:
    """The policy of Athena's own role: one workgroup, one table, the trail's folder to read, and the answers' folder to write."""
    arn, trail = f"arn:{partition}", f"arn:{partition}:s3:::{where.bucket}"
    glue = [f"{arn}:glue:{region}:{where.reader}:{one}" for one in _glue(at)]
    answers = f"{arn}:s3:::{at.output.removeprefix('s3://').rstrip('/') or 'RESULT-BUCKET/PREFIX'}"
    bucket = answers.partition("/")[0]

    def allow(sid: str, actions: Iterable[str], resource: Any, **more: Any) -> dict[str, Any]:
        return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource, **more}

    workgroup = f"{arn}:athena:{region}:{where.reader}:workgroup/{at.workgroup or 'WORKGROUP'}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            allow("IamdashQueries", [START, STATUS, RESULTS, STOP], workgroup),
            allow("IamdashReadsTable", ["glue:GetDatabase", "glue:GetTable"], glue),
            *trail_bucket.permissions(where, partition),
            allow("IamdashFindsBuckets", ["s3:GetBucketLocation"], sorted({trail, bucket})),
            allow("IamdashListsAnswers", ["s3:ListBucket"], bucket),
            allow("IamdashWritesAnswers", ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], f"{answers}/*"),
        ],
    }


def _glue(at: Desk) -> tuple[str, ...]:
    return "catalog", f"database/{at.database}", f"table/{at.database}/{at.table}"


def asked_in(account: str) -> bool:
    where = trail_bucket.place()
    return on() and bool(where.bucket) and where.reader == account


def calls(size: Size) -> int:
    """A statement a day and group of accounts: begun, looked at, its answer read."""
    return 10 * pages(size.accounts, settings.ATHENA_ACCOUNTS)


SOURCE = Source(
    name="athena",
    title="CloudTrail's files, by Athena",
    apis=(),
    transform=lambda answers: Part(),
    queue="activity",
    streams=TRAIL,
    asked_in=asked_in,
    calls=calls,
)
