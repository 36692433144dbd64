"""What an account has to see what happens: trails, metric filters, alarms, rules of EventBridge, topics, as they were planted."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.lab.world import World, current

Raw = dict[str, Any]
EVERYTHING = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]


@dataclass
class Trail:
    """told: as DescribeTrails shows it. error: why nothing gets into its bucket. stopped: since when it records nothing."""

    told: Raw
    started: datetime
    stopped: datetime | None = None
    error: str = ""
    basic: list[Raw] = field(default_factory=list)
    advanced: list[Raw] = field(default_factory=list)
    insights: list[Raw] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return str(self.told["TrailARN"])

    def shown(self, account_id: str, region: str) -> bool:
        return bool(self.told["HomeRegion"] == region or self.told["IsMultiRegionTrail"]) and (
            self.arn.split(":")[4] == account_id or bool(self.told["IsOrganizationTrail"])
        )


@dataclass
class Watched:
    """filters, alarms, rules: by region. targets: of a rule, by its ARN. topics: ARN -> its subscriptions."""

    trails: list[Trail] = field(default_factory=list)
    filters: dict[str, list[Raw]] = field(default_factory=dict)
    alarms: dict[str, list[Raw]] = field(default_factory=dict)
    rules: dict[str, list[Raw]] = field(default_factory=dict)
    targets: dict[str, list[Raw]] = field(default_factory=dict)
    topics: dict[str, list[Raw]] = field(default_factory=dict)


def of(account_id: str, world: World | None = None) -> Watched:
    found: Watched = (world or current()).watched.setdefault(account_id, Watched())
    return found


def joined(world: World, account_id: str) -> bool:
    """Whether the organization's trail came to the account: what was acquired lately still waits for it."""
    account = world.account(account_id)
    return account is not None and not account.name.startswith("acquired-")


def trails(account_id: str, region: str) -> list[Trail]:
    """Its own, and as shadows its organization's."""
    world = current()
    found = list(of(account_id).trails)
    if account_id != world.management.id and joined(world, account_id):
        found += [one for one in of(world.management.id).trails if one.told["IsOrganizationTrail"]]
    return [one for one in found if one.shown(account_id, region)]
