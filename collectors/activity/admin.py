"""Administrative calls, kept whole: writes to what decides who may do what, and to what is recorded. Bounded by day and account.

Where there are too many, the calls of each name are kept in turn, those that succeeded first: a flood of one call hides no other,
refused or not. What is cut of a part would be cut of the whole too, so it does not depend on order and batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from collectors import records
from collectors.activity import effects, parts
from collectors.activity.agents import family
from collectors.activity.events import Event
from collectors.activity.evidence import TRUE, mfa_of_call, service
from collectors.activity.outcomes import Outcome
from collectors.activity.texts import tidy
from collectors.activity.who import Who, arn_of
from collectors.records import AdminEvent

MOST = 1_000  # of an account and day
CUT = "administrative calls beyond 1,000 a day"
SOURCES = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "iam", "organizations", "sso", "sso-directory", "identitystore", "cloudtrail", "config", "access-analyzer", "account",
    )
)  # fmt: skip
READS = (
    "Get",
    "List",
    "Describe",
    "Lookup",
    "Search",
    "BatchGet",
    "Simulate",
    "Generate",
    "Check",
    "Validate",
    "Select",
    "Is",
)
# Writes that change no right: people who sign in, rules that report, what is computed on demand.
ORDINARY = frozenset({
    "Authenticate", "Federate", "Logout", "StartDeviceAuthorization", "CreateToken", "RegisterClient",
    "PutEvaluations", "PutExternalEvaluation", "PutResourceConfig", "StartConfigRulesEvaluation", "DeliverConfigSnapshot",
    "StartResourceEvaluation", "StartResourceScan", "StartPolicyGeneration", "CreateAccessPreview", "StartQuery", "CancelQuery",
})  # fmt: skip


class Ranked(Protocol):
    """A record or a row."""

    source: str
    name: str
    event_id: str
    error: str
    denied: bool


E = TypeVar("E", bound=Any)  # Ranked; records are frozen, and a protocol's attributes are not


def concerns(event: Event) -> bool:
    """Whether events of this source and name may be administrative."""
    return event.event_source in SOURCES and event.event_name not in ORDINARY


def administrative(event: Event) -> bool:
    """Whether the event is kept. What CloudTrail says of it, or its name, makes it a write; of one name both may come."""
    writes = event.read_only in (False, "false") or not event.event_name.startswith(READS)
    return writes and concerns(event)


def read(event: Event, who: Who, outcome: Outcome) -> AdminEvent:
    """Of the event alone, so that the same event is the same by whichever road it comes."""
    identity, principal = parts.identity(event), who.principal
    asked, answer = parts.whole(event.request_parameters), parts.whole(event.response_elements)
    own = identity.user_name if principal.actor == records.Actor.USER else ""
    kind, name = effects.target(event.event_source, event.event_name, asked, answer, own or "")
    address = event.source_ip_address or ""
    return AdminEvent(
        account_id=principal.account,
        event_id=tidy(event.event_id or _made_up(event, who), 64),
        at=event.event_time,
        actor=principal.actor,
        principal_id=principal.unique_id,
        principal_arn=arn_of(identity, principal.actor),
        session_name=who.name,
        key_id=principal.key,
        source=tidy(event.event_source, 256),
        name=tidy(event.event_name, 256),
        region=tidy(event.aws_region, 64),
        target_type=kind,
        target_name=name,
        details=effects.details(event.event_name, asked, answer),
        network=tidy(address, 128),
        agent=family(event.user_agent),
        console=event.session_credential_from_console in TRUE,
        mfa=mfa_of_call(identity, principal.actor),
        invoked_by=tidy(identity.invoked_by or service(address), 128),
        error=tidy(event.error_code or "", 128),
        denied=outcome is Outcome.DENIED,
    )


def _made_up(event: Event, who: Who) -> str:
    """An id for an event that has none, of what it says."""
    said = (event.event_time.isoformat(), event.event_source, event.event_name, who.principal.unique_id, who.name)
    return records.digest([*map(tidy, said), bytes(event.request_parameters).hex()])


class Kept:
    """Those of one account and day. cut: how many were dropped."""

    __slots__ = ("cut", "events")

    def __init__(self) -> None:
        self.events: dict[str, AdminEvent] = {}
        self.cut = 0

    def put(self, event: AdminEvent) -> None:
        self.events[event.event_id] = event
        if len(self.events) >= 2 * MOST:
            self.trim()

    def trim(self) -> None:
        for event in dropped(self.events.values()):
            del self.events[event.event_id]
            self.cut += 1


def dropped(events: Iterable[E]) -> list[E]:
    """Those beyond the limit, of one account and day."""
    by_name: defaultdict[tuple[str, str], list[E]] = defaultdict(list)
    for event in events:
        by_name[event.source, event.name].append(event)
    depth = _depth([len(some) for some in by_name.values()])
    left = [one for _, some in sorted(by_name.items()) for one in sorted(some, key=_rank)[depth:]]
    return left if depth else left[MOST:]


def _depth(sizes: list[int]) -> int:
    """How many of each name there is room for; 0 where there are more names than that, as AWS has not."""
    depth, room = 0, MOST
    while (wider := sum(size > depth for size in sizes)) and wider <= room:
        room -= wider
        depth += 1
    return depth


def _rank(event: Ranked) -> tuple[bool, bool, str]:
    return event.denied, bool(event.error), event.event_id
