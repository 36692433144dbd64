"""Events -> what is kept of them: use by day, session evidence, lineage, resources. The events themselves are not kept.

The loop in `Aggregate.add` runs once an event and is written for speed: one look-up finds who acts on that day, another what
is called, and there it is counted; what is rare hangs on these. Counts are added up when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from collectors.activity import lineage, resources, sessions
from collectors.activity.events import Event, SessionContext
from collectors.activity.evidence import Evidence
from collectors.activity.lineage import ASSUMES, Count, Edge
from collectors.activity.outcomes import Outcome, outcome, signed_in
from collectors.activity.tally import Tally
from collectors.activity.texts import tidy
from collectors.activity.use import Use
from collectors.activity.who import NOBODY, TYPES, Everybody, Who
from collectors.records import Actor

EARLIEST = date(2013, 1, 1).toordinal()  # CloudTrail began in November 2013
ACTIVITY = frozenset({None, "Management", "Data"})  # categories whose records are calls; old ones name none
EVENT_TYPES = frozenset({None, "AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn"})
VERSIONS = frozenset({None, *(f"1.{n:02}" for n in range(20))})
COMMON = frozenset({"AssumedRole", "IAMUser", "AWSService", "Root"})  # identities told by id, key, name and service
SPECIAL = frozenset({"ConsoleLogin", "SwitchRole", *ASSUMES})
SIGN_IN, STS = "signin.amazonaws.com", "sts.amazonaws.com"
MOST = 50_000  # actors that are remembered before they are added up
DONE = Outcome.DONE

Look = tuple[Any, ...]
Spelled = tuple[str, str, str, str | None, str | None, str | None]  # source, name, region, category, type, version
Key = tuple[int, int, int, int]  # principal, call, the day's ordinal, kind of session


class Call(NamedTuple):
    source: str
    name: str
    region: str


class Entry(Use):
    """One actor's calls of one name. names: what they named; edges: the roles that they assumed; odd: what to note of each."""

    __slots__ = ("edges", "names", "odd", "special")

    def __init__(self, at: datetime, special: bool, odd: tuple[str, ...]) -> None:
        super().__init__(at)
        self.special, self.odd = special, odd
        self.names: dict[resources.Mark, Use] | None = None
        self.edges: dict[Look, Count | None] | None = None


