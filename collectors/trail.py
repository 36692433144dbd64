"""Reading a trail's bucket: list, download, add up, store in batches; then say how far each account was read.

What is stored is stored with its objects in the ledger, so a run may end anywhere and the next one goes on. A run works for some
minutes; where that did not suffice, coverage says so and the source is due again at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import structlog
from django.db import transaction

from collectors import queue, usage_store
from collectors.activity import DRIFT, Aggregate, beside, take
from collectors.activity.tally import Tally
from collectors.aws import objects
from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.aws.objects import Found
from collectors.aws.session import Target, connect
from collectors.models import Account, Coverage, TrailWatch
from collectors.records import LOOKUP, TRAIL, State
from collectors.sources import trail_bucket
from collectors.sources.trail_bucket import LOOK_FAR_BACK, Place
from collectors.usage_store import OverlapError, Read, ledger_key

log = structlog.get_logger(__name__)
THREADS = 16
AHEAD, BYTES_AHEAD = 64, 64 << 20  # what may lie downloaded and unread: objects, bytes
OBJECT_LIMIT = 128 << 20  # bytes of one object as it lies in the bucket
EVENTS, OBJECTS = 100_000, 2_000  # of a batch
SECONDS = 300.0  # of one run; a task may take 480
ONE_DAY = timedelta(days=1)


@dataclass
class Progress:
    """One account in one run. seen: days that have a file; hurt: days of which a file was not read to its end.

    source, things: by what it is read, and what is counted in `stored`. until: up to when it is read; None: up to now.
    """

    account: Account
    source: str = trail_bucket.SOURCE.name
    things: str = "files"
    until: datetime | None = None
    days: list[date] = field(default_factory=list)
    seen: set[date] = field(default_factory=set)
    hurt: set[date] = field(default_factory=set)
    stored: int = 0
    events: int = 0
    error: AwsError | None = None
    unfinished: bool = False
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    progress: Progress
    day: date
    found: Found


def of_day(day: date) -> str:
    """The ledger's name of a whole day of an account that Athena read."""
    return f"athena/{day}"


def collect(claim: queue.Claim, reader: Account, there: Target, wait: Callable[[str, str, str], float]) -> int | None:
    """Run a job to its end. Returns the id of the judgement to ring for, or None."""
    now, calls = queue.database_now(), [0]

    def count(api: str) -> None:
        calls[0] += 1

    everybody = [Progress(account) for account in stalest_first()]
    try:
        aws = connect(there, trail_bucket.ACTIONS, count, wait)
    except AwsError as error:
        for progress in everybody:
            progress.error = error
    else:
        reading = Reading(aws, trail_bucket.place(), now)
        reading.run(everybody, lambda step: queue.progress(claim, step, calls[0]))
    return finish(claim, reader, everybody, now, calls[0])


def stalest_first() -> list[Account]:
    """So that where a run is too short for all, each has its turn."""
    return list(Account.objects.order_by("trailwatch__until", "pk").filter(trailwatch__until=None)) + list(
        Account.objects.exclude(trailwatch__until=None).order_by("trailwatch__until", "pk")
    )


