"""cloudtrail:LookupEvents: the sign-ins and key creations that the population implies. The trail's files have them too.

Newest first, 50 a page, one attribute a call, 90 days (API reference). Moto lacks the operation.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from moto.cloudtrail.responses import CloudTrailResponse
from moto.iam.models import IAMBackend, User

from collectors.lab.repairs.operation import operation
from collectors.lab.trail import places
from collectors.lab.world import current

DAYS = 90
HOME = "us-east-1"  # where IAM and root sign-ins are recorded
WEEK = timedelta(days=7)
ADMINISTRATOR = "anna.berg"  # makes the keys of programs


def sign_ins(user: User, oldest: datetime) -> Iterator[datetime]:
    """When a user signed in to the console: each week until the last time, with the password of today."""
    moment = user.password_last_used
    while moment and moment >= max(oldest, user.password_last_changed, user.create_date):
        yield moment
        moment -= WEEK


def event(
    account: str, name: str, source: str, moment: datetime, user: str, identity: dict[str, Any],
    *, mfa: bool = True, about: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One entry with its record, its id made from what it says. mfa: whether a sign-in was with it. about: whose key was made."""
    written = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event_id = str(UUID(bytes=sha256(f"{account}{name}{about or user}{written}".encode()).digest()[:16]))
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": account, **identity},
        "eventTime": written,
        "eventSource": source,
        "eventName": name,
        "awsRegion": HOME,
        "sourceIPAddress": places.of_person(user),
        "userAgent": places.BROWSER,
        "eventID": event_id,
        "eventCategory": "Management",
        "eventType": "AwsConsoleSignIn" if name == "ConsoleLogin" else "AwsApiCall",
        "recipientAccountId": account,
    }
    if name == "ConsoleLogin":
        used = {"MFAUsed": "Yes" if mfa else "No"}
        record |= {"responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": used}
    if about:
        record["requestParameters"] = {"userName": about}
    return {
        "EventId": event_id,
        "EventName": name,
        "EventSource": source,
        "EventTime": moment.timestamp(),
        "ReadOnly": "false",
        "Username": user,
        "Resources": [{"ResourceType": "AWS::IAM::User", "ResourceName": about or user}],
        "CloudTrailEvent": json.dumps(record),
    }


def events(account: str, iam: IAMBackend) -> list[dict[str, Any]]:
    """Everything of the last 90 days, newest first."""
    found, root = [], current().root_users[account]
    if root.password_used:
        identity = {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root"}
        with_mfa = bool(root.mfa)
        found.append(
            event(account, "ConsoleLogin", "signin.amazonaws.com", root.password_used, "root", identity, mfa=with_mfa)
        )
    oldest = current().settings.now - timedelta(days=DAYS)
    for user in iam.users.values():
        identity = {"type": "IAMUser", "principalId": user.id, "arn": user.arn, "userName": user.name}
        with_mfa = bool(user.mfa_devices)
        found += [
            event(account, "ConsoleLogin", "signin.amazonaws.com", moment, user.name, identity, mfa=with_mfa)
            for moment in sign_ins(user, oldest)
        ]
        maker = user if user.password else iam.users.get(ADMINISTRATOR, user)
        identity = {"type": "IAMUser", "principalId": maker.id, "arn": maker.arn, "userName": maker.name}
        found += [
            event(
                account, "CreateAccessKey", "iam.amazonaws.com", key.create_date, maker.name, identity, about=user.name
            )
            for key in user.access_keys
        ]
    return sorted(
        (e for e in found if e["EventTime"] >= oldest.timestamp()), key=lambda e: (-e["EventTime"], e["EventId"])
    )


def matches(found: dict[str, Any], attribute: dict[str, str]) -> bool:
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("ResourceName", "ResourceType"):
        return any(resource[key] == value for resource in found["Resources"])
    return bool(found.get(key) == value)


@operation(CloudTrailResponse)
def lookup_events(self: CloudTrailResponse) -> str:
    world = current()
    found = events(self.current_account, world.iam(self.current_account)) if self.region == HOME else []
    for attribute in self._get_param("LookupAttributes") or []:
        found = [one for one in found if matches(one, attribute)]
    start, end = self._get_param("StartTime"), self._get_param("EndTime")
    found = [e for e in found if (not start or e["EventTime"] >= start) and (not end or e["EventTime"] <= end)]
    first, size = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or 50)
    more = {"NextToken": str(first + size)} if first + size < len(found) else {}
    return json.dumps({"Events": found[first : first + size], **more})
