"""Trust policies of every kind, as JSON text; equal ones are one string."""

import json
from functools import lru_cache
from typing import Any


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def allow(principal: Any, action: Any = "sts:AssumeRole", condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return statement | ({"Condition": condition} if condition else {})


@lru_cache(maxsize=4096)
def service_trust(*services: str, source: str = "") -> str:
    """A single service stands as text, as the console writes it. source: the account that the service must act for."""
    condition = {"StringEquals": {"aws:SourceAccount": source}} if source else None
    return document(allow({"Service": services[0] if len(services) == 1 else list(services)}, condition=condition))


def root_arn(account_id: str) -> str:
    return f"arn:aws:iam::{account_id}:root"


def account_trust(account_id: str, external_id: str | None = None, mfa: bool = False) -> str:
    """Any principal of an account that its own policies allow."""
    condition: dict[str, Any] = {}
    if external_id:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    if mfa:
        condition["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
    return document(allow({"AWS": root_arn(account_id)}, condition=condition))


def role_trust(role_arn: str, external_id: str | None = None) -> str:
    condition = {"StringEquals": {"sts:ExternalId": external_id}} if external_id else None
    return document(allow({"AWS": role_arn}, condition=condition))


def public_trust(condition: dict[str, Any] | None = None) -> str:
    return document(allow({"AWS": "*"}, condition=condition))


def web_identity_trust(provider_arn: str, issuer: str, sub: str | None, audience: str = "sts.amazonaws.com") -> str:
    """An OIDC provider; `sub` with a wildcard goes to StringLike, None leaves it open."""
    condition: dict[str, Any] = {"StringEquals": {f"{issuer}:aud": audience}}
    if sub:
        operator = "StringLike" if "*" in sub else "StringEquals"
        condition.setdefault(operator, {})[f"{issuer}:sub"] = sub
    return document(allow({"Federated": provider_arn}, "sts:AssumeRoleWithWebIdentity", condition))


def saml_trust(provider_arn: str) -> str:
    condition = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    return document(allow({"Federated": provider_arn}, ["sts:AssumeRoleWithSAML", "sts:TagSession"], condition))


@lru_cache(maxsize=1)
def roles_anywhere_trust() -> str:
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    condition = {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "backup.halden.example"}}
    return document(allow({"Service": "rolesanywhere.amazonaws.com"}, actions, condition))
