"""Parts of a record that are read when they are needed, and records that the decoder refuses.

What many operations have is of many forms (a DynamoDB key is an object): a part, or a field of it, that is not of the form that
is usual is left out, and never the record.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import Raw

from collectors.activity.events import Additional, Bucket, Event, Identity, Parameters, Resource, Response

P = TypeVar("P")
S = TypeVar("S", bound=msgspec.Struct)

PARTS = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "resources")
OBJECTS = {
    "userIdentity",
    "sessionContext",
    "onBehalfOf",
    "sessionIssuer",
    "attributes",
    "webIdFederationData",
    "assumedRoleUser",
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
    "eventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
)

_identity = msgspec.json.Decoder(Identity | None)
_asked = msgspec.json.Decoder(Parameters | None)
_bucket = msgspec.json.Decoder(Bucket | None)
_answer = msgspec.json.Decoder(Response | None)
_more = msgspec.json.Decoder(Additional | None)
_named = msgspec.json.Decoder(list[Resource] | None)
UNREAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def identity(event: Event) -> Identity:
    return _read(_identity, event.user_identity, Identity) or Identity()


def asked(event: Event) -> Parameters:
    return _read(_asked, event.request_parameters, Parameters) or Parameters()


def bucket(event: Event) -> Bucket:
    return _read(_bucket, event.request_parameters, Bucket) or Bucket()


def answer(event: Event) -> Response:
    return _read(_answer, event.response_elements, Response) or Response()


def more(event: Event) -> Additional:
    return _read(_more, event.additional_event_data, Additional) or Additional()


def named(resources: Raw) -> list[Resource]:
    return _read(_named, resources, list[Resource]) or []


def whole(part: Raw) -> dict[str, Any]:
    """All of a part; {} for one that is no object."""
    found = _any(part)
    return found if isinstance(found, dict) else {}


def _read(decoder: msgspec.json.Decoder[P | None], part: Raw, kind: type[P]) -> P | None:
    if not part:
        return None
    try:
        return decoder.decode(part)
    except UNREAD:
        found: P | None = _fit(_any(part), kind)
        return found


def _fit(value: Any, kind: Any) -> Any:
    """What of it has the usual form; None for nothing. Whoever writes a request chooses how deep it is."""
    try:
        if kind == list[Resource]:
            return (
                [_formed(one, Resource) for one in value if isinstance(one, dict)] if isinstance(value, list) else None
            )
        return _formed(_mended(value), kind) if isinstance(value, dict) else None
    except RecursionError:
        return None


def _formed(value: dict[str, Any], kind: type[S]) -> S:
    """Of its fields those that have their form."""
    said: dict[str, Any] = {}
    for one in msgspec.structs.fields(kind):
        found = value.get(one.encode_name)
        inner = next((shape for shape in get_args(one.type) if isinstance(shape, type(msgspec.Struct))), None)
        if inner and isinstance(found, dict):
            said[one.name] = _formed(found, inner)
        elif _has_form(found, one.type):
            said[one.name] = found
    return kind(**said)


def _has_form(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _any(part: Raw) -> Any:
    """Its value, by a decoder that takes lone surrogates; None for what is no JSON."""
    try:
        return json.loads(bytes(part).decode("utf-8", "replace")) if part else None
    except (ValueError, RecursionError):
        return None


def lenient(raw: dict[str, Any]) -> Event:
    """A record that the decoder refused, without those of its parts that have the wrong form.

    Raises msgspec.ValidationError when what is left is no record: no time, no source, no name, no region.
    """
    mended = _mended(raw)
    written = {name: Raw(json.dumps(raw[name]).encode()) for name in PARTS if name in raw}
    return msgspec.convert(mended | written, Event, strict=False)


def _mended(raw: dict[str, Any]) -> dict[str, Any]:
    """raw with numbers as text where text is usual, and without parts that are no objects where objects are."""
    return {name: _mended_value(name, value) for name, value in raw.items()}


def _mended_value(name: str, value: Any) -> Any:
    if name in OBJECTS:
        return _mended(value) if isinstance(value, dict) else None
    if name in TEXTS and isinstance(value, int):
        return str(value)
    return None if name in ROLE and not isinstance(value, str) else value
