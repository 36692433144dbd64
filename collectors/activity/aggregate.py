"""Events -> what is kept of them: use by day, session evidence, lineage, resources. The events themselves are not kept.

The loop in `Aggregate.add` runs once an event and is written for speed: one look-up finds who acts on that day, another what
is called, and there it is counted; what is rare hangs on these. Counts are added up when somebody asks for them.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from collectors.activity import admin, lineage, parts, resources, sessions
from collectors.activity.events import Event
from collectors.activity.evidence import Evidence
from collectors.activity.lineage import ASSUMES, Count, Edge
from collectors.activity.outcomes import Outcome, outcome, signed_in
from collectors.activity.tally import Tally
from collectors.activity.texts import tidy
from collectors.activity.use import Use
from collectors.activity.who import TYPES, Everybody, Who
from collectors.records import Actor

EARLIEST = date(2013, 1, 1).toordinal()  # CloudTrail began in November 2013
ACTIVITY = frozenset({None, "Management", "Data"})  # categories whose records are calls; old ones name none
EVENT_TYPES = frozenset({None, "AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn"})
VERSIONS = frozenset({None, *(f"1.{n:02}" for n in range(20))})
SPECIAL = frozenset({"ConsoleLogin", "SwitchRole", *ASSUMES})
SIGN_IN, STS = "signin.amazonaws.com", "sts.amazonaws.com"
MOST = 20_000  # identities that are remembered before they are added up
DONE = Outcome.DONE

Look = tuple[Any, ...]
Key = tuple[int, int, int, int]  # principal, call, the day's ordinal, kind of session


class Call(NamedTuple):
    source: str
    name: str
    region: str


class Spelled:
    """Events of one name, source and region that are alike in what else says what they are: the same object for whoever calls, so
    that to find it takes few reads of memory. place: of its Call; passed_over: what to note where it is no activity; odd: what to
    note beside; plain: there is nothing to do but to count.
    """

    __slots__ = ("in_s3", "odd", "passed_over", "place", "plain", "special")

    def __init__(self, event: Event, place: int) -> None:
        self.place = place
        self.passed_over = _no_activity(event)
        self.special = event.event_name in SPECIAL or admin.administrative(event)
        self.in_s3, self.odd = event.event_source in resources.SOURCES, tuple(_odd(event))
        self.plain = not (self.special or self.odd)


class Entry(Use):
    """One actor's calls of one name. names: what they named; edges: the roles that they assumed."""

    __slots__ = ("edges", "names")

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.names: dict[resources.Mark, Use] | None = None
        self.edges: dict[Look, Count | None] | None = None


class Acting:
    """A principal under a session name, by one kind of credentials, on one day. agents, addresses, endpoints: those that its
    evidence knows. odd: what to note of each of its calls."""

    __slots__ = ("addresses", "agents", "endpoints", "entries", "kind", "odd", "seen", "who")

    def __init__(self, who: Who, seen: Evidence, kind: int, odd: str) -> None:
        self.who, self.seen, self.kind, self.odd = who, seen, kind, odd
        self.agents: set[str] = set()
        self.addresses: set[str] = set()
        self.endpoints: set[tuple[str, str | None]] = set()
        self.entries: dict[Spelled, Entry] = {}

    def look(self, agent: str, address: str) -> None:
        """An agent or address that is new. The sets may be forgotten: the evidence has what they hold."""
        if len(self.agents) + len(self.addresses) > MOST:
            self.agents.clear()
            self.addresses.clear()
        self.agents.add(agent)
        self.addresses.add(address)
        self.seen.look(agent, address)

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


