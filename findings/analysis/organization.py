"""The organization that an account is in, who else is in it, and with that the zone of trust (RULES.md, conventions)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.records import Coverage, Organization, State
from findings.analysis.gaps import gap_of
from findings.policy.document import Unreadable
from findings.policy.statements import about

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

DESCRIBE = "organizations:DescribeOrganization"
ROOTS, UNITS = "organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent"
MEMBERS, ACCOUNTS = "organizations:ListAccountsForParent", "organizations:ListAccounts"
POLICIES, CONTENT = "organizations:ListPolicies", "organizations:DescribePolicy"
TARGETS = "organizations:ListTargetsForPolicy"
TRUSTED = "organizations:ListAWSServiceAccessForOrganization"
DELEGATES, DELEGATED = "organizations:ListDelegatedAdministrators", "organizations:ListDelegatedServicesForAccount"
RESOURCE_POLICY = "organizations:DescribeResourcePolicy"
APIS = (
    DESCRIBE,
    ROOTS,
    UNITS,
    MEMBERS,
    ACCOUNTS,
    POLICIES,
    CONTENT,
    TARGETS,
    DELEGATES,
    DELEGATED,
    TRUSTED,
    RESOURCE_POLICY,
)
ATTACHING = "organizations:attachpolicy"
CHANGING = "organizations:updatepolicy"


def known_organization(facts: Facts) -> Organization | None:
    """An id of "" means that the account is in none; None that nobody knows. Where the account could not ask, the ARNs tell:
    arn:aws:organizations::<management account>:account/o-.../<account>."""
    if facts.told.organization is not None:
        return facts.told.organization
    snapshot = facts.snapshot
    for arn in [node.arn for node in snapshot.organizational_units] + [
        node.arn for node in snapshot.organization_accounts
    ]:
        if organization := organization_of(arn):
            return Organization(organization_id=organization, management_account_id=arn.split(":")[4])
    return None


@lru_cache(4096)
def organization_of(arn: str) -> str:
    """The organization's id in the ARN of a root, OU or account; "" where it is none."""
    parts = arn.split(":")
    path = parts[5].split("/") if len(parts) == 6 and parts[2] == "organizations" else []
    return path[1] if len(path) == 3 else ""


def members(facts: Facts) -> frozenset[str] | None:
    """Ids of all accounts of the organization, this one included. None: nobody listed them."""
    snapshot = facts.snapshot
    if not (_read(facts, ACCOUNTS) or all(_read(facts, api) for api in (ROOTS, UNITS, MEMBERS))):
        return None
    return frozenset(snapshot.organization_members or _listed(facts)) or None


def _listed(facts: Facts) -> Iterator[str]:
    """Without what was read of an organization that the account has left."""
    organization = known_organization(facts)
    own = organization.organization_id if organization else ""
    for account in facts.snapshot.organization_accounts:
        if organization_of(account.arn) in ("", own):
            yield account.unique_id


def inside(account_id: str, facts: Facts) -> bool:
    """Whether the account is in the zone of trust: the organization and what the settings add; the connected accounts where
    there is no organization or its members are unknown."""
    snapshot = facts.snapshot
    if account_id == snapshot.account_id or account_id in facts.settings.trusted_accounts:
        return True
    if facts.guardrails.members is not None:
        return account_id in facts.guardrails.members
    organization = known_organization(facts)
    managing = organization is not None and organization.management_account_id == account_id
    return managing or account_id in snapshot.connected or account_id in _listed(facts)


def zone_known(facts: Facts) -> bool:
    """False: the account may be in an organization whose members nobody could list."""
    return facts.guardrails.members is not None or facts.guardrails.organization_id == ""


def policy_managers(facts: Facts) -> tuple[str, ...] | Unreadable | None:
    """Whom the organization's resource policy lets attach or change its policies, as the policy names them; None: not read."""
    digest = facts.told.delegation
    if digest is None or not facts.complete(RESOURCE_POLICY):
        return None
    if not digest:
        return ()
    document = facts.document(digest)
    if isinstance(document, Unreadable):
        return document
    allowing = (one for action in (ATTACHING, CHANGING) for _, one in about(document, action) if one.allows)
    named = (one.principals for one in allowing if one.principals)
    return tuple(dict.fromkeys(who for found in named for who in (*(("*",) if found.anyone else ()), *found.aws)))


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
