"""The shape of a CloudTrail record, as far as it is read. What is not named here is skipped by the decoder, unparsed.

Source: "CloudTrail record contents" and "CloudTrail userIdentity element" of AWS's user guide; AWS.md 24-33.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Raw, UnsetType, field


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


class Bucket(Shape):
    """Of a request to S3."""

    bucket_name: Any = None
    key: Any = None
    prefix: Any = None


class Parameters(Shape):
    """Of a request for a role."""

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


class Event(Shape, kw_only=True):
    """The four fields without which a record is no evidence of anything are required. What is Raw is read when it is needed:
    see collectors.activity.parts. The fields stand in the order of CloudTrail's records, in which the decoder finds them sooner.
    """

    event_version: str | None = None
    user_identity: Raw = Raw()
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    event_source: str
    event_name: str
    aws_region: str
    source_ip_address: str | None = field(name="sourceIPAddress", default=None)
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_parameters: Raw = Raw()
    response_elements: Raw = Raw()
    additional_event_data: Raw = Raw()
    event_id: str | None = field(name="eventID", default=None)
    read_only: str | bool | None = None
    resources: Raw = Raw()
    event_type: str | None = None
    recipient_account_id: str | None = None
    shared_event_id: str | None = field(name="sharedEventID", default=None)
    vpc_endpoint_id: str | None = None
    vpc_endpoint_account_id: str | None = None
    event_category: str | None = None
    session_credential_from_console: str | bool | None = None


class Log(msgspec.Struct, gc=False):
    """One trail object. Records is UNSET in what is none: a digest, or a record that stands by itself."""

    records: list[Event] | UnsetType | None = field(name="Records", default=UNSET)
