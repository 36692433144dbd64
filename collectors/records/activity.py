"""What principals did, as CloudTrail tells it: bounded evidence of sessions, who assumed what, and which events were seen.

The events themselves are not kept. Counts are of calls; `denied` ones are attempts and no use (AWS.md 28), `failed` ones were
allowed and ended in another error.
"""

from __future__ import annotations

import enum
from datetime import date, datetime

from collectors.records.base import Record

TRAIL = "s3:GetObject"  # the API under which coverage tells how reading the trail went


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

    principal_id: AROA or AIDA id, account id for root, as CloudTrail's principalId begins; principal_arn: the role's or
    user's ARN where an event named it. key_id: long-term key (AKIA), "" for temporary ones. mfa None: not said, or said of a
    federated session, where it proves nothing. caller: ARN of who assumed the role, switched_from: of who switched to it.
    identity_provider, federated_user: of SAML or web identity. invoked_by: services that called on its behalf.
    instance: it is an EC2 instance's (ec2RoleDelivery). networks: addresses or names of AWS services, agents: families.
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
    was read since `first_at`. Last moments are None where there was none of the sort."""

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
