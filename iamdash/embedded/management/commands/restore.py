from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from iamdash.embedded import processes, services
from iamdash.embedded.backup import BackupError, key_mark, load
from iamdash.embedded.state import BusyError, State
from iamdash.embedded.supervisor import ChildError, Stopped, supervisor


class Command(BaseCommand):
    help = (
        "Put a backup into an empty database, prove it by its manifest, and migrate it to this version. iamdash must not run. "
        "Without DATABASE_URL: into the database of `manage.py up`."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--replace", action="store_true", help="drop what the database holds")

    def handle(self, *args: object, folder: Path, replace: bool, **options: object) -> None:
        try:
            if os.environ.get("DATABASE_URL"):
                self.restore(folder.absolute(), replace=replace)
            else:
                self.restore_embedded(folder.absolute(), replace=replace)
        except (BackupError, BusyError, ChildError) as error:
            raise CommandError(str(error)) from error
        except Stopped:
            raise CommandError("Stopped.") from None

    def restore(self, folder: Path, *, replace: bool) -> None:
        manifest = load(folder, replace=replace)
        call_command("migrate", verbosity=0)
        self.stdout.write(
            f"{manifest.rows:,} rows of {len(manifest.tables)} tables are as they were at {manifest.made_at}. Sign in anew."
        )
        if manifest.key != key_mark():
            self.stdout.write(
                "The secret key is another one than the backup's: put the old one in place, or enter the secrets of channels and "
                "authenticators anew."
            )

    def restore_embedded(self, folder: Path, *, replace: bool) -> None:
        """The same command again, beside a PostgreSQL that runs for as long as it takes."""
        state = State.open()
        lock = state.lock("a restore, no web server")
        with supervisor(sys.stdout, hold=[lock]) as family:
            ours = processes.without_aws(os.environ) | {
                "DATABASE_URL": services.start(family, services.postgres(state.folder))
            }
            family.run(processes.manage(ours, "restore", str(folder), *(["--replace"] if replace else [])))
            state.restored.touch()
