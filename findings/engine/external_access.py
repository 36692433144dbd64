"""Who outside may become which role, for the pages; only differences are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.models import Account, Principal
from findings.analysis.facts import Facts
from findings.analysis.trust.external import EXTERNAL_ID, External, external
from findings.models import ExternalAccess

BATCH = 500
LONGEST = 2_048
FIELDS = (
    "role_id", "standing", "statement", "principal", "kind", "outsider", "vendor", "conditions", "external_id",
    "blocked_by", "reason",
)  # fmt: skip


def write(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction."""
    wanted = {_key(row): row for row in _rows(account, facts)}
    stored = {_key(row): row.pk for row in ExternalAccess.objects.filter(account=account)}
    if gone := [pk for key, pk in stored.items() if key not in wanted]:
        ExternalAccess.objects.filter(pk__in=gone).delete()
    ExternalAccess.objects.bulk_create([row for key, row in wanted.items() if key not in stored], BATCH)


def _key(row: ExternalAccess) -> tuple[str, ...]:
    return tuple(str(getattr(row, name)) for name in FIELDS)


def _rows(account: Account, facts: Facts) -> Iterator[ExternalAccess]:
    found = {role.unique_id: some for role in facts.snapshot.roles if (some := external(role, facts))}
    roles = Principal.present.filter(account=account, unique_id__in=found).values_list("unique_id", "pk")
    for unique_id, pk in roles if found else ():
        for one in found[unique_id]:
            yield ExternalAccess(account=account, role_id=pk, **_columns(one))


def _columns(one: External) -> dict[str, Any]:
    return {
        "standing": one.standing.value,
        "statement": one.statement,
        "principal": one.principal[:LONGEST],
        "kind": one.kind,
        "outsider": one.account,
        "vendor": one.vendor[:128],
        "conditions": [[c.operator, c.key, _values(c.key, c.values)] for c in one.conditions],
        "external_id": one.external_id,
        "blocked_by": list(one.blocked_by),
        "reason": one.reason,
    }


def _values(key: str, values: tuple[str, ...]) -> list[str]:
    return [] if key.lower() == EXTERNAL_ID else list(values)
