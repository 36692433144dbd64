"""Test connection: reach the account, try every permission once, and prove that the external id is needed (TRUST, threats)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from collectors import athena as road
from collectors import queue
from collectors.aws import objects, regional
from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.aws.objects import Found
from collectors.aws.partitions import HOME
from collectors.aws.session import Target, connect
from collectors.gather import Gathered, gather
from collectors.models import Account, Connection, ConnectionTest
from collectors.records import LOOKUP, State, digest
from collectors.runner import target
from collectors.sources import Source, athena, event_lookup, sources, trail_bucket
from collectors.sources.event_lookup import Look
from collectors.sources.trail_bucket import Place

ACCOUNTS_TRIED = 3  # beside the reader's own
ABSENT, WRONG = "the role without the external id", "the role with a wrong external id"
HUB_ABSENT = "the hub role without its external id"


@dataclass(frozen=True)
class Check:
    """One thing that was tried. ok None: it could not be tried, and detail says why. permission: what to grant."""

    what: str
    ok: bool | None
    detail: str
    permission: str = ""


def run(test_id: int) -> None:
    """Carry out a test that an operator asked for; a second call for the same test does nothing."""
    if not queue.begin(ConnectionTest, test_id):
        return
    related = "account__connection__account", "account__connection__organization"
    test = ConnectionTest.objects.select_related(*related).get(pk=test_id)
    checks = [asdict(check) for check in checks_of(test.account.connection)]
    ConnectionTest.objects.filter(pk=test_id).update(finished_at=Now(), checks=checks)


def give_up() -> None:
    """End tests whose worker was lost on each attempt."""
    lost = Check("Carry out the test", False, queue.LOST)
    ConnectionTest.objects.filter(queue.spent()).update(finished_at=Now(), checks=[asdict(lost)])


def checks_of(connection: Connection) -> Iterator[Check]:
    """Reach it, then everything else; where it cannot be reached, nothing else can be tried."""
    there = target(connection)
    reached = _reach(there)
    yield reached
    if not reached.ok:
        return
    if there.role_arn:
        yield _refused(replace(there, external_id=""), ABSENT)
        yield _refused(replace(there, external_id=f"{there.external_id[::-1]}x"), WRONG)
    if there.hub_arn:
        yield _refused(replace(there, hub_external_id=""), HUB_ABSENT)
    for source in (source for source in sources().values() if source.apis):
        yield from _permissions(source, there)
    if settings.LOOKUP_DAYS:
        yield from _lookup(there)
    if trail_bucket.read_by(there.account_id):
        yield from _trail(there)
    if athena.asked_in(there.account_id):
        yield _athena(connection.account, there)


def _reach(there: Target) -> Check:
    through = f" through {there.hub_arn}" if there.hub_arn else ""
    what = f"Assume {there.role_arn}{through}" if there.role_arn else "Use the worker's own credentials"
    try:
        connect(there, ["sts:GetCallerIdentity"])
    except AwsError as error:
        return Check(what, ok=False, detail=error.message, permission=error.permission)
    return Check(what, ok=True, detail=f"GetCallerIdentity answers {there.account_id}.")


def _refused(there: Target, how: str) -> Check:
    """AWS must refuse this. Where it does not, any customer of the worker's account could be used against this one."""
    what = f"Assume {how}"
    try:
        connect(there, ["sts:GetCallerIdentity"])
    except AwsError as error:
        refused = error.state == State.DENIED
        return Check(what, ok=refused or None, detail="Refused, as it must be." if refused else error.message)
    return Check(what, ok=False, detail="AWS allowed it: the trust policy lacks the condition on sts:ExternalId.")


def _permissions(source: Source, there: Target) -> Iterator[Check]:
    asked: set[str] = set()
    got = Gathered(dict(source.trial(timezone.now())))
    try:
        aws = connect(there, source.permissions, asked.add)
    except AwsError as error:
        got.failures = {api.name: error for api in source.apis}
    else:
        gather(source, aws, got)
    for api in source.apis:
        yield _check(api.name, got.failures.get(api.name), asked)


def _lookup(there: Target) -> Iterator[Check]:
    """Each of its two APIs once."""
    now = timezone.now()
    tries: tuple[tuple[str, Callable[[Aws], Any]], ...] = (
        (regional.REGIONS, regional.enabled),
        (LOOKUP, lambda aws: next(event_lookup.events(aws, Look(HOME[there.partition], "ConsoleLogin"), now, now))),
    )
    for api, ask in tries:
        yield _tried(api, partial(_connected, there, ask))


def _connected(there: Target, ask: Callable[[Aws], Any]) -> Any:
    return ask(connect(there, event_lookup.ACTIONS))


def _trail(there: Target) -> Iterator[Check]:
    """List the bucket, and read one file to its end, for which a key of KMS may be needed."""
    where = trail_bucket.place()
    found: list[Found] = []

    def listing() -> None:
        found.extend(islice(_some_file(connect(there, trail_bucket.ACTIONS), where), 1))

    yield (listed := _tried(f"List s3://{where.bucket}/{where.root} (s3:ListBucket)", listing))
    what = "Read a file of the trail (s3:GetObject, and kms:Decrypt where a key of yours encrypts it)"
    if not listed.ok:
        return
    if not found:
        text = (
            f"No account has a file of these three days below {where.folder('<account>')}."
            " Is the organization's id set where it is one's?"
        )
        yield Check(what, ok=None, detail=text)
        return
    yield _tried(what, lambda: objects.read(connect(there, trail_bucket.ACTIONS), where.bucket, found[0]))


def _some_file(aws: Aws, where: Place) -> Iterator[Found]:
    """One of the last three days, of the reader's own account or the first ones. Raises AwsError."""
    today = timezone.now().date()
    others = Account.objects.exclude(aws_id=where.reader).order_by("pk").values_list("aws_id", flat=True)
    for account in (where.reader, *others[:ACCOUNTS_TRIED]):
        for region in trail_bucket.regions(aws, where, account):
            for ago in range(3):
                yield from trail_bucket.listed(aws, where, region, today - timedelta(days=ago))


def _athena(account: Account, there: Target) -> Check:
    """A query that reads nothing and costs nothing: the role, the workgroup, and the folder of its answers."""

    def query() -> None:
        at = road.desk(there)
        aws = connect(road.own_role(account, there, at.role), athena.ACTIONS)
        athena.ask(aws, at, "select 1", digest([timezone.now().isoformat()]))

    return _tried("Ask Athena (athena:StartQueryExecution)", query)


def _tried(what: str, ask: Callable[[], object]) -> Check:
    try:
        ask()
    except AwsError as error:
        refused = error.state in {State.DENIED, State.BLOCKED_BY_SCP}
        return Check(what, ok=False if refused else None, detail=error.message, permission=error.permission)
    return Check(what, ok=True, detail="Answered.")


def _check(api: str, failure: AwsError | None, asked: set[str]) -> Check:
    if failure and failure.state in {State.DENIED, State.BLOCKED_BY_SCP}:
        return Check(api, ok=False, detail=failure.message, permission=failure.permission)
    if failure and failure.state != State.NOT_APPLICABLE:
        return Check(api, ok=None, detail=failure.message)
    if api not in asked:
        return Check(api, ok=None, detail="Not tried: there was nothing to ask about.")
    return Check(api, ok=True, detail=failure.message if failure else "Answered.")
