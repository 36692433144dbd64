from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors.aws.bundle_files import BundleError
from findings.analysis.facts import Facts
from findings.analysis.simulation import AskError, Question, ask
from findings.management.accounts import bundled, collected, moment, printable
from findings.policy.evaluate import Decision
from findings.policy.request import Context

UNANSWERED, NOTHING = 1, 2  # exit codes
FIELDS = frozenset({"principal", "action", "resource", "context", "session_policy", "resource_policy"})


class LineError(Exception):
    """What is wrong with a line of the input."""


def pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ArgumentTypeError(f"{text!r} is no key=value; write aws:SourceIp=198.51.100.7")
    return key, value


class Command(BaseCommand):
    help = (
        "May a principal do an action on a resource? One question by options, or many as JSON lines on standard input: "
        '{"principal", "action", "resource", "context"}; the answers are the same lines with {"decision", "kind", "by", "keys"}. '
        "A condition key that is not given is unknown, and the answer then hangs on it; null says that it is absent. "
        "Exit code: 0, or 1 when a line could not be answered, or 2 when nothing could be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--bundle", type=Path, metavar="PATH", help="an account in files; needs no database")
        where.add_argument("--account", metavar="ID", help="a connected account, as it was last collected")
        parser.add_argument("--principal", metavar="ARN", help="of a role, user, session, root; a service; an outsider")
        parser.add_argument("--action", metavar="A", help="s3:GetObject")
        parser.add_argument("--resource", metavar="R", default="*", help="an ARN; * for an action that takes none")
        parser.add_argument("--context", metavar="K=V", type=pair, action="append", default=[], help="may be repeated")
        parser.add_argument("--as-of", type=moment, metavar="T", help="aws:CurrentTime is T")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = self.facts(options["bundle"], options["account"], options["as_of"])
        time = options["as_of"] and {"aws:CurrentTime": options["as_of"].strftime("%Y-%m-%dT%H:%M:%SZ")}
        failed = False
        for line in self.lines(options):
            answer, ok = answered(line, facts, time or {})
            failed |= not ok
            self.stdout.write(json.dumps(answer))
        if failed:
            sys.exit(UNANSWERED)

    def facts(self, bundle: Path | None, account: str | None, as_of: Any) -> Facts:
        if account:
            return collected(account, as_of)
        assert bundle is not None
        try:
            found = bundled(bundle, as_of)
        except BundleError as error:
            raise CommandError(printable(error), returncode=NOTHING) from error
        for complaint in found.complaints:
            self.stderr.write(printable(f"{bundle}: {complaint}"))
        return found.facts

    def lines(self, options: Mapping[str, Any]) -> Iterable[str]:
        if options["principal"] is None and options["action"] is None:
            return (line for line in sys.stdin if line.strip())
        if not options["principal"] or not options["action"]:
            raise CommandError(
                "--principal and --action go together; with neither, questions are read from standard input."
            )
        names = ("principal", "action", "resource")
        context: dict[str, list[str]] = {}
        for key, value in options["context"]:
            context.setdefault(key, []).append(value)
        return [json.dumps({**{name: options[name] for name in names}, "context": context})]


def answered(line: str, facts: Facts, time: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """The line with its answer, and whether there is one; a line that cannot be answered gets "error" instead. ignored: what
    of the line is no part of a question; it is printed as it came."""
    asked: dict[str, Any] = {}
    try:
        asked = parsed(line)
        decision = ask(question(asked, time), facts)
    except (LineError, AskError) as error:
        return {**asked, "decision": None, "error": str(error)}, False
    ignored = sorted(asked.keys() - FIELDS)
    return {**asked, **said(decision), **({"ignored": ignored} if ignored else {})}, True


def parsed(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(f"The line is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise LineError('The line is no object; write {"principal": ..., "action": ..., "resource": ...}.')
    return found


def question(asked: Mapping[str, Any], time: Mapping[str, str]) -> Question:
    for name in ("principal", "action"):
        if not isinstance(asked.get(name), str) or not asked[name]:
            raise LineError(f"The question has no {name}.")
    resource = asked.get("resource") or "*"
    if not isinstance(resource, str):
        raise LineError("The resource is no text.")
    return Question(
        asked["principal"],
        asked["action"],
        resource,
        context({**time, **_object(asked.get("context"))}),
        asked.get("session_policy"),
        asked.get("resource_policy"),
    )


def _object(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise LineError('The context is no object; write {"aws:SourceIp": "198.51.100.7"}.')
    return value


def context(raw: Mapping[str, Any]) -> Context:
    """Keys in lower case; a value or a list of them, and null for a key that is known to be absent."""
    return {str(key).lower(): None if value is None else tuple(_texts(key, value)) for key, value in raw.items()}


def _texts(key: str, value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, bool):
            yield "true" if one else "false"
        elif isinstance(one, str | int | float):
            yield str(one)
        else:
            raise LineError(f"The value of {key} in the context is neither text nor number nor a list of them.")


def said(decision: Decision) -> dict[str, Any]:
    """unseen: layers or policies that could not be read, so that the answer may be other than it looks."""
    return {
        "decision": decision.verdict,
        "kind": decision.kind,
        "by": [asdict(by) for by in decision.by],
        "keys": list(decision.keys),
        "unseen": list(decision.unseen),
    }
