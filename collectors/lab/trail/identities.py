"""userIdentity as CloudTrail writes it ("CloudTrail userIdentity element", user guide; AWS.md 24-26)."""

from datetime import datetime
from typing import Any

from moto.iam.models import Role, User

Identity = dict[str, Any]
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def of_session(
    role: Role,
    name: str,
    key: str,
    begun: datetime,
    *,
    mfa: bool = False,
    provider: str = "",
    source: str = "",
    instance: bool = False,
) -> Identity:
    """provider: of OIDC; SAML leaves no trace on the calls of a session."""
    account = role.account_id
    context: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": role.id,
            "arn": role.arn,
            "accountId": account,
            "userName": role.name,
        },
        "attributes": {"creationDate": begun.strftime(FORMAT), "mfaAuthenticated": "true" if mfa else "false"},
    }
    if provider:
        context["webIdFederationData"] = {"federatedProvider": provider, "attributes": {}}
    if source:
        context["sourceIdentity"] = source
    if instance:
        context["ec2RoleDelivery"] = "2.0"
    return bare_session(role, name) | {"accessKeyId": key, "sessionContext": context}


def bare_session(role: Role, name: str) -> Identity:
    """As sign-in records have it: without a context."""
    account = role.account_id
    return {
        "type": "AssumedRole",
        "principalId": f"{role.id}:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role.name}/{name}",
        "accountId": account,
    }


def of_user(user: User, key: str, begun: datetime | None = None, *, mfa: bool = False) -> Identity:
    """begun: of a session in the console; calls with a long-term key have none."""
    found = {
        "type": "IAMUser",
        "principalId": user.id,
        "arn": user.arn,
        "accountId": user.account_id,
        "accessKeyId": key,
        "userName": user.name,
    }
    if begun:
        attributes = {"creationDate": begun.strftime(FORMAT), "mfaAuthenticated": "true" if mfa else "false"}
        found["sessionContext"] = {"attributes": attributes}
    return found


def of_service(host: str) -> Identity:
    return {"type": "AWSService", "invokedBy": host}


def of_stranger(account: str, principal_id: str) -> Identity:
    """A principal of another account: what is known of it is its id (AWS.md 33)."""
    return {"type": "AWSAccount", "principalId": principal_id, "accountId": account}


def of_saml(provider: str, person: str) -> Identity:
    return {
        "type": "SAMLUser",
        "principalId": f"Pbxm+JLiN0QWp0zcF3TqRj0CcYo=:{person}",
        "userName": person,
        "identityProvider": "Pbxm+JLiN0QWp0zcF3TqRj0CcYo=",
    }


def of_oidc(provider: str, subject: str, audience: str = "sts.amazonaws.com") -> Identity:
    issuer = provider.partition(":oidc-provider/")[2]
    return {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:{audience}:{subject}",
        "userName": subject,
        "identityProvider": provider if not issuer.startswith("cognito") else issuer,
    }
