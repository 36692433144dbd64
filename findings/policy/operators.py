"""The condition operators (IAM user guide, "Condition operators"), read from their names in any case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from typing import Any

from findings.policy import values
from findings.policy.texts import TextKind

Read = Callable[[str], Any]  # a value of the policy or the request as what it means, None when it cannot be read


class Of(Enum):
    """How an operator takes several values of one key in the request."""

    ONE = ""
    ALL = "forallvalues:"
    ANY = "foranyvalue:"


@dataclass(frozen=True, slots=True)
class Comparison:
    """holds(given, wanted), of two values that could be read."""

    wanted: Read
    given: Read
    holds: Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Operator:
    """compares None: Null, which asks only whether the key is there. negated: it holds where its positive form does
    not."""

    compares: TextKind | Comparison | None
    negated: bool = False
    if_exists: bool = False
    of: Of = Of.ONE

    @property
    def of_absent(self) -> bool:
        """What it says of a key that is known not to be in the request. ForAnyValue: no value matches, and IfExists, which is
        asked of each value, changes nothing: a policy with ForAnyValue:StringEqualsIfExists on aws:TagKeys allows nothing
        that brings no tags (AWS re:Post, "ForAnyValue:StringEqualsIfExists behaving unexpectedly")."""
        if self.of is not Of.ONE:
            return self.of is Of.ALL
        return self.if_exists or self.negated


def _same(read: Read, holds: Callable[[Any, Any], bool]) -> Comparison:
    return Comparison(read, read, holds)


def _ordered(name: str, read: Read) -> dict[str, tuple[Comparison, bool]]:
    return {
        f"{name}equals": (_same(read, eq), False),
        f"{name}notequals": (_same(read, eq), True),
        f"{name}lessthan": (_same(read, lt), False),
        f"{name}lessthanequals": (_same(read, le), False),
        f"{name}greaterthan": (_same(read, gt), False),
        f"{name}greaterthanequals": (_same(read, ge), False),
    }


EXACT, ANY_CASE, LIKE = TextKind(wildcards=False), TextKind(wildcards=False, any_case=True), TextKind(wildcards=True)
ARN = TextKind(wildcards=True, arn=True)  # ArnEquals and ArnLike do the same
TRUTH = TextKind(wildcards=False, any_case=True, truth=True)  # a text, because its value may be a variable
WITHIN = Comparison(values.network, values.address, lambda given, wanted: given in wanted)

# the name in lower case -> what it compares, whether it is the negated form
TABLE: dict[str, tuple[TextKind | Comparison | None, bool]] = {
    "stringequals": (EXACT, False),
    "stringnotequals": (EXACT, True),
    "stringequalsignorecase": (ANY_CASE, False),
    "stringnotequalsignorecase": (ANY_CASE, True),
    "stringlike": (LIKE, False),
    "stringnotlike": (LIKE, True),
    "arnequals": (ARN, False),
    "arnnotequals": (ARN, True),
    "arnlike": (ARN, False),
    "arnnotlike": (ARN, True),
    "bool": (TRUTH, False),
    "binaryequals": (_same(values.binary, eq), False),
    "ipaddress": (WITHIN, False),
    "notipaddress": (WITHIN, True),
    "null": (None, False),
    **_ordered("numeric", values.number),
    **_ordered("date", values.instant),
}
IF_EXISTS = "ifexists"


@lru_cache(maxsize=4_096)
def operator(name: str) -> Operator | None:
    """None: this language is newer than we are, or AWS would refuse the operator, as it does NullIfExists."""
    name = name.lower()
    of = next((q for q in (Of.ALL, Of.ANY) if name.startswith(q.value)), Of.ONE)
    name = name.removeprefix(of.value)
    known = TABLE.get(name.removesuffix(IF_EXISTS))
    if known is None:
        return None
    found = Operator(*known, if_exists=name.endswith(IF_EXISTS), of=of)
    return None if found.compares is None and found != Operator(None) else found
