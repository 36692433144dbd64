"""The organization that an account is in, who else is in it, and with that the zone of trust (RULES.md, conventions)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from collectors.records import Coverage, Organization, State
from findings.analysis.gaps import gap_of

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

DESCRIBE = "organizations:DescribeOrganization"
ROOTS, UNITS = "organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent"
MEMBERS, ACCOUNTS = "organizations:ListAccountsForParent", "organizations:ListAccounts"
POLICIES, CONTENT = "organizations:ListPolicies", "organizations:DescribePolicy"
TARGETS = "organizations:ListTargetsForPolicy"


def known_organization(facts: Facts) -> Organization | None:
    """An id of "" means that the account is in none; None that nobody knows. Where the account could not ask, the ARNs tell:
    arn:aws:organizations::<management account>:account/o-.../<account>."""
    if facts.told.organization is not None:
        return facts.told.organization
    snapshot = facts.snapshot
    for arn in [node.arn for node in snapshot.organizational_units] + [
        node.arn for node in snapshot.organization_accounts
    ]:
        parts = arn.split(":")
        if len(parts) == 6 and parts[2] == "organizations" and len(path := parts[5].split("/")) == 3:
            return Organization(organization_id=path[1], management_account_id=parts[4])
    return None


def members(facts: Facts) -> frozenset[str] | None:
    """Ids of all accounts of the organization, this one included. None: nobody listed them."""
    snapshot = facts.snapshot
    if not (_read(facts, ACCOUNTS) or all(_read(facts, api) for api in (ROOTS, UNITS, MEMBERS))):
        return None
    listed = snapshot.organization_members or (account.unique_id for account in snapshot.organization_accounts)
    return frozenset(listed) or None


def inside(account_id: str, facts: Facts) -> bool:
    """Whether the account is in the zone of trust: the organization and what the settings add; the connected accounts where
    there is no organization or its members are unknown."""
    snapshot = facts.snapshot
    if account_id == snapshot.account_id or account_id in facts.settings.trusted_accounts:
        return True
    if facts.guardrails.members is not None:
        return account_id in facts.guardrails.members
    organization = known_organization(facts)
    listed = any(account.unique_id == account_id for account in snapshot.organization_accounts)
    managing = organization is not None and organization.management_account_id == account_id
    return listed or managing or account_id in snapshot.connected


def zone_known(facts: Facts) -> bool:
    """False: the account may be in an organization whose members nobody could list."""
    return facts.guardrails.members is not None or facts.guardrails.organization_id == ""


def nobody_reads(facts: Facts) -> str:
    """When it is no failure that the tree was not read but nobody's business so far, what to do about it; else ""."""
    organization = known_organization(facts)
    states = {row.state for row in _rows(facts) if row.api == ROOTS}
    if organization is None or states - {State.NOT_APPLICABLE}:
        return ""
    return (
        f"no connected account may read organization {organization.organization_id}; "
        f"connect its management account {organization.management_account_id}"
    )


def why_unread(facts: Facts, apis: Iterable[str]) -> str:
    """Which of these APIs did not give its whole answer; "" when all did. The same as long as the lack is."""
    rows = {row.api: row for row in _rows(facts)}
    gaps = [gap_of(api, rows.get(api)) for api in apis if api not in rows or rows[api].state is not State.COMPLETE]
    where = f" in account {seen_by}" if (seen_by := facts.snapshot.organization_seen_by) else ""
    return f"{gaps[0]}{where}" if gaps else ""


def _rows(facts: Facts) -> tuple[Coverage, ...]:
    return facts.snapshot.organization_coverage or facts.snapshot.coverage


def _read(facts: Facts, api: str) -> bool:
    """Whether its whole answer is known, if only as of then."""
    return any(row.api == api and (row.state is State.COMPLETE or row.complete_at) for row in _rows(facts))
