"""Single sign-on as the environment says it: docs/operate/sign-in.md. Pure, so that what is said wrongly is refused at start."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

ROLES = frozenset({"viewer", "analyst", "admin"})
OIDC, SAML = "sso", "saml"  # which provider told of somebody; rows of theirs have it
SLUG = "sso"  # in addresses, of both
# Where SAML providers put what OpenID Connect has one name for; the first that an answer has counts.
TOLD = {
    "email": (
        "email",
        "mail",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    ),
    "email_verified": ("email_verified", "http://schemas.auth0.com/email_verified"),
    "preferred_username": ("preferred_username", "username", "uid", "urn:oid:0.9.2342.19200300.100.1.1"),
    "name": (
        "displayName",
        "name",
        "urn:oid:2.16.840.1.113730.3.1.241",
        "http://schemas.microsoft.com/identity/claims/displayname",
    ),
}


@dataclass(frozen=True)
class Grant:
    """What a group of the identity provider gives: a role, and accounts by ids or by names of account groups, or all."""

    role: str
    all_accounts: bool = False
    accounts: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Provider:
    """origins: where its pages live, which forms may lead to. groups: name of a group of theirs -> what it gives."""

    name: str
    apps: Mapping[str, Any]
    origins: tuple[str, ...]
    groups: Mapping[str, Grant]
    groups_claim: str


def grants(text: str, setting: str = "IAMDASH_OIDC_GROUPS") -> dict[str, Grant]:
    """ "iam-admins=admin:*, payments=viewer:111122223333+team payments". Raises ImproperlyConfigured."""
    return dict(_grant(one.strip(), setting) for one in text.split(",") if one.strip())


def _grant(text: str, setting: str) -> tuple[str, Grant]:
    name, _, given = text.rpartition("=")
    role, _, whom = given.partition(":")
    parts = frozenset(part.strip() for part in whom.split("+") if part.strip())
    if not name or role not in ROLES or not parts:
        raise ImproperlyConfigured(
            f"{setting} has {text!r}: <their group>=<viewer, analyst or admin>:<* or account ids and groups, by +>."
        )
    ids = frozenset(part for part in parts if len(part) == 12 and part.isascii() and part.isdigit())
    return name.strip(), Grant(role, "*" in parts, ids, parts - ids - {"*"})


def oidc(env: Mapping[str, str], secret: str) -> Provider | None:
    """None where no issuer is named. secret: the client's. Raises ImproperlyConfigured."""
    issuer = env.get("IAMDASH_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    client = env.get("IAMDASH_OIDC_CLIENT_ID", "")
    if not client or not secret:
        raise ImproperlyConfigured(
            "IAMDASH_OIDC_ISSUER needs IAMDASH_OIDC_CLIENT_ID and IAMDASH_OIDC_CLIENT_SECRET(_FILE)."
        )
    name = env.get("IAMDASH_OIDC_NAME") or "single sign-on"
    scopes = (env.get("IAMDASH_OIDC_SCOPES") or "openid profile email").split()
    app = {
        "provider_id": OIDC,
        "name": name,
        "client_id": client,
        "secret": secret,
        "settings": {"server_url": issuer, "scope": scopes, "oauth_pkce_enabled": True},
    }
    more = tuple(one.strip() for one in env.get("IAMDASH_OIDC_ORIGINS", "").split(",") if one.strip())
    return Provider(
        name,
        {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}},
        tuple(
            dict.fromkeys((_origin(issuer, "IAMDASH_OIDC_ISSUER"), *(_origin(o, "IAMDASH_OIDC_ORIGINS") for o in more)))
        ),
        grants(env.get("IAMDASH_OIDC_GROUPS", "")),
        env.get("IAMDASH_OIDC_GROUPS_CLAIM") or "groups",
    )


def saml(env: Mapping[str, str], *, installed: bool) -> Provider | None:
    """None where no metadata is named. installed: whether the extra is. Raises ImproperlyConfigured."""
    url = env.get("IAMDASH_SAML_METADATA_URL", "")
    if not url:
        return None
    if not installed:
        raise ImproperlyConfigured(
            "IAMDASH_SAML_METADATA_URL needs python3-saml: install iamdash with the extra [saml]."
        )
    entity = env.get("IAMDASH_SAML_ENTITY_ID", "")
    if not entity:
        raise ImproperlyConfigured("IAMDASH_SAML_METADATA_URL needs IAMDASH_SAML_ENTITY_ID, the identity provider's.")
    name = env.get("IAMDASH_SAML_NAME") or "SAML"
    app = {
        "provider_id": SAML,
        "client_id": SLUG,
        "name": name,
        "settings": {
            "idp": {"entity_id": entity, "metadata_url": url},
            "told": told(env),
            "advanced": {
                "authn_request_signed": False,
                "want_assertion_signed": True,
                "want_name_id": True,
                "want_attribute_statement": False,
                "allow_single_label_domains": True,  # of us: https://iamdash/
                "reject_idp_initiated_sso": True,
                "strict": True,
            },
        },
    }
    more = tuple(one.strip() for one in env.get("IAMDASH_SAML_ORIGINS", "").split(",") if one.strip())
    origins = (_origin(url, "IAMDASH_SAML_METADATA_URL"), *(_origin(o, "IAMDASH_SAML_ORIGINS") for o in more))
    return Provider(
        name,
        {"saml": {"APPS": [app]}},
        tuple(dict.fromkeys(origins)),
        grants(env.get("IAMDASH_SAML_GROUPS", ""), "IAMDASH_SAML_GROUPS"),
        app["settings"]["told"]["groups"],
    )


def told(env: Mapping[str, str]) -> dict[str, Any]:
    """Names of the attributes of an answer. uid: "" is the NameID. email_trusted: every address counts as verified."""
    email = env.get("IAMDASH_SAML_EMAIL_ATTRIBUTE")
    return (
        TOLD
        | ({"email": (email,)} if email else {})
        | {
            "uid": env.get("IAMDASH_SAML_UID_ATTRIBUTE", ""),
            "groups": env.get("IAMDASH_SAML_GROUPS_ATTRIBUTE") or "groups",
            "email_trusted": env.get("IAMDASH_SAML_EMAIL_TRUSTED", "").lower() in {"1", "true", "yes", "on"},
        }
    )


def _origin(url: str, setting: str) -> str:
    """Scheme, host and port. Plain HTTP only to this machine: who reads it on the way signs in as anybody."""
    parts = urlsplit(url)
    if (
        not parts.hostname
        or parts.scheme not in {"https", "http"}
        or (parts.scheme == "http" and not _here(parts.hostname))
    ):
        raise ImproperlyConfigured(f"{setting} is {url!r}: an https:// address is needed.")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def mfa_required(given: str) -> str:
    """ "": nobody has to; "password": who signs in without single sign-on; "all". Raises ImproperlyConfigured."""
    wanted = {"": "", "0": "", "no": "", "1": "password", "yes": "password", "password": "password", "all": "all"}
    if given.lower() not in wanted:
        raise ImproperlyConfigured(f"IAMDASH_MFA_REQUIRED is {given!r}: password or all is needed, or nothing.")
    return wanted[given.lower()]
