from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from findings.management.accounts import printable
from findings.management.key_ids import TEMPORARY, Found
from findings.management.key_ids.files import Files
from findings.management.key_ids.history import HistoryError, in_history
from findings.management.key_ids.kept import Sorted, keep, sort
from findings.management.key_ids.reports import Report, ReportError
from findings.management.output import write

SHOWN = 5  # places of one id
BY = "find-keys"
NOTHING = 2  # exit code
NO_DATABASE = (
    "Nothing was kept: iamdash's database, which knows the connected accounts, does not answer."
    " Run this beside iamdash, or name the database in DATABASE_URL."
)


class Command(BaseCommand):
    help = (
        "Find the ids of access keys in source code (rule KY116). Each id of a connected account is kept with where it stands,"
        " and the account is judged again; ids of other accounts are printed only. Secrets are never read or kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "paths", nargs="*", type=Path, metavar="PATH", help="a folder or file, such as a repository"
        )
        parser.add_argument("--git-history", action="store_true", help="look at every commit of the repositories, too")
        parser.add_argument(
            "--report", action="append", type=Path, default=[], metavar="FILE",
            help="another scanner's: of gitleaks or TruffleHog, as JSON or JSON lines",
        )  # fmt: skip
        parser.add_argument(
            "--name", default="", help="what the place is called in findings; else the name of the folder"
        )
        parser.add_argument("--dry-run", action="store_true", help="print what is found, keep nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["paths"] and not options["report"]:
            raise CommandError("Name a folder, or a scanner's report with --report.", returncode=NOTHING)
        places = [*self.scanned(options), *self.reported(options)]
        for name, some in places:
            try:
                found = sort(some)
                new = 0 if options["dry_run"] else keep(found, options["name"] or name, BY)
            except OperationalError as error:
                raise CommandError(f"{NO_DATABASE}\n{str(error).strip()}", returncode=NOTHING) from error
            write(self.stdout, lines(name, found))
            self.stdout.write(printable(summary(name, found, new, dry=options["dry_run"])))

    def scanned(self, options: dict[str, Any]) -> Iterator[tuple[str, list[Found]]]:
        for path in options["paths"]:
            if not path.exists():
                raise CommandError(printable(f"{path} does not exist."), returncode=NOTHING)
            files = Files(path.resolve())
            found = list(files)
            for complaint in files.unread:
                self.stderr.write(printable(f"not read: {complaint}"))
            self.stdout.write(printable(f"{path}: {files.looked_at:,} files looked at"))
            if options["git_history"]:
                found += self.history(path)
            yield path.resolve().name, found

    def history(self, path: Path) -> list[Found]:
        try:
            return list(in_history(path if path.is_dir() else path.parent))
        except HistoryError as error:
            raise CommandError(printable(f"{path}: {error}"), returncode=NOTHING) from error

    def reported(self, options: dict[str, Any]) -> Iterator[tuple[str, list[Found]]]:
        for file in options["report"]:
            report = Report(file)
            try:
                found = list(report)
            except ReportError as error:
                raise CommandError(printable(f"{file}: {error}"), returncode=NOTHING) from error
            if report.bad:
                self.stderr.write(printable(f"{file}: {report.bad:,} entries are no JSON objects and were passed over"))
            yield file.stem, found


def lines(name: str, found: Sorted) -> Iterator[str]:
    """Active keys first."""
    for key_id, some in sorted(found.sightings.items(), key=lambda pair: (not _works(found, pair[0]), pair[0])):
        key = found.known[key_id]
        state = "deleted" if key.gone_at else "active" if key.active else "inactive"
        whose = f"{state}, of {key.user_name} in {key.account.name or key.account.aws_id} ({key.account.aws_id})"
        yield from _told(key_id, whose, some)
    for key_id, some in sorted(found.unknown.items()):
        ask = f"of no account that was collected; `aws sts get-access-key-info --access-key-id {key_id}` tells whose"
        yield from _told(key_id, "temporary: it ended by itself" if key_id.startswith(TEMPORARY) else ask, some)


def _works(found: Sorted, key_id: str) -> bool:
    key = found.known[key_id]
    return key.active and key.gone_at is None


def _told(key_id: str, whose: str, some: list[Found]) -> Iterator[str]:
    yield printable(f"{key_id}  {whose}")
    places = sorted(set(some))
    for one in places[:SHOWN]:
        commit = f" in commit {one.commit[:12]}" if one.commit else ""
        yield printable(f"  {one.path}{f':{one.line}' if one.line else ''}{commit} ({one.source})")
    if len(places) > SHOWN:
        yield f"  and {len(places) - SHOWN:,} places more"


def summary(name: str, found: Sorted, new: int, *, dry: bool) -> str:
    kept = "nothing kept" if dry else f"{new:,} places are new and kept"
    return f"{name}: {len(found.known):,} keys of connected accounts, {len(found.unknown):,} other ids; {kept}"
