"""CloudTrail (eventSource, eventName) -> the IAM actions that the call itself was checked by.

Not among them are actions that a call needs besides: iam:PassRole leaves no record (AWS.md 29), and what a service calls in
the caller's name is a record of its own, with invokedBy. Whoever calls `actions_of` must keep what it does not know visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from findings.analysis.activity.event_names import EVENTS, PREFIXES, VERBS
from findings.policy.catalogue import Catalogue, catalogue

REFERENCE = files(__package__) / "service_reference.json"
HOSTS = (".cn", ".amazonaws.com")
# "CreateFunction20150331", "GetFunction20150331v2", "CreateDistribution2020_05_31", "ListFindingsV2"
VERSION = re.compile(r"(?:20\d\d_?\d\d_?\d\d)?(?:[vV]\d+)?$")
CONFIGURED = re.compile(
    r"(Get|Put|Delete|List)Bucket(Accelerate|Analytics|Encryption|Inventory|IntelligentTiering|Lifecycle|Metrics)"
    r"(?:Configurations?)?"
)
AS_WRITTEN = {"List": "Get", "Delete": "Put"}
REMEMBERED = 16_384  # pairs; an account has a few thousand


class Reference(msgspec.Struct, frozen=True):
    """What AWS's reference files told: "service:Operation" -> actions. Written by `manage.py event_actions`."""

    source: str
    events: dict[str, tuple[str, ...]]


@cache
def reference() -> Reference:
    return msgspec.json.decode(REFERENCE.read_bytes(), type=Reference)


@lru_cache(REMEMBERED)
def actions_of(source: str, name: str) -> tuple[str, ...] | None:
    """Canonical names, sorted. (): the call needs no permission. None: unmapped; `service_of` may know the service."""
    known = catalogue()
    for prefix in _prefixes(source, known):
        for one in dict.fromkeys((name, VERSION.sub("", name))):
            found = _named(prefix, one, known, reference().events)
            if found is not None:
                return found
    return None


@lru_cache(REMEMBERED)
def service_of(source: str) -> str | None:
    """The IAM prefix of an event source, None where no service of IAM goes by it."""
    return next(_prefixes(source, catalogue()), None)


def _prefixes(source: str, known: Catalogue) -> Iterator[str]:
    """Of "api.sagemaker.amazonaws.com" "sagemaker", of "cloudhsmv2" "cloudhsm"."""
    bare = source.lower()
    for host in HOSTS:
        bare = bare.removesuffix(host)
    if bare in PREFIXES:
        yield from PREFIXES[bare]
        return
    labels = (label for one in (bare, *bare.split(".")) for label in (one, VERSION.sub("", one)))
    yield from dict.fromkeys(label for label in labels if label in known.services)


def _named(prefix: str, name: str, known: Catalogue, referred: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """What our table says, else the action of that name, else what AWS's reference says."""
    written = EVENTS.get(prefix, {}).get(name)
    if written is not None:
        return tuple(sorted(action if ":" in action else f"{prefix}:{action}" for action in written))
    if prefix in VERBS:
        return _verb(prefix, name)
    return _same_name(prefix, name, known) or referred.get(f"{prefix}:{name}")


def _verb(prefix: str, name: str) -> tuple[str, ...] | None:
    begins = [start for start in VERBS[prefix] if name.startswith(start)]
    return (f"{prefix}:{VERBS[prefix][max(begins, key=len)]}",) if begins else None


def _same_name(prefix: str, name: str, known: Catalogue) -> tuple[str, ...]:
    if prefix == "s3" and (parts := CONFIGURED.fullmatch(name)):
        name = f"{AS_WRITTEN.get(parts[1], parts[1])}{parts[2]}Configuration"
    return tuple(known.members(known.match(f"{prefix}:{name}"))) if name.isalnum() else ()
