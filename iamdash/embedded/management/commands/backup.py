from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from iamdash.embedded.backup import BackupError, dump
from iamdash.embedded.supervisor import ChildError


class Command(BaseCommand):
    help = "Write the database into a new folder, with a manifest that proves it when it is restored. iamdash may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: object, folder: Path, **options: object) -> None:
        try:
            manifest = dump(folder.absolute())
        except (BackupError, ChildError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{manifest.rows:,} rows of {len(manifest.tables)} tables are in {folder}. Keep the secret key too, in another "
            "place, and encrypt the folder: it is a map of everybody's privileges."
        )