class Acting:
    """One set of credentials on one day. agents, addresses: those that its evidence knows."""

    __slots__ = ("addresses", "agents", "entries", "kind", "seen", "who")

    def __init__(self, who: Who, seen: Evidence, kind: int) -> None:
        self.who, self.seen, self.kind = who, seen, kind
        self.agents: set[str | None] = set()
        self.addresses: set[str | None] = set()
        self.entries: dict[Spelled, Entry] = {}

    def look(self, agent: str | None, address: str | None) -> None:
        """An agent or address that is new. The sets may be forgotten: the evidence has what they hold."""
        if len(self.agents) + len(self.addresses) > MOST:
            self.agents.clear()
            self.addresses.clear()
        self.agents.add(agent)
        self.addresses.add(address)
        self.seen.look(agent, address)


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
        self._acting: dict[Look, Acting] = {}
        self._known: dict[Call, int] = {}
        self._uses: dict[Key, Use] = {}
        self._resources: dict[tuple[int, int], Named] = {}

    @property
    def uses(self) -> dict[Key, Use]:
        self._settle()
        return self._uses

    @property
    def resources(self) -> dict[tuple[int, int], Named]:
        """By principal and call."""
        self._settle()
        return self._resources

    def sessions(self) -> Iterator[tuple[Who, date, Evidence]]:
        self._settle()
        for who in self.everybody:
            for day, seen in who.days.items():
                yield who, date.fromordinal(day), seen

    def add(self, events: Iterable[Event], account: str = "", tally: Tally | None = None) -> None:  # noqa: C901 - see above
        """account: whose events they are when they do not say. tally: that of the object they come from."""
        tally = self.tally if tally is None else tally
        acting_as, n = self._acting, 0
        for event in events:
            u, at = event.user_identity or NOBODY, event.event_time
            owner, context = event.recipient_account_id or account, u.session_context
            look: Look = (
                u.access_key_id, u.principal_id, at.toordinal(), owner, u.type, u.invoked_by, u.user_name,
                event.session_credential_from_console, context and _said(context),
            )  # fmt: skip
            if u.type not in COMMON:
                look = (
                    *look,
                    u.account_id,
                    u.credential_id,
                    u.identity_provider,
                    u.on_behalf_of and u.on_behalf_of.user_id,
                )
            acting = acting_as.get(look)
            if acting is None:
                acting = acting_as[look] = self._meet(event, owner)
            spelled = (
                event.event_source, event.event_name, event.aws_region,
                event.event_category, event.event_type, event.event_version,
            )  # fmt: skip
            entry = acting.entries.get(spelled)
            if entry is None:
                entry = self._first(event, acting, tally)
                if entry is None:
                    continue
                acting.entries[spelled] = entry
            if entry.odd:
                for odd in entry.odd:
                    tally.note(odd)
            n += 1
            if event.user_agent not in acting.agents or event.source_ip_address not in acting.addresses:
                acting.look(event.user_agent, event.source_ip_address)
            how = outcome(event) if event.error_code else DONE
            if entry.special:
                how = self._special(event, acting, entry, how)
            if how is DONE:
                entry.n += 1
                if at < entry.first_at:
                    entry.first_at = at
                if entry.used_at is None or at > entry.used_at:
                    entry.used_at = at
            else:
                entry.count(at, how)
            asked = event.request_parameters
            if event.resources or (asked and asked.bucket_name):
                _name(event, entry, at, how)
        tally.events += n
        if len(acting_as) > MOST:
            self._settle()

    def _meet(self, event: Event, account: str) -> Acting:
        who, day = self.everybody.of(event, tidy(account, 12)), event.event_time.toordinal()
        seen = who.days.get(day) or who.day(day)
        return Acting(who, seen, seen.read(event))

    def _first(self, event: Event, acting: Acting, tally: Tally) -> Entry | None:
        """For a call that is new of this actor; None for what is no activity, or of no time."""
        day = event.event_time.toordinal()
        if event.event_category not in ACTIVITY:
            tally.note(f"category {tidy(str(event.event_category), 40)}")
        elif day < EARLIEST:
            tally.reject("a time before CloudTrail began")
        elif day > self._latest:
            tally.reject("a time in the future")
        else:
            acting.seen.put("regions", tidy(event.aws_region, 64))
            return Entry(event.event_time, event.event_name in SPECIAL, tuple(_odd(event)))
        return None

    def _special(self, event: Event, acting: Acting, entry: Entry, how: Outcome) -> Outcome:
        """Sign-ins and the assuming of roles. Returns the outcome, which sign-ins tell in their own way."""
        if event.event_name in ASSUMES and event.event_source == STS:
            self._assume(event, acting, entry, how)
        elif event.event_source == SIGN_IN:
            how = signed_in(event)
            sessions.of_sign_in(event, acting.who, acting.seen, how)
            if event.event_name == "SwitchRole":
                self._assume(event, acting, entry, how)
        return how

    def _assume(self, event: Event, acting: Acting, entry: Entry, how: Outcome) -> None:
        if how is Outcome.FAILED:
            return
        asked, answer, more = event.request_parameters, event.response_elements, event.additional_event_data
        user = answer and answer.assumed_role_user
        told: Look = (
            asked and (asked.role_arn, asked.role_session_name, asked.principal_arn, asked.source_identity),
            user and user.assumed_role_id,
            str(more and more.switch_from),
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
        asked, role_id = event.request_parameters, lineage.assumed_id(event)
        if not asked or not role_id or lineage.owner(edge.role_arn) != edge.account:
            return
        session = self.everybody.session(edge.account, Actor.ROLE, role_id, asked.role_session_name or "")
        session.principal.arn = session.principal.arn or edge.role_arn
        begun = session.days.get(day.toordinal()) or session.day(day.toordinal())
        begun.say("source_identity", asked.source_identity)
        begun.say("caller", edge.caller or who.principal.unique_id)
        if who.principal.actor == Actor.FEDERATED:
            begun.say("identity_provider", edge.caller)
            begun.say("federated_user", event.user_identity and event.user_identity.user_name)

    def _settle(self) -> None:
        """Add up what was counted by look."""
        places: dict[tuple[str, str, str], int] = {}
        for acting in self._acting.values():
            principal = acting.who.principal.at
            for (source, name, region, *_), entry in acting.entries.items():
                call = places.get((source, name, region))
                if call is None:
                    call = places[source, name, region] = self._call(source, name, region)
                _join(self._uses, (principal, call, entry.first_at.toordinal(), acting.kind), entry)
                acting.seen.join(entry)
                if entry.names:
                    self._resources.setdefault((principal, call), Named()).join(_spelled(entry.names))
        self._acting.clear()

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


def _said(context: SessionContext) -> Look:
    """What the credentials say, so that those that say something else are other ones even under the same key."""
    attributes, web = context.attributes, context.web_id_federation_data
    return (
        context.source_identity,
        context.ec2_role_delivery,
        attributes and attributes.mfa_authenticated,
        web and web.federated_provider,
    )


def _odd(event: Event) -> Iterator[str]:
    """What is new to us, and read all the same."""
    kind = event.user_identity.type if event.user_identity else None
    if kind not in TYPES:
        yield f"identity {tidy(kind, 40)}" if kind else "identity without a type"
    if event.event_type not in EVENT_TYPES:
        yield f"type {tidy(str(event.event_type), 40)}"
    if event.event_version not in VERSIONS:
        yield f"version {tidy(str(event.event_version), 20)}"
