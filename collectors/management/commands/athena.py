from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors import athena as road
from collectors import queue
from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.aws.session import connect
from collectors.models import Account
from collectors.runner import target
from collectors.sources import athena, trail_bucket
from collectors.sources.athena import Desk, sql
from collectors.trail import Progress, stalest_first

SAMPLE = 5  # accounts whose files of one day are listed


class Command(BaseCommand):
    help = "What the Athena source would ask, and what that would cost. Runs no query."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--explain", action="store_true", help="the statements of the next runs, their bytes and price"
        )
        what.add_argument("--table", action="store_true", help="the statement that makes the table")
        what.add_argument("--policy", action="store_true", help="the policy of Athena's own role")

    def handle(self, *args: Any, **options: Any) -> None:
        reader = Account.objects.select_related("connection").filter(aws_id=settings.TRAIL_ACCOUNT).first()
        if not (athena.on() and settings.TRAIL_BUCKET and reader):
            raise CommandError(
                "Set IAMDASH_ATHENA_WORKGROUP, IAMDASH_TRAIL_BUCKET and IAMDASH_TRAIL_ACCOUNT, and connect that account:"
                " docs/operate/activity.md."
            )
        there = target(reader.connection)
        try:
            at = road.desk(there)
            if options["explain"]:
                self.explain(connect(road.own_role(reader, there, at.role), athena.ACTIONS), at)
        except AwsError as error:
            raise CommandError(str(error)) from error
        where = trail_bucket.place()
        if options["table"]:
            begin = (queue.database_now() - timedelta(days=settings.TRAIL_DAYS)).date()
            self.stdout.write(sql.table(at.table, where, begin))
        if options["policy"]:
            self.stdout.write(json.dumps(athena.permissions(where, at, there.partition, at.region), indent=2))

    def explain(self, aws: Aws, at: Desk) -> None:
        everybody = [road.plan(account, queue.database_now()) for account in stalest_first()]
        for progress in everybody:
            road.recall(progress)
        due = list(road.due(everybody, at.accounts))
        if not due:
            self.stdout.write("Nothing is due: every day that is over was read.")
            return
        day, some = due[-1]
        each = _bytes(aws, day, some[:SAMPLE])
        total, daily = each * sum(len(accounts) for _, accounts in due), 1 + len(everybody) // at.accounts
        first = athena.cost(total, len(due), at.price)
        later = athena.cost(each * len(everybody), daily, at.price)
        days, names = len({day for day, _ in due}), [progress.account.aws_id for progress in some]
        self.stdout.write(
            f"{len(due)} statements: {days} days of {len(everybody)} accounts, at most {at.accounts} in each.\n"
            f"Files of {day}: {each / 1e6:,.1f} MB an account, as {len(some[:SAMPLE])} accounts have them.\n"
            f"So about {total / 1e9:,.2f} GB are scanned, for {first:,.2f} USD at {at.price:g} USD a terabyte;"
            f" then {later:,.2f} USD a day.\n\n{sql.statement(at.table, day, names)}"
        )


def _bytes(aws: Aws, day: date, some: list[Progress]) -> float:
    """Of an account's files of a day, on average. Raises AwsError."""
    where, size = trail_bucket.place(), 0
    for progress in some:
        for region in trail_bucket.regions(aws, where, progress.account.aws_id):
            size += sum(found.size for found in trail_bucket.listed(aws, where, region, day))
    return size / len(some)
