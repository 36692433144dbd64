"""Records -> rows: what is new, what changed, what went; nothing is written for what stayed as it was (DESIGN 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from collectors import records
from collectors.models.account import Account
from collectors.models.analyzer import Analyzer, AnalyzerFinding
from collectors.models.buckets import Bucket
from collectors.models.change import Version
from collectors.models.config import ConfigAggregator, ConfigRecorder, ConfigRule
from collectors.models.config_history import add
from collectors.models.credential import AccessKey, Credential
from collectors.models.details import AccountDetails
from collectors.models.identity_center import AccountAssignment, CenterPrincipal, PermissionSet
from collectors.models.identity_center_view import forget_unprovisioned
from collectors.models.last_accessed import AccountAccess, LastAccessed
from collectors.models.observed import Observed
from collectors.models.organization import (
    DelegatedAdministrator,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
)
from collectors.models.policy import Document, Policy
from collectors.models.principal import Group, Principal
from collectors.models.trails import Alarm, Trail

BATCH = 500
Regions = frozenset[str] | None  # None: all


@dataclass(frozen=True)
class Kind:
    """A field of records.Part and the table it lives in; `only` tells roles from users, which share one."""

    name: str
    field: str
    model: type[Observed]
    record: type[Any]
    only: tuple[tuple[str, str], ...] = ()

    def rows(self, account: Account) -> Any:
        return self.model.objects.filter(account=account, **dict(self.only))

    def present(self, account: Account, **which: Any) -> tuple[Any, ...]:
        """The records of what is there. which: a filter of the rows."""
        columns = ("data", self.model.dated) if self.model.dated else ("data",)
        rows = self.rows(account).filter(gone_at=None, **which).order_by("unique_id").values_list(*columns)
        dated = (self.model.dated,)
        return tuple(records.from_json(self.record, data | dict(zip(dated, at, strict=False))) for data, *at in rows)


KINDS = (
    Kind("role", "roles", Principal, records.Role, (("type", "role"),)),
    Kind("user", "users", Principal, records.User, (("type", "user"),)),
    Kind("group", "groups", Group, records.Group),
    Kind("policy", "policies", Policy, records.Policy),
    Kind("credential", "credentials", Credential, records.Credential),
    Kind("key", "keys", AccessKey, records.AccessKey),
    Kind("details", "details", AccountDetails, records.AccountDetails),
    Kind("last_accessed", "last_accessed", LastAccessed, records.LastAccessed),
    Kind("account_access", "account_access", AccountAccess, records.AccountAccess),
    Kind("organizational_unit", "organizational_units", OrganizationalUnit, records.OrganizationalUnit),
    Kind("organization_account", "organization_accounts", OrganizationAccount, records.OrganizationAccount),
    Kind("organization_policy", "organization_policies", OrganizationPolicy, records.OrganizationPolicy),
    Kind("permission_set", "permission_sets", PermissionSet, records.PermissionSet),
    Kind("account_assignment", "account_assignments", AccountAssignment, records.AccountAssignment),
    Kind("center_principal", "center_principals", CenterPrincipal, records.CenterPrincipal),
    Kind("delegate", "organization_delegates", DelegatedAdministrator, records.DelegatedAdministrator),
    Kind("recorder", "recorders", ConfigRecorder, records.ConfigRecorder),
    Kind("config_rule", "config_rules", ConfigRule, records.ConfigRule),
    Kind("config_aggregator", "config_aggregators", ConfigAggregator, records.ConfigAggregator),
    Kind("trail", "trails", Trail, records.Trail),
    Kind("alarm", "alarms", Alarm, records.Alarm),
    Kind("analyzer", "analyzers", Analyzer, records.Analyzer),
    Kind("analyzer_finding", "analyzer_findings", AnalyzerFinding, records.AnalyzerFinding),
    Kind("bucket", "buckets", Bucket, records.Bucket),
)
OF_FIELD = {kind.field: kind for kind in KINDS}


def shown(row: Any, regions: Regions) -> bool:
    """Whether the row's entity can be seen in one of these regions. row: or what else has the columns."""
    return regions is None or (bool(regions) and (row.region in regions or not row.region))


