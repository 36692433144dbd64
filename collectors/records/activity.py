"""What principals did, as CloudTrail tells it: bounded evidence of sessions, who assumed what, and which events were seen.

The events themselves are not kept. Counts are of calls; `denied` ones are attempts and no use (AWS.md 28), `failed` ones were
allowed and ended in another error.
"""

from __future__ import annotations

import enum
from datetime import date, datetime

from collectors.records.base import Record

TRAIL = "s3:GetObject"  # the API under which coverage tells how reading the trail went
# Sign-ins, role assumptions and changes to IAM of an account whose trail nobody reads. Its silence says nothing of other calls.
LOOKUP = "cloudtrail:LookupEvents"


class Actor(enum.StrEnum):
    """Who stands behind a call, by userIdentity.type (AWS.md 24). UNKNOWN: a type that we do not know."""

    ROOT = "root"
    USER = "user"
    ROLE = "role"
    FEDERATED = "federated"
    SERVICE = "service"
    ACCOUNT = "account"
    IDENTITY_CENTER = "identity_center"
    UNKNOWN = "unknown"


class SignIn(enum.StrEnum):
    """How a session came to the console, if it did."""

    NONE = ""
    LOGIN = "ConsoleLogin"
    SWITCH = "SwitchRole"
    CONSOLE = "console"  # sessionCredentialFromConsole on its calls (AWS.md 26)


class Session(Record, frozen=True, kw_only=True):
    """One principal under one session name on one day; a user's or root's name is "". It is enough to tell a person from a
    program, and no more: each list is cut (`activity.LIMITS`), and `cut` names the lists that were.

    principal_id: AROA or AIDA id, account id for root, as CloudTrail's principalId begins; principal_arn: the role's or user's
    ARN where an event named it. key_id: long-term key (AKIA), "" for temporary ones. mfa None: not said, or said of a federated
    session, where it proves nothing. caller: ARN of who assumed the role, switched_from: of who switched to it.
    identity_provider, federated_user: of SAML or web identity. invoked_by: services that called on its behalf. refused:
    sign-ins to the console that were, among n and denied. instance: it is an EC2 instance's (ec2RoleDelivery). networks:
    addresses or names of AWS services, agents: families. endpoints: VPC endpoints that calls came through, as "vpce-1a2b of
    111122223333", without the owner where nothing told it.
    """

    account_id: str
    actor: Actor
    principal_id: str
    principal_arn: str = ""
    name: str = ""
    key_id: str = ""
    day: date
    first_at: datetime
    last_at: datetime
    n: int = 0
    denied: int = 0
    refused: int = 0
    sign_in: SignIn = SignIn.NONE
    mfa: bool | None = None
    source_identity: str = ""
    caller: str = ""
    switched_from: str = ""
    identity_provider: str = ""
    federated_user: str = ""
    invoked_by: tuple[str, ...] = ()
    instance: bool = False
    networks: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


class Assumption(Record, frozen=True, kw_only=True):
    """Who assumed a role on a day: lineage (AWS.md 33). caller: ARN of a role, user or root, or a service or provider.

    event: AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity or SwitchRole. A call across accounts leaves a record in
    both, with one sharedEventID; `paired` of the n are such. The record in the role's account knows the caller by id only, so
    caller_id (unique id of a role or user, "" for others) is what joins the two: `activity.lineage` counts them once.
    """

    account_id: str
    caller: str
    caller_id: str = ""
    caller_account: str = ""
    role_arn: str
    role_id: str = ""
    session_name: str = ""
    event: str
    day: date
    n: int = 0
    denied: int = 0
    paired: int = 0


class EventUse(Record, frozen=True, kw_only=True):
    """The last time a principal made a call, by event source and name as CloudTrail writes them. n, denied, failed: in all that
    was read since `first_at`. Last moments are None where there was none of the sort. resources_cut: it named more resources
    than are kept."""

    account_id: str
    principal_id: str
    source: str
    name: str
    n: int = 0
    denied: int = 0
    failed: int = 0
    first_at: datetime
    used_at: datetime | None = None
    denied_at: datetime | None = None
    resources_cut: bool = False


class ResourceUse(Record, frozen=True, kw_only=True):
    """What a call named: a bucket with the first part of the object's key ("arn:aws:s3:::logs/2026/*"), or an ARN."""

    account_id: str
    principal_id: str
    source: str
    name: str
    resource: str
    n: int = 0
    denied: int = 0
    first_at: datetime
    last_at: datetime


class PrincipalDay(Record, frozen=True, kw_only=True):
    """What one principal called itself on a day: what AWS services called on its behalf is left out.

    key_id: long-term key, "" for other credentials. services: event sources. regions: without those where global services
    record whatever the caller's region. recon: reads of IAM, STS and Organizations that no console's page made
    ("iam:ListRoles"), the most different ones within an hour that ends on the day, by the first and last call of each name;
    refused: calls that were denied, in the same form. Each list in order.
    """

    account_id: str
    actor: Actor
    principal_id: str
    key_id: str = ""
    day: date
    n: int = 0
    denied: int = 0
    services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    recon: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class AdminEvent(Record, frozen=True, kw_only=True):
    """An administrative call, kept whole: one that writes to IAM, Organizations, Identity Center, CloudTrail, Config or Access
    Analyzer, so changes who may do what or what is recorded.

    principal_arn, session_name, key_id: of who called, as in Session. target_type, target_name: what was changed, as IAM names
    it ("role", "deploy"; "trail", "org"), "" where the call does not say. details: the parameters that tell the effect, cut
    ("policy_arn", "policy_name", "access_key_id", "bucket", ...); texts only. network: address or name of an AWS service,
    agent: its family. console: by credentials of the console. invoked_by: the service that called on the principal's behalf.
    error: code, "" when it succeeded; denied: it was refused for want of permission, and changed nothing.
    """

    account_id: str
    event_id: str
    at: datetime
    actor: Actor
    principal_id: str
    principal_arn: str = ""
    session_name: str = ""
    key_id: str = ""
    source: str
    name: str
    region: str = ""
    target_type: str = ""
    target_name: str = ""
    details: dict[str, str] = {}
    network: str = ""
    agent: str = ""
    console: bool = False
    mfa: bool | None = None
    invoked_by: str = ""
    error: str = ""
    denied: bool = False
