from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors import schedule
from collectors.doorbell import bell
from collectors.models import Account, Job, Run
from collectors.models.account import COLLECTABLE

POLL = 0.5  # seconds
RING_EVERY = 20  # polls: a bell may get lost, and `up --once` has no beat


class Command(BaseCommand):
    help = "Collect accounts now. A worker must run; with --wait this ends when all is collected and judged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("accounts", nargs="*", metavar="ACCOUNT", help="12-digit ids")
        parser.add_argument("--all", action="store_true", help="every enabled account")
        parser.add_argument("--wait", action="store_true")
        parser.add_argument("--timeout", type=int, default=3600, help="seconds to wait (default 3600)")

    def handle(self, *args: Any, accounts: list[str], wait: bool, timeout: int, **options: Any) -> None:
        if bool(accounts) == options["all"]:
            raise CommandError("Name account ids, or give --all.")
        chosen = Account.objects.filter(COLLECTABLE)
        if accounts:
            chosen = chosen.filter(aws_id__in=accounts)
            if unknown := set(accounts) - set(chosen.values_list("aws_id", flat=True)):
                raise CommandError(f"Not connected: {', '.join(sorted(unknown))}. Add them on the Accounts page.")
        for account in chosen:
            schedule.start(account, Run.Reason.REQUEST, "command line")
        runs = list(Run.objects.filter(account__in=chosen, finished_at=None).values_list("pk", flat=True))
        self.stdout.write(f"{len(runs)} accounts are being collected.")
        bell().send_task("collectors.tick")
        if wait:
            self.wait(runs, timeout)

    def wait(self, runs: list[int], timeout: int) -> None:
        deadline, polls, unfinished = time.monotonic() + timeout, 0, Run.objects.filter(pk__in=runs, finished_at=None)
        while left := unfinished.count():
            if time.monotonic() > deadline:
                raise CommandError(f"{left} of {len(runs)} accounts are not done after {timeout} s. Does a worker run?")
            time.sleep(POLL)
            polls += 1
            if polls % RING_EVERY == 0:
                bell().send_task("collectors.tick")
                bell().send_task("findings.tick")
                self.stdout.write(f"{len(runs) - left} of {len(runs)} accounts done")
        failed = Job.objects.filter(run__in=runs, state=Job.State.FAILED)
        for job in failed.select_related("account"):
            self.stderr.write(f"{job.account}: {job.source} failed: {job.error}")
        self.stdout.write(f"{len(runs)} accounts collected and judged.")