def store(
    account: Account,
    part: records.Part,
    sweep: Iterable[str],
    at: datetime,
    within: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> dict[str, int]:
    """Write a part of the inventory, inside the caller's transaction. sweep: fields whose unseen rows are gone; within: those of
    them of which only some regions were read.

    Returns counts {"new", "changed", "gone", "same"} over all kinds.
    """
    counts = dict.fromkeys(("new", "changed", "gone", "same"), 0)
    sweep = set(sweep)
    _documents(account, part.documents)
    for kind in KINDS:
        found = getattr(part, kind.field)
        if found is not None:
            regions = within.get(kind.field) if kind.model.regional else None
            _merge(kind, account, found, regions if kind.field in sweep else frozenset(), at, counts)
    counts["new"] += add(account, part.config_items or ())
    if sweep & {"roles", "users"}:
        _forget_gone(account)
    if "permission_sets" in sweep:
        forget_unprovisioned(account, at)
    return counts


def _forget_gone(account: Account) -> None:
    """What Access Advisor said goes with its principal: a run reads some of them only, so nothing else can sweep it."""
    present = Principal.present.filter(account=account).values("unique_id")
    LastAccessed.objects.filter(account=account).exclude(unique_id__in=present).delete()


def _documents(account: Account, documents: dict[str, Any]) -> None:
    known = set(Document.objects.filter(account=account, digest__in=documents).values_list("digest", flat=True))
    new = (Document(account=account, digest=d, body=documents[d]) for d in sorted(documents.keys() - known))
    Document.objects.bulk_create(new, BATCH, ignore_conflicts=True)


def _merge(
    kind: Kind, account: Account, found: Iterable[Any], regions: Regions, at: datetime, counts: dict[str, int]
) -> None:
    """regions: those of which the rows that are not found are gone."""
    model = kind.model
    rows = kind.rows(account) if model.merges else kind.rows(account).defer("data")
    before = {row.unique_id: row for row in rows}
    write: list[Observed] = []
    versions: list[Version] = []
    seen: set[str] = set()
    again: dict[datetime | None, list[str]] = {}
    for record in sorted(found, key=lambda r: r.unique_id):
        old = before.get(record.unique_id)
        row = _row(kind, account, record, at, old.data if old and model.merges else {})
        seen.add(row.unique_id)
        if old is None or old.gone_at is not None or old.digest != row.digest:
            counts["changed" if old else "new"] += 1
            if model.versioned:
                versions.append(_version(kind, account, row, at))
        elif old.data_digest == row.data_digest:
            counts["same"] += 1
            if model.dated and getattr(old, model.dated) != getattr(record, model.dated):
                again.setdefault(getattr(record, model.dated), []).append(row.unique_id)
            continue
        else:
            row.seen_from = old.seen_from
            counts["same"] += 1
        write.append(row)
    for read_at, uids in again.items():
        kind.rows(account).filter(unique_id__in=uids).update(**{model.dated: read_at})
    gone = {uid for uid, row in before.items() if row.gone_at is None and uid not in seen and shown(row, regions)}
    counts["gone"] += len(gone)
    if gone:
        kind.rows(account).filter(unique_id__in=gone).update(gone_at=at)
    ended = gone | {v.unique_id for v in versions if v.unique_id in before}
    if ended:
        Version.objects.filter(account=account, kind=kind.name, unique_id__in=ended, seen_to=None).update(seen_to=at)
    Version.objects.bulk_create(versions, BATCH)
    model.objects.bulk_create(
        write,
        BATCH,
        update_conflicts=True,
        unique_fields=["account", "unique_id"],
        update_fields=[f.name for f in model._meta.concrete_fields if f.name not in {"id", "account", "unique_id"}],
    )


def _row(kind: Kind, account: Account, record: Any, at: datetime, known: dict[str, Any]) -> Observed:
    """known: what was known of the same entity, and stays where the record says nothing (None is left out of its JSON)."""
    data = known | records.to_json(record)
    data.pop(kind.model.dated, None)
    lasting = {k: v for k, v in data.items() if k not in kind.model.volatile}
    return kind.model(
        account=account,
        unique_id=record.unique_id,
        data=data,
        digest=records.digest(lasting),
        data_digest=records.digest(data),
        seen_from=at,
        **kind.model.columns(record),
    )


def _version(kind: Kind, account: Account, row: Observed, at: datetime) -> Version:
    data = {k: v for k, v in row.data.items() if k not in kind.model.volatile}
    return Version(account=account, kind=kind.name, unique_id=row.unique_id, digest=row.digest, data=data, seen_from=at)
