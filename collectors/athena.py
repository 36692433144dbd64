"""Athena's way with a trail: a statement a day and some accounts, its rows added up and stored with the days in the ledger.

A day is asked for once, half a day after its end: then CloudTrail has delivered what it will (it takes minutes). What is stored
is stored with its ledger, so a run may end anywhere and the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, repeat

import msgspec
import structlog
from django.conf import settings
from django.db.models import QuerySet

from collectors import queue, records, usage_store
from collectors.activity import DRIFT, Aggregate
from collectors.activity.events import Event
from collectors.activity.parts import lenient
from collectors.activity.tally import Tally
from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.aws.session import Target, connect
from collectors.models import Account, LookedUpEvent, TrailObject, TrailWatch
from collectors.sources import athena
from collectors.sources.athena import Desk, sql
from collectors.trail import Progress, finish, of_day, stalest_first
from collectors.usage_store import OverlapError, Read

log = structlog.get_logger(__name__)
SECONDS = 200.0  # after that no query begins; one may take athena.PATIENCE
LATE = timedelta(hours=12)  # after the end of a day
ONE_DAY = timedelta(days=1)
MOST_IDS = 5_000  # in one statement, which AWS lets have 262,144 characters
OTHER_ROAD = "Some of {day} was read by another road, so it was left out."


def collect(claim: queue.Claim, reader: Account, there: Target, wait: Callable[[str, str, str], float]) -> int | None:
    """Run a job to its end. Returns the id of the judgement to ring for, or None."""
    now, calls = queue.database_now(), [0]

    def count(api: str) -> None:
        calls[0] += 1

    everybody = [plan(account, now) for account in stalest_first()]
    asking = None
    try:
        at = desk(there)
        aws = connect(own_role(reader, there, at.role), athena.ACTIONS, count, wait)
    except AwsError as error:
        for progress in everybody:
            progress.error = error
    else:
        asking = Asking(aws, at, now)
        asking.run(everybody, lambda step: queue.progress(claim, step, calls[0]))
    return finish(claim, reader, everybody, now, calls[0], scanned=asking.scanned if asking else 0)


def desk(there: Target) -> Desk:
    """Raises AwsError for settings that name nothing."""
    try:
        at = athena.desk()
    except ValueError as error:
        raise AwsError(athena.START, records.State.ERROR, str(error)) from error
    return replace(at, region=at.region or HOME[there.partition])


def own_role(reader: Account, there: Target, role: str) -> Target:
    """Athena's role stands in the reader's account, and asks for the same external id. It trusts the worker, not a hub."""
    arn = f"arn:{there.partition}:iam::{there.account_id}:role/{role}"
    return replace(there, role_arn=arn, external_id=reader.connection.external_id, hub_arn="")


def plan(account: Account, now: datetime) -> Progress:
    """The days of an account that are over and were not read, oldest first."""
    watch = TrailWatch.objects.filter(account=account).first() or TrailWatch()
    begin = (watch.until or now - timedelta(days=settings.TRAIL_DAYS)).date()
    end = (now - LATE).date()
    days = [begin + n * ONE_DAY for n in range((end - begin).days)]
    return Progress(account, athena.SOURCE.name, "days", _midnight(max(begin, end)), days)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Asking:
    """What one run has in hand. scanned: bytes that Athena read for it."""

    def __init__(self, aws: Aws, at: Desk, now: datetime) -> None:
        self.aws, self.at, self.now = aws, at, now
        self.began, self.scanned = aws.clock(), 0

    def run(self, everybody: list[Progress], tell: Callable[[str], None]) -> None:
        for progress in everybody:
            recall(progress)
        for day, some in due(everybody, self.at.accounts):
            some = [progress for progress in some if not (progress.error or progress.unfinished)]
            if self.aws.clock() - self.began > SECONDS:
                for progress in some:
                    progress.unfinished = True
            elif some:
                tell(f"{day}, {len(some)} accounts")
                self._day(day, some)

    def _day(self, day: date, some: list[Progress]) -> None:
        """One statement. Where it fails, its accounts go no further."""
        ids, looked_to = _counted(day, some)
        accounts = [progress.account.aws_id for progress in some]
        text = sql.statement(self.at.table, day, accounts, ids)
        try:
            # A statement that is asked for twice within a minute or so, since its answer was lost, is run once.
            answer = athena.ask(self.aws, self.at, text, records.digest([text, self.now.isoformat()]))
            self.scanned += answer.scanned
            self._store(day, some, answer, looked_to)
        except AwsError as error:
            for progress in some:
                progress.error = error

    def _store(self, day: date, some: list[Progress], answer: athena.Answered, looked_to: dict[str, int]) -> None:
        total, tallies = Aggregate(self.now + DRIFT), {progress.account.aws_id: Tally() for progress in some}
        for row in athena.rows(self.aws, self.at, answer.query_id):
            _add(total, row, tallies)
        for tally in tallies.values():
            total.tally.add(tally)
        share = answer.scanned // len(some)
        reads = [Read(one, of_day(day), day, answer.query_id, share, tally) for one, tally in tallies.items()]
        try:
            usage_store.store(total, reads, looked_to=looked_to)
        except OverlapError as overlap:
            log.warning("athena.overlap", why=str(overlap))
            for progress in some:
                progress.unfinished = True
            return
        for progress in some:
            n = tallies[progress.account.aws_id].events
            progress.stored += 1
            progress.events += n
            progress.seen |= {day} if n else set()


def due(everybody: list[Progress], most: int) -> Iterator[tuple[date, list[Progress]]]:
    """A day and the accounts of one statement, the oldest day first. What is known needs no asking."""
    by_day: dict[date, list[Progress]] = {}
    for progress in everybody:
        for day in progress.days:
            if day not in progress.seen | progress.hurt:
                by_day.setdefault(day, []).append(progress)
    for day, some in sorted(by_day.items()):
        for at in range(0, len(some), most):
            yield day, some[at : at + most]


def recall(progress: Progress) -> None:
    """Days that were asked for before, and days of which files or too many events were read by another road."""
    pk, days = progress.account.pk, progress.days
    if not days:
        return
    asked = usage_store.known(pk, map(of_day, days))
    progress.seen |= {day for day in days if of_day(day) in asked}
    other = TrailObject.objects.filter(account=pk, day__in=set(days) - progress.seen).values_list("day", flat=True)
    hurt = set(other)
    for day in days:
        if day not in progress.seen and _looked_up(day, [pk]).count() > MOST_IDS:
            hurt.add(day)
    progress.hurt |= hurt
    progress.problems += [OTHER_ROAD.format(day=day) for day in sorted(hurt)]


def _looked_up(day: date, accounts: list[int]) -> QuerySet[LookedUpEvent]:
    """Events that LookupEvents brought, of which the day's files may hold some: they may begin a little before it."""
    return LookedUpEvent.objects.filter(
        account__in=accounts, at__gte=_midnight(day - ONE_DAY), at__lt=_midnight(day + ONE_DAY)
    )


def _counted(day: date, some: list[Progress]) -> tuple[list[str], dict[str, int]]:
    """Ids for the statement to leave out, and for the store what they were as of."""
    looked_to = {progress.account.aws_id: usage_store.last_looked_up(progress.account.pk) for progress in some}
    ids = _looked_up(day, [progress.account.pk for progress in some]).values_list("event_id", flat=True)
    return sorted(one for one in ids if one.replace("-", "").isalnum()), looked_to


def _add(total: Aggregate, row: list[str | None], tallies: dict[str, Tally]) -> None:
    """A group into the aggregate: the same as each of its events would do, but for the times between the first and the last."""
    tally = tallies.get(row[0] or "") if row else None
    if tally is None:
        return
    try:
        one = sql.group(row)
        first, last = lenient(one.first), lenient(one.last)
    except (ValueError, msgspec.ValidationError, RecursionError, AttributeError):
        tally.reject("no record of CloudTrail")
        return
    events: Iterator[Event] = chain([first], repeat(last, one.n - 1))
    total.add(events, one.owner, tally)
