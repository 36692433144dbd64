"""AWS's service reference files, which say by which actions an operation may be authorized, compared with our map.

A file a service (`https://servicereference.us-east-1.amazonaws.com/v1/SERVICE/SERVICE.json`). AuthorizedActions are all that an
operation may be checked by, conditional ones too, so that they can prove ours wrong, but not incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from findings.analysis.activity.event_actions import Reference, actions_of, reference


class Action(msgspec.Struct, rename="pascal"):
    name: str
    service: str


class Operation(msgspec.Struct, rename="pascal"):
    name: str
    authorized_actions: list[Action] = []


class Service(msgspec.Struct, rename="pascal"):
    name: str
    operations: list[Operation] = []


def read(raw: bytes) -> Service:
    """msgspec.MsgspecError for what is no such file."""
    return msgspec.json.decode(raw, type=Service)


def beyond_ours(services: Iterable[Service], source: str) -> Reference:
    """What they know and we do not: actions of the operation's own service."""
    known = reference().events
    events: dict[str, tuple[str, ...]] = {}
    for service, operation in _operations(services):
        key = f"{service}:{operation.name}"
        own = tuple(sorted(f"{a.service}:{a.name}" for a in operation.authorized_actions if a.service == service))
        if own and (key in known or actions_of(f"{service}.amazonaws.com", operation.name) is None):
            events[key] = own
    return Reference(source, dict(sorted(events.items())))


def disagreements(services: Iterable[Service]) -> Iterator[str]:
    """Sentences on operations for which we name an action that AWS does not check."""
    for service, operation in _operations(services):
        theirs = {f"{a.service}:{a.name}".lower() for a in operation.authorized_actions}
        ours = actions_of(f"{service}.amazonaws.com", operation.name) or ()
        if wrong := [action for action in ours if action.lower() not in theirs]:
            yield f"{service}:{operation.name} is {', '.join(wrong)} here, and {', '.join(sorted(theirs))} to AWS"


def _operations(services: Iterable[Service]) -> Iterator[tuple[str, Operation]]:
    for service in services:
        yield from ((service.name, operation) for operation in service.operations if operation.authorized_actions)
