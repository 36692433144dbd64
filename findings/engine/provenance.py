"""What made each role, user and policy, for the pages, and how many were made by code today; only differences are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.models import Account, Policy, Principal
from findings.analysis.behaviour.provenance import Origin, share
from findings.analysis.facts import Facts
from findings.models import Provenance, ProvenanceDay

BATCH = 500
LONGEST = 256
FIELDS = ("made", "why", "stack")


def write(account: Account, as_of: datetime, facts: Facts) -> None:
    """Inside the judgement's transaction."""
    found, snapshot = facts.behaviour.origins, facts.snapshot
    own = [one for one in snapshot.policies if not one.aws_managed]
    entities = (*snapshot.roles, *snapshot.users)
    _write(account, "principal_id", Principal, {one.unique_id: found[one.unique_id] for one in entities})
    _write(account, "policy_id", Policy, {one.unique_id: found[one.unique_id] for one in own})
    _write_day(account, as_of, facts)


def _write(account: Account, column: str, model: Any, found: Mapping[str, Origin]) -> None:
    rows = dict(model.present.filter(account=account).values_list("unique_id", "pk"))
    wanted = {rows[uid]: _values(one) for uid, one in found.items() if uid in rows}
    stored = {
        getattr(row, column): row for row in Provenance.objects.filter(account=account, **{f"{column}__isnull": False})
    }
    if gone := stored.keys() - wanted.keys():
        Provenance.objects.filter(pk__in=[stored[pk].pk for pk in gone]).delete()
    new = [Provenance(account=account, **{column: pk}, **values) for pk, values in wanted.items() if pk not in stored]
    changed = []
    for pk in sorted(wanted.keys() & stored.keys()):
        row, values = stored[pk], wanted[pk]
        if any(getattr(row, name) != values[name] for name in FIELDS):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    Provenance.objects.bulk_create(new, BATCH)
    Provenance.objects.bulk_update(changed, FIELDS, BATCH)


def _values(one: Origin) -> dict[str, Any]:
    return {"made": one.made.value, "why": list(one.why), "stack": one.stack[:LONGEST]}


def _write_day(account: Account, as_of: datetime, facts: Facts) -> None:
    """A judgement later in the day has the last word; one that saw nothing of the account has none."""
    if not facts.snapshot.roles and not facts.snapshot.policies:
        return
    found = share(facts)
    day = as_of.astimezone(UTC).date()
    told = {"by_code": found.code, "by_other": found.other, "unknown": found.unknown}
    if not ProvenanceDay.objects.filter(account=account, day=day, **told).exists():
        row = ProvenanceDay(account=account, day=day, **told)
        identity = ["account", "day"]
        ProvenanceDay.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=identity, update_fields=list(told)
        )
