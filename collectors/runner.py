"""One execution of one source: gather the answers outside any transaction, then commit all that follows from them at once."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec
import structlog
from django.conf import settings
from django.db import transaction

from collectors import athena, lookup, queue, records, trail
from collectors.aws.bucket import Buckets
from collectors.aws.errors import AwsError
from collectors.aws.session import Target, connect
from collectors.gather import Gathered, coverage, gather, understand
from collectors.models import Account, Connection, Coverage
from collectors.models.analyzer_view import ANALYZER_KINDS, found_in
from collectors.models.identity_center_view import CENTER_KINDS, concerned
from collectors.models.inventory import OF_FIELD, store
from collectors.models.organization_view import ORGANIZATION_KINDS, bound_by
from collectors.models.trails_view import watched
from collectors.records import Covered, State
from collectors.shrink import guard, whole_regions
from collectors.sources import Source, sources

log = structlog.get_logger(__name__)
TELL_EVERY = 3.0  # seconds
STREAMS = {"trail_bucket": trail.collect, "event_lookup": lookup.collect, "athena": athena.collect}


def collect(job_id: int) -> int | None:
    """Run a job to its end. Returns the id of the judgement to ring for, or None.

    What breaks beyond AWS's answers (a bug, a lost database) puts the job back in the queue and is raised again.
    """
    claim = queue.claim(job_id)
    if claim is None:
        return None
    source = sources()[claim.source]
    account = Account.objects.select_related("connection__organization").get(pk=claim.account_id)
    try:
        if source.streams:
            return STREAMS[source.name](claim, account, target(account.connection), _buckets().wait)
        gathered = ask(source, account.connection, lambda step, calls: queue.progress(claim, step, calls))
        return commit(claim, source, account, gathered, understand(source, gathered))
    except queue.LostClaimError as lost:
        log.warning("collect.lost", source=source.name, account=account.aws_id, why=str(lost))
        return None
    except BaseException as error:
        _broke(claim, account, source, error)
        raise


def ask(source: Source, connection: Connection, progress: Callable[[str, int], None]) -> Gathered:
    """Everything a source wants to know, asked over the account's connection. Failures are in what is gathered."""
    got = Gathered(dict(source.known(connection.account.aws_id)))
    try:
        aws = connect(target(connection), source.permissions, _telling(got, progress), _buckets().wait)
    except AwsError as error:
        got.failures = {api.name: error for api in source.apis}
    else:
        gather(source, aws, got, progress)
    return got


def _telling(got: Gathered, progress: Callable[[str, int], None]) -> Callable[[str], None]:
    """Counts each call; a source of many calls also tells now and then how far it is, and learns that it was cancelled."""
    told = time.monotonic()

    def on_call(api: str) -> None:
        nonlocal told
        got.count(api)
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            progress(api, got.calls)

    return on_call


@functools.cache
def _buckets() -> Buckets:
    return Buckets(settings.BUCKETS_URL, settings.AWS_RATE_FACTOR)


def target(connection: Connection) -> Target:
    account = connection.account
    if connection.kind == Connection.Kind.AMBIENT:
        return Target(account.aws_id, account.partition)
    hub = connection.organization
    through = (hub.hub_role_arn, hub.hub_external_id) if hub and hub.hub_role_arn else ()
    return Target(account.aws_id, account.partition, connection.role_arn, connection.external_id, *through)


