from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from findings.analysis.activity.aws_ranges import MOST_BYTES, RangesError
from findings.engine.decided import take_ranges


class Command(BaseCommand):
    help = (
        "Keep AWS's published networks, so that an address of AWS is told from others. FILE is AWS's ip-ranges.json, which you"
        " save yourself; nothing is downloaded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--by", default="manage.py", help="who hands it in, for the record")

    def handle(self, *args: Any, file: Path, by: str, **options: Any) -> None:
        try:
            with file.open("rb") as source, transaction.atomic():
                kept = take_ranges(source.read(MOST_BYTES + 1), by[:150])
        except (OSError, RangesError) as error:
            raise CommandError(f"{file}: {error}") from None
        if kept is None:
            self.stdout.write("It is the list that is kept already.")
        else:
            self.stdout.write(
                f"{len(kept.named):,} networks of {kept.published or 'no date'}; accounts are judged anew."
            )