class Aggregate:
    """Give it events; it grows with who does what, not with how often. latest: events of later days have a wrong clock."""

    def __init__(self, latest: datetime) -> None:
        self.tally = Tally()
        self.everybody = Everybody()
        self.calls: list[Call] = []
        self.edges: dict[Edge, Count] = {}
        self._latest = latest.toordinal()
        self._looks: defaultdict[Look, dict[bytes, Acting]] = defaultdict(
            dict
        )  # by day, account and credentials of the console
        self._met = 0  # how many there are of these, and of spellings
        self._acting: dict[tuple[Who, int, int], Acting] = {}
        self._spelled: dict[Look, Spelled] = {}
        self._known: dict[Call, int] = {}
        self._uses: dict[Key, Use] = {}
        self._resources: dict[tuple[int, int], Named] = {}
        self._admin: defaultdict[tuple[str, date], admin.Kept] = defaultdict(admin.Kept)

    @property
    def uses(self) -> dict[Key, Use]:
        self._settle()
        return self._uses

    @property
    def resources(self) -> dict[tuple[int, int], Named]:
        """By principal and call."""
        self._settle()
        return self._resources

    def admin(self) -> Iterator[tuple[str, date, admin.Kept]]:
        """Administrative calls by account and day, within their limit."""
        for (account, day), kept in sorted(self._admin.items()):
            kept.trim()
            yield account, day, kept

    def sessions(self) -> Iterator[tuple[Who, date, Evidence]]:
        self._settle()
        for who in self.everybody:
            for day, seen in who.days.items():
                yield who, date.fromordinal(day), seen

    def add(self, events: Iterable[Event], account: str = "", tally: Tally | None = None) -> None:  # noqa: C901 - see above
        """account: whose events they are when they do not say. tally: that of the object they come from."""
        tally = self.tally if tally is None else tally
        today, whose, console, n = 0, None, None, 0
        spelled_as, intern = self._spelled, sys.intern
        acting_as: dict[bytes, Acting] = {}
        for event in events:
            at, owner = event.event_time, event.recipient_account_id or account
            day = at.toordinal()
            if day != today or owner != whose or event.session_credential_from_console != console:
                today, whose, console = day, owner, event.session_credential_from_console
                acting_as = self._looks[day, owner, console]
            look = bytes(event.user_identity)
            acting = acting_as.get(look)
            if acting is None:
                acting = acting_as[look] = self._meet(event, owner)
            called = (
                event.event_name, event.event_source, event.aws_region,
                event.event_category, event.event_type, event.event_version,
            )  # fmt: skip
            spelled = spelled_as.get(called)
            if spelled is None:
                spelled = spelled_as[called] = self._spell(event)
            entry = acting.entries.get(spelled)
            if entry is None:
                entry = self._first(event, acting, spelled, tally)
                if entry is None:
                    continue
            n += 1
            agent, address = intern(event.user_agent or ""), intern(event.source_ip_address or "")
            if agent not in acting.agents or address not in acting.addresses:
                acting.look(agent, address)
            if event.vpc_endpoint_id:
                acting.through(event.vpc_endpoint_id, event.vpc_endpoint_account_id)
            how = outcome(event) if event.error_code else DONE
            if not spelled.plain or acting.odd:
                how = self._special(event, acting, spelled, entry, how, tally)
            if how is DONE and entry.used_at:
                entry.n += 1
                if at > entry.used_at:
                    entry.used_at = at
                elif at < entry.first_at:
                    entry.first_at = at
            else:
                entry.count(at, how)
            if spelled.in_s3 or event.resources:
                _name(event, entry, at, how)
        tally.events += n
        if self._met > MOST:
            self._settle()

    def _meet(self, event: Event, account: str) -> Acting:
        """Whoever an identity that is new stands for; many may stand for one, as each has another temporary key."""
        self._met += 1
        who, day = self.everybody.of(event, tidy(account, 12)), event.event_time.toordinal()
        seen = who.days.get(day) or who.day(day)
        kind = seen.read(event)
        acting = self._acting.get((who, day, kind))
        if acting is None:
            acting = self._acting[who, day, kind] = Acting(who, seen, kind, _odd_identity(event))
        return acting

    def _spell(self, event: Event) -> Spelled:
        self._met += 1
        return Spelled(event, self._call(event.event_source, event.event_name, event.aws_region))

    def _first(self, event: Event, acting: Acting, spelled: Spelled, tally: Tally) -> Entry | None:
        """For a call that is new of this actor; None for what is no activity, or of no time."""
        day = event.event_time.toordinal()
        if spelled.passed_over:
            tally.note(spelled.passed_over)
        elif day < EARLIEST:
            tally.reject("a time before CloudTrail began")
        elif day > self._latest:
            tally.reject("a time in the future")
        else:
            acting.seen.put("regions", tidy(event.aws_region, 64))
            entry = acting.entries[spelled] = Entry(event.event_time)
            return entry
        return None

    def _special(
        self, event: Event, acting: Acting, spelled: Spelled, entry: Entry, how: Outcome, tally: Tally
    ) -> Outcome:
        """Sign-ins, the assuming of roles, administrative calls. Returns the outcome, which sign-ins tell in their own way."""
        for odd in spelled.odd:
            tally.note(odd)
        if acting.odd:
            tally.note(acting.odd)
        if not spelled.special:
            return how
        if event.event_name in ASSUMES and event.event_source == STS:
            self._assume(event, acting, entry, how)
        elif event.event_source == SIGN_IN:
            how = signed_in(event)
            sessions.of_sign_in(event, acting.who, acting.seen, how)
            if event.event_name == "SwitchRole":
                self._assume(event, acting, entry, how)
        elif event.event_source in admin.SOURCES:
            kept = self._admin[acting.who.principal.account, event.event_time.date()]
            kept.put(admin.read(event, acting.who, how))
        return how

    def _assume(self, event: Event, acting: Acting, entry: Entry, how: Outcome) -> None:
        if how is Outcome.FAILED:
            return
        asked, user = parts.asked(event), parts.answer(event).assumed_role_user
        told: Look = (
            asked.role_arn,
            asked.role_session_name,
            asked.principal_arn,
            asked.source_identity,
            user and user.assumed_role_id,
            str(parts.more(event).switch_from) if event.additional_event_data else "",
        )
        entry.edges = {} if entry.edges is None else entry.edges
        if told in entry.edges:
            count = entry.edges[told]
        else:
            count = entry.edges[told] = self._edge(event, acting.who, how)
        if count:
            count.n += 1
            count.denied += how is Outcome.DENIED
            count.paired += event.shared_event_id is not None

    def _edge(self, event: Event, who: Who, how: Outcome) -> Count | None:
        """The row that such calls are counted in; the first one also tells who is behind the session that began."""
        day = event.event_time.date()
        edge = lineage.edge(event, who, day)
        if edge is None:
            return None
        if how is DONE and event.event_name in ASSUMES:
            self._begin(event, who, edge, day)
        count = self.edges.setdefault(edge, Count())
        lineage.tell(count, event, edge, who.principal)
        return count

    def _begin(self, event: Event, who: Who, edge: Edge, day: date) -> None:
        """The session that an AssumeRole* in the role's own account began."""
        asked, role_id = parts.asked(event), lineage.assumed_id(event)
        if not role_id or lineage.owner(edge.role_arn) != edge.account:
            return
        session = self.everybody.session(edge.account, Actor.ROLE, role_id, asked.role_session_name or "")
        session.principal.arn = session.principal.arn or edge.role_arn
        begun = session.days.get(day.toordinal()) or session.day(day.toordinal())
        begun.say("source_identity", asked.source_identity)
        begun.say("caller", edge.caller or who.principal.unique_id)
        if who.principal.actor == Actor.FEDERATED:
            begun.say("identity_provider", edge.caller)
            begun.say("federated_user", parts.identity(event).user_name)

    def _settle(self) -> None:
        """Add up what was counted by look."""
        for acting in self._acting.values():
            principal = acting.who.principal.at
            for spelled, entry in acting.entries.items():
                call = spelled.place
                _join(self._uses, (principal, call, entry.first_at.toordinal(), acting.kind), entry)
                acting.seen.join(entry)
                if entry.names:
                    self._resources.setdefault((principal, call), Named()).join(_spelled(entry.names))
        self._acting.clear()
        self._looks.clear()
        self._spelled.clear()
        self._met = 0

    def _call(self, *named: str) -> int:
        call = Call(*(tidy(text, 256) for text in named))
        if call not in self._known:
            self._known[call] = len(self.calls)
            self.calls.append(call)
        return self._known[call]