def commit(
    claim: queue.Claim,
    source: Source,
    account: Account,
    gathered: Gathered,
    part: records.Part,
    at: datetime | None = None,
) -> int | None:
    """Inventory, coverage, the job's end and the judgement's job, in one transaction. at: when AWS was asked; None: now.

    Returns the id of the judgement to ring for; None when one waits already, or when the claim no longer stands.
    """
    with transaction.atomic():
        queue.lock(account.pk)
        if not queue.holds(claim):
            log.warning("collect.fenced", job=claim.job_id, source=source.name, account=account.aws_id)
            return None
        moment = at or queue.database_now()
        counts = record(source, account, coverage(source, gathered, part, moment), part, moment)
        error = next((f.message for f in gathered.failures.values() if f.state != State.NOT_APPLICABLE), "")
        queue.done(claim, calls=gathered.calls, counts=counts, error=error)
        others = bound_by(account) if _changed(part, counts, ORGANIZATION_KINDS) else set()
        others |= concerned(account) if _changed(part, counts, CENTER_KINDS) else set()
        others |= found_in(account, moment) if _changed(part, counts, (*ANALYZER_KINDS, "details")) else set()
        others |= watched(account) if _changed(part, counts, ("trails", "alarms")) else set()
        judgement = queue.ask_judgement(claim.run_id, account.pk, others)
    log.info("collect.done", source=source.name, account=account.aws_id, calls=gathered.calls, **counts)
    return judgement


def _changed(part: records.Part, counts: dict[str, int], fields: Iterable[str]) -> bool:
    """Whether something changed of what concerns other accounts as well: the organization, Identity Center, its analyzers,
    its trail."""
    told = any(getattr(part, field) is not None for field in fields)
    return told and counts["new"] + counts["changed"] + counts["gone"] > 0


def record(source: Source, account: Account, covered: Covered, part: records.Part, at: datetime) -> dict[str, int]:
    """Inventory, versions and coverage as of `at`; an account's times only go forward. Inside a transaction, under lock().

    covered: how each API of the source went at that time. Returns the counts of inventory.store().
    """
    covered = guard(account, part, source.sweeps, covered)
    whole = {kind: whole_regions(OF_FIELD[kind], covered, apis) for kind, apis in source.sweeps.items()}
    within = {kind: regions for kind, regions in whole.items() if regions is not None}
    counts = store(account, part, [kind for kind in whole if within.get(kind, True)], at, within)
    _write_coverage(account, source, covered)
    return counts


def _in_regions(account: Account, source: Source, covered: Covered) -> Covered:
    """An API that was read in regions before, and could not be asked at all now, fails in each of them: each keeps when it was
    whole last. Rows of regions that are asked no longer go."""
    regional = {api.name for api in source.apis if api.regional}
    if not regional:
        return covered
    rows = Coverage.objects.filter(account=account, api__in=regional)
    before = {key for key in rows.values_list("api", "region") if key[1]}
    spread = {
        (api, region): msgspec.structs.replace(covered[api, ""], region=region)
        for api, region in before
        if (api, "") in covered and covered[api, ""].state != State.COMPLETE
    }
    now = {key: row for key, row in covered.items() if key[1] or (key[0] not in {api for api, _ in spread})} | spread
    stale = [pk for pk, *key in rows.values_list("pk", "api", "region") if tuple(key) not in now]
    Coverage.objects.filter(pk__in=stale).delete()
    return now


def _write_coverage(account: Account, source: Source, covered: Covered) -> None:
    covered = _in_regions(account, source, covered)
    rows = [
        Coverage(
            account=account,
            source=source.name,
            api=c.api,
            region=c.region,
            state=c.state,
            observed_at=c.observed_at,
            complete_at=c.complete_at,
            detail=c.detail,
            permission=c.permission,
            suspect=c.suspect,
        )
        for _, c in sorted(covered.items())
    ]
    identity, changing = (
        ["account", "api", "region"],
        ["source", "state", "observed_at", "detail", "permission", "suspect"],
    )
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
        _give_up(claim, account, sources()[claim.source], queue.LOST)


def _give_up(claim: queue.Claim, account: Account, source: Source, text: str) -> None:
    at = queue.database_now()
    failed = {
        (api, ""): records.Coverage(api=api, state=State.ERROR, observed_at=at, detail=text) for api in source.covers
    }
    _write_coverage(account, source, failed)
    queue.fail(claim, text)
