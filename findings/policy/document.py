"""A policy document as typed statements, whatever shape it was written in. Pure and linear; no regular expression of
its input.

Element keys are case-exact, as in IAM: "effect" is not "Effect". Values that AWS would refuse make the document
`Unreadable`, with the place and the reason: a document that we cannot read must never look like one that grants
nothing. So does what would be lost in silence: a "condition" that must be "Condition", a key that is there twice, an element
or a Version that we do not know, because AWS's language grew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from findings.policy.raw import UnreadableError, kind, parsed

ANYONE = "*"
PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
VARIABLES_SINCE = "2012-10-17"
SHOWN = 50  # characters of what is not known
VERSIONS = ("", "2008-10-17", VARIABLES_SINCE)
ELEMENTS = ("Version", "Id", "Statement")
PAIRS = ("Action", "Resource", "Principal")  # each has a Not form, and only one of the two may stand
STATEMENT_ELEMENTS = ("Sid", "Effect", "Condition", *PAIRS, *(f"Not{name}" for name in PAIRS))


class Effect(StrEnum):
    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a document could not be read: where, and what is wrong there."""

    reason: str


@dataclass(frozen=True, slots=True)
class Principals:
    """The Principal (or NotPrincipal) of a statement. anyone: "*" or {"AWS": "*"}, which say the same.

    aws: ARNs, bare 12-digit account ids, or the unique id that a deleted principal leaves behind (AWS.md 22).
    """

    anyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_user: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key, e.g. StringEquals, sts:ExternalId, ("abc",). values are strings: true is "true", 3 is
    "3"."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Of each pair (actions, not_actions), (resources, not_resources), (principals, not_principals) at most one is
    not None."""

    effect: Effect
    sid: str = ""
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: Principals | None = None
    not_principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def allows(self) -> bool:
        return self.effect is Effect.ALLOW


@dataclass(frozen=True, slots=True)
class Document:
    """version "" when it has none; variables such as ${aws:username} are then plain text (AWS.md 20).

    remembered: action in lower case -> the statements that name it and their numbers, kept by statements.about.
    """

    statements: tuple[Statement, ...]
    version: str = ""
    id: str = field(default="")
    remembered: dict[str, tuple[tuple[int, Statement], ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def has_variables(self) -> bool:
        return self.version == VARIABLES_SINCE


def read(raw: Any) -> Document | Unreadable:
    """raw: parsed JSON, or text, which is parsed if it is JSON. Never raises."""
    try:
        return _document(parsed(raw))
    except UnreadableError as fault:
        return Unreadable(str(fault))


def _check_case(raw: Mapping[str, Any], elements: tuple[str, ...], place: str) -> None:
    """Refuses an element in the wrong case that does not stand there in the right one as well."""
    strange = [key for key in raw if key not in elements]
    meant = {element.lower(): element for element in elements if element not in raw} if strange else {}
    for key in strange:
        if str(key).lower() in meant:
            raise UnreadableError(f"{place}{key} must be written {meant[str(key).lower()]}")


def _check_known(raw: Mapping[str, Any], elements: tuple[str, ...], place: str) -> None:
    """An element that AWS had not when this was written may turn what the others say into its opposite."""
    for key in raw:
        if key not in elements and str(key).lower() not in map(str.lower, elements):
            raise UnreadableError(f"{place}{str(key)[:SHOWN]} is no element that is known")


def _version(raw: Any) -> str:
    version = _text(raw, "Version")
    if version not in VERSIONS:
        raise UnreadableError(f"Version {version[:SHOWN]} is not known")
    return version


def _document(raw: Mapping[str, Any]) -> Document:
    _check_case(raw, ELEMENTS, "")
    _check_known(raw, ELEMENTS, "")
    if "Statement" not in raw:
        raise UnreadableError("there is no Statement")
    statements = raw["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list | tuple):
        raise UnreadableError(f"Statement is {kind(statements)}")
    return Document(
        statements=tuple(_statement(s, f"statement {n}") for n, s in enumerate(statements, 1)),
        version=_version(raw.get("Version", "")),
        id=_text(raw.get("Id", ""), "Id"),
    )


def _statement(raw: Any, place: str) -> Statement:
    if not isinstance(raw, Mapping):
        raise UnreadableError(f"{place} is {kind(raw)}")
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise UnreadableError(f"{place}: Effect must be Allow or Deny")
    _check_case(raw, STATEMENT_ELEMENTS, f"{place}: ")
    _check_known(raw, STATEMENT_ELEMENTS, f"{place}: ")
    for one in PAIRS:
        if one in raw and f"Not{one}" in raw:
            raise UnreadableError(f"{place}: {one} and Not{one} exclude each other")
    if "Action" not in raw and "NotAction" not in raw:
        raise UnreadableError(f"{place}: there is neither Action nor NotAction")
    return Statement(
        effect=Effect(effect),
        sid=_text(raw.get("Sid", ""), f"{place}: Sid"),
        actions=_strings(raw, "Action", place),
        not_actions=_strings(raw, "NotAction", place),
        resources=_strings(raw, "Resource", place),
        not_resources=_strings(raw, "NotResource", place),
        principals=_principals(raw, "Principal", place),
        not_principals=_principals(raw, "NotPrincipal", place),
        conditions=_conditions(raw.get("Condition", {}), place),
    )


def _strings(raw: Mapping[str, Any], key: str, place: str) -> tuple[str, ...] | None:
    if key not in raw:
        return None
    found = tuple(_listed(raw[key]))
    for value in found:
        if not isinstance(value, str):
            raise _no_text(value, f"{place}: {key}")
    return found


def _principals(raw: Mapping[str, Any], key: str, place: str) -> Principals | None:
    if key not in raw:
        return None
    value, place = raw[key], f"{place}: {key}"
    if value == ANYONE:
        return Principals(anyone=True)
    if not isinstance(value, Mapping):
        raise UnreadableError(f'{place} is {kind(value)}; "*" or an object is needed')
    if unknown := [str(k) for k in value if k not in PRINCIPAL_KINDS]:
        raise UnreadableError(f"{place} has the unknown kind {unknown[0]}")
    by_kind = {k: tuple(_text(v, f"{place}.{k}") for v in _listed(value[k])) for k in value}
    aws = by_kind.get("AWS", ())
    return Principals(
        anyone=ANYONE in aws,
        aws=tuple(a for a in aws if a != ANYONE),
        service=by_kind.get("Service", ()),
        federated=by_kind.get("Federated", ()),
        canonical_user=by_kind.get("CanonicalUser", ()),
    )


def _conditions(raw: Any, place: str) -> tuple[Condition, ...]:
    if not isinstance(raw, Mapping):
        raise UnreadableError(f"{place}: Condition is {kind(raw)}")
    found = []
    for operator, keys in raw.items():
        if not isinstance(keys, Mapping):
            raise UnreadableError(f"{place}: Condition {operator} is {kind(keys)}")
        for key, values in keys.items():
            where = f"{place}: Condition {operator} {key}"
            found.append(Condition(str(operator), str(key), tuple(_scalar(v, where) for v in _listed(values))))
    return tuple(found)


def _listed(value: Any) -> list[Any] | tuple[Any, ...]:
    """IAM takes a single value wherever it takes a list (AWS.md 14)."""
    return value if isinstance(value, list | tuple) else [value]


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise _no_text(value, place)
    return value


def _no_text(value: Any, place: str) -> UnreadableError:
    return UnreadableError(f"{place} is {kind(value)}, text is needed")


def _scalar(value: Any, place: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:  # Python refuses to print integers of more than 4,300 digits
            raise UnreadableError(f"{place} is a number too long to read") from None
    return _text(value, place)