def _spelled(names: dict[resources.Mark, Use]) -> dict[str, Use]:
    """By text; marks that are cut to the same text are one."""
    found: dict[str, Use] = {}
    for mark, use in names.items():
        text = resources.text(mark)
        if text in found:
            found[text].join(use)
        else:
            found[text] = use
    return found


def _join(uses: dict[Key, Use], key: Key, use: Use) -> None:
    known = uses.get(key)
    if known is None:
        known = uses[key] = Use(use.first_at)
    known.join(use)


def _name(event: Event, entry: Entry, at: datetime, how: Outcome) -> None:
    names = entry.names
    if names is None:
        names = entry.names = {}
    for mark in resources.marks(event):
        use = names.get(mark)
        if use is None:
            if len(names) >= 8 * resources.MOST:  # no program's: the cut is made when they are added up
                continue
            use = names[mark] = Use(at)
        use.count(at, how)


def _no_activity(event: Event) -> str:
    return "" if event.event_category in ACTIVITY else f"category {tidy(str(event.event_category), 40)}"


def _odd(event: Event) -> Iterator[str]:
    """What is new to us, and read all the same."""
    if event.event_type not in EVENT_TYPES:
        yield f"type {tidy(str(event.event_type), 40)}"
    if event.event_version not in VERSIONS:
        yield f"version {tidy(str(event.event_version), 20)}"


def _odd_identity(event: Event) -> str:
    kind = parts.identity(event).type
    return "" if kind in TYPES else f"identity {tidy(kind, 40)}" if kind else "identity without a type"
