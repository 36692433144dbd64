"""The sign-ins and key creations that the population implies, of 90 days, newest first. The trail's files have them too."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from moto.iam.models import IAMBackend, User

from collectors.lab.trail import places
from collectors.lab.world import current

DAYS = 90
HOME = "us-east-1"  # where IAM and root sign-ins are recorded
IAM = "iam.amazonaws.com"
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
    *, mfa: bool = True, about: str = "", key: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One entry with its record, its id made from what it says. mfa: whether a sign-in was with it. about, key: whose key
    was made, and which."""
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
        record["responseElements"] = {"accessKey": {"userName": about, "accessKeyId": key, "status": "Active"}}
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
                account,
                "CreateAccessKey",
                IAM,
                key.create_date,
                maker.name,
                identity,
                about=user.name,
                key=key.access_key_id,
            )
            for key in user.access_keys
        ]
    return sorted(
        (e for e in found if e["EventTime"] >= oldest.timestamp()), key=lambda e: (-e["EventTime"], e["EventId"])
    )
