"""LookupEvents: the events that tell most of who acts, of accounts whose trail nobody reads (AWS.md 6).

It takes one name a request, 50 events an answer, and AWS allows two requests a second in an account and region, of which this
asks for one (collectors.aws.bucket): a whole trail is out of its reach. So it asks for sign-ins, role assumptions, and changes to
IAM and to trails. IAM records in one region; sign-ins and regional STS endpoints in any that is enabled.
How it goes on is in collectors.lookup.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from collectors.aws.call import Answer, Aws
from collectors.aws.regional import REGIONS
from collectors.models import Coverage, TrailWatch
from collectors.records import LOOKUP, TRAIL, Part, State
from collectors.sources import Source, trail_bucket

ACTIONS = (REGIONS, LOOKUP)
DAYS = 90  # as far back as LookupEvents goes
PAGE = 50  # AWS's maximum
LATE = timedelta(hours=2)  # how late an event may become visible: so much is looked up again
SILENT = timedelta(days=2)  # for so long nobody could read a trail that was read before

SIGN_INS = ("ConsoleLogin", "SwitchRole")
ASSUMPTIONS = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRole")  # the last one may be many
TRAIL_CHANGES = ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors")
IAM_CHANGES = (
    "AddClientIDToOpenIDConnectProvider",
    "AddRoleToInstanceProfile",
    "AddUserToGroup",
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "ChangePassword",
    "CreateAccessKey",
    "CreateGroup",
    "CreateLoginProfile",
    "CreateOpenIDConnectProvider",
    "CreatePolicy",
    "CreatePolicyVersion",
    "CreateRole",
    "CreateSAMLProvider",
    "CreateServiceSpecificCredential",
    "CreateUser",
    "CreateVirtualMFADevice",
    "DeactivateMFADevice",
    "DeleteAccessKey",
    "DeleteAccountPasswordPolicy",
    "DeleteLoginProfile",
    "DeletePolicy",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteUser",
    "DeleteUserPermissionsBoundary",
    "DeleteUserPolicy",
    "DeleteVirtualMFADevice",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "EnableMFADevice",
    "PutGroupPolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "PutUserPermissionsBoundary",
    "PutUserPolicy",
    "RemoveUserFromGroup",
    "ResetServiceSpecificCredential",
    "SetDefaultPolicyVersion",
    "UpdateAccessKey",
    "UpdateAccountPasswordPolicy",
    "UpdateAssumeRolePolicy",
    "UpdateLoginProfile",
    "UpdateOpenIDConnectProviderThumbprint",
    "UpdateSAMLProvider",
    "UploadSigningCertificate",
    "UploadSSHPublicKey",
)


class Look(NamedTuple):
    """An event's name in a region."""

    region: str
    name: str


def looks(home: str, regions: list[str]) -> list[Look]:
    """In the order in which they are asked: what is few first, and turns between regions, since each has a rate of its own."""
    there = [Look(home, name) for name in (*SIGN_INS, *IAM_CHANGES, *TRAIL_CHANGES)]
    elsewhere = [Look(region, name) for name in (*SIGN_INS, *TRAIL_CHANGES) for region in regions if region != home]
    many = [Look(region, name) for name in ASSUMPTIONS for region in (home, *(r for r in regions if r != home))]
    turns = chain.from_iterable(zip_longest(there, elsewhere))
    return [*(one for one in turns if one), *many]


def events(aws: Aws, look: Look, begin: datetime, end: datetime) -> Iterator[list[Answer]]:
    """Pages, the newest events first. Raises AwsError."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": look.name}]
    for page in aws.pages(
        LOOKUP,
        require="Events",
        token="NextToken",  # noqa: S106 - a page token
        region=look.region,
        LookupAttributes=wanted,
        StartTime=begin,
        EndTime=end,
        MaxResults=PAGE,
    ):
        yield page["Events"]


def permissions() -> tuple[str, ...]:
    """What an account's policy has to allow for it; nothing where it is off."""
    return ACTIONS if settings.LOOKUP_DAYS else ()


def wanted(account_id: str) -> bool:
    """Where no trail is read: none is named, or the account's was looked for and not found, or not for days."""
    if not settings.LOOKUP_DAYS:
        return False
    if not trail_bucket.place().bucket:
        return True
    watch = TrailWatch.objects.filter(account__aws_id=account_id).first() or TrailWatch()
    if watch.until is not None:
        return bool(watch.since is None or watch.until < timezone.now() - SILENT)
    failed = Coverage.objects.filter(account__aws_id=account_id, api=TRAIL).exclude(state=State.PARTIAL)
    return bool(failed.exists())  # PARTIAL without a watch: its first reading is under way


SOURCE = Source(
    name="event_lookup",
    title="CloudTrail's event history",
    apis=(),
    transform=lambda answers: Part(),
    queue="activity",
    streams=LOOKUP,
    asked_in=wanted,
    calls=lambda size: 1 + len(looks("", [str(n) for n in range(size.regions)])),
)
