from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from findings.config.document import MOST_BYTES, ConfigError
from findings.config.export import export, schema
from findings.config.plan import Plan, Verb, apply
from findings.config.section import Section
from findings.config.sections import sections
from findings.config.whom import Places
from iamdash.access import audit
from iamdash.notify.configured import SECTIONS

COMPOSE = "With Compose: docker compose run --rm -T migrate python manage.py config export"


class Command(BaseCommand):
    help = "Settings as code: write what operators decided as YAML, or make such a file true. docs/operate/settings.md"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        out = verbs.add_parser("export", help="print what stands")
        out.add_argument("--to", type=Path, help="a file in place of the terminal")
        into = verbs.add_parser("apply", help="make a file true, in one transaction")
        into.add_argument("file", help="the file; - reads it from standard input")
        into.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
        into.add_argument(
            "--prune", action="store_true", help="also end what the file's sections do not mention; without, it stays"
        )
        into.add_argument("--by", default="", help="who is said to have decided it (default: the user of this shell)")
        verbs.add_parser("schema", help="print what a file may hold")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if settings.DB_ROLE:  # which would see no row, and write an empty file
            raise CommandError(
                f"This is for the database's owner, and IAMDASH_DB_ROLE is {settings.DB_ROLE}. {COMPOSE}"
            )
        places = Places()
        known = [*sections(places), *(section(places) for section in SECTIONS)]
        if verb == "apply":
            self.apply(known, places, **options)
            return
        text = export(known) if verb == "export" else schema(known)
        for note in (note for section in known for note in section.notes):
            self.stderr.write(note)
        if verb == "export":
            audit.record(None, "config-exported", str(options["to"] or "standard output"), by_user=_user())
        if to := options.get("to"):
            _write(to, text)
        else:
            self.stdout.write(text, ending="")

    def apply(self, known: list[Section], places: Places, file: str, by: str, **options: Any) -> None:
        dry, prune = options["dry_run"], options["prune"]
        by = f"{by or _user()} (settings file)"[:150]
        try:
            with transaction.atomic():
                made = apply(_text(file), known, places, by, prune=prune, dry=dry)
                if made.touched and not dry:
                    audit.record(None, "config-applied", file, by_user=by, prune=prune, **_counted(made))
        except ConfigError as error:
            told = "\n".join(f"{file} {fault}" for fault in error.faults)
            raise CommandError(f"{told}\nNothing was changed.") from None
        self.tell(made, dry=dry)

    def tell(self, made: Plan, *, dry: bool) -> None:
        for change in made.changes:
            if change.verb is not Verb.STAY:
                self.stdout.write("\n".join(change.lines()))
        for note in made.notes:
            self.stdout.write(f"! {note}")
        added, changed, ended, stay = (len(made.of(verb)) for verb in Verb)
        would = "would be " if dry else ""
        self.stdout.write(
            f"{added} {would}added, {changed} {would}changed, {ended} {would}ended, {made.same} as they are."
        )
        if stay:
            self.stdout.write(f"{stay} more stand here that the file does not mention; --prune ends them.")
        if dry:
            self.stdout.write("Nothing was changed: this was a dry run.")


def _counted(made: Plan) -> dict[str, int]:
    return {verb.name.lower(): len(made.of(verb)) for verb in (Verb.ADD, Verb.CHANGE, Verb.END)}


def _user() -> str:
    """Of this shell; in a container its number may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _write(to: Path, text: str) -> None:
    try:
        to.write_text(text)
    except OSError as error:
        raise CommandError(f"{to}: {error.strerror}.") from None


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else Path(file).read_bytes()[: MOST_BYTES + 1]
        return raw.decode()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is no text in UTF-8.") from None
