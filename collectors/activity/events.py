"""The shape of a CloudTrail record, as far as it is read. What is not named here is skipped by the decoder, unparsed.

Source: "CloudTrail record contents" and "CloudTrail userIdentity element" of AWS's user guide; AWS.md 24-33.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType, field


class Shape(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """gc=False: records hold no cycles, and the collector would walk hundreds of thousands of them."""


class Issuer(Shape):
    principal_id: str | None = None
    arn: str | None = None


class Attributes(Shape):
    mfa_authenticated: str | bool | None = None


class WebIdentity(Shape):
    federated_provider: str | None = None


class SessionContext(Shape):
    session_issuer: Issuer | None = None
    attributes: Attributes | None = None
    web_id_federation_data: WebIdentity | None = None
    source_identity: str | None = None
    ec2_role_delivery: str | float | None = None


class OnBehalfOf(Shape):
    user_id: str | None = None


class Identity(Shape):
    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    identity_provider: str | None = None
    credential_id: str | None = None
    on_behalf_of: OnBehalfOf | None = None
    session_context: SessionContext | None = None


class Parameters(Shape):
    """Of a request. What many operations have is of many types (a DynamoDB key is an object): it is looked at when needed."""

    bucket_name: Any = None
    key: Any = None
    prefix: Any = None
    role_arn: str | None = None
    role_session_name: str | None = None
    principal_arn: str | None = None
    source_identity: str | None = None


class AssumedRole(Shape):
    assumed_role_id: str | None = None


class Response(Shape):
    console_login: Any = field(name="ConsoleLogin", default=None)
    switch_role: Any = field(name="SwitchRole", default=None)
    assumed_role_user: AssumedRole | None = None


class Additional(Shape):
    switch_from: Any = field(name="SwitchFrom", default=None)
    mfa_used: Any = field(name="MFAUsed", default=None)
    saml_provider_arn: Any = field(name="SamlProviderArn", default=None)


class Resource(Shape):
    arn: str | None = field(name="ARN", default=None)


class Event(Shape):
    """The four fields without which a record is no evidence of anything are required."""

    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    event_source: str
    event_name: str
    aws_region: str
    event_version: str | None = None
    event_type: str | None = None
    event_category: str | None = None
    user_identity: Identity | None = None
    recipient_account_id: str | None = None
    source_ip_address: str | None = field(name="sourceIPAddress", default=None)
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    session_credential_from_console: str | bool | None = None
    shared_event_id: str | None = field(name="sharedEventID", default=None)
    request_parameters: Parameters | None = None
    response_elements: Response | None = None
    additional_event_data: Additional | None = None
    resources: list[Resource] | None = None


class Log(msgspec.Struct, gc=False):
    """One trail object. Records is UNSET in what is none: a digest, or a record that stands by itself."""

    records: list[Event] | UnsetType | None = field(name="Records", default=UNSET)


NESTED = {
    "userIdentity": ("sessionContext", "onBehalfOf"),
    "sessionContext": ("sessionIssuer", "attributes", "webIdFederationData"),
    "requestParameters": (),
    "responseElements": ("assumedRoleUser",),
    "additionalEventData": (),
}
ROLE = ("roleArn", "roleSessionName", "principalArn", "sourceIdentity")
TEXTS = (
    "accountId",
    "accessKeyId",
    "principalId",
    "userName",
    "recipientAccountId",
    "eventVersion",
    "errorCode",
    "errorMessage",
)


def lenient(raw: dict[str, Any]) -> Event:
    """A record that the decoder refused, without those of its parts that have the wrong form.

    Raises msgspec.ValidationError when what is left is no record: no time, no source, no name, no region.
    """
    return msgspec.convert(_mended(raw), Event, strict=False)


def _mended(raw: dict[str, Any]) -> dict[str, Any]:
    """raw with numbers as text where text is usual, and without parts that are no objects where objects are."""
    mended = {name: _mended_text(name, value) for name, value in raw.items()}
    for name in (*NESTED, *(inner for some in NESTED.values() for inner in some)):
        if name in mended:
            inner = mended[name]
            mended[name] = _mended(inner) if isinstance(inner, dict) else None
    if "resources" in mended:
        found = mended["resources"]
        mended["resources"] = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None
    return mended


def _mended_text(name: str, value: Any) -> Any:
    if name in TEXTS and isinstance(value, int):
        return str(value)
    return None if name in ROLE and not isinstance(value, str) else value
