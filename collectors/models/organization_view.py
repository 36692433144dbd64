"""The organization as an account's judgement sees it: the tree belongs to the account that may read it, mostly the management
account, and binds all its members. Only the worker reads across accounts like this; pages have AccountGuardrails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from collectors import records
from collectors.models.account import Account
from collectors.models.coverage import Coverage
from collectors.models.details import AccountDetails
from collectors.models.inventory import KINDS
from collectors.models.organization import OrganizationAccount, OrganizationalUnit
from collectors.models.policy import Document
from collectors.records import State

SOURCE = "organizations"
ROOTS = f"{SOURCE}:ListRoots"
ORGANIZATION_KINDS = {kind.field: kind for kind in KINDS if kind.field.startswith("organization")}
NEVER = datetime.min.replace(tzinfo=UTC)
# What is told beside the tree and what is attached there: who may not ask for it tells of the tree all the same.
BESIDE = frozenset(
    f"{SOURCE}:{name}"
    for name in (
        "ListTagsForResource",
        "ListAWSServiceAccessForOrganization",
        "ListDelegatedAdministrators",
        "ListDelegatedServicesForAccount",
        "DescribeResourcePolicy",
    )
)


@dataclass(frozen=True)
class Teller:
    """An account whose collection read the tree. coverage: how it went."""

    account_id: int
    aws_id: str
    organization: records.Organization | None
    coverage: tuple[records.Coverage, ...]

    @property
    def may_ask(self) -> bool:
        return all(row.state != State.NOT_APPLICABLE for row in self._tree)

    @property
    def _tree(self) -> tuple[records.Coverage, ...]:
        return tuple(row for row in self.coverage if row.api not in BESIDE)

    @property
    def whole_since(self) -> datetime:
        """When the part of it that is oldest was read; NEVER: a part never was."""
        return min((row.complete_at or NEVER for row in self._tree), default=NEVER)

    @property
    def knows_roots(self) -> bool:
        return any(row.api == ROOTS and row.complete_at for row in self.coverage)

    @property
    def organization_id(self) -> str:
        return self.organization.organization_id if self.organization else ""

    @property
    def managing(self) -> bool:
        return self.organization is not None and self.aws_id == self.organization.management_account_id

    def tells(self, account: Account, organization_id: str) -> bool:
        return self.organization_id == organization_id or self.account_id == account.pk


def organization_view(account: Account, details: Iterable[records.AccountDetails]) -> dict[str, Any]:
    """The organization's fields of the account's Snapshot. details: the account's own."""
    own = next((found.organization for found in details if found.organization is not None), None)
    if own is not None and not own.organization_id:
        return {}
    found = _heard(account, own)
    claims = {teller.organization_id for teller in found} - {""}
    if own is None and len(claims) > 1:
        return {"organization_claims": tuple(sorted(claims))}
    teller = max(found, key=lambda t: (t.whole_since != NEVER, t.managing, t.whole_since, t.aws_id), default=None)
    if teller is None:
        return {}
    told = {"organization_judged_by": _judging(found)} if own else {}
    if teller.account_id == account.pk:
        return told | {field: kind.present(account) for field, kind in ORGANIZATION_KINDS.items()}
    return told | _from(teller, account)


def _judging(tellers: Iterable[Teller]) -> str:
    """The same for all accounts of an organization, and from day to day, so that each of its faults is told once."""
    some = sorted(
        (one for one in tellers if one.knows_roots), key=lambda t: (not t.managing, t.whole_since == NEVER, t.aws_id)
    )
    return some[0].aws_id if some else ""


def _heard(account: Account, own: records.Organization | None) -> list[Teller]:
    """Those who tell of the account's organization: the management account counts first if it ever read all, else who did so
    last. An account that could not ask is where it is listed."""
    found = _tellers()
    if found and own is None:
        listing = OrganizationAccount.present.filter(
            unique_id=account.aws_id, account__in=[t.account_id for t in found]
        )
        listed = {account.pk, *listing.values_list("account_id", flat=True)}
        found = [teller for teller in found if teller.account_id in listed]
    elif own is not None:
        found = [teller for teller in found if teller.tells(account, own.organization_id)]
    return found


