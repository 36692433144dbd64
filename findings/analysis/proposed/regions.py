"""The region deny of a node: which regions it leaves open, and which actions it has to leave alone.

Beside global services these are all actions of services in use that a trail need not show: nobody knows in which region they are
used. Where only one region was ever heard of, the trail may be one of a single region, and its silence on the others is worth
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from collectors.activity.days import REGIONLESS
from findings.analysis.activity.event_actions import service_of
from findings.analysis.activity.seen import NO_CALL, SERVICES
from findings.analysis.proposed.watched import Watched
from findings.analysis.unseen import UNSEEN
from findings.policy.catalogue import Level, catalogue
from findings.policy.minimise import pack

# Services with one endpoint for all regions, or whose calls may be answered by us-east-1 whatever the region
# [Organizations user guide, "Deny access to AWS based on the requested AWS Region"].
GLOBAL = (
    "access-analyzer", "account", "acm", "artifact", "aws-marketplace", "aws-marketplace-management", "aws-portal", "billing",
    "budgets", "ce", "chime", "cloudfront", "config", "consolidatedbilling", "cur", "directconnect", "fms", "globalaccelerator",
    "health", "iam", "importexport", "invoicing", "kms", "networkmanager", "organizations", "payments", "pricing", "route53",
    "route53domains", "shield", "signin", "sso", "sts", "support", "tax", "trustedadvisor", "waf", "waf-regional", "wafv2",
    "wellarchitected",
)  # fmt: skip
READS = ("ec2:DescribeRegions", "s3:GetAccountPublic*", "s3:ListAllMyBuckets", "s3:PutAccountPublic*")


@dataclass(frozen=True, slots=True)
class RegionDeny:
    """regions: left open. spared: patterns for NotAction."""

    regions: tuple[str, ...]
    spared: tuple[str, ...]


def region_deny(accounts: Sequence[Watched], allowed: Iterable[str]) -> RegionDeny | str:
    """allowed: regions that the settings name. The text says why there is none."""
    for account in accounts:
        if why := account.unwatched or account.root or _deaf(account):
            return why
    free = _free()
    used = {
        region
        for account in accounts
        for action, regions in account.use.where.items()
        if not catalogue().match(action) & free
        for region in regions
    }
    used |= {region for account in accounts for region in account.use.unmapped_in}
    if "" in used:
        return "of some calls the region is not told"
    return RegionDeny(tuple(sorted({*used, *allowed})), (*_always(), *_unseen(accounts)))


def _deaf(account: Watched) -> str:
    known, use = account.evidence, account.use
    if known is not None and known.every:
        return f"account {account.id}: which services are in use nobody can tell: {known.every}"
    if len(use.recorded_in) < 2:
        heard = next(iter(use.recorded_in), "no region")
        return f"account {account.id}: all events are of {heard}, so the trail may be one of a single region"
    reads = catalogue().levels[Level.LIST] | catalogue().levels[Level.READ]
    if not any(catalogue().match(action) & reads for action in use.by):
        return f"account {account.id}: no event of a call that only reads was seen, so the trail may leave them out"
    return ""


@cache
def _always() -> tuple[str, ...]:
    known = catalogue().services
    hosts = (service_of(source) for source in REGIONLESS)
    return (*(f"{s}:*" for s in sorted({*GLOBAL, *(s for s in hosts if s)}) if s in known), *READS)


@cache
def _free() -> int:
    return catalogue().mask(_always())


def _unseen(accounts: Sequence[Watched]) -> tuple[str, ...]:
    """Of services in use what no event need tell."""
    used = {service for account in accounts for service in _in_use(account)} - {one[:-2] for one in _always()}
    whole = sorted(service for service in used if service not in SERVICES)
    partly = catalogue().mask(p for one in UNSEEN for p in one.patterns) | catalogue().mask(NO_CALL)
    mask = partly & catalogue().mask(f"{service}:*" for service in used if service in SERVICES)
    return (*(f"{service}:*" for service in whole), *pack(mask, mask, catalogue()))


def _in_use(account: Watched) -> set[str]:
    known = account.evidence
    told = {*known.used, *known.unknown} if known else set()
    return told | {action.partition(":")[0] for action in account.use.by}
