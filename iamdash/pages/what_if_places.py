"""Where a guardrail could be attached: of each organization the root and the OUs above accounts in the operator's scope, those
accounts, and all of them where nobody knows the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collectors.models import Account, Coverage, OrganizationAccount
from collectors.records import State
from findings.analysis.what_if import Candidate, Kind
from findings.models import AccountGuarding
from findings.policy.document import Document

ALL, INDENT = "all", "\u2003"
LIST_ACCOUNTS = "organizations:ListAccounts"


@dataclass
class Place:
    """way: the labels from the root down to it. accounts: in scope, row id -> AWS's id. unbound: ids of management accounts among
    them."""

    value: str
    label: str
    depth: int = 0
    way: tuple[str, ...] = ()
    accounts: dict[int, str] = field(default_factory=dict)
    unbound: set[str] = field(default_factory=set)

    @property
    def indented(self) -> str:
        return INDENT * self.depth + self.label


@dataclass(frozen=True)
class Places:
    """unplaced: accounts in scope of which nobody knows where in an organization they are. organizations: account's AWS id -> the
    id of its organization, "" in none; those of which that is not known are not in it."""

    places: Mapping[str, Place]
    unplaced: int
    organizations: Mapping[str, str]

    def candidate(
        self, kind: Kind, document: Document, value: str, *, beside: bool, principals: Iterable[str]
    ) -> Candidate:
        place = self.places[value]
        below = {self.organizations.get(aws_id) for aws_id in place.accounts.values()}
        organization = below.pop() if len(below) == 1 else None
        return Candidate(
            kind,
            document,
            place=place.label,
            accounts=frozenset(place.accounts.values()),
            unbound=frozenset() if kind is Kind.BOUNDARY else frozenset(place.unbound),
            principals=tuple(principals) or ("*",),
            beside=beside,
            organization=organization,
            members=members(organization) if organization and kind is Kind.RCP else None,
        )


def places() -> Places:
    """Two queries."""
    accounts = list(Account.objects.order_by("name", "aws_id"))
    rows = {row.account_id: row for row in AccountGuarding.objects.all()}
    every = Place(ALL, f"all accounts ({len(accounts):,})")
    nodes: dict[str, Place] = {}
    own: list[Place] = []
    for account in accounts:
        row = rows.get(account.pk)
        one = Place(account.aws_id, f"{account.name} ({account.aws_id})", depth=1)
        for place in (every, *_above(nodes, row), one):
            place.accounts[account.pk] = account.aws_id
            if row and row.management:
                place.unbound.add(account.aws_id)
        own.append(one)
    found = [every, *sorted(nodes.values(), key=lambda one: one.way), *own] if accounts else []
    known = {row.account_id: row.organization_id for row in rows.values() if row.organization_known}
    return Places(
        {place.value: place for place in found},
        sum(account.pk not in rows or not rows[account.pk].path for account in accounts),
        {account.aws_id: known[account.pk] for account in accounts if account.pk in known},
    )


def _above(nodes: dict[str, Place], row: AccountGuarding | None) -> Iterator[Place]:
    way: tuple[str, ...] = ()
    for depth, (id_, name) in enumerate(row.path if row else ()):
        label = f"Root ({id_})" if id_.startswith("r-") else f"{name or 'OU'} ({id_})"
        way = (*way, label)
        yield nodes.setdefault(id_, Place(id_, label, depth, way))


def members(organization: str) -> frozenset[str] | None:
    """The accounts of the organization, where somebody in scope listed all of them; None: not known."""
    told = Coverage.objects.filter(
        api=LIST_ACCOUNTS, state=State.COMPLETE.value, account__guarding__organization_id=organization
    )
    listed = OrganizationAccount.present.filter(account__in=told.values("account"))
    return frozenset(listed.values_list("unique_id", flat=True)) or None
