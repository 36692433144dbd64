"""Events -> what is kept of them: use by day, session evidence, lineage, resources. The events themselves are not kept.

The loop in `Aggregate.add` runs once an event, and most of its time is waiting for memory. So it reads little: who acts on that
day is found by a checksum of the identity's bytes, which are compared and not decoded again; what is called, by its name among
what this actor called before; there it is counted. What is rare hangs on these. Counts are added up when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from isal.isal_zlib import crc32
from msgspec import Raw

from collectors.activity import admin, lineage, parts, resources, sessions
from collectors.activity.acting import MOST, Acting, Call, Entry, Named, Spelled
from collectors.activity.events import Event, Identity
from collectors.activity.evidence import TRUE, Evidence
from collectors.activity.lineage import ASSUMES, Count, Edge
from collectors.activity.outcomes import Outcome, outcome, signed_in
from collectors.activity.tally import Tally
from collectors.activity.texts import tidy
from collectors.activity.use import Use
from collectors.activity.who import TYPES, Everybody, Who
from collectors.records import Actor

EARLIEST = date(2013, 1, 1).toordinal()  # CloudTrail began in November 2013
SIGN_IN = "signin.amazonaws.com"
DONE = Outcome.DONE
KNOWN = 2_000  # requests for roles that are remembered of one actor and call: whoever asks chooses how many differ

Look = tuple[Any, ...]
Key = tuple[int, int, int, int]  # principal, call, the day's ordinal, kind of session
Met = tuple[Raw, Acting]  # an identity as it is written, and whom it stands for


class Aggregate:
    """Give it events; it grows with who does what, not with how often. latest: events of later days have a wrong clock."""

    def __init__(self, latest: datetime) -> None:
        self.tally = Tally()
        self.everybody = Everybody()
        self.calls: list[Call] = []
        self.edges: dict[Edge, Count] = {}
        self._latest = latest.toordinal()
        # By day, account and credentials of the console; then by the identity's checksum.
        self._looks: defaultdict[Look, dict[int, Met]] = defaultdict(dict)
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
        known: dict[int, Met] = {}
        for event in events:
            at, owner = event.event_time, event.recipient_account_id or account
            day = at.toordinal()
            if day != today or owner != whose or event.session_credential_from_console != console:
                today, whose, console = day, owner, event.session_credential_from_console
                known = self._looks[day, owner, console]
            identity = event.user_identity
            mark = crc32(identity)
            met = known.get(mark)
            if met is None or met[0] != identity:
                met = known[mark] = identity.copy(), self._meet(event, owner)
            acting = met[1]
            entry = acting.latest.get(event.event_name)
            if (
                entry is None
                or event.event_source != (spelled := entry.spelled).source
                or event.aws_region != spelled.region
                or event.event_category != spelled.category
                or event.event_type != spelled.type
                or event.event_version != spelled.version
            ):
                entry = self._entry(event, acting, tally)
                if entry is None:
                    continue
                spelled = entry.spelled
            n += 1
            agent, address = event.user_agent or "", event.source_ip_address or ""
            if acting.places.get(address) != agent:
                acting.look(agent, address)
            if event.vpc_endpoint_id:
                acting.through(event.vpc_endpoint_id, event.vpc_endpoint_account_id)
            how = outcome(event) if event.error_code else DONE
            if not entry.plain:
                how = self._special(event, acting, entry, how, tally)
            if how is DONE and entry.used_at:
                entry.n += 1
                if at > entry.used_at:
                    entry.used_at = at
                elif at < entry.first_at:
                    entry.first_at = at
            else:
                entry.count(at, how)
            if spelled.buckets or event.resources:
                _name(event, entry, at, how)
        tally.events += n
        if self._met > MOST:
            self._settle()

    def _meet(self, event: Event, account: str) -> Acting:
        """Whoever an identity that is new stands for; many may stand for one, as each has another temporary key."""
        self._met += 1
        identity, day = parts.identity(event), event.event_time.toordinal()
        who = self.everybody.of(identity, tidy(account, 12))
        seen = who.days.get(day) or who.day(day)
        kind = seen.read(identity, event.session_credential_from_console in TRUE)
        acting = self._acting.get((who, day, kind))
        if acting is None:
            acting = self._acting[who, day, kind] = Acting(who, seen, kind, _odd_identity(identity))
        return acting

    def _entry(self, event: Event, acting: Acting, tally: Tally) -> Entry | None:
        """For a call that is not the actor's latest of its name; None for what is no activity, or of no time."""
        called = (
            event.event_name, event.event_source, event.aws_region,
            event.event_category, event.event_type, event.event_version,
        )  # fmt: skip
        spelled = self._spelled.get(called)
        if spelled is None:
            self._met += 1
            spelled = self._spelled[called] = Spelled(
                event, self._call(event.event_source, event.event_name, event.aws_region)
            )
        entry = acting.entries.get(spelled) or self._first(event, acting, spelled, tally)
        if entry:
            acting.latest[spelled.name] = entry
        return entry

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
            entry = acting.entries[spelled] = Entry(event.event_time, acting, spelled)
            return entry
        return None

    def _special(self, event: Event, acting: Acting, entry: Entry, how: Outcome, tally: Tally) -> Outcome:
        """Sign-ins, the assuming of roles, administrative calls. Returns the outcome, which sign-ins tell in their own way."""
        spelled = entry.spelled
        for odd in spelled.odd:
            tally.note(odd)
        if acting.odd:
            tally.note(acting.odd)
        if spelled.assumes:
            self._assume(event, acting, entry, how)
        elif not spelled.special:
            return how
        elif spelled.source == SIGN_IN:
            how = signed_in(event)
            sessions.of_sign_in(event, acting.who, acting.seen, how)
            if event.event_name == "SwitchRole":
                self._assume(event, acting, entry, how)
        elif admin.administrative(event):
            kept = self._admin[acting.who.principal.account, event.event_time.date()]
            kept.put(admin.read(event, acting.who, how))
        return how

    def _assume(self, event: Event, acting: Acting, entry: Entry, how: Outcome) -> None:
        if how is Outcome.FAILED:
            return
        user = parts.answer(event).assumed_role_user
        told: Look = (
            bytes(event.request_parameters),
            user and user.assumed_role_id,
            "" if entry.spelled.assumes else str(parts.more(event).switch_from),
        )
        edges = entry.edges
        if edges is None or len(edges) > KNOWN:
            edges = entry.edges = {}
        try:
            count = edges[told]
        except KeyError:
            count = edges[told] = self._edge(event, acting.who, how)
        if count:
            count.n += 1
            if how is not DONE:
                count.denied += 1
            if event.shared_event_id is not None:
                count.paired += 1

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
                    self._resources.setdefault((principal, call), Named()).join(_spelled(entry.names, spelled.buckets))
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


def _spelled(names: dict[resources.Mark, Use], buckets: str) -> dict[str, Use]:
    """By text; marks that are cut to the same text are one."""
    found: dict[str, Use] = {}
    for mark, use in names.items():
        text = resources.text(mark, buckets)
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
    for mark in resources.marks(event, entry.spelled.buckets):
        use = names.get(mark)
        if use is None:
            if len(names) >= 8 * resources.MOST:  # no program's: the cut is made when they are added up
                continue
            use = names[mark] = Use(at)
        use.count(at, how)


def _odd_identity(identity: Identity) -> str:
    kind = identity.type
    return "" if kind in TYPES else f"identity {tidy(kind, 40)}" if kind else "identity without a type"
