"""What the account's guardrails block, for the pages; written only where it is not what is stored.

GuardrailEffect.data: {"together": [ids], "keys": [names], "named": [[unique id, name]],
"parts": [{"number", "sid", "blocked": n, "depends": n, "keys", "examples": [actions]}],
"services": {prefix: [n blocked, n that depends]}, the biggest of them, "more": how many others,
"blocks": [actions, the gravest], "may_block": [actions that depend]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors import records
from collectors.models import Account
from findings.analysis.facts import Facts
from findings.analysis.guarding import Effect, Guarding, Part, guarding
from findings.analysis.places import places_of
from findings.models import AccountGuarding, GuardrailEffect
from findings.policy.catalogue import Catalogue, Level

GRAVITY = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)
EXAMPLES, OF_PART, PARTS, SERVICES = 12, 6, 100, 30
SETS = ("alone", "also", "conditional", "partly", "root", "outsiders", "outsiders_maybe")
IDENTITY = ("layer", "policy", "level")
Row = dict[str, Any]


def write(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction."""
    found = guarding(facts)
    _write_account(account, _summary(facts, found))
    wanted = {_identity(row): row for row in (_row(one, facts.permissions.catalogue) for one in found.effects)}
    rows = GuardrailEffect.objects.filter(account=account).values("pk", "digest", *IDENTITY)
    stored = {_identity(row): row for row in rows}
    if gone := [row["pk"] for identity, row in stored.items() if identity not in wanted]:
        GuardrailEffect.objects.filter(pk__in=gone).delete()
    old = {identity: row["digest"] for identity, row in stored.items()}
    _upsert(account, [row for identity, row in wanted.items() if old.get(identity) != row["digest"]])


def _identity(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in IDENTITY)


def _upsert(account: Account, rows: Sequence[Row]) -> None:
    if rows:
        GuardrailEffect.objects.bulk_create(
            [GuardrailEffect(account=account, **row) for row in rows],
            update_conflicts=True,
            unique_fields=["account", *IDENTITY],
            update_fields=[name for name in rows[0] if name not in IDENTITY],
        )


def _write_account(account: Account, row: Row) -> None:
    if AccountGuarding.objects.filter(account=account, digest=row["digest"]).exists():
        return
    AccountGuarding.objects.bulk_create(
        [AccountGuarding(account=account, **row)],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=list(row),
    )


def _summary(facts: Facts, found: Guarding) -> Row:
    guardrails, way = facts.guardrails, way_to(facts)
    return _with_digest(
        {
            "organization_id": guardrails.organization_id or "",
            "organization_known": guardrails.organization_id is not None,
            "management": guardrails.management,
            "path": [list(place) for place in way],
            "unit": way[-1][0] if way else "",
            "unseen": guardrails.unseen,
            "holders": found.holders,
            "bounded": found.bounded,
            "unread": found.unread,
            "limited": found.limited,
        }
    )


def way_to(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Id and name of the root and the OUs above the account; () where that is not known."""
    own = facts.snapshot.account_id
    return next((place.path for place in places_of(facts.snapshot) if place.aws_id == own), ())


def _row(effect: Effect, catalogue: Catalogue) -> Row:
    counts = {name: getattr(effect, name).bit_count() for name in SETS}
    plain = {name: getattr(effect, name) for name in ("name", "binds", "sure", "maybe", "open", "idle")}
    return _with_digest(
        {
            "layer": effect.layer.value,
            "policy": effect.id,
            "level": "" if effect.id else effect.places[0][0],
            "unread": effect.unread,
            "places": [list(place) for place in effect.places],
            "data": _data(effect, catalogue),
            **counts,
            **plain,
        }
    )


def _data(effect: Effect, catalogue: Catalogue) -> Row:
    services = _services(effect, catalogue)
    return {
        "together": list(effect.together),
        "keys": list(effect.keys),
        "named": [list(one) for one in effect.named],
        "parts": [_part(part, catalogue) for part in effect.parts[:PARTS]],
        "services": dict(services[:SERVICES]),
        "more": max(0, len(services) - SERVICES),
        "blocks": gravest(effect.blocked, catalogue, EXAMPLES),
        "may_block": gravest(effect.depends, catalogue, EXAMPLES),
    }


def _part(part: Part, catalogue: Catalogue) -> Row:
    return {
        "number": part.number,
        "sid": part.sid,
        "blocked": part.blocked.bit_count(),
        "depends": part.depends.bit_count(),
        "keys": list(part.keys),
        "examples": gravest(part.blocked or part.depends, catalogue, OF_PART),
    }


def _services(effect: Effect, catalogue: Catalogue) -> list[tuple[str, list[int]]]:
    """With the most actions first."""
    blocked, depends = effect.blocked, effect.depends
    touched = blocked | depends
    found = [
        (service, [(blocked & mask).bit_count(), (depends & mask).bit_count()])
        for service, mask in (catalogue.services.items() if touched else ())
        if touched & mask
    ]
    return sorted(found, key=lambda one: (-one[1][0], -one[1][1], one[0]))


def gravest(mask: int, catalogue: Catalogue, most: int) -> list[str]:
    """What manages permissions first, then what writes."""
    found: list[str] = []
    for level in GRAVITY:
        while (left := mask & catalogue.levels[level]) and len(found) < most:
            lowest = left & -left
            found.append(catalogue.names[lowest.bit_length() - 1])
            mask ^= lowest
    return found


def _with_digest(row: Row) -> Row:
    return {**row, "digest": records.digest(row)}
