"""What policies look at in a resource of IAM: two of which they see the same get the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectors.records import Principal
from findings.analysis.escalation.alike import NEVER, Meant, Text
from findings.analysis.questions import BOUNDARY_KEY, RESOURCE_TAGS
from findings.policy.document import Statement
from findings.policy.patterns import Glob, from_tokens, ready, whole_arn
from findings.policy.variables import Variable, parse

MOST_PATTERNS = 128


@dataclass(frozen=True, slots=True)
class LookedAt:
    """patterns: those that may mean it. keys: in lower case, condition keys that tell of a role or user."""

    patterns: tuple[Glob, ...]
    keys: tuple[str, ...]

    def seen(self, resource: str, target: Principal | None) -> object:
        """target: the role or user of this ARN, where the account has one."""
        region_and_account = tuple(resource.split(":", 5)[3:5])
        meant = sum(pattern.match(resource) << number for number, pattern in enumerate(self.patterns))
        return region_and_account, meant, target and tuple(self._told(target))

    def _told(self, target: Principal) -> Iterator[str | None]:
        tags = {key.lower(): value for key, value in target.tags.items()}
        return (target.boundary if key == BOUNDARY_KEY else tags.get(key.partition("/")[2]) for key in self.keys)


def looked_at(meant: Iterable[Meant | None], keys: Iterable[str]) -> LookedAt | None:
    """meant: what each statement that bears on the action names; keys: the condition keys of all. None: too much, or not all
    known."""
    found: dict[Text, None] = {}
    for texts in meant:
        if texts is None:
            return None
        found |= dict.fromkeys(texts)
    if len(found) > MOST_PATTERNS:
        return None
    patterns = dict.fromkeys(one for text in found if text not in ("*", NEVER) for one in _ready(text))
    return LookedAt(tuple(patterns), tuple(sorted(k for k in keys if k == BOUNDARY_KEY or k.startswith(RESOURCE_TAGS))))


def _ready(text: Text) -> tuple[Glob, ...]:
    return (ready(text), ready(whole_arn(text))) if isinstance(text, str) else (from_tokens(text),)


def variables_of(statement: Statement) -> Iterator[str]:
    """Their keys; "" for one that nobody can read."""
    values = (value for condition in statement.conditions for value in condition.values)
    for text in (*(statement.resources or ()), *(statement.not_resources or ()), *values):
        if "${" in text:
            yield from (piece.key for piece in parse(text, True) if isinstance(piece, Variable))
