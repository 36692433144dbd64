"""The organization's report on each of its accounts: which services anybody in it last tried to use (AWS.md 4).

The management account alone may ask, for every account, its own too, connected or not. It takes two calls an account, so a run
reads those that were never read, then the stalest, up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.models.last_accessed import Reports
from collectors.records import AccountAccess, ServiceUse, State
from collectors.sources import Answers
from collectors.sources.organizations.names import DESCRIBE, GENERATE, MEMBERS, READ, ROOTS, UNITS

PLAN = "reports"
PAGE = 1_000
SECONDS = 90.0  # for making the reports, and again for reading them
POLLS, FIRST_PAUSE, LONGEST_PAUSE = 7, 0.5, 8.0
FULL = "ReportGenerationLimitExceeded"  # so many reports are being made at once as AWS allows
NEVER = datetime.min.replace(tzinfo=UTC)
TOLD = 3


@dataclass
class Made:
    """paths: account id -> the entity's path, of all accounts; jobs: job id by account."""

    paths: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)


@dataclass
class Read:
    services: dict[str, list[Answer]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def paths(answers: Answers) -> dict[str, str]:
    """Account id -> "o-1/r-1/ou-1/111122223333". An account whose place was not read is left out."""
    above = {unit["Id"]: unit.get("ParentId", "") for unit in answers[UNITS]}
    roots = {root["Id"] for root in answers[ROOTS]}
    organization = answers[DESCRIBE].get("Id", "")
    found = {}
    for account, parent in sorted(answers[MEMBERS].items()):
        line = [account, *_upwards(parent, above)]
        if line[-1] in roots:
            found[account] = "/".join([organization, *reversed(line)])
    return found


def _upwards(node: str, above: Mapping[str, str]) -> Iterator[str]:
    """The node and what it lies in; a ring, which no organization has, ends after as many steps as there are nodes."""
    for _ in range(len(above) + 1):
        yield node
        if node not in above:
            return
        node = above[node]


def due(planned: Reports, accounts: Iterable[str]) -> list[str]:
    """Never read, then the stalest. The stalest one always, so that a lost permission shows."""
    queue = sorted(accounts, key=lambda one: (planned.read.get(one, NEVER), one))
    old = [one for one in queue if planned.read.get(one, NEVER) <= planned.now - planned.renew]
    return (old or queue[:1])[: planned.limit]


def generate(aws: Aws, answers: Answers) -> Made:
    made, began = Made(paths(answers)), aws.clock()
    planned: Reports = answers[PLAN]
    if not made.paths:  # AWS always has one
        raise AwsError(GENERATE, State.ABSENT, "the bundle does not tell where any account lies")
    for account in due(planned, made.paths):
        if aws.clock() - began > SECONDS:
            break
        try:
            made.jobs[account] = aws.ask(GENERATE, require="JobId", EntityPath=made.paths[account])["JobId"]
        except AwsError as error:
            if error.code == FULL and made.jobs:
                break
            error.kept = made if made.jobs else None
            raise
    return made


def read(aws: Aws, answers: Answers) -> Read:
    """Every report that is done in time."""
    waiting, found, began = dict(answers[GENERATE].jobs), Read(), aws.clock()
    for poll in range(POLLS):
        if poll:
            aws.pause(min(FIRST_PAUSE * 2 ** (poll - 1), LONGEST_PAUSE))
        for account, job in list(waiting.items()):
            if aws.clock() - began > SECONDS:
                break
            if _read_one(aws, account, job, found):
                del waiting[account]
        if not waiting:
            break
    found.failed |= dict.fromkeys(waiting, "the report was not done in time")
    return found


def _read_one(aws: Aws, account: str, job: str, found: Read) -> bool:
    """Whether the report has come to an end."""
    try:
        pages = aws.pages(READ, require="JobStatus", JobId=job, MaxItems=PAGE)
        first = next(pages)
        if first["JobStatus"] == "COMPLETED":
            found.services[account] = [row for page in (first, *pages) for row in page.get("AccessDetails", [])]
    except AwsError as error:
        error.kept = found if found.services else None
        raise
    if first["JobStatus"] == "FAILED":
        found.failed[account] = first.get("ErrorDetails", {}).get("Message") or "AWS does not say why it failed"
    return bool(first["JobStatus"] != "IN_PROGRESS")


def records(answers: Answers) -> tuple[AccountAccess, ...] | None:
    """None: nothing was read."""
    if READ not in answers or not answers[READ].services:
        return None
    made, found, planned = answers[GENERATE], answers[READ], answers[PLAN]
    return tuple(
        AccountAccess(
            unique_id=account,
            path=made.paths[account],
            services=tuple(_use(row) for row in rows),
            read_at=planned.now,
        )
        for account, rows in found.services.items()
    )


def _use(raw: Answer) -> ServiceUse:
    """AWS names the OU path of who made it, which is the account's own."""
    return ServiceUse(
        namespace=raw["ServiceNamespace"], last_at=raw.get("LastAuthenticatedTime"), region=raw.get("Region", "")
    )


def problems(answers: Answers) -> tuple[str, ...]:
    """What coverage says unless every account was read in this run, or a day ago at most."""
    if READ not in answers:
        return ()
    made: Made = answers[GENERATE]
    found: Read = answers[READ]
    planned: Reports = answers[PLAN]
    late = {account for account in made.paths if planned.stale(account)} - found.services.keys()
    if not late:
        return ()
    failed = [f"{account}: {why.rstrip('.')}." for account, why in sorted(found.failed.items())[:TOLD]]
    total = len(made.paths)
    return (f"{total - len(late)} of {total} accounts were read within {planned.keep.days} days.", *failed)
