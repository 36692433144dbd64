"""Records of CloudTrail for tests: give what matters."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

from collectors.activity import Activity, Aggregate, of_account, take
from collectors.activity.tally import Tally
from collectors.records import Session

ACCOUNT, OTHER = "000000000001", "000000000002"
LATEST = datetime(2026, 11, 24, tzinfo=UTC)
ROLE, USER = "AROA00000000000000001", "AIDA00000000000000001"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/path/app"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/okta"
LOGIN: dict[str, Any] = {"responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No"}}


def role(session: str = "app", *, unique_id: str = ROLE, account: str = ACCOUNT, **context: Any) -> dict[str, Any]:
    """userIdentity of a session of a role."""
    arn = f"arn:aws:iam::{account}:role/path/app"
    issuer = {"type": "Role", "principalId": unique_id, "arn": arn, "accountId": account, "userName": "app"}
    return {
        "type": "AssumedRole",
        "principalId": f"{unique_id}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/app/{session}",
        "accountId": account,
        "accessKeyId": "ASIA1",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}, **context},
    }


def user(name: str = "alice", *, key: str = "AKIA0000000000000001", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {
        "type": "IAMUser", "principalId": USER, "arn": arn, "accountId": ACCOUNT, "accessKeyId": key, "userName": name, **more,
    }  # fmt: skip


def event(name: str = "DescribeInstances", source: str = "ec2", **more: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.09",
        "userIdentity": role(),
        "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "Boto3/1.34.11 md/Botocore#1.34.11",
        "requestParameters": None,
        "responseElements": None,
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
        **more,
    }


def assume(
    session: str = "deploy", *, target: str = ROLE, event_name: str = "AssumeRole", **more: Any
) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/path/app"
    asked = {"roleArn": arn, "roleSessionName": session, **more.pop("asked", {})}
    answer = {"assumedRoleUser": {"assumedRoleId": f"{target}:{session}", "arn": "arn:aws:sts::1:assumed-role/app/x"}}
    return event(event_name, "sts", requestParameters=asked, **{"responseElements": answer, **more})


def log(*events: Any) -> bytes:
    return json.dumps({"Records": list(events)}).encode()


def packed(*events: Any) -> bytes:
    return gzip.compress(log(*events))


def total(*events: Any) -> Aggregate:
    found = Aggregate(LATEST)
    take(found, "", log(*events))
    return found


def activity(*events: Any, account: str = ACCOUNT) -> Activity:
    return of_account(total(*events), account)


def session(*events: dict[str, Any]) -> Session:
    (found,) = activity(*events).sessions
    return found


def fate(blob: bytes, name: str = "", limit: Aggregate | None = None) -> Tally:
    return take(limit or Aggregate(LATEST), name, blob, ACCOUNT)
