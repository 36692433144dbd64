"""Test connection: reach the account, try every permission once, and prove that the external id is needed (TRUST, threats)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from django.db.models.functions import Now
from django.utils import timezone

from collectors import queue
from collectors.aws.errors import AwsError
from collectors.aws.session import Target, connect
from collectors.gather import Gathered, gather
from collectors.models import Connection, ConnectionTest
from collectors.records import State
from collectors.runner import target
from collectors.sources import Source, sources

ABSENT, WRONG = "without the external id", "with a wrong external id"


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
    test = ConnectionTest.objects.select_related("account__connection__account").get(pk=test_id)
    checks = [asdict(check) for check in checks_of(test.account.connection)]
    ConnectionTest.objects.filter(pk=test_id).update(finished_at=Now(), checks=checks)


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
    for source in (source for source in sources().values() if source.apis):
        yield from _permissions(source, there)


def _reach(there: Target) -> Check:
    what = f"Assume {there.role_arn}" if there.role_arn else "Use the worker's own credentials"
    try:
        connect(there, ["sts:GetCallerIdentity"])
    except AwsError as error:
        return Check(what, ok=False, detail=error.message, permission=error.permission)
    return Check(what, ok=True, detail=f"GetCallerIdentity answers {there.account_id}.")


def _refused(there: Target, how: str) -> Check:
    """AWS must refuse this. Where it does not, any customer of the worker's account could be used against this one."""
    what = f"Assume the role {how}"
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


def _check(api: str, failure: AwsError | None, asked: set[str]) -> Check:
    if failure and failure.state in {State.DENIED, State.BLOCKED_BY_SCP}:
        return Check(api, ok=False, detail=failure.message, permission=failure.permission)
    if failure and failure.state != State.NOT_APPLICABLE:
        return Check(api, ok=None, detail=failure.message)
    if api not in asked:
        return Check(api, ok=None, detail="Not tried: there was nothing to ask about.")
    return Check(api, ok=True, detail=failure.message if failure else "Answered.")
