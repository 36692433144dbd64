"""Events of which somebody should be told, by family: those that concern IAM of CIS AWS Foundations' section on monitoring.

Each family is a handful of sample events as CloudTrail writes them; who selects all of them is told of the family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]
ELSEWHERE = "somewhere"  # of an event that happens in any region


@dataclass(frozen=True, slots=True)
class Family:
    """part: of the finding. cis: its number in CIS AWS Foundations v3. everywhere: its events happen in any region, and not only
    where global services answer. organizations: they happen in the account that manages the organization."""

    part: str
    title: str
    cis: str
    events: tuple[Event, ...]
    everywhere: bool = False
    organizations: bool = False


def _event(source: str, name: str, **more: Any) -> Event:
    """A call of a role that changed something, unless said otherwise."""
    identity = {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEEXAMPLE000:session",
        "arn": "arn:aws:sts::000000000000:assumed-role/somebody/session",
        "accountId": "000000000000",
        "accessKeyId": "ASIAEXAMPLEEXAMPLE000",
        "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
    }
    return {
        "eventVersion": "1.11",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "managementEvent": True,
        "readOnly": False,
        "awsRegion": ELSEWHERE,
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "example",
        "recipientAccountId": "000000000000",
        "userIdentity": identity,
        **more,
    }


def _sign_in(**more: Any) -> Event:
    user = {
        "type": "IAMUser",
        "accountId": "000000000000",
        "userName": "somebody",
        "principalId": "AIDAEXAMPLEEXAMPLE000",
    }
    told = {"eventType": "AwsConsoleSignIn", "userIdentity": user, "additionalEventData": {"MFAUsed": "No"}}
    return _event("signin", "ConsoleLogin", **{**told, **more})


def _root(event: Event) -> Event:
    user = {
        "type": "Root",
        "principalId": "000000000000",
        "arn": "arn:aws:iam::000000000000:root",
        "accountId": "000000000000",
    }
    return {**event, "userIdentity": user}


def _calls(source: str, names: str) -> tuple[Event, ...]:
    return tuple(_event(source, name) for name in names.split())


FAMILIES = (
    Family(
        "unauthorized-calls",
        "calls that are refused",
        "4.1",
        (
            _event("ec2", "DescribeInstances", readOnly=True, errorCode="Client.UnauthorizedOperation"),
            _event("iam", "CreateUser", errorCode="AccessDenied", errorMessage="not authorized"),
        ),
        everywhere=True,
    ),
    Family(
        "sign-in-without-mfa",
        "console sign-ins without MFA",
        "4.2",
        (_sign_in(responseElements={"ConsoleLogin": "Success"}),),
    ),
    Family(
        "root-used",
        "use of the root user",
        "4.3",
        (
            _root(_sign_in(responseElements={"ConsoleLogin": "Success"}, additionalEventData={"MFAUsed": "Yes"})),
            _root(_event("iam", "CreateAccessKey")),
        ),
        everywhere=True,
    ),
    Family(
        "iam-policy-changes",
        "changes of IAM policies",
        "4.4",
        _calls(
            "iam",
            "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy"
            " DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy"
            " DetachUserPolicy AttachGroupPolicy DetachGroupPolicy",
        ),
    ),
    Family(
        "trail-changes",
        "changes of CloudTrail",
        "4.5",
        _calls("cloudtrail", "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
        everywhere=True,
    ),
    Family(
        "failed-sign-ins",
        "console sign-ins that fail",
        "4.6",
        (_sign_in(errorMessage="Failed authentication", responseElements={"ConsoleLogin": "Failure"}),),
    ),
    Family(
        "config-changes",
        "changes of AWS Config",
        "4.9",
        _calls("config", "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder"),
        everywhere=True,
    ),
    Family(
        "organization-changes",
        "changes of the organization",
        "4.15",
        _calls(
            "organizations",
            "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake"
            " DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType"
            " InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy"
            " UpdateOrganizationalUnit",
        ),
        organizations=True,
    ),
)


def in_bus(event: Event, region: str) -> Event:
    """The event as EventBridge has it."""
    service = event["eventSource"].split(".")[0]
    signed_in = event["eventType"] == "AwsConsoleSignIn"
    return {
        "version": "0",
        "source": f"aws.{service}",
        "detail-type": f"AWS {'Console Sign In' if signed_in else 'API Call'} via CloudTrail",
        "account": event["recipientAccountId"],
        "region": region,
        "resources": [],
        "detail": {**event, "awsRegion": region},
    }
