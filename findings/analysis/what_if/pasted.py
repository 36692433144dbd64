"""A document as somebody pasted it, held to what AWS takes for its kind. What is wrong is said with its line and what to do.

Sizes and languages: of SCPs and RCPs [Organizations user guide, "SCP syntax", "RCP syntax", "Quotas"]; a boundary is a managed
policy [IAM user guide, "IAM and STS quotas"].
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from findings.analysis.what_if.model import Kind
from findings.policy.catalogue import catalogue
from findings.policy.compiled import compile_document
from findings.policy.document import VARIABLES_SINCE, Document, Principals, Statement, Unreadable, read
from findings.policy.lint import lint
from findings.policy.written import POLICY_CHARACTERS, size

LONGEST = 5_120  # characters of an SCP or RCP, white space too
WORDS = {Kind.SCP: "An SCP", Kind.RCP: "An RCP", Kind.BOUNDARY: "A permissions boundary"}
NUMBER = re.compile(r"\bstatement (\d+)\b")
SPACE = tuple(" \t\r\n,")  # between statements


class RefusedError(Exception):
    """A sentence for who pasted it: what is wrong, where, and the next step."""


def pasted(kind: Kind, text: str) -> Document:
    """Raises RefusedError."""
    if not text.strip():
        raise RefusedError("There is no document. Paste one as JSON, or take a baseline.")
    found = read(text)
    if isinstance(found, Unreadable):
        raise RefusedError(f"{_located(found.reason, text)}. Correct it there, and ask again.")
    for number, statement in enumerate(found.statements, 1):
        for fault in _faults(kind, statement):
            raise RefusedError(f"{_located(f'statement {number}: {fault}', text)}")
    if not found.statements:
        raise RefusedError("It has no statement. Write at least one.")
    if kind is not Kind.BOUNDARY and found.version != VARIABLES_SINCE:
        raise RefusedError(f'{WORDS[kind]} must have "Version": "{VARIABLES_SINCE}". Add it.')
    _check_size(kind, text)
    return found


def _faults(kind: Kind, statement: Statement) -> Iterator[str]:
    what = WORDS[kind]
    if kind is Kind.RCP:
        if statement.allows:
            yield "an RCP of your own can only deny; RCPFullAWSAccess, which allows, always stays attached. Make it a Deny"
        if statement.principals != Principals(anyone=True):
            yield 'an RCP needs "Principal": "*". Say whom it spares in a Condition, as by aws:PrincipalArn'
        if statement.not_actions is not None:
            yield "an RCP takes no NotAction. List the actions"
    elif statement.principals is not None or statement.not_principals is not None:
        yield f"{what[0].lower()}{what[1:]} takes no Principal. Use a Condition, as on aws:PrincipalArn"
    if statement.resources is None and statement.not_resources is None:
        yield f'{what[0].lower()}{what[1:]} needs Resource or NotResource. Write "Resource": "*" if it is about everything'
    for pattern in statement.actions or statement.not_actions or ():
        if pattern != "*" and ":" not in pattern:
            yield f"{pattern!r} is no action. Write service:Action"


def _check_size(kind: Kind, text: str) -> None:
    """White space between the words can be left out of an SCP, and is not counted in a managed policy."""
    body = json.loads(text)
    length, most = len(json.dumps(body, separators=(",", ":"), ensure_ascii=False)), LONGEST
    if kind is Kind.BOUNDARY:
        length, most = size(body), POLICY_CHARACTERS
    if length > most:
        raise RefusedError(
            f"It has {length:,} characters without white space; AWS takes {most:,} at most. Shorten it or split it."
        )


def _located(reason: str, text: str) -> str:
    """With the line on which the statement begins. Faults of the JSON itself have their line already."""
    told = NUMBER.search(reason)
    line = _line(text, int(told[1])) if told else 0
    said = f"{reason[:1].upper()}{reason[1:]}"
    return f"Line {line}, {reason}" if line else said


def _line(text: str, number: int) -> int:
    """0: not found."""
    decoder = json.JSONDecoder()
    at = text.find("[", text.find('"Statement"')) + 1
    try:
        for _ in range(number):
            while text[at : at + 1] in SPACE:
                at += 1
            begin = at
            _, at = decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        return 0
    return text.count("\n", 0, begin) + 1


def doubts(document: Document) -> tuple[str, ...]:
    """Words in it that have no effect, as sentences."""
    compiled = compile_document(document, catalogue())
    return tuple(f"{one.where}: {one.fault}: {one.what}" for one in lint(document, compiled, catalogue()))
