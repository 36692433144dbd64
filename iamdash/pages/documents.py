"""Two policy documents side by side: statement by statement, where they have statements; else as texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from iamdash.pages.beside import Beside, difference

ALIKE = 0.5  # of two statements' texts, from which on one became the other
WHOLE = 100_000  # lines that stay, around those that change: a statement is shown whole
MOST = 60  # statements of a side that are compared one by one


@dataclass(frozen=True)
class Row:
    """A statement: same, changed, removed or added. before, after: its text, "" where it is not there."""

    state: str
    before: str = ""
    after: str = ""

    @property
    def diff(self) -> Beside:
        return difference(self.before, self.after, around=WHOLE)

    @property
    def said(self) -> str:
        return f"A statement that {'was ' * (self.state != 'changed')}{self.state}"


def compared(before: Any, after: Any) -> list[Row]:
    """Bodies as they are stored: parsed JSON, or a text that is none; None: there is none."""
    old, new = _statements(before), _statements(after)
    if old is None or new is None or max(len(old), len(new)) > MOST:
        return list(_of_texts(_text(before), _text(after)))
    rows = list(_paired(old, new))
    rest = [_text(_without(one)) for one in (before, after)]
    return rows if rest[0] == rest[1] or not (before and after) else [Row("changed", *rest), *rows]


def _statements(body: Any) -> list[Any] | None:
    if body is None:
        return []
    found = body.get("Statement") if isinstance(body, dict) else None
    return [found] if isinstance(found, dict) else found if isinstance(found, list) else None


def _without(body: Any) -> Any:
    return {name: part for name, part in body.items() if name != "Statement"} if isinstance(body, dict) else {}


def _paired(old: Sequence[Any], new: Sequence[Any]) -> Iterator[Row]:
    """Equal ones first, then those of one Sid, then the most alike; in the order of the new document."""
    texts = [_text(one) for one in old], [_text(one) for one in new]
    pairs: dict[int, int] = {}
    for like in (_equal, _one_sid, _alike):
        for j, after in enumerate(new):
            left = [i for i in range(len(old)) if i not in pairs.values()]
            if j not in pairs and left:
                best = max(left, key=lambda i: like(old[i], after))
                if like(old[best], after) >= ALIKE:
                    pairs[j] = best
    yield from (Row("removed", before=texts[0][i]) for i in range(len(old)) if i not in pairs.values())
    for j, text in enumerate(texts[1]):
        if j not in pairs:
            yield Row("added", after=text)
        elif texts[0][pairs[j]] == text:
            yield Row("same", text, text)
        else:
            yield Row("changed", texts[0][pairs[j]], text)


def _equal(one: Any, other: Any) -> float:
    return float(one == other)


def _one_sid(one: Any, other: Any) -> float:
    sid = one.get("Sid") if isinstance(one, dict) and isinstance(other, dict) else None
    return float(bool(sid) and sid == other.get("Sid"))


def _alike(one: Any, other: Any) -> float:
    return SequenceMatcher(None, _text(one).split(), _text(other).split(), autojunk=False).ratio()


def _of_texts(before: str, after: str) -> Iterator[Row]:
    if before == after:
        yield Row("same", before, after)
    elif before and after:
        yield Row("changed", before, after)
    else:
        yield Row("removed" if before else "added", before, after)


def _text(body: Any) -> str:
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
