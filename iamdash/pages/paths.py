"""Whole paths across accounts, for operators to whom the other accounts are shown too (docs/decisions/0009).

What is stored names a caller of another account as the account's own events do: "AROA... of account 000000000002". Where the
operator may see that account, the path that led to the caller takes its place. The database decides what he may see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from findings.analysis.activity.lineage import DAY, MOST_HOPS, Lineage
from findings.analysis.activity.signs import OPENED_BY
from findings.engine.elsewhere import Callers, read
from findings.models import SessionVerdict

CALLER = re.compile(r"([\w+=,.@-]{1,128}) of account (\d{12})\b", re.ASCII)
UNIQUE = re.compile(r"A(?:RO|ID)A[A-Z0-9]{12,124}")
LAST = re.compile(r"; last on (\d{4}-\d\d-\d\d)$", re.ASCII)
SENTENCE = re.compile(f"(?<={OPENED_BY})(.{{1,2000}}?)(?= -> )")
MOST = 200  # callers that a page asks for
Told = Callable[[str, date], str]


def whole_paths(texts: Iterable[tuple[str, date]]) -> Told:
    """Of texts that a page will show, each with the day that it tells of: what makes a text whole. No query where none names a
    caller of another account."""
    found = [(match.groups(), day) for text, day in texts for match in CALLER.finditer(text)]
    if not found:
        return lambda text, day: text
    callers, days = Callers(), [day for _, day in found]
    for name, account in list(dict.fromkeys(named for named, _ in found))[:MOST]:
        (callers.ids if UNIQUE.fullmatch(name) else callers.names).add(name)
        callers.accounts.add(account)
    elsewhere = read(callers, min(days) - MOST_HOPS * DAY, max(days))
    if not elsewhere.known:
        return lambda text, day: text
    ids = {(one.arn.rpartition("/")[2], one.arn.split(":")[4]): one.arn for one in elsewhere.known.values()}
    return partial(_whole, Lineage(elsewhere.assumptions, [elsewhere]), ids)


def in_sentence(told: Told, text: str, day: date) -> str:
    """Of a reason or a line of evidence: only who opened it, for the rest may hold what callers chose."""
    return SENTENCE.sub(lambda match: told(match[1], day), text)


class Whole(NamedTuple):
    lineage: str
    reasons: list[str]


def told_whole(rows: Sequence[SessionVerdict]) -> list[Whole]:
    """Of verdicts, each with its session."""
    if not rows:
        return []
    told = whole_paths((text, row.session.day) for row in rows for text in (row.lineage, *row.reasons))
    days = ((row, row.session.day) for row in rows)
    return [Whole(told(row.lineage, day), [in_sentence(told, one, day) for one in row.reasons]) for row, day in days]


def in_evidence(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """A finding's, its sentences on sessions made whole as of the day that each ends with."""
    sentences = [one for said in evidence.values() for one in (said if isinstance(said, list) else [said])]
    told = whole_paths((one, day) for one in sentences if (day := _last(one)))

    def made(said: Any) -> Any:
        if isinstance(said, list):
            return [made(one) for one in said]
        day = _last(said)
        return in_sentence(told, said, day) if day else said

    return {name: made(said) for name, said in evidence.items()}


def _last(said: Any) -> date | None:
    """The day that a sentence ends with; None: it is none."""
    found = LAST.search(said) if isinstance(said, str) else None
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _whole(lineage: Lineage, arns: dict[tuple[str, str], str], text: str, day: date) -> str:
    def path(match: re.Match[str]) -> str:
        arn = lineage.arn_of(match[1]) if UNIQUE.fullmatch(match[1]) else arns.get((match[1], match[2]), match[1])
        return match[0] if arn == match[1] else lineage.caller(arn, day).said

    return CALLER.sub(path, text)
