from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from collectors.aws.bundle_files import BundleError
from findings.analysis.facts import Facts
from findings.analysis.planned.changes import PlanError
from findings.management import plans
from findings.management.accounts import bundled, collected, moment, printable, stated
from findings.management.output import together, write
from findings.rules.judgement import judge_facts
from findings.vocabulary import Severity, Status, SubjectType, Verdict

MET, NOTHING = 1, 2  # exit codes
SEVERITIES = {s.slug: s for s in Severity}


class Command(BaseCommand):
    help = (
        "Judge bundles (folders or zips of AWS CLI outputs, see `bundle --help`), each by itself. Needs no database and keeps"
        " nothing. With --plan, judge what a Terraform plan (`terraform show -json`) or a CloudFormation template would change:"
        " only what it opens, closes or widens is printed. Exit code: 0, or 1 when a --fail-on is met, or 2 when nothing could"
        " be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
        parser.add_argument("--account", metavar="ID", help="whose plan it is: a connected account, or a bundle's")
        parser.add_argument("--plan", type=Path, metavar="FILE", help="tfplan.json or template.yaml")
        parser.add_argument(
            "--format", choices=("table", "json"), default="table", help="json: a line a rule and subject"
        )
        parser.add_argument("--include", choices=("clear",), action="append", default=[], help="also what is in order")
        parser.add_argument(
            "--as-of", type=moment, metavar="T", help="judge ages as of T, not of the bundle's own time"
        )
        parser.add_argument("--fail-on", choices=SEVERITIES, help="exit 1 when this or worse is open")
        parser.add_argument("--fail-on-unknown", action="store_true", help="exit 1 when something cannot be judged")

    def handle(self, *args: Any, paths: list[Path], **options: Any) -> None:
        account, planned = options["account"], options["plan"]
        if not paths and not account:
            raise CommandError("Give the path of a bundle, or --plan and --account.", returncode=NOTHING)
        if account and not planned:
            raise CommandError(
                "A connected account is judged by the worker; --account goes with --plan.", returncode=NOTHING
            )
        met, self.told = False, Organizations(paths)
        accounts = self.read(paths, options["as_of"]) if paths else self.connected(account, options["as_of"])
        for path, facts in accounts:
            met |= self.plan(path, facts, options) if planned else self.judge(path, facts, options)
        if met:
            sys.exit(MET)

    def connected(self, account: str, as_of: Any) -> Iterator[tuple[str, Facts]]:
        try:
            found = collected(account, as_of)
        except (CommandError, DatabaseError) as error:
            raise CommandError(printable(error), returncode=NOTHING) from error
        yield account, found

    def read(self, paths: Iterable[Path], as_of: Any) -> Iterator[tuple[Path, Facts]]:
        """Bundle by bundle, so that hundreds need the memory of one. What cannot be read is named and passed over."""
        read = 0
        for path in paths:
            try:
                found = bundled(path, as_of)
            except BundleError as error:
                self.stderr.write(printable(error))
                continue
            read += 1
            for complaint in found.complaints:
                self.stderr.write(printable(f"{path}: {complaint}"))
            yield path, found.facts
        if not read:
            raise CommandError("Nothing could be read.", returncode=NOTHING)

    def judge(self, path: Path | str, facts: Facts, options: dict[str, Any]) -> bool:
        """Whether a --fail-on is met."""
        verdicts = self.told.once(judge_facts(facts).verdicts, facts)
        wanted = {Status.OPEN, Status.UNKNOWN} | ({Status.CLEAR} if options["include"] else set())
        show = verdict_lines if options["format"] == "json" else verdict_table
        shown = [v for v in verdicts if v.status in wanted]
        write(self.stdout, together(show(path, facts.snapshot.account_id, shown)))
        return fails(verdicts, options)

    def plan(self, path: Path | str, facts: Facts, options: dict[str, Any]) -> bool:
        """With a bundle, --account says whose plan it is: that of another account would say nothing of this one."""
        found, wanted = facts.snapshot.account_id, options["account"]
        if wanted and wanted != found:
            raise CommandError(
                printable(f"{path} is of account {found}, and the plan of {wanted}."), returncode=NOTHING
            )
        try:
            outcome = plans.outcome(options["plan"], facts)
        except PlanError as error:
            raise CommandError(printable(f"{options['plan']}: {error}"), returncode=NOTHING) from error
        show = plans.lines if options["format"] == "json" else plans.table
        write(self.stdout, show(str(path), outcome))
        return fails(outcome.verdicts, options) or (outcome.unknown and options["fail_on_unknown"])


class Organizations:
    """Several bundles may tell of one organization. One of them speaks of it: its management account's, else the first."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._told: dict[str, str] = {}

    @cached_property
    def _given(self) -> frozenset[str]:
        """The accounts that the bundles are of. Each is opened for it, which only an organization's member needs."""
        return frozenset(filter(None, map(stated, self._paths)))

    def once(self, verdicts: Iterable[Verdict], facts: Facts) -> list[Verdict]:
        """Those of the account, with those of its organization where it is the one that speaks."""
        found, own = facts.told.organization, facts.snapshot.account_id
        managing = found.management_account_id if found else ""
        other = bool(managing) and managing != own and managing in self._given
        return [
            v
            for v in verdicts
            if v.subject.type is not SubjectType.ORGANIZATION
            or not (v.subject.id and (other or self._told.setdefault(v.subject.id, own) != own))
        ]


def fails(verdicts: Iterable[Verdict], options: dict[str, Any]) -> bool:
    least = SEVERITIES.get(options["fail_on"])
    return any(
        (v.status is Status.OPEN and least is not None and v.severity >= least)
        or (v.status is Status.UNKNOWN and options["fail_on_unknown"])
        for v in verdicts
    )


def verdict_lines(path: Path | str, account: str, verdicts: list[Verdict]) -> Iterator[str]:
    return (json.dumps({"bundle": str(path), "account": account, **plans.plain(v)}) for v in verdicts)


def verdict_table(path: Path | str, account: str, verdicts: list[Verdict]) -> Iterator[str]:
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
        who = named[0] if len(named) == 1 else f"{len(named)} subjects" if named else f"every {some[0].subject.type}"
        yield printable(f"  {'Unknown':9} {code} {some[0].rule.slug:28} {who}: {reason}")
    counted = {status: sum(v.status is status for v in verdicts) for status in (Status.OPEN, Status.UNKNOWN)}
    yield f"  {counted[Status.OPEN]} open, {counted[Status.UNKNOWN]} unknown"
