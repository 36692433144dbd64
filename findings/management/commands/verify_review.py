from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.analysis.reviewing import chain


class Command(BaseCommand):
    help = (
        "Say whether the export of an access review is as the installation made it, and what was altered if it is not. "
        "It needs no database: an auditor may run it anywhere with --key."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="the export, in JSON lines")
        parser.add_argument(
            "--key", default="", help="the public key to trust, 64 hex digits; else this installation's"
        )
        parser.add_argument("--print-key", action="store_true", help="only print this installation's public key")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["key"] or chain.public_of(chain.key_of(settings.SECRET_KEY))
        if options["print_key"]:
            self.stdout.write(key)
            return
        if options["file"] is None:
            raise CommandError("Name the file.")
        try:
            with options["file"].open(encoding="utf-8", newline="\n") as lines:
                found = chain.verify(lines, key)
        except (OSError, UnicodeError) as error:
            raise CommandError(f"The file cannot be read: {error}") from None
        self._tell(found, key)

    def _tell(self, found: chain.Verified, key: str) -> None:
        if found.problems:
            raise CommandError("\n".join(["This is not what was exported:", *map(_shown, found.problems)]))
        head = found.header
        self.stdout.write(f"Nothing was altered in {found.lines} lines, signed by {key}.")
        whole, n = "all" if head.get("whole") else "not all", head.get("accounts")
        self.stdout.write(
            _shown(
                f"{head.get('name')}: {n} account{'' if n == 1 else 's'} ({whole} of the review), exported by"
                f" {head.get('exported_by')} at {head.get('exported_at')}."
            )
        )


def _shown(text: str) -> str:
    """Names come from a file: nothing of them may steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
