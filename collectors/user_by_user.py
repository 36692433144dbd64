"""What AWS tells user by user, a call each: from bundles only, since an account of many users would cost as many calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from collectors.aws.bundle import Bundle
from collectors.aws.call import Answer
from collectors.aws.errors import AwsError
from collectors.records import SSH_KEY, AccountDetails, Coverage, ServiceCredential, State

SERVICES, SSH, MFA = "iam:ListServiceSpecificCredentials", "iam:ListSSHPublicKeys", "iam:ListMFADevices"


def _service(raw: Answer) -> ServiceCredential:
    return ServiceCredential(
        unique_id=raw["ServiceSpecificCredentialId"],
        kind=raw["ServiceName"].removesuffix(".amazonaws.com"),
        active=raw["Status"] == "Active",
        created_at=raw.get("CreateDate"),
        expires_at=raw.get("ExpirationDate"),
    )


def _ssh(raw: Answer) -> ServiceCredential:
    active = raw["Status"] == "Active"
    return ServiceCredential(
        unique_id=raw["SSHPublicKeyId"], kind=SSH_KEY, active=active, created_at=raw.get("UploadDate")
    )


def _serial(raw: Answer) -> str:
    return str(raw["SerialNumber"])


# API -> (field of AccountDetails, the list in its answer, what becomes of an entry)
ASKED: dict[str, tuple[str, str, Callable[[Answer], Any]]] = {
    SERVICES: ("service_credentials", "ServiceSpecificCredentials", _service),
    SSH: ("ssh_keys", "SSHPublicKeys", _ssh),
    MFA: ("mfa_devices", "MFADevices", _serial),
}


def details(bundle: Bundle) -> tuple[AccountDetails, ...]:
    """None or one. A user of whom a line cannot be read is left out, and so unknown."""
    told = {field: found for api, (field, _, _) in ASKED.items() if (found := dict(_users(bundle, api)))}
    return (AccountDetails(unique_id="users", **told),) if told else ()


def _users(bundle: Bundle, api: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    _, member, make = ASKED[api]
    for name in (request["UserName"] for request in bundle.requests(api) if "UserName" in request):
        try:
            pages = list(bundle.pages(api, require=member, UserName=name))
            yield name, tuple(make(raw) for page in pages for raw in page[member])
        except (AwsError, *bundle.malformed):
            continue


def coverage(told: tuple[AccountDetails, ...], at: datetime) -> Iterator[Coverage]:
    """Of what users were asked about; the others are unknown one by one."""
    for api, (field, _, _) in ASKED.items():
        if any(getattr(one, field) is not None for one in told):
            yield Coverage(api=api, state=State.COMPLETE, observed_at=at, complete_at=at)
