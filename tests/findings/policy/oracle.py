"""A slow and obvious second opinion on `findings.policy.evaluate`.

It shares no technique with the engine: it reads raw JSON, knows only yes and no, and where keys of the context are
unknown it tries every world: each key absent, or there with one of the values that could matter. Allowed in all worlds
is allowed, denied in all is denied, else it depends on the keys that change the answer when only they change.

What it takes from the engine's side is the context that follows from the caller (`Request.known`), which has tests of
its own.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Any

World = dict[str, tuple[str, ...] | None]
Statement = dict[str, Any]
OTHER = "other"


@dataclass
class Question:
    """Raw policies in their layers. A policy is a list of statements; a level is a list of policies."""

    kind: str
    arn: str
    account: str
    action: str
    resource: str
    same_account: bool
    context: World
    session_arn: str = ""
    service_linked: bool = False
    variables: bool = True
    identity: list[list[Statement]] = field(default_factory=list)
    boundary: list[Statement] | None = None
    session: list[Statement] | None = None
    scp: list[list[list[Statement]]] = field(default_factory=list)
    rcp: list[list[list[Statement]]] = field(default_factory=list)
    resource_policy: list[Statement] | None = None
    must_allow: bool = False

    @property
    def in_iam(self) -> bool:
        return self.kind in ("user", "role", "session", "root")


@dataclass
class Answer:
    verdict: str
    explicit: bool  # denied by a statement in every world
    keys: set[str]


def answer(question: Question) -> Answer:
    universe = _universe(question)
    keys = list(universe)
    results = {}
    for values in itertools.product(*universe.values()):
        world = {**question.context, **dict(zip(keys, values, strict=True))}
        results[values] = _decide(question, world)
    verdicts = {allowed for allowed, _ in results.values()}
    if len(verdicts) == 1:
        allowed = verdicts.pop()
        return Answer("allowed" if allowed else "denied", all(deny for _, deny in results.values()), set())
    return Answer("conditional", False, {key for n, key in enumerate(keys) if _changes(results, n)})


def _changes(results: dict[tuple[Any, ...], tuple[bool, bool]], place: int) -> bool:
    """Whether two worlds that differ in this key alone differ in the answer."""
    seen: dict[tuple[Any, ...], bool] = {}
    for values, (allowed, _) in results.items():
        rest = values[:place] + values[place + 1 :]
        if seen.setdefault(rest, allowed) != allowed:
            return True
    return False


# -- one world, yes or no


def _decide(q: Question, world: World) -> tuple[bool, bool]:
    """(allowed, denied by a statement)"""
    own = q.in_iam and q.kind != "root"
    identity = q.identity if own else []
    boundary = q.boundary if own else None
    session = q.session if own else None
    scp = q.scp if q.in_iam and not q.service_linked else []
    rcp = q.rcp if not q.service_linked else []
    resource = q.resource_policy or []

    def some(statements: list[Statement], effect: str) -> list[Statement]:
        return [s for s in statements if s["Effect"] == effect and _applies(s, q, world, boundary is not None)]

    everything = [s for level in [*scp, *rcp, identity] for policy in level for s in policy]
    if some([*everything, *(boundary or []), *(session or []), *resource], "Deny"):
        return False, True
    for level in scp:
        if not any(some(policy, "Allow") for policy in level):
            return False, False
    by_identity = q.kind == "root" or any(some(policy, "Allow") for policy in identity)
    by_boundary = boundary is None or bool(some(boundary, "Allow"))
    by_session = session is None or bool(some(session, "Allow"))
    named = {_named(s["Principal"], q) for s in some(resource, "Allow")}
    if not q.in_iam:
        return bool(named), False
    if not q.same_account:
        return bool(named) and by_identity and by_boundary and by_session, False
    if q.must_allow and not named:
        return False, False
    if named & {"itself", "everyone"}:
        return True, False
    return (by_identity or "role" in named) and by_boundary and by_session, False


def _applies(s: Statement, q: Question, world: World, bounded: bool) -> bool:
    if "Principal" in s and _named(s["Principal"], q) is None:
        return False
    if "NotPrincipal" in s and not bounded and _named(s["NotPrincipal"], q) is not None:
        return False
    actions = s.get("Action", s.get("NotAction"))
    if any(_like(a.lower(), q.action.lower()) for a in actions) != ("Action" in s):
        return False
    resources = s.get("Resource", s.get("NotResource"))
    if resources is not None and any(_resource(r, q, world) for r in resources) != ("Resource" in s):
        return False
    conditions = s.get("Condition", {})
    return all(
        _condition(operator, key, values, q, world)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _named(principal: Any, q: Question) -> str | None:
    if principal == "*":
        return "everyone" if q.kind != "service" else "itself"
    if q.kind == "service":
        return "itself" if q.arn in principal.get("Service", []) else None
    entries = principal.get("AWS", [])
    if q.session_arn in entries and q.session_arn:
        return "itself"
    if q.arn in entries:
        return "role" if q.kind in ("role", "session") else "itself"
    if q.account in entries or f"arn:aws:iam::{q.account}:root" in entries:
        return "itself" if q.kind == "root" else "account"
    return None


def _resource(pattern: str, q: Question, world: World) -> bool:
    if pattern.startswith("arn:"):  # an incomplete ARN
        pattern += ":*" * (5 - pattern.count(":"))
    expression = _expression(pattern, q, world)
    return expression is not None and re.fullmatch(expression, q.resource or "*", re.DOTALL) is not None


# -- texts


@cache
def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), text) is not None


def _expression(pattern: str, q: Question, world: World, wild: bool = True) -> str | None:
    """A regular expression; variables filled in as plain text. None: one has no value."""
    expression = ""
    for part in re.split(r"(\$\{[^}]*\})", pattern):
        if q.variables and part.startswith("${"):
            value = _variable(part[2:-1], world)
            if value is None:
                return None
            expression += re.escape(value)
        else:
            expression += _plain(part, wild)
    return expression


@cache
def _plain(text: str, wild: bool) -> str:
    return "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) if wild else re.escape(c) for c in text)


def _variable(inside: str, world: World) -> str | None:
    if inside in ("*", "?", "$"):
        return inside
    key, _, default = inside.partition(", ")
    values = world.get(key.lower())
    if values is None:
        return default.strip("'") if default else None
    return values[0] if len(values) == 1 else None


# -- conditions


def _condition(operator: str, key: str, values: list[str], q: Question, world: World) -> bool:
    quantifier, _, name = operator.rpartition(":")
    given = world[key.lower()]
    if name == "Null":
        return any((given is None) == (v == "true") for v in values)
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    name = name.replace("Not", "")
    if given is None:
        if quantifier:
            return quantifier == "ForAllValues"
        return if_exists or negated
    hits = [any(_compare(name, one, v, q, world) for v in values) for one in given]
    if not quantifier:
        return any(hits) != negated
    hits = [hit != negated for hit in hits]
    return all(hits) if quantifier == "ForAllValues" else any(hits)


def _compare(name: str, given: str, wanted: str, q: Question, world: World) -> bool:
    if name.startswith("String"):
        wild = name == "StringLike"
        expression = _expression(wanted, q, world, wild)
        flags = re.DOTALL | (re.IGNORECASE if name.endswith("IgnoreCase") else 0)
        return expression is not None and re.fullmatch(expression, given, flags) is not None
    if name.startswith("Arn"):
        a, b = wanted.split(":", 5), given.split(":", 5)
        return len(a) == len(b) == 6 and all(_like(x, y) for x, y in zip(a, b, strict=True))
    if name == "Bool":
        return given.lower() == wanted.lower() and wanted.lower() in ("true", "false")
    if name == "IpAddress":
        try:
            return ipaddress.ip_address(given) in ipaddress.ip_network(wanted)
        except ValueError:
            return False
    try:
        left, right = _measure(name, given), _measure(name, wanted)
    except ValueError:
        return False
    name = name.removeprefix("Numeric").removeprefix("Date")
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[name]


def _measure(name: str, text: str) -> Fraction:
    if name.startswith("Date") and not text.isdigit():
        return Fraction(datetime.fromisoformat(text).timestamp())
    return Fraction(text)


# -- worlds


def _universe(q: Question) -> dict[str, list[tuple[str, ...] | None]]:
    """Each unknown key with what it could be: absent, a value that matters to some condition, another, or two."""
    found: dict[str, list[str]] = {}
    for statement in _statements(q):
        for operator, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                mine = found.setdefault(key.lower(), [OTHER])
                mine.extend(r for v in values for r in _relevant(operator, v))
                for inner in itertools.chain.from_iterable(map(_variables, values)):
                    found.setdefault(inner, [OTHER]).extend([OTHER, "a"])
        for pattern in statement.get("Resource", statement.get("NotResource", [])):
            for key in _variables(pattern):
                found.setdefault(key, [OTHER]).extend(re.split(r"[/:]", q.resource))
    worlds: dict[str, list[tuple[str, ...] | None]] = {}
    for key, values in found.items():
        if key not in q.context:
            once = list(dict.fromkeys(values))
            worlds[key] = [None, *((v,) for v in once)] + [(v, OTHER) for v in once if v != OTHER]
    return worlds


def _statements(q: Question) -> Iterator[Statement]:
    for level in (*q.scp, *q.rcp, q.identity, [q.boundary or []], [q.session or []], [q.resource_policy or []]):
        for policy in level:
            yield from policy


def _variables(text: str) -> list[str]:
    inside = re.findall(r"\$\{([^}]*)\}", text)
    return [i.partition(",")[0].lower() for i in inside if i not in ("*", "?", "$")]


def _relevant(operator: str, value: str) -> list[str]:
    if "Numeric" in operator and re.fullmatch(r"\d+", value):
        return [str(int(value) + d) for d in (-1, 0, 1)]
    if "Date" in operator:
        return ["2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]
    if "IpAddress" in operator:
        return [value.partition("/")[0]]
    if "Bool" in operator or "Null" in operator:
        return ["true", "false"]
    filled = re.sub(r"\$\{[*?]\}", lambda m: m[0][2], value)
    filled = re.sub(r"\$\{[^}]*\}", "a", filled)
    return [value, filled, filled.replace("*", "s").replace("?", "q")]
