"""cloudtrail:LookupEvents: the management events that the trail's files hold, and of what is older the sign-ins and new keys.

Newest first, 50 a page, one attribute a call, 90 days, each region its own (API reference). Moto lacks the operation.
"""

import json
from datetime import datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse

from collectors.lab.repairs import trail_events
from collectors.lab.repairs.operation import operation
from collectors.lab.trail import bucket
from collectors.lab.trail.identities import FORMAT
from collectors.lab.world import World, current

Entry = dict[str, Any]


def entry(record: dict[str, Any]) -> Entry:
    """As LookupEvents wraps a record."""
    who = record["userIdentity"]
    moment = datetime.strptime(f"{record['eventTime']}+0000", f"{FORMAT}%z")
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventSource": record["eventSource"],
        "EventTime": moment.timestamp(),
        "ReadOnly": str(record.get("readOnly", False)).lower(),
        "Username": who.get("userName") or who.get("principalId", "").rpartition(":")[2],
        "Resources": [
            {"ResourceType": one.get("type", ""), "ResourceName": one["ARN"]} for one in record.get("resources") or []
        ],
        "CloudTrailEvent": json.dumps(record),
    }


def history(world: World, account_id: str) -> dict[str, list[Entry]]:
    """By region, newest first; made once, as the trail's files are."""
    if account_id not in world.event_history:
        account = world.account(account_id)
        told = trail_events.events(account_id, world.iam(account_id))
        records = bucket.written(world, account) if account else []
        written = [entry(one) for one in records if one.get("eventCategory") == "Management"]
        found: dict[str, list[Entry]] = {}
        for one in {one["EventId"]: one for one in (*written, *told)}.values():
            found.setdefault(json.loads(one["CloudTrailEvent"])["awsRegion"], []).append(one)
        for some in found.values():
            some.sort(key=lambda one: (-one["EventTime"], one["EventId"]))
        world.event_history[account_id] = found
    return world.event_history[account_id]


def matches(found: Entry, attribute: dict[str, str]) -> bool:
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("ResourceName", "ResourceType"):
        return any(resource[key] == value for resource in found["Resources"])
    return bool(found.get(key) == value)


@operation(CloudTrailResponse)
def lookup_events(self: CloudTrailResponse) -> str:
    found = history(current(), self.current_account).get(self.region, [])
    for attribute in self._get_param("LookupAttributes") or []:
        found = [one for one in found if matches(one, attribute)]
    start, end = self._get_param("StartTime"), self._get_param("EndTime")
    found = [e for e in found if (not start or e["EventTime"] >= start) and (not end or e["EventTime"] <= end)]
    first, size = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or 50)
    more = {"NextToken": str(first + size)} if first + size < len(found) else {}
    return json.dumps({"Events": found[first : first + size], **more})
