"""The organization: who is in it, its tree, the SCPs and RCPs with what they are attached to, and its report on each account.

DescribeOrganization is the one question that every member may ask; the others answer the management account and delegated
administrators only (AWS.md 9). A refusal elsewhere is as it should be, so that they do not apply there.
"""

from __future__ import annotations

from collectors.models.account_tags import Tagging, tagging
from collectors.models.last_accessed import Reports, reports
from collectors.sources import Api, Size, Source, pages
from collectors.sources.organizations.access import PLAN, generate, read
from collectors.sources.organizations.account_tags import TAGGING, tags
from collectors.sources.organizations.ask import (
    accounts,
    contents,
    members,
    organization,
    policies,
    roots,
    targets,
    units,
)
from collectors.sources.organizations.delegation import delegates, resource_policy, services, trusted
from collectors.sources.organizations.names import (
    ACCOUNTS,
    CONTENT,
    DELEGATED,
    DELEGATES,
    DESCRIBE,
    GENERATE,
    MEMBERS,
    POLICIES,
    READ,
    RESOURCE_POLICY,
    ROOTS,
    TAGS,
    TARGETS,
    TRUSTED,
    UNITS,
)
from collectors.sources.organizations.understand import transform


def calls(size: Size) -> int:
    """Members may ask who the organization is, and no more. Reports on access and tags are renewed bit by bit, once a day."""
    if not size.tells:
        return 2
    nodes = 1 + size.ous
    tree = 2 + 2 * nodes + pages(size.accounts, 20) + 2 + 2 * size.guardrails + 4
    return tree + size.accounts + 2 * size.accounts


SOURCE = Source(
    name="organizations",
    title="Organization",
    apis=(
        Api(DESCRIBE, organization),
        Api(ROOTS, roots),
        Api(UNITS, units, after=(ROOTS,)),
        Api(MEMBERS, members, after=(ROOTS, UNITS)),
        Api(ACCOUNTS, accounts, after=(ROOTS,)),
        Api(POLICIES, policies, after=(ROOTS,)),
        Api(CONTENT, contents, after=(POLICIES,)),
        Api(TARGETS, targets, after=(POLICIES,)),
        Api(TAGS, tags, after=(ROOTS, ACCOUNTS)),
        Api(TRUSTED, trusted, after=(ROOTS,)),
        Api(DELEGATES, delegates, after=(ROOTS,)),
        Api(DELEGATED, services, after=(DELEGATES,)),
        Api(RESOURCE_POLICY, resource_policy, after=(ROOTS,)),
        Api(GENERATE, generate, after=(DESCRIBE, ROOTS, UNITS, MEMBERS)),
        Api(READ, read, after=(GENERATE,)),
    ),
    transform=transform,
    known=lambda account_id: {PLAN: reports(account_id), TAGGING: tagging(account_id)},
    fresh=lambda at: {PLAN: Reports(at, {}), TAGGING: Tagging(at)},
    trial=lambda at: {PLAN: Reports(at, {}, limit=1), TAGGING: Tagging(at, first=1)},
    sweeps={
        "organizational_units": (ROOTS, UNITS),
        "organization_accounts": (ACCOUNTS, MEMBERS),
        "organization_policies": (POLICIES, CONTENT, TARGETS),
        "organization_delegates": (DELEGATES, DELEGATED),
    },
    calls=calls,
)
