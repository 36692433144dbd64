from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors import intake
from collectors.aws.bundle_files import BundleError
from collectors.bundle_script import script
from collectors.doorbell import bell
from collectors.tasks import JUDGE_TASK


class Command(BaseCommand):
    help = "Load a bundle (a folder or zip of AWS CLI outputs) into the inventory. --help prints the script that makes one."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        form = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, formatter_class=form, epilog=script(), **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("load",))
        parser.add_argument("path", type=Path, metavar="PATH")
        parser.add_argument("--account", metavar="NAME", help="what to call an account that is not known yet")
        parser.add_argument("--judge", action="store_true", help="judge here, not by a worker")

    def handle(self, *args: Any, path: Path, account: str | None, judge: bool, **options: Any) -> None:
        try:
            replayed = intake.read(path)
            for complaint in replayed.complaints:
                self.stderr.write(f"{path}: {complaint}")
            loaded, job = intake.take_in(replayed, account or replayed.account_id, "bundle")
        except (BundleError, intake.IntakeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{loaded} is loaded as of {replayed.collected_at:%Y-%m-%d %H:%M} UTC.")
        if job is not None:
            self.judge(job, here=judge)

    def judge(self, job: int, *, here: bool) -> None:
        if here:
            bell().loader.import_default_modules()  # a worker has done so; a command has not
            bell().tasks[JUDGE_TASK](job)
            call_command("summary", stdout=self.stdout)
        else:
            bell().send_task(JUDGE_TASK, [job])
            self.stdout.write("A worker judges it; the queue keeps the job until one runs.")
