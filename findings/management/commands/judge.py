from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors.aws.bundle import open_bundle
from collectors.aws.bundle_files import BundleError
from collectors.replay import replay
from findings.analysis.declared import declared
from findings.analysis.facts import Facts
from findings.rules.judgement import judge_facts
from findings.vocabulary import Severity, Status, Verdict

MET, NOTHING = 1, 2  # exit codes
SEVERITIES = {s.slug: s for s in Severity}


def moment(text: str) -> datetime:
    """ISO 8601; a day, or a time without a zone, is UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-11-01 or 2026-11-01T00:00:00Z") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = (
        "Judge bundles (folders or zips of AWS CLI outputs, see `bundle --help`), each by itself. Needs no database and keeps"
        " nothing. Exit code: 0, or 1 when a --fail-on is met, or 2 when nothing could be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument(
            "--format", choices=("table", "json"), default="table", help="json: a line a rule and subject"
        )
        parser.add_argument("--include", choices=("clear",), action="append", default=[], help="also what is in order")
        parser.add_argument(
            "--as-of", type=moment, metavar="T", help="judge ages as of T, not of the bundle's own time"
        )
        parser.add_argument("--fail-on", choices=SEVERITIES, help="exit 1 when this or worse is open")
        parser.add_argument("--fail-on-unknown", action="store_true", help="exit 1 when something cannot be judged")

    def handle(self, *args: Any, paths: list[Path], fail_on: str | None, **options: Any) -> None:
        show = self.json if options["format"] == "json" else self.table
        wanted = {Status.OPEN, Status.UNKNOWN} | ({Status.CLEAR} if options["include"] else set())
        read, met = 0, False
        for path in paths:
            try:
                account, verdicts = self.judge(path, options["as_of"])
            except BundleError as error:
                self.stderr.write(printable(error))
                continue
            read += 1
            met |= bool(fail_on) and any(v.severity >= SEVERITIES[fail_on] for v in verdicts if v.status is Status.OPEN)
            met |= options["fail_on_unknown"] and any(v.status is Status.UNKNOWN for v in verdicts)
            self.print(show(path, account, [v for v in verdicts if v.status in wanted]))
        if not read:
            raise CommandError("Nothing could be read.", returncode=NOTHING)
        if met:
            sys.exit(MET)

    def print(self, lines: Iterable[str]) -> None:
        """Like other tools of a shell, silent about a reader that has seen enough (`judge ... | head`)."""
        try:
            for line in lines:
                self.stdout.write(line)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(NOTHING)

    def judge(self, path: Path, as_of: datetime | None) -> tuple[str, tuple[Verdict, ...]]:
        """Account id and verdicts. Raises BundleError when the path holds no answer at all."""
        replayed = replay(open_bundle(path))
        settings, complaints = declared(replayed.bundle.settings)
        for complaint in (*replayed.complaints, *complaints):
            self.stderr.write(printable(f"{path}: {complaint}"))
        if not replayed.told:
            raise BundleError(
                f"{path} holds no answer that can be read. `manage.py bundle --help` prints how to make one."
            )
        snapshot = replayed.snapshot(as_of)
        return snapshot.account_id, judge_facts(Facts(snapshot, settings)).verdicts

    def json(self, path: Path, account: str, verdicts: list[Verdict]) -> Iterator[str]:
        for v in verdicts:
            yield json.dumps(
                {
                    "bundle": str(path),
                    "account": account,
                    "rule": v.rule.code,
                    "slug": v.rule.slug,
                    "severity": v.severity.slug,
                    "status": v.status.value,
                    "subject": {
                        "type": v.subject.type,
                        "id": v.subject.id,
                        "arn": v.subject.arn,
                        "name": v.subject.name,
                    },
                    "part": v.part,
                    "title": v.title,
                    "evidence": dict(v.evidence),
                    "reason": v.reason,
                }
            )

    def table(self, path: Path, account: str, verdicts: list[Verdict]) -> Iterator[str]:
        """What is open first, the worst first; what is unknown for one reason is one line a rule."""
        yield printable(f"{path}  account {account}")
        unknown: dict[tuple[str, str], list[Verdict]] = {}
        for v in sorted(verdicts, key=lambda v: (v.status is not Status.OPEN, -v.severity)):
            if v.status is Status.UNKNOWN:
                unknown.setdefault((v.rule.code, v.reason), []).append(v)
            else:
                severity = v.severity.label if v.status is Status.OPEN else "Clear"
                yield printable(
                    f"  {severity:9} {v.rule.code} {v.rule.slug:28} {v.title or f'{v.subject.name}: {v.reason}'}"
                )
        for (code, reason), some in unknown.items():
            named = [v.subject.name for v in some if v.subject.id]
            who = (
                named[0] if len(named) == 1 else f"{len(named)} subjects" if named else f"every {some[0].subject.type}"
            )
            yield printable(f"  {'Unknown':9} {code} {some[0].rule.slug:28} {who}: {reason}")
        counted = {status: sum(v.status is status for v in verdicts) for status in (Status.OPEN, Status.UNKNOWN)}
        yield f"  {counted[Status.OPEN]} open, {counted[Status.UNKNOWN]} unknown"


def printable(text: object) -> str:
    """On one line, without what would steer a terminal: names are chosen by others."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text))
