"""An organization that was collected and judged without a fault, behind a network that can have some."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from botocore import endpoint
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings

from collectors import queue, runner, schedule
from collectors.aws import session
from collectors.aws.call import LiveAws
from collectors.lab.client import LabClient
from collectors.lab.server import Lab, serve
from collectors.lab.settings import Settings
from collectors.models import Account, Coverage, Job, Run
from collectors.models.inventory import KINDS
from collectors.models.job import JUDGE
from collectors.sources import sources
from findings import engine
from findings.models import Finding
from tests.conftest import AS_OF, db_role
from tests.faults.dump import Dump, differences, dumped, states
from tests.faults.proxy import Proxy

SMALL = Settings(accounts=2, roles=1, users=1, as_of=AS_OF)
OPEN = ("code", "subject_id", "part")
# These read a part of it in each run: what is known stays as it is only when all was read.
IN_TURNS = ("organizations", "identity_center", "last_accessed")


@dataclass
class World:
    """everything: what is known of the organization when nothing went wrong; present: of that, what holds now."""

    lab: Lab
    proxy: Proxy
    management: Account
    member: Account
    everything: Dump
    present: Dump
    covered: set[tuple[str, str, str, str]]

    def collect(self, account: Account, *names: str, judge: bool = True) -> Run:
        """A run of these sources, or of all, job by job with the worker's rights."""
        with db_role("iamdash_worker"):
            run = schedule.start(account, Run.Reason.REQUEST, "test", names=names or None)
            assert run is not None
            for job in list(run.job_set.exclude(source=JUDGE)):
                runner.collect(job.pk)
            judge_all() if judge else judged_by_nobody()
        run.refresh_from_db()
        assert run.finished_at is not None
        return run

    def differs(self, *, history: bool = False) -> list[str]:
        """From what is known when nothing goes wrong."""
        with connection.cursor() as cursor:
            return differences(self.everything if history else self.present, dumped(cursor, history=history))

    def lost(self) -> list[str]:
        """What the last run took for gone or over, though nothing in the organization changed."""
        still = set(Finding.objects.filter(resolved_at=None).values_list(*OPEN))
        over = Finding.objects.exclude(resolved_at=None).values_list(*OPEN)
        return [*(f"resolved {one}" for one in over if one not in still and one in self.open), *gone()]

    @property
    def open(self) -> set[tuple[str, ...]]:
        return self._open

    def remember(self) -> None:
        with connection.cursor() as cursor:
            self.everything, self.present = dumped(cursor), dumped(cursor, history=False)
            self.covered = states(cursor)
        self._open = set(Finding.objects.filter(resolved_at=None).values_list(*OPEN))

    def told(self, account: Account) -> list[str]:
        """What its coverage says of what is not complete."""
        rows = Coverage.objects.filter(account=account).exclude(state="complete")
        return [f"{row.api} {row.region} {row.state}: {row.detail}" for row in rows]

    def states(self, account: Account) -> dict[str, str]:
        """API -> state; of several regions the worst told."""
        with connection.cursor() as cursor:
            rows = sorted(row for row in states(cursor) if row[0] == account.aws_id)
        found: dict[str, str] = {}
        for _, api, _, state in rows:
            found[api] = state if found.get(api, "complete") == "complete" else found[api]
        return found


def gone() -> Iterator[str]:
    for kind in KINDS:
        for row in kind.model._default_manager.exclude(gone_at=None):
            yield f"gone {kind.name} {row.unique_id}"


def judge_all() -> None:
    for job in Job.objects.filter(source=JUDGE, state=Job.State.QUEUED).order_by("pk"):
        claim = queue.claim(job.pk)
        assert claim is not None
        engine.judge_account(job.account_id, AS_OF, claim=claim)


def judged_by_nobody() -> None:
    for job in Job.objects.filter(source=JUDGE, state=Job.State.QUEUED):
        claim = queue.claim(job.pk)
        assert claim is not None
        queue.done(claim, calls=0, counts={})


@contextlib.contextmanager
def opened() -> Iterator[World]:
    """Collected in a transaction that is never committed."""
    lab = serve(SMALL)
    proxy = Proxy(lab.url)
    try:
        with pytest.MonkeyPatch.context() as patched, _hasty(), transaction.atomic():
            client = LabClient(lab.url)
            point_at(patched, proxy.url, client)
            with override_settings(**trail_settings(client)):
                world = _collected(lab, proxy)
                yield world
            transaction.set_rollback(True)
    finally:
        session.forget()
        proxy.stop()
        lab.stop()


def _collected(lab: Lab, proxy: Proxy) -> World:
    call_command("lab_connect", lab_url=lab.url, stdout=StringIO())
    by_id = {account.aws_id: account for account in Account.objects.all()}
    management = by_id.pop(lab.world.management.id)
    world = World(lab, proxy, management, next(iter(by_id.values())), {}, {}, set())
    for account in (world.management, world.member):
        world.collect(account)
    world.collect(world.management, *IN_TURNS)
    world.remember()
    return world


def point_at(patched: pytest.MonkeyPatch, url: str, client: LabClient) -> None:
    """AWS is there, for this process."""
    for name, value in environment(url, client).items():
        patched.setenv(name, value)
    session.forget()


def environment(url: str, client: LabClient) -> dict[str, str]:
    given = {k: v for k, v in client.credentials().items() if k.startswith("AWS_")}
    return given | {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}


def trail_settings(client: LabClient) -> dict[str, Any]:
    return {f"TRAIL_{name.upper()}": value for name, value in client.organization()["trail"].items()}


@contextlib.contextmanager
def _hasty() -> Iterator[None]:
    """As of the lab's own day; nobody waits between two tries."""
    with (
        patch.object(queue, "database_now", lambda: AS_OF),
        patch.object(endpoint, "time", types.SimpleNamespace(sleep=lambda seconds: None)),
        patch.object(LiveAws, "pause", lambda self, seconds: None),
    ):
        yield


def apis() -> dict[str, tuple[str, str]]:
    """API -> the source that asks it first, and the action that IAM is asked about."""
    found: dict[str, tuple[str, str]] = {}
    for source in sources().values():
        for api in source.apis:
            found.setdefault(api.name, (source.name, api.permissions[0]))
    return found
