"""Trails, and how the asking for them went, for tests of what is recorded."""

from __future__ import annotations

from typing import Any

from collectors.records import AccountDetails, Coverage, Selector, State, Trail
from tests.builders import ACCOUNT_ID, AS_OF, ago, coverage

HOME, REGIONS = "eu-west-1", ("eu-west-1", "us-east-1")
OWNER = "000000000009"
APIS = ("DescribeTrails", "GetTrailStatus", "GetEventSelectors", "GetInsightSelectors")
ALARM_APIS = (
    "logs:DescribeMetricFilters",
    "cloudwatch:DescribeAlarms",
    "events:ListRules",
    "events:ListTargetsByRule",
    "sns:ListSubscriptionsByTopic",
)
ALL = Selector(category="Management")
READS = Selector(category="Management", where={"readOnly": {"Equals": ("true",)}})
WRITES = Selector(category="Management", where={"readOnly": {"Equals": ("false",)}})
ENABLED = AccountDetails(unique_id="trails", regions=REGIONS)


def without(*sources: str) -> Selector:
    return Selector(category="Management", where={"eventSource": {"NotEquals": sources}})


def data(arn: dict[str, Any] | None = None, kind: str = "AWS::S3::Object", **more: Any) -> Selector:
    """arn: operator -> values; None: of all resources."""
    return Selector(
        category="Data",
        where={"resources.type": {"Equals": (kind,)}, **({"resources.ARN": arn} if arn else {}), **more},
    )


def trail(name: str = "main", *, owner: str = ACCOUNT_ID, region: str = HOME, **more: Any) -> Trail:
    """A trail of all regions that is logging all management events, as it should be."""
    known = {
        "multi_region": True,
        "organization": owner != ACCOUNT_ID,
        "bucket": f"{name}-logs",
        "prefix": "",
        "kms_key": f"arn:aws:kms:{region}:{owner}:key/1",
        "validation": True,
        "global_events": True,
        "log_group": f"arn:aws:logs:{region}:{owner}:log-group:{name}",
        "unread": (),
        "selectors": (ALL,),
        "insights": (),
        "logging": True,
        "errors": {},
        "started_at": ago(300),
    }
    return Trail(
        unique_id=f"arn:aws:cloudtrail:{region}:{owner}:trail/{name}",
        name=name,
        home_region=region,
        **{**known, **more},
    )


def asked(*regions: str, **states: State) -> tuple[Coverage, ...]:
    """What was asked of CloudTrail in these regions; complete but for those APIs named."""
    return tuple(
        Coverage(
            api=f"cloudtrail:{api}", region=region, state=states.get(api, State.COMPLETE), observed_at=AS_OF,
            permission=f"cloudtrail:{api}",
        )
        for api in APIS
        for region in regions
    )  # fmt: skip


def asked_for_alarms(*regions: str, **states: State) -> tuple[Coverage, ...]:
    return tuple(
        Coverage(api=api, region=region, state=states.get(api.partition(":")[2], State.COMPLETE), observed_at=AS_OF)
        for api in ALARM_APIS
        for region in regions
    )


SEEN = {"coverage": (*coverage(), *asked(*REGIONS), *asked_for_alarms(*REGIONS))}


def seen(*regions: str, **states: State) -> dict[str, Any]:
    """Fields of a snapshot: asked in these regions, or in all."""
    where = regions or REGIONS
    return {"coverage": (*coverage(), *asked(*where, **states), *asked_for_alarms(*where, **states))}
