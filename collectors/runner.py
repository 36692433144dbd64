"""One execution of one source: gather the answers outside any transaction, then commit all that follows from them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from collectors import queue, records
from collectors.aws.errors import AwsError
from collectors.aws.session import Target, connect
from collectors.models import Account, Connection, Coverage
from collectors.models.inventory import store
from collectors.records import State
from collectors.sources import Source, sources

log = structlog.get_logger(__name__)
LOST = "The worker was lost three times while it worked on this."


@dataclass
class Gathered:
    """Answers by API, and for every API how its asking ended."""

    answers: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, AwsError] = field(default_factory=dict)
    calls: int = 0

    def count(self, api: str) -> None:
        self.calls += 1


def collect(job_id: int) -> int | None:
    """Run a job to its end. Returns the id of the judgement to ring for, or None.

    What breaks beyond AWS's answers (a bug, a lost database) puts the job back in the queue and is raised again.
    """
    claim = queue.claim(job_id)
    if claim is None:
        return None
    source = sources()[claim.source]
    account = Account.objects.select_related("connection").get(pk=claim.account_id)
    try:
        gathered = gather(source, account.connection, lambda step, calls: queue.progress(claim, step, calls))
        part = source.transform(gathered.answers)
        return _commit(claim, source, account, gathered, part)
    except queue.LostClaimError as lost:
        log.warning("collect.lost", source=source.name, account=account.aws_id, why=str(lost))
        return None
    except BaseException as error:
        _broke(claim, account, source, error)
        raise


def gather(source: Source, connection: Connection, progress: Callable[[str, int], None]) -> Gathered:
    """Ask each API of the source in turn. A failure ends that API and those that need its answer, never the others."""
    got = Gathered()
    try:
        aws = connect(_target(connection), source.permissions, got.count)
    except AwsError as error:
        got.failures = {api.name: error for api in source.apis}
        return got
    for api in source.apis:
        progress(api.name, got.calls)
        missing = [name for name in api.after if name not in got.answers]
        if missing:
            first = got.failures[missing[0]]
            got.failures[api.name] = AwsError(
                api.name, first.state, f"Not asked, since {missing[0]} gave no answer.", permission=first.permission
            )
            continue
        try:
            got.answers[api.name] = api.fetch(aws, got.answers)
        except AwsError as error:
            got.failures[api.name] = error
    return got


def _target(connection: Connection) -> Target:
    account = connection.account
    if connection.kind == Connection.Kind.AMBIENT:
        return Target(account.aws_id, account.partition)
    return Target(account.aws_id, account.partition, connection.role_arn, connection.external_id)


def _commit(claim: queue.Claim, source: Source, account: Account, gathered: Gathered, part: records.Part) -> int | None:
    with transaction.atomic():
        queue.lock(account.pk)
        if not queue.holds(claim):
            log.warning("collect.fenced", job=claim.job_id, source=source.name, account=account.aws_id)
            return None
        at = queue.database_now()
        covered = {api.name: _coverage(api.name, gathered, part, at) for api in source.apis}
        complete = {name for name, c in covered.items() if c.state == State.COMPLETE}
        counts = store(account, part, [kind for kind, apis in source.sweeps.items() if complete.issuperset(apis)], at)
        _write_coverage(account, source, covered)
        error = next((f.message for f in gathered.failures.values()), "")
        queue.done(claim, calls=gathered.calls, counts=counts, error=error)
        judgement = queue.ask_judgement(claim.run_id, account.pk)
    log.info("collect.done", source=source.name, account=account.aws_id, calls=gathered.calls, **counts)
    return judgement


def _coverage(api: str, gathered: Gathered, part: records.Part, at: datetime) -> records.Coverage:
    if failure := gathered.failures.get(api):
        return records.Coverage(
            api=api, state=failure.state, observed_at=at, detail=failure.message, permission=failure.permission
        )
    problems = part.problems.get(api, ())
    return records.Coverage(
        api=api,
        state=State.PARTIAL if problems else State.COMPLETE,
        observed_at=part.as_of.get(api, at),
        detail=" ".join(problems),
    )


def _write_coverage(account: Account, source: Source, covered: dict[str, records.Coverage]) -> None:
    rows = [
        Coverage(
            account=account,
            source=source.name,
            api=c.api,
            region=c.region,
            state=c.state,
            observed_at=c.observed_at,
            complete_at=c.observed_at if c.state == State.COMPLETE else None,
            detail=c.detail,
            permission=c.permission,
        )
        for _, c in sorted(covered.items())
    ]
    identity, changing = ["account", "api", "region"], ["source", "state", "observed_at", "detail", "permission"]
    for good in (True, False):  # a failure leaves complete_at as it was: how old the last whole answer is
        some = [row for row in rows if (row.complete_at is not None) is good]
        fields = [*changing, "complete_at"] if good else changing
        Coverage.objects.bulk_create(some, update_conflicts=True, unique_fields=identity, update_fields=fields)


def _broke(claim: queue.Claim, account: Account, source: Source, error: BaseException) -> None:
    """Not AWS's answer but our own failure. The third time, the source's coverage becomes an error: nothing resolves on it."""
    text = f"{type(error).__name__}: {error}"
    log.exception("collect.broke", source=source.name, account=account.aws_id)
    with transaction.atomic():
        queue.lock(account.pk)
        if not queue.retry(claim, text):
            _give_up(claim, account, source, text)


def give_up(claim: queue.Claim) -> None:
    """End a job whose worker was lost on each attempt."""
    account = Account.objects.get(pk=claim.account_id)
    with transaction.atomic():
        queue.lock(account.pk)
        _give_up(claim, account, sources()[claim.source], LOST)


def _give_up(claim: queue.Claim, account: Account, source: Source, text: str) -> None:
    at = queue.database_now()
    failed = {
        api.name: records.Coverage(api=api.name, state=State.ERROR, observed_at=at, detail=text) for api in source.apis
    }
    _write_coverage(account, source, failed)
    queue.fail(claim, text)
