"""What a trust policy's conditions ask of the caller: which of them leave a set of callers that somebody chose.

A condition counts only if a request without its key is refused: IfExists, ForAllValues and negations let such a request
through, unless a Null condition demands the key. In a Deny it is the other way round: "deny whom StringNotEquals" leaves
those who are equal, so it is read as that condition of an Allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from findings.analysis.organization import known_organization
from findings.policy.document import Condition, Statement
from findings.policy.keys import holds_when_absent

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

EXACT = frozenset({"stringequals", "stringequalsignorecase"})  # `*` is plain text in their values
LIKE = frozenset({"stringlike", "arnequals", "arnlike"})  # ArnEquals takes wildcards too
NEGATED = {
    "stringnotequals": "StringEquals",
    "stringnotequalsignorecase": "StringEqualsIgnoreCase",
    "stringnotlike": "StringLike",
    "arnnotequals": "ArnEquals",
    "arnnotlike": "ArnLike",
}
# Said beside a negated condition in a Deny, these only leave AWS's own services out of it.
SPARES_SERVICES = frozenset({"aws:principalisawsservice", "aws:viaawsservice"})
ACCOUNT_KEYS = frozenset({"aws:principalaccount", "aws:principalarn"})
ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
# Of a network or a resource that somebody owns; whose it is, the id does not tell.
OWNED_KEYS = frozenset(
    {"aws:sourcevpce", "aws:sourcevpc", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"}
)
# Sent only when a service calls on behalf of a resource, so no other caller meets them.
SOURCE_KEYS = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
UNIQUE_IDS = ("AIDA", "AROA")


@dataclass(frozen=True, slots=True)
class Asked:
    """The key, in lower case, must be there and have one of the values; like: wildcards count in them."""

    key: str
    values: tuple[str, ...]
    like: bool


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Callers that one condition leaves. accounts: theirs, None: they may be of any. inside: in the zone of trust, None:
    not known."""

    key: str
    accounts: frozenset[str] | None = None
    inside: bool | None = None


def asked(conditions: Iterable[Condition]) -> Iterator[Asked]:
    """What must be there for the statement to hold."""
    conditions = tuple(conditions)
    demanded = {c.key.lower() for c in conditions if _demands(c)}
    for condition in conditions:
        plain = condition.operator.lower().rpartition(":")[2].removesuffix("ifexists")
        key = condition.key.lower()
        if plain in EXACT | LIKE and (key in demanded or not holds_when_absent(condition)):
            yield Asked(key, condition.values, plain in LIKE)


def _demands(condition: Condition) -> bool:
    return condition.operator.lower() == "null" and [v.lower() for v in condition.values] == ["false"]


def left_by(deny: Statement) -> tuple[Condition, ...]:
    """What is asked of those whom a Deny with negated conditions leaves: one of these conditions. Empty: nothing."""
    found = []
    for condition in deny.conditions:
        quantifier, _, operator = condition.operator.lower().rpartition(":")
        positive = NEGATED.get(operator.removesuffix("ifexists"))
        if positive and quantifier != "foranyvalue":
            found.append(Condition(positive, condition.key, condition.values))
        elif condition.key.lower() not in SPARES_SERVICES:
            return ()
    return tuple(found)


def narrowing(one: Asked, facts: Facts) -> Narrowing | None:
    """None: the condition may be met by anyone, or by whoever names things so."""
    if one.key in ACCOUNT_KEYS:
        accounts = _accounts(one)
        return None if accounts is None else Narrowing(one.key, accounts, all(map(facts.inside, accounts)))
    if one.key in ORGANIZATION_KEYS:
        found = _firsts(one)
        return None if found is None else Narrowing(one.key, None, _own(found, facts))
    if one.key in OWNED_KEYS or one.key in SOURCE_KEYS:
        return Narrowing(one.key) if all(_chosen(v, one) for v in one.values) else None
    if one.key == "aws:userid":
        ids = all(_unique_id(value) for value in one.values)
        return Narrowing(one.key) if ids else None
    return None


def names_source(conditions: Iterable[Condition]) -> bool:
    """Whether a service must say that it acts for a resource, an account or an organization that somebody chose."""
    return any(all(_source(v, one) for v in one.values) for one in asked(conditions) if one.key in SOURCE_KEYS)


def _source(value: str, one: Asked) -> bool:
    """A bucket's ARN names no account; its name is one of a kind."""
    if not one.like or not _wild(value):
        return bool(value)
    if one.key != "aws:sourcearn":
        return _chosen(value, one)
    fields = (value.split(":", 5) + [""] * 6)[:6]
    return is_account(fields[4]) or (not fields[4] and bool(fields[5]) and not _wild(fields[5].split("/")[0]))


def _accounts(one: Asked) -> frozenset[str] | None:
    """The accounts that the values name; None when a value is met in an account that it does not name, as the name of a
    role is, which everybody may give to his own."""
    found = set()
    for value in one.values:
        account = value if one.key == "aws:principalaccount" else (value.split(":", 5) + [""] * 5)[4]
        if is_account(account):
            found.add(account)
        elif one.like and ("*" in value or "?" in value):
            return None
    return frozenset(found)


def _firsts(one: Asked) -> frozenset[str] | None:
    """The organizations that ids or paths ("o-1/r-2/ou-3/*") begin with."""
    found = {value.split("/")[0] for value in one.values}
    return None if one.like and any("*" in v or "?" in v for v in found) else frozenset(found)


def _own(organizations: frozenset[str], facts: Facts) -> bool | None:
    own = known_organization(facts)
    return None if own is None else organizations == {own.organization_id}


def _chosen(value: str, one: Asked) -> bool:
    """Whether the value names something: an id of a network up to the first wildcard, or the account in an ARN."""
    if not one.like:
        return True
    if one.key.endswith("arn"):
        return is_account((value.split(":", 5) + [""] * 5)[4])
    if one.key.endswith("paths"):
        return not _wild(value.split("/")[0])
    return not _wild(value)


def _wild(text: str) -> bool:
    return "*" in text or "?" in text


def _unique_id(value: str) -> bool:
    """AROA...:* and the like: the id is of one role or user, whatever its sessions are called."""
    first = value.split(":")[0]
    return not _wild(first) and (is_account(first) or is_unique_id(first))


def is_account(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdigit()


def is_unique_id(text: str) -> bool:
    """The id that a deleted user or role leaves behind in a trust policy (AWS.md 22)."""
    return text.startswith(UNIQUE_IDS) and len(text) >= 16 and text.isascii() and text.isalnum()
