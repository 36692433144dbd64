"""`manage.py lab_history`: give the lab's accounts the half year that the lab remembers. It is collected week by week."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from collectors import queue, runner
from collectors.aws import session
from collectors.aws.call import Aws
from collectors.gather import Gathered, coverage, gather, understand
from collectors.lab.client import LabClient
from collectors.models import Account, Run, Version
from collectors.models.last_accessed import Reports
from collectors.sources import Source, sources
from findings.engine.replay import Entry, Observation, replay

FRESH = timedelta(days=1)
POLL = 0.5  # seconds
# They ask by a plan made of what is known today, and only for what was not read lately; what they have read stays as it is.
LEFT_OUT = {"last_accessed", "identity_center"}
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class Command(BaseCommand):
    help = "Collect the lab week by week as it was in the last half year, then put that behind what is known of today."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lab-url", required=True)
        parser.add_argument("--weeks", type=int, default=26)
        parser.add_argument("--patience", type=int, default=600, help="seconds to wait for today's collection first")

    def handle(self, *args: Any, lab_url: str, weeks: int, patience: int, **options: Any) -> None:
        lab, began = LabClient(lab_url), time.monotonic()
        accounts = list(without_past(lab))
        if not accounts:
            self.stdout.write("No account without a past was connected within a day: nothing to do.")
            return
        wait_for_today(accounts, patience)
        end = datetime.fromisoformat(lab.organization()["as_of"])
        observed: defaultdict[Account, list[Observation]] = defaultdict(list)
        for back in range(weeks, 0, -1):
            day = end - timedelta(weeks=back)
            become(lab_url, lab.clock(day.isoformat()))
            for account, observation in zip(accounts, observe(accounts, day), strict=True):
                observed[account].append(observation)
        become(lab_url, lab.credentials())
        now = queue.database_now()
        for account, present in zip(accounts, observe(accounts, now), strict=True):
            replay(account, [*observed.pop(account), present])
        took = time.monotonic() - began
        self.stdout.write(f"{len(accounts)} accounts have a past of {weeks} weeks, collected in {took:.0f} s.")


def without_past(lab: LabClient) -> QuerySet[Account]:
    """The lab's accounts that nobody has watched for long: what was really observed must not be replaced by a replay."""
    ours = [account["id"] for account in lab.organization()["accounts"]]
    fresh = Account.objects.filter(aws_id__in=ours, added_at__gt=queue.database_now() - FRESH)
    known = [a.pk for a in fresh if Version.objects.filter(account=a, seen_from__lt=a.added_at - FRESH).exists()]
    related = "connection__account", "connection__organization"
    return fresh.exclude(pk__in=known).select_related(*related).order_by("pk")


def wait_for_today(accounts: list[Account], patience: int) -> None:
    """The first page shows today's findings before the past is asked for."""
    deadline = time.monotonic() + patience
    done = Run.objects.filter(account__in=accounts).exclude(finished_at=None)
    while done.values("account").distinct().count() < len(accounts):
        if time.monotonic() > deadline:
            raise CommandError(f"Today was not collected within {patience} s. Does a worker run?")
        time.sleep(POLL)


def become(lab_url: str, given: dict[str, str]) -> None:
    """Take on a session of the lab's hub; its day is the one that all answers are of."""
    os.environ |= {"AWS_ENDPOINT_URL": lab_url, "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {name: given[name] for name in CREDENTIALS}
    session.forget()


def observe(accounts: Sequence[Account], at: datetime) -> list[Observation]:
    """What the accounts answer now, as of `at`. Two at a time: while the lab answers one, the other is read."""
    some = [
        one for one in sources().values() if one.apis and one.name not in LEFT_OUT
    ]  # events have times of their own
    groups = _grouped(some)

    # Here, and not in a thread, which would open a connection of its own to the database.
    known = {account.pk: {source.name: _known(source, account) for source in some} for account in accounts}

    def one(account: Account) -> Observation:
        found = []
        for group in groups:
            aws = session.connect(runner.target(account.connection), _actions(group))
            found += [answered(source, known[account.pk][source.name], aws, at) for source in group]
        return Observation(at, tuple(found))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, accounts))


def _grouped(some: Iterable[Source]) -> list[list[Source]]:
    """In as few sessions as their actions fit in: with one each, making clients takes a third of the whole time."""
    groups: list[list[Source]] = [[]]
    for source in some:
        try:
            session.session_policy(_actions([*groups[-1], source]))
        except ValueError:
            groups.append([])
        groups[-1].append(source)
    return groups


def _actions(some: Iterable[Source]) -> set[str]:
    return {action for source in some for action in source.permissions}


def _known(source: Source, account: Account) -> dict[str, Any]:
    """The organization's reports are left out too: what was read of them today stays as it is."""
    told = source.known(account.aws_id)
    return {name: replace(one, limit=0) if isinstance(one, Reports) else one for name, one in told.items()}


def answered(source: Source, known: dict[str, Any], aws: Aws, at: datetime) -> Entry:
    """What was understood. The answers themselves are let go: of half a year they would be gigabytes."""
    got = Gathered(dict(known))
    gather(source, aws, got)
    part = understand(source, got)
    return source, coverage(source, got, part, at), part
