from __future__ import annotations

import io
import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors.aws.bundle_files import BundleError
from findings.analysis.facts import Facts
from findings.analysis.questions import at
from findings.analysis.simulation import AskError, Question, accounts_of, ask
from findings.management.accounts import bundled, collected, moment, printable
from findings.management.output import write
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
        'A line may also hold {"session_policy", "resource_policy"}: documents. '
        "A condition key that is not given is unknown, and the answer then hangs on it; null says that it is absent. "
        "unseen names what could not be read and bears on the answer, levels where in the organization the SCPs and RCPs in by "
        "stand. Without --bundle and --account each question is put to the connected account that it names. "
        "Exit code: 0, or 1 when a line could not be answered, or 2 when nothing could be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--bundle", type=Path, metavar="PATH", help="an account in files; needs no database")
        where.add_argument("--account", metavar="ID", help="a connected account, as it was last collected")
        parser.add_argument("--principal", metavar="ARN", help="of a role, user, session, root; a service; an outsider")
        parser.add_argument("--action", metavar="A", help="s3:GetObject")
        parser.add_argument("--resource", metavar="R", default="*", help="an ARN; * for an action that takes none")
        parser.add_argument("--context", metavar="K=V", type=pair, action="append", default=[], help="may be repeated")
        parser.add_argument("--as-of", type=moment, metavar="T", help="aws:CurrentTime is T")

    def handle(self, *args: Any, **options: Any) -> None:
        facts_of = self.facts_of(options["bundle"], options["account"], options["as_of"])
        time = at(options["as_of"]) if options["as_of"] else {}
        failed = False

        def answers() -> Iterator[str]:
            nonlocal failed
            for number, line in self.lines(options):
                answer = answered(number, line, facts_of, time)
                failed |= "error" in answer
                yield json.dumps(answer)

        write(self.stdout, answers())
        if failed:
            sys.exit(UNANSWERED)

    def facts_of(self, bundle: Path | None, account: str | None, as_of: Any) -> Callable[[Question], Facts]:
        """Whom to ask. What was named by an option is read at once."""
        if bundle is None and account is None:
            return Connected(as_of)
        facts = collected(str(account), as_of) if bundle is None else self.bundled(bundle, as_of)
        return lambda question: facts

    def bundled(self, bundle: Path, as_of: Any) -> Facts:
        try:
            found = bundled(bundle, as_of)
        except BundleError as error:
            raise CommandError(printable(error), returncode=NOTHING) from error
        for complaint in found.complaints:
            self.stderr.write(printable(f"{bundle}: {complaint}"))
        return found.facts

    def lines(self, options: Mapping[str, Any]) -> Iterable[tuple[int, str]]:
        """Each with its number, from 1; empty ones are left out."""
        if options["principal"] is None and options["action"] is None:
            if isinstance(sys.stdin, io.TextIOWrapper):  # bytes that are no UTF-8 spoil their own line only
                sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
            return ((number, line) for number, line in enumerate(sys.stdin, 1) if line.strip())
        if not options["principal"] or not options["action"]:
            raise CommandError(
                "--principal and --action go together; with neither, questions are read from standard input."
            )
        names = ("principal", "action", "resource")
        context: dict[str, list[str]] = {}
        for key, value in options["context"]:
            context.setdefault(key, []).append(value)
        return [(1, json.dumps({**{name: options[name] for name in names}, "context": context}))]


class Connected:
    """The connected accounts, as they were last collected; each is read once."""

    def __init__(self, as_of: Any) -> None:
        self.facts = cache(lambda account: collected(account, as_of))

    def __call__(self, question: Question) -> Facts:
        """Raises AskError when the question names no connected account."""
        named = accounts_of(question)
        for account in named:
            try:
                return self.facts(account)
            except CommandError as error:
                last = str(error)
        raise AskError(last if named else "The question names no account; write --account.")


def answered(number: int, line: str, facts_of: Callable[[Question], Facts], time: Context) -> dict[str, Any]:
    """The line with its answer; one that cannot be answered gets its number and "error" instead. ignored: what of the line is
    no part of a question; it is printed as it came."""
    asked: dict[str, Any] = {}
    try:
        asked = parsed(line)
        one = question(asked, time)
        decision = ask(one, facts_of(one))
    except (LineError, AskError) as error:
        return {**asked, "decision": None, "line": number, "error": f"line {number}: {error}"}
    ignored = sorted(asked.keys() - FIELDS)
    return {**asked, **said(decision), **({"ignored": ignored} if ignored else {})}


def parsed(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise LineError(f"The line is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise LineError('The line is no object; write {"principal": ..., "action": ..., "resource": ...}.')
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def question(asked: Mapping[str, Any], time: Context) -> Question:
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
        {**time, **context(_object(asked.get("context")))},
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
    """As BUNDLE.md says. Only where there are any: levels, of SCPs and RCPs in by, and unseen, layers or policies that could
    not be read, so that the answer may be other than it looks."""
    by = dict.fromkeys((by.layer, by.policy, by.sid) for by in decision.by)
    more = {
        "levels": list(dict.fromkeys(by.level for by in decision.by if by.level)),
        "unseen": list(dict.fromkeys(decision.unseen)),
    }
    return {
        "decision": decision.verdict,
        "kind": decision.kind,
        "by": [dict(zip(("layer", "policy", "sid"), one, strict=True)) for one in by],
        "keys": list(decision.keys),
        **{name: some for name, some in more.items() if some},
    }
