"""What an account that manages the organization tells of it as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.models import Account, AccountDetails, DelegatedAdministrator, OrganizationalUnit
from findings.analysis.guardrails import RCP, SCP, is_root
from iamdash.pages.gaps import Gaps

ROOT_FEATURES = {"RootCredentialsManagement": "root credentials management", "RootSessions": "root sessions"}
TYPES = {SCP: "SCPs", RCP: "RCPs"}
LIST_ROOTS, FEATURES = "organizations:ListRoots", "iam:ListOrganizationsFeatures"
DELEGATES = "organizations:ListDelegatedAdministrators"


@dataclass(frozen=True)
class Delegate:
    name: str
    services: tuple[str, ...] | None


@dataclass(frozen=True)
class Told:
    """types: policy types that are enabled at the root; root: features of central root management; each None: not read, and
    the gap says why. by: who told it."""

    by: Account | None = None
    types: tuple[str, ...] | None = None
    types_gap: str = ""
    root: tuple[str, ...] | None = None
    root_gap: str = ""
    delegates: tuple[Delegate, ...] = ()
    delegates_gap: str = ""


def told(teller: Account) -> Told:
    gaps = Gaps([teller.pk], LIST_ROOTS, FEATURES, DELEGATES)
    found = [row.as_record for row in AccountDetails.present.filter(account=teller)]
    features = next((one.root_features for one in found if one.root_features is not None), None)
    return Told(
        teller,
        _types(teller),
        gaps.of(teller.pk, LIST_ROOTS),
        None if features is None else tuple(ROOT_FEATURES.get(one, one) for one in features),
        gaps.of(teller.pk, FEATURES),
        tuple(_delegates(teller)),
        gaps.of(teller.pk, DELEGATES),
    )


def _types(teller: Account) -> tuple[str, ...] | None:
    units = (row.as_record for row in OrganizationalUnit.present.filter(account=teller, parent=""))
    types = [unit.policy_types for unit in units if is_root(unit) and unit.policy_types is not None]
    if not types:
        return None
    return tuple(TYPES.get(one, one.replace("_", " ").lower()) for one in sorted({t for some in types for t in some}))


def _delegates(teller: Account) -> Iterator[Delegate]:
    for row in DelegatedAdministrator.present.filter(account=teller).order_by("name"):
        yield Delegate(row.name or row.unique_id, row.as_record.services)