class Reading:
    """What one run has in hand."""

    def __init__(self, aws: Aws, where: Place, now: datetime) -> None:
        self.aws, self.where, self.now = aws, where, now
        self.began = aws.clock()
        self.looked_to: dict[str, int] = {}
        self._empty()

    def _empty(self) -> None:
        self.total = Aggregate(self.now + DRIFT)
        self.reads: list[tuple[Progress, Read]] = []
        self.events = 0

    @property
    def late(self) -> bool:
        return self.aws.clock() - self.began > SECONDS

    def run(self, everybody: list[Progress], tell: Callable[[str], None]) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            for progress in everybody:
                tell(f"trail of {progress.account.aws_id}")
                if self.late:
                    progress.unfinished = True
                    continue
                try:
                    self._account(progress, pool, tell)
                except AwsError as error:
                    progress.error = error
            self._store()

    def _account(self, progress: Progress, pool: ThreadPoolExecutor, tell: Callable[[str], None]) -> None:
        wanted = self._list(progress, pool)
        counted = self._counted(progress.account, wanted)
        for one, blob in self._downloaded(wanted, pool):
            found, owner = one.found, progress.account.aws_id
            tally = take(self.total, found.key, blob, owner, counted) if isinstance(blob, bytes) else blob
            key = ledger_key(found.key)
            read = Read(progress.account.aws_id, key, one.day, found.etag, found.size, tally)
            self.reads.append((progress, read))
            if tally.problem:
                progress.hurt.add(one.day)
                progress.problems.append(f"{found.key} was not read to its end: {tally.problem}.")
            self.events += tally.events
            if self.events >= EVENTS or len(self.reads) >= OBJECTS:
                tell(f"trail of {progress.account.aws_id}, {one.day}")
                self._store()
            if self.late:
                progress.unfinished = True
                return

    def _counted(self, account: Account, wanted: list[Wanted]) -> frozenset[str]:
        """Events of these days that were looked up, before the account's trail could be read."""
        if not wanted:
            return frozenset()
        ids, self.looked_to[account.aws_id] = usage_store.looked_up(account.pk, wanted[0].day)
        return ids

    def _list(self, progress: Progress, pool: ThreadPoolExecutor) -> list[Wanted]:
        """The files of the days to look at that the ledger does not know, oldest first."""
        account = progress.account
        watch = TrailWatch.objects.filter(account=account).first() or TrailWatch()
        progress.days = trail_bucket.days(self.now, watch.until, watch.looked_back_at)
        by_athena = usage_store.known(account.pk, map(of_day, progress.days))
        progress.seen |= {day for day in progress.days if of_day(day) in by_athena}
        places = [
            (region, day)
            for region in trail_bucket.regions(self.aws, self.where, account.aws_id)
            for day in progress.days
            if of_day(day) not in by_athena
        ]
        lists = pool.map(lambda place: list(trail_bucket.listed(self.aws, self.where, *place)), places)
        wanted: list[Wanted] = []
        for (_, day), found in zip(places, lists, strict=True):
            if found:
                progress.seen.add(day)
                known = usage_store.known(account.pk, (ledger_key(one.key) for one in found))
                wanted += [
                    Wanted(progress, day, one)
                    for one in found
                    if ledger_key(one.key) not in known and not beside(one.key)
                ]
        return sorted(wanted, key=lambda one: (one.day, one.found.key))

    def _downloaded(self, wanted: list[Wanted], pool: ThreadPoolExecutor) -> Iterator[tuple[Wanted, bytes | Tally]]:
        """In their order, some ahead of the reader; never more than a few objects and bytes. A Tally: what will not be had."""
        coming: deque[tuple[Wanted, Future[bytes | Tally]]] = deque()
        size, rest = 0, iter(wanted)
        while True:
            while len(coming) < AHEAD and (size < BYTES_AHEAD or not coming) and (one := next(rest, None)):
                coming.append((one, pool.submit(self._blob, one.found)))
                size += one.found.size
            if not coming:
                return
            one, future = coming.popleft()
            size -= one.found.size
            try:
                yield one, future.result()
            finally:
                if future.exception():
                    for _, other in coming:
                        other.cancel()

    def _blob(self, found: Found) -> bytes | Tally:
        if found.size > OBJECT_LIMIT:
            return Tally(problem=f"it has {found.size:,} bytes, more than is read of one file")
        try:
            return objects.read(self.aws, self.where.bucket, found)
        except AwsError as error:
            if error.code in objects.GONE:
                return Tally(problem=f"the bucket does not give it ({error.code})")
            raise

    def _store(self) -> None:
        """The batch, or nothing of it where another worker was quicker with some: then the next run looks again."""
        if not self.reads:
            return
        try:
            usage_store.store(self.total, [read for _, read in self.reads], looked_to=self.looked_to)
        except OverlapError as overlap:
            log.warning("trail.overlap", why=str(overlap))
            for progress, _ in self.reads:
                progress.unfinished = True
        else:
            for progress, read in self.reads:
                progress.stored += 1
                progress.events += read.tally.events
        self._empty()


