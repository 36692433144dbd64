"""What the AWS CLI prints -> what boto3 returns, by botocore's own service models: ISO dates -> aware UTC datetimes, base64 ->
bytes, policy documents -> objects. What is not of its shape is left out and named."""

from __future__ import annotations

import binascii
import functools
import math
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from collectors.aws.bundle_json import Twice, parse
from collectors.records import clean

DOCUMENT = "policyDocumentType"  # IAM's; boto3 decodes it from URL-encoded JSON
DOCUMENT_SIZE, DOCUMENT_LEVELS = 1_000_000, 64  # characters, levels (TRUST)
KEYS_OF_ENTITIES = ("idType", "arnType")  # the inventory is indexed by them
OLDEST, NEWEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
MODEL = "service-2"
_NOT = object()  # not of its shape
Place = tuple[
    Any, ...
]  # (): the answer; else the place around and a name or a number: put into words for the few that are told
NUL = b"\\u0000"  # as JSON has it
_WORDS = {"structure": "an object", "map": "an object", "list": "a list", "string": "text", "boolean": "true or false"}


@functools.cache
def service(name: str) -> Any:
    """botocore's model of a service. Its loader alone: a session brings the whole client, which takes longer to import, and
    load_service_model lists all services there are. Raises DataNotFoundError for one that botocore does not have."""
    loader = Loader()
    model = loader.load_data(f"{name}/{loader.determine_latest_version(name, MODEL)}/{MODEL}")
    return ServiceModel(model, service_name=name)


def cli_name(operation: str) -> str:
    """GetCredentialReport -> get-credential-report. Parameters' names are made the same way."""
    return str(xform_name(operation, "-"))


class Shaper:
    """Reads answers of one file. problems: what was left out. notes: what was kept, although it cannot be judged."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []

    def answer(self, api: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """api: '<service>:<Operation>'. Members that the operation does not have are passed over, as boto3 does."""
        name, operation = api.split(":")
        shape = service(name).operation_model(operation).output_shape
        return self._structure(shape, raw, ()) if shape else {}

    def _read(self, shape: Any, value: Any, place: Place) -> Any:
        kind = _kind(shape)
        found = getattr(self, kind)(shape, value, place)
        if found is _NOT:
            word = kind.removeprefix("_")
            self.problems.append(f"{_named(place)} is not {_WORDS.get(word, f'a {word}')}, so it was left out.")
        return found

    def _structure(self, shape: Any, value: Any, place: Place) -> Any:
        if not isinstance(value, Mapping):
            return _NOT
        if isinstance(value, Twice):
            self.problems.append(f"{_named(place) or 'The answer'} names {value.twice} twice; the last one was read.")
        found = {}
        for name, member in shape.members.items():
            if name in value and (value[name] is not None or member.name == DOCUMENT):
                read = self._read(member, value[name], (place, name))
                if read is not _NOT:
                    found[name] = read
        return found

    def _list(self, shape: Any, value: Any, place: Place) -> Any:
        if not isinstance(value, list):
            return _NOT
        entries = [self._read(shape.member, entry, (place, n)) for n, entry in enumerate(value)]
        return [entry for entry in entries if entry is not _NOT]

    def _map(self, shape: Any, value: Any, place: Place) -> Any:
        if not isinstance(value, Mapping):
            return _NOT
        entries = ((clean(name), self._read(shape.value, entry, (place, name))) for name, entry in value.items())
        return {name: entry for name, entry in entries if entry is not _NOT}

    def _string(self, shape: Any, value: Any, place: Place) -> Any:
        if not isinstance(value, str) or len(value) > shape.metadata.get("max", math.inf):
            return _NOT
        return _NOT if shape.name in KEYS_OF_ENTITIES and not (value and value.isascii()) else clean(value)

    def _number(self, shape: Any, value: Any, place: Place) -> Any:
        return value if isinstance(value, int | float) and not isinstance(value, bool) else _NOT

    def _boolean(self, shape: Any, value: Any, place: Place) -> Any:
        return value if isinstance(value, bool) else _NOT

    def _blob(self, shape: Any, value: Any, place: Place) -> Any:
        if isinstance(value, bytes):
            return value
        try:
            return b64decode("".join(value.split()), validate=True) if isinstance(value, str) else _NOT
        except (binascii.Error, ValueError):
            return _NOT

    def _timestamp(self, shape: Any, value: Any, place: Place) -> Any:
        return moment(value) or _NOT

    def _document(self, shape: Any, value: Any, place: Place) -> Any:
        """The parsed document; else its text, or why it was not read: rules take text that is no policy for unknown."""
        try:
            return document(value)
        except ValueError as error:
            self.notes.append(f"{_named(place)} was not read as a policy: {error}.")
            return f"(not read: {error})"


@functools.cache
def _kind(shape: Any) -> str:
    """The method of a Shaper that reads such a shape."""
    if shape.name == DOCUMENT:
        return "_document"
    return "_number" if shape.type_name in ("integer", "long", "float", "double") else f"_{shape.type_name}"


def _named(place: Place) -> str:
    """RoleDetailList[3].Path"""
    if not place:
        return ""
    before, name = place
    return f"{_named(before)}[{name}]" if isinstance(name, int) else f"{_named(before)}.{name}".lstrip(".")


def moment(value: Any) -> datetime | None:
    """ISO 8601 (without a zone: UTC) or seconds since 1970, as the CLI's wire format has it; None for anything else."""
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value)
            when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            when = datetime.fromtimestamp(value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return when if OLDEST <= when < NEWEST else None


def document(value: Any) -> Any:
    """A policy document: an object, or text of JSON, URL-encoded or not ('+' is itself). Text that is no JSON is returned.

    Raises ValueError with the reason for one over the limits, and for one that names a key twice: IAM refuses those, and
    either reading would be a guess.
    """
    if value is None:
        raise ValueError("it is null")
    body = value
    if isinstance(value, str):
        text = value if value.lstrip().startswith("{") else unquote(value)
        if len(text) > DOCUMENT_SIZE:
            raise ValueError(f"it has {len(text):,} characters, more than {DOCUMENT_SIZE:,}")
        try:
            body = parse(text)
        except ValueError:
            return clean(value)
    _fits(body, DOCUMENT_LEVELS)
    body, encoded = _cleaned(body)
    if (size := len(encoded)) > DOCUMENT_SIZE:
        raise ValueError(f"it has {size:,} characters, more than {DOCUMENT_SIZE:,}")
    return body


def _cleaned(body: Any) -> tuple[Any, bytes]:
    """With its JSON. What can be encoded, and has no NUL in it, is clean; nearly all are."""
    try:
        encoded = msgspec.json.encode(body)
    except UnicodeEncodeError:  # lone surrogates
        encoded = NUL
    if NUL not in encoded:
        return body, encoded
    body = clean(body)
    return body, msgspec.json.encode(body)


def _fits(value: Any, levels: int) -> None:
    if isinstance(value, Twice):
        raise ValueError(f"it names {clean(value.twice)[:100]} twice in one object")
    if isinstance(value, dict | list):
        if not levels:
            raise ValueError(f"it nests deeper than {DOCUMENT_LEVELS} levels")
        for inner in value.values() if isinstance(value, dict) else value:
            _fits(inner, levels - 1)
