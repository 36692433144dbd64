"""Looking events up, name by name and region by region: ask, add up, store in batches with the ledger of events, and say how far
it came.

A look-up goes down from now to where the last one began; a run that ends in between goes on from there. Two hours are looked up
again each time, since events come late: the ledger knows which were counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from collectors import queue, usage_store
from collectors.activity import DRIFT, Aggregate, take
from collectors.aws import regional
from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.aws.session import Target, connect
from collectors.models import Account, Coverage, LookupWatch, TrailObject
from collectors.records import LOOKUP, State
from collectors.sources import event_lookup
from collectors.sources.event_lookup import LATE, Look
from collectors.usage_store import LookedUp, OverlapError

log = structlog.get_logger(__name__)
EVENTS = 5_000  # of a batch
SECONDS = 300.0  # of one run; a task may take 480
GRANT = (
    "Allow it in the role's policy, or let a connected account read the bucket of its trail (docs/operate/activity.md)."
)
REFUSED = (State.DENIED, State.BLOCKED_BY_SCP)


def collect(claim: queue.Claim, account: Account, there: Target, wait: Callable[[str, str, str], float]) -> int | None:
    """Run a job to its end. Returns the id of the judgement to ring for, or None."""
    calls = [0]

    def count(api: str) -> None:
        calls[0] += 1

    looking = Looking(account, HOME[there.partition], queue.database_now())
    try:
        looking.run(
            connect(there, event_lookup.ACTIONS, count, wait), lambda step: queue.progress(claim, step, calls[0])
        )
    except AwsError as error:
        looking.failed = error
    return _finish(claim, looking, calls[0])


class Looking:
    """One run in one account. lost: region -> why it is not looked at."""

    def __init__(self, account: Account, home: str, now: datetime) -> None:
        self.account, self.home, self.now = account, home, now
        self.read_at = TrailObject.objects.filter(account=account).aggregate(at=Max("read_at"))["at"]
        reach = now - timedelta(days=min(settings.LOOKUP_DAYS, event_lookup.DAYS))
        # What a file that was read may hold is not looked up: nobody keeps the ids of its events.
        self.floor = max(reach, self.read_at) if self.read_at else reach
        self.failed: AwsError | None = None
        self.lost: dict[str, AwsError] = {}
        self.looks: list[Look] = []
        self.unfinished: set[Look] = set()
        self.stored = 0
        self.stopped = False
        self._empty()

    def _empty(self) -> None:
        self.total = Aggregate(self.now + DRIFT)
        self.events: dict[str, datetime] = {}
        self.moved: dict[Look, LookupWatch] = {}

    def run(self, aws: Aws, tell: Callable[[str], None]) -> None:
        """Raises AwsError when it cannot go on; what was read until then is stored."""
        self.aws, self.began = aws, aws.clock()
        self.looks = event_lookup.looks(self.home, self._regions())
        watches = {Look(w.region, w.name): w for w in LookupWatch.objects.filter(account=self.account)}
        try:
            for one in self.looks:
                if self.late:
                    self.unfinished.add(one)
                elif one.region not in self.lost:
                    tell(f"{one.name} in {one.region}")
                    self._look(
                        one, watches.get(one) or LookupWatch(account=self.account, region=one.region, name=one.name)
                    )
        finally:
            self._store()

    @property
    def late(self) -> bool:
        return self.stopped or bool(self.aws.clock() - self.began > SECONDS)

    def _regions(self) -> list[str]:
        try:
            return regional.enabled(self.aws)
        except AwsError as error:
            self.lost["every other region"] = error
            return []

    def _look(self, one: Look, watch: LookupWatch) -> None:
        """An older gap first, then what is new. What one region refuses is no end of the others."""
        try:
            done = watch.head is None or self._down(one, watch, watch.tail or watch.head)
            if done:
                watch.head = self.now
                done = self._down(one, watch, self.now)
        except AwsError as error:
            if error.state not in REFUSED or one.region == self.home:
                raise
            self.lost[one.region] = error
        else:
            self.unfinished |= set() if done else {one}

    def _down(self, one: Look, watch: LookupWatch, end: datetime) -> bool:
        """From `end` to what was read before; False when the time was up."""
        begin = max(self.floor, watch.until - LATE if watch.until else self.floor)
        self.moved[one] = watch
        if begin < end:
            for page in event_lookup.events(self.aws, one, begin, end):
                self._take(page)
                watch.tail = min([watch.tail or end, *(event["EventTime"] for event in page)])
                if len(self.events) >= EVENTS:
                    self._store()
                    self.moved |= {} if self.stopped else {one: watch}
                if self.late:
                    return False
        watch.until, watch.head, watch.tail = watch.head, None, None
        return True

    def _take(self, page: list[Answer]) -> None:
        """Add a page's events that are in neither ledger nor batch."""
        by_id = {event["EventId"]: event for event in page if event.get("CloudTrailEvent")}
        known = usage_store.known_events(self.account.pk, by_id)
        new = {key: event for key, event in by_id.items() if key not in known and key not in self.events}
        if new:
            texts = ",".join(event["CloudTrailEvent"] for event in new.values())
            take(self.total, "", f'{{"Records":[{texts}]}}'.encode(), self.account.aws_id)
            self.events |= {key: event["EventTime"] for key, event in new.items()}

    def _store(self) -> None:
        """The batch, or nothing of it where somebody else counted some: then this run ends, and the next one looks again."""
        looked = LookedUp(self.account.aws_id, self.events, self.read_at)
        try:
            with transaction.atomic():
                usage_store.store(self.total, [], looked)
                for watch in self.moved.values():
                    watch.save()
        except OverlapError as overlap:
            log.warning("lookup.overlap", why=str(overlap))
            self.stopped = True
            self.unfinished |= self.moved.keys()
        else:
            self.stored += len(self.events)
        self._empty()


def _finish(claim: queue.Claim, looking: Looking, calls: int) -> int | None:
    account, counts = looking.account, {"events": looking.stored}
    with transaction.atomic():
        queue.lock(account.pk)
        if not queue.holds(claim):
            log.warning("lookup.fenced", job=claim.job_id)
            return None
        _cover(looking)
        queue.done(claim, calls=calls, counts=counts, error=looking.failed.message if looking.failed else "")
        judgement = queue.ask_judgement(claim.run_id, account.pk)
    log.info("lookup.done", account=account.aws_id, calls=calls, **counts)
    return judgement


def _cover(looking: Looking) -> None:
    error = looking.failed or next(iter(looking.lost.values()), None)
    if looking.failed:
        state, detail = looking.failed.state, looking.failed.message
    elif looking.lost:
        state, detail = State.PARTIAL, "; ".join(f"{where}: {why.message}" for where, why in looking.lost.items())
    elif looking.unfinished:
        state = State.PARTIAL
        detail = f"{len(looking.unfinished)} of {len(looking.looks)} look-ups have not come to their end; the next run goes on."
    else:
        state, detail = State.COMPLETE, ""
    if error and error.permission:
        detail = f"{detail} {GRANT}"
    values = {
        "source": event_lookup.SOURCE.name,
        "state": state.value,
        "observed_at": looking.now,
        "detail": detail,
        "permission": error.permission if error else "",
        "suspect": bool(looking.unfinished) and not looking.failed,
        **({"complete_at": looking.now} if state == State.COMPLETE else {}),
    }
    Coverage.objects.update_or_create(account=looking.account, api=LOOKUP, region="", defaults=values)