def finish(
    claim: queue.Claim, reader: Account, everybody: list[Progress], now: datetime, calls: int, **more: int
) -> int | None:
    """How far everybody was read, the job's end, and the judgements. more: counts of the job."""
    counts = {"objects": sum(p.stored for p in everybody), "events": sum(p.events for p in everybody), **more}
    unfinished = any(progress.unfinished for progress in everybody)
    with transaction.atomic():
        queue.lock(reader.pk)
        if not queue.holds(claim):
            log.warning("trail.fenced", job=claim.job_id)
            return None
        for progress in sorted(everybody, key=lambda p: p.account.pk):
            _cover(progress, reader, now, hurry=unfinished and progress.account == reader)
        error = next((p.error.message for p in everybody if p.error), "")
        queue.done(claim, calls=calls, counts=counts, error=error)
        others = [p.account.pk for p in everybody if p.events]
        judgement = queue.ask_judgement(claim.run_id, reader.pk, others)
    log.info("trail.done", calls=calls, **counts)
    return judgement


def _cover(progress: Progress, reader: Account, now: datetime, *, hurry: bool) -> None:
    """Coverage of the account, and its watch where it was read to the end."""
    state, detail, permission = State.COMPLETE, "", ""
    if progress.error:
        state, detail = progress.error.state, progress.error.message
        permission = progress.error.permission
        if progress.account != reader and state in (State.DENIED, State.BLOCKED_BY_SCP):
            # What is missing is missing in the reader's account, where it stands once.
            state, permission, detail = State.ERROR, "", f"Read through account {reader.aws_id}: {detail}"
    elif progress.unfinished:
        state, detail = (
            State.PARTIAL,
            f"{progress.stored} {progress.things} were read in this run; the next one goes on.",
        )
    else:
        lacks = _watch(progress, now)
        problems = [*progress.problems[:20], *([lacks] if lacks else [])]
        state, detail = (State.PARTIAL if problems else State.COMPLETE), " ".join(problems)
    values = {
        "source": progress.source,
        "state": state.value,
        "observed_at": now,
        "detail": detail,
        "permission": permission,
        "suspect": hurry,
        **({"complete_at": now} if state == State.COMPLETE else {}),
    }
    Coverage.objects.update_or_create(account=progress.account, api=TRAIL, region="", defaults=values)
    if state == State.COMPLETE:  # nobody looks its events up any more
        Coverage.objects.filter(account=progress.account, api=LOOKUP).delete()


def _watch(progress: Progress, now: datetime) -> str:
    """Move on what is known of the account's watch, when all of its days were read. Returns what is lacking, or "".

    A day without a file is no silence that means something: the trail did not log, or did not exist. Our own calls alone make
    events every day. Yesterday's and today's files may still come.
    """
    if not progress.days:
        return ""
    watch, _ = TrailWatch.objects.get_or_create(account=progress.account)
    past = [day for day in progress.days if day < (progress.until or now - ONE_DAY).date()]
    gaps = progress.hurt | {day for day in past if day not in progress.seen}
    ever = watch.since is not None or progress.seen
    if ever:
        begin = watch.since or _midnight(progress.days[0])
        watch.since = max([begin, *(_midnight(day + ONE_DAY) for day in gaps)])
    first, watch.until = watch.until is None, progress.until or now
    if first or now - _midnight(progress.days[0]) >= LOOK_FAR_BACK:
        watch.looked_back_at = now
    watch.save()
    if not ever:
        return (
            "There is no file of this account. Is it in the trail, and is the organization's id set where it is one's?"
        )
    newest = max(progress.seen, default=None)
    return "" if newest or not past else f"No file has come since {past[0]}. Does the trail still log?"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
