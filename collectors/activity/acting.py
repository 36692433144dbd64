"""What an Aggregate has at hand while it counts: who acts, and what of each is counted so far."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple

from collectors.activity import admin, resources
from collectors.activity.events import Event
from collectors.activity.evidence import Evidence
from collectors.activity.lineage import ASSUMES, Count
from collectors.activity.texts import tidy
from collectors.activity.use import Use
from collectors.activity.who import Who

ACTIVITY = frozenset({None, "Management", "Data"})  # categories whose records are calls; old ones name none
EVENT_TYPES = frozenset({None, "AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn"})
VERSIONS = frozenset({None, *(f"1.{n:02}" for n in range(20))})
STS = "sts.amazonaws.com"
SPECIAL = frozenset({"ConsoleLogin", "SwitchRole", *ASSUMES})
MOST = 20_000  # identities that are remembered before they are added up


class Call(NamedTuple):
    source: str
    name: str
    region: str


class Spelled:
    """Events of one name, source and region that are alike in what else says what they are: the same object for whoever calls, so
    that to find it takes few reads of memory. place: of its Call; assumes: a role is asked for, of STS; passed_over: what to note
    where it is no activity; odd: what to note beside; plain: there is nothing to do but to count; buckets: how the ARN of a
    bucket begins, "" for what is not S3.
    """

    __slots__ = (
        "assumes", "buckets", "category", "name", "odd", "passed_over", "place", "plain", "region", "source", "special", "type",
        "version",
    )  # fmt: skip

    def __init__(self, event: Event, place: int) -> None:
        self.name, self.source, self.region = event.event_name, event.event_source, event.aws_region
        self.category, self.type, self.version = event.event_category, event.event_type, event.event_version
        self.place = place
        self.passed_over = _no_activity(event)
        self.assumes = event.event_name in ASSUMES and event.event_source == STS
        self.special = event.event_name in SPECIAL or admin.concerns(event)
        self.buckets, self.odd = resources.buckets(event), tuple(_odd(event))
        self.plain = not (self.special or self.odd)


class Entry(Use):
    """One actor's calls of one name. names: what they named; edges: the roles that they assumed; plain: see Spelled."""

    __slots__ = ("edges", "names", "plain", "spelled")

    def __init__(self, at: datetime, acting: Acting, spelled: Spelled) -> None:
        super().__init__(at)
        self.spelled, self.plain = spelled, spelled.plain and not acting.odd
        self.names: dict[resources.Mark, Use] | None = None
        self.edges: dict[tuple[Any, ...], Count | None] | None = None


class Acting:
    """A principal under a session name, by one kind of credentials, on one day. latest: by name, the entry of the call of this
    name that was counted last; places: address -> the agent that called from there last. agents, places, endpoints: those that
    its evidence knows, agents by themselves. odd: what to note of each of its calls."""

    __slots__ = ("agents", "endpoints", "entries", "kind", "latest", "odd", "places", "seen", "who")

    def __init__(self, who: Who, seen: Evidence, kind: int, odd: str) -> None:
        self.who, self.seen, self.kind, self.odd = who, seen, kind, odd
        self.agents: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self.endpoints: set[tuple[str, str | None]] = set()
        self.entries: dict[Spelled, Entry] = {}
        self.latest: dict[str, Entry] = {}

    def look(self, agent: str, address: str) -> None:
        """An address that is new, or another agent than the last from there. These may be forgotten: the evidence has them."""
        if len(self.agents) + len(self.places) > MOST:
            self.agents.clear()
            self.places.clear()
        known = self.agents.get(agent)
        if known is None:
            known = self.agents[agent] = intern(agent)
            self.seen.by(agent)
        if address not in self.places:
            self.seen.at(address)
        self.places[address] = known

    def through(self, endpoint: str, owner: str | None) -> None:
        """Of a call by a VPC endpoint. As for `look`."""
        if (endpoint, owner) not in self.endpoints:
            if len(self.endpoints) > MOST:
                self.endpoints.clear()
            self.endpoints.add((endpoint, owner))
            self.seen.through(endpoint, owner)


class Named:
    """The resources of one principal and call, cut to the smallest."""

    __slots__ = ("cut", "uses")

    def __init__(self) -> None:
        self.uses: dict[str, Use] = {}
        self.cut = False

    def take(self, other: Named) -> None:
        self.cut = self.cut or other.cut
        self.join(other.uses)

    def join(self, uses: dict[str, Use]) -> None:
        for resource, use in uses.items():
            if resource not in self.uses:
                self.uses[resource] = Use(use.first_at)
            self.uses[resource].join(use)
        if len(self.uses) > resources.MOST:
            self.cut = True
            self.uses = {name: self.uses[name] for name in sorted(self.uses)[: resources.MOST]}


def _no_activity(event: Event) -> str:
    return "" if event.event_category in ACTIVITY else f"category {tidy(str(event.event_category), 40)}"


def _odd(event: Event) -> Iterator[str]:
    """What is new to us, and read all the same."""
    if event.event_type not in EVENT_TYPES:
        yield f"type {tidy(str(event.event_type), 40)}"
    if event.event_version not in VERSIONS:
        yield f"version {tidy(str(event.event_version), 20)}"
