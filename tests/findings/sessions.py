"""Sessions, assumptions and calls for tests, as CloudTrail's events become them."""

from __future__ import annotations

from typing import Any

from collectors import records
from collectors.records import TRAIL, Assumption, Coverage, EventUse, Session, State
from tests.builders import ACCOUNT_ID, AS_OF, ago, arn, coverage

OTHER = "000000000002"
SSO_ROLE = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_SSO-Dev_0123456789abcdef"
OFFICE, OUTSIDE, AWS_ADDRESS = "192.0.2.7", "203.0.113.9", "198.51.100.5"
NETWORKS = {"192.0.2.0/24": "office Berlin", "198.51.100.0/24": "aws", "100.24.0.0/16": "ci runners"}


def read(since: float = 200, state: State = State.COMPLETE, **more: Any) -> dict[str, Any]:
    """What a snapshot has besides, where CloudTrail's events were read since so many days before AS_OF."""
    row = Coverage(api=TRAIL, state=state, observed_at=AS_OF, permission=TRAIL)
    return {"activity_since": ago(since), "coverage": (*coverage(), row), **more}


def session(owner: records.Role | records.User | str, name: str = "", *, day: float = 3, **more: Any) -> Session:
    """One of a role or user (or of a service, by its name), so many days before AS_OF, of ten calls."""
    at = ago(day)
    actor = records.Actor.ROLE if isinstance(owner, records.Role) else records.Actor.USER
    named: dict[str, Any] = {"actor": records.Actor.SERVICE, "principal_id": owner}
    if not isinstance(owner, str):
        named = {"actor": actor, "principal_id": owner.unique_id, "principal_arn": owner.arn}
    times = {"day": at.date(), "first_at": at, "last_at": at}
    return Session(account_id=ACCOUNT_ID, **{**named, "name": name, **times, "n": 10, **more})


def assumption(role: records.Role | str, caller: str, name: str = "", *, day: float = 3, **more: Any) -> Assumption:
    """caller: an ARN, a service, or a provider. role: also an ARN, of another account."""
    known = {"role_arn": role} if isinstance(role, str) else {"role_arn": role.arn, "role_id": role.unique_id}
    event = "AssumeRoleWithSAML" if ":saml-provider/" in caller else "AssumeRole"
    more = {"event": event, "n": 1, **more}
    return Assumption(account_id=ACCOUNT_ID, caller=caller, session_name=name, day=ago(day).date(), **known, **more)


def called(
    owner: records.Role | records.User, call: str, *, used: float | None = 3, denied: float | None = None
) -> EventUse:
    """call: "ec2 RunInstances"; used, denied: days before AS_OF."""
    source, _, name = call.partition(" ")
    return EventUse(
        account_id=ACCOUNT_ID,
        principal_id=owner.unique_id,
        source=f"{source}.amazonaws.com",
        name=name,
        n=1,
        first_at=ago(max(used or 0, denied or 0)),
        used_at=None if used is None else ago(used),
        denied_at=None if denied is None else ago(denied),
    )


def sso(account: str = ACCOUNT_ID) -> str:
    return f"arn:aws:iam::{account}:role/{SSO_ROLE}"


def provider(kind: str, name: str) -> str:
    """provider("saml", "Okta"), provider("oidc", "token.actions.githubusercontent.com")."""
    return arn(f"{kind}-provider", name)