def _tellers() -> list[Teller]:
    """All accounts that have told of the organization, and may still ask: what AWS once told others is nobody's any more."""
    reading = Q(account__in=OrganizationalUnit.present.values("account"))
    reading |= Q(account__in=OrganizationAccount.present.values("account"))
    known = list(AccountDetails.present.filter(reading, unique_id=SOURCE).select_related("account"))
    coverage = defaultdict(list)
    asked = Coverage.objects.filter(api__startswith=f"{SOURCE}:", account__in=[row.account_id for row in known])
    for row in asked.order_by("api"):
        coverage[row.account_id].append(row.as_record)
    found = (
        Teller(row.account_id, row.account.aws_id, row.as_record.organization, tuple(coverage[row.account_id]))
        for row in known
    )
    return [teller for teller in found if teller.may_ask]


def organization_snapshot(account: Account, as_of: datetime) -> records.Snapshot | None:
    """What the account's own collection tells of its organization, and nothing else of the account. None: it told of no tree.

    Whoever is shown this must be one who may see the account.
    """
    told = {field: kind.present(account) for field, kind in ORGANIZATION_KINDS.items()}
    if not (told["organizational_units"] or told["organization_accounts"]):
        return None
    details = next(kind for kind in KINDS if kind.field == "details").present(account)
    digests = {policy.document for policy in told["organization_policies"]} | {found.delegation for found in details}
    bodies = Document.objects.filter(account=account, digest__in=digests - {None}).values_list("digest", "body")
    return records.Snapshot(
        account_id=account.aws_id,
        partition=account.partition,
        name=account.name,
        as_of=as_of,
        details=details,
        documents=dict(bodies),
        coverage=tuple(row.as_record for row in Coverage.objects.filter(account=account).order_by("api", "region")),
        **told,
    )


def bound_by(account: Account) -> set[int]:
    """Keys of the connected accounts that are bound by the organization of which the account told."""
    listed = OrganizationAccount.present.filter(account=account).values("unique_id")
    found = set(Account.objects.filter(aws_id__in=listed).values_list("pk", flat=True))
    own = AccountDetails.present.filter(account=account, unique_id=SOURCE).first()
    if own and own.as_record.organization and (told := own.as_record.organization.organization_id):
        same = AccountDetails.present.filter(unique_id=SOURCE, data__organization__organization_id=told)
        found |= set(same.values_list("account_id", flat=True))
    return found


def _from(teller: Teller, account: Account) -> dict[str, Any]:
    """Of another account's rows: the tree and the policies, who the members are, and of accounts this one only."""
    telling = Account(pk=teller.account_id)
    kinds = ORGANIZATION_KINDS
    tree, guardrails, delegates = (
        kinds[name].present(telling)
        for name in ("organizational_units", "organization_policies", "organization_delegates")
    )
    nodes = {account.aws_id, *(unit.unique_id for unit in tree)}
    digests = {policy.document for policy in guardrails if not nodes.isdisjoint(policy.targets)}
    bodies = Document.objects.filter(account=telling, digest__in=digests).values_list("digest", "body")
    members = OrganizationAccount.present.filter(account=telling).order_by("unique_id")
    return {
        "organizational_units": tree,
        "organization_policies": guardrails,
        "organization_delegates": delegates,
        "organization_accounts": kinds["organization_accounts"].present(telling, unique_id=account.aws_id),
        "documents": dict(bodies),
        "organization_seen_by": teller.aws_id,
        "organization_members": tuple(members.values_list("unique_id", flat=True)),
        "organization_coverage": teller.coverage,
    }
