"""What changed, in words and HTML: shared by the list of changes, the page of one, and those of roles, users, keys, policies and
accounts. What it tells was put together by the judgement (findings/engine/timeline)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from collectors.models import AccessKey, Account, AdminEvent, Policy, Principal, UsagePrincipal
from collectors.models.among import AmongRows
from findings.engine.timeline.rows import MOST_ENTITIES
from findings.models import Change, ChangedEntity, FindingEvent, SessionVerdict
from findings.models.timeline import How
from iamdash.pages import acting, set_names, show
from iamdash.pages.acting import MARKS, WORDS
from iamdash.pages.finding import event_words

LAST = 50  # changes on the page of one thing
OF_ACCOUNT = 15
BEGIN = 3  # entities of a change before it unfolds
PAGES = {"role": "principal", "user": "principal", "policy": "policy", "key": "key"}
MODELS: Mapping[str, Any] = {"policy": Policy, "key": AccessKey}  # of pages; of principals see `entries`
SCPS = ("organization_policy",)
Where = tuple[str, int, str]  # name of the page, the account's primary key, unique id


@dataclass(frozen=True)
class Part:
    """One entity of a change. url: "" where it has no page. gains, loses: words before what it may do now, and no longer."""

    row: ChangedEntity
    url: str = ""

    @property
    def kind(self) -> str:
        return self.row.kind.replace("_", " ")

    @property
    def gains(self) -> str:
        return "lets through again" if self.row.kind in SCPS else "gained"

    @property
    def loses(self) -> str:
        return "no longer lets through" if self.row.kind in SCPS else "lost"


@dataclass
class Entry:
    """A change as it is shown. calls: those of its entities, oldest first. findings: (event, its words). known: what the
    inventory has of the caller; who: the verdict on the session. alike: changes after it in a list that differ in their entity
    only (`folded`)."""

    change: Change
    parts: list[Part] = field(default_factory=list)
    calls: list[AdminEvent] = field(default_factory=list)
    findings: list[tuple[FindingEvent, str]] = field(default_factory=list)
    known: Principal | None = None
    who: SessionVerdict.Who | None = None
    alike: list[Entry] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.change.at

    @property
    def first(self) -> list[Part]:
        return self.parts[:BEGIN]

    @property
    def rest(self) -> list[Part]:
        return self.parts[BEGIN:]

    @property
    def left_out(self) -> int:
        """Entities of which no more is kept than how many there were."""
        return max(self.change.n_entities - MOST_ENTITIES, 0)

    @property
    def when(self) -> SafeString:
        return when(self.change)

    @property
    def alone(self) -> bool:
        return self.change.how == How.TIME


def folded(entries: Iterable[Entry]) -> list[Entry]:
    """The same, where neighbours that two collections saw, without a caller and with no finding after them, are one: thirty
    assignments that were made at once read as one change."""
    found: list[Entry] = []
    for entry in entries:
        if found and _alike(found[-1].change) and _alike(found[-1].change) == _alike(entry.change):
            found[-1].alike.append(entry)
        else:
            found.append(entry)
    return found


def _alike(change: Change) -> tuple[Any, ...] | None:
    """What neighbours have in common; None: it stands by itself."""
    if change.how != How.UNTOLD or change.opened or change.resolved:
        return None
    return change.account_id, change.at, change.since, change.outcome, change.untold, *change.kinds, *change.what


def when(change: Change) -> SafeString:
    """Where only collections tell: the two between which it was."""
    said = show.ago(change.at, focus=True)
    if change.exact:
        return said
    return format_html('{}<span class="under">{}</span>', said, between(change.since, change.at))


def between(since: datetime | None, at: datetime) -> str:
    """ "between Mon 2026-11-23 10:00 and 16:00"."""
    if since is None:
        return f"some time before {at:%a %Y-%m-%d %H:%M}"
    same = since.date() == at.date()
    end = f"{at:%H:%M}" if same else f"{at:%a %Y-%m-%d %H:%M}"
    return f"between {since:%a %Y-%m-%d %H:%M} and {end}"


def who(request: HttpRequest, entry: Entry, aws_id: str) -> SafeString:
    """Who did it; where nobody can be named, why."""
    change = entry.change
    if change.how == How.TIME:
        return format_html('<span class="muted">{}</span>', "nobody")
    if change.how == How.HERE:
        return format_html('{}<span class="under">{}</span>', show.name(change.principal_arn or "iamdash"), "here")
    if not change.actor:
        return show.unknown(change.untold or "nobody recorded it")
    actor = UsagePrincipal(actor=change.actor, unique_id=change.principal_id, arn=change.principal_arn)
    return format_html(
        '{}<span class="under">{}{}{}</span>{}',
        acting.linked(request, actor, entry.known, aws_id),
        change.get_actor_display(),
        format_html(" · session {}", show.name(change.session_name)) if change.session_name else "",
        format_html(' · key <span class="mono">{}</span>', show.name(change.key_id)) if change.key_id else "",
        show.state(MARKS[entry.who], WORDS[entry.who]) if entry.who is not None else "",
    )


def where(change: Change) -> SafeString:
    """By what, and from where."""
    if not change.actor:
        return mark_safe("")
    return format_html(
        '{}<span class="under">{}{}{}</span>',
        change.get_how_display(),
        acting.places([change.network] if change.network else [], (), change.account_id),
        format_html(": {}", show.name(change.agent)) if change.agent else "",
        format_html(", through {}", show.name(change.invoked_by)) if change.invoked_by else "",
    )


def entries(
    request: HttpRequest,
    changes: Sequence[Change],
    only: Q | None = None,
    rows: Sequence[ChangedEntity] | None = None,
    events: Iterable[FindingEvent] | None = None,
    here: Collection[Where] = (),
) -> list[Entry]:
    """changes with what belongs to them; their accounts must be at hand. only: which of their entities. rows, events: these, and
    what happened to findings by them, where they are at hand. here: pages that are known to be there. Seven queries, two more
    where permission sets are among them."""
    found = {one.pk: Entry(one) for one in changes}
    if not found:
        return []
    if rows is None:
        rows = ChangedEntity.objects.filter(only or Q(), change__among=found)
    rows = sorted(rows, key=lambda row: row.pk)
    set_names.name(rows)
    acted = [one for one in changes if one.actor]
    known = acting.known_principals([*((one.account_id, one.principal_id) for one in acted), *_principals(rows, here)])
    there = {*here, *(("principal", *one) for one in known)}
    address = Addresses(request, {one.account_id: one.account for one in changes}, rows, there)
    for row in rows:
        found[row.change_id].parts.append(Part(row, address.of(row)))
    _calls(found, rows)
    for event in _events(Q(change__among=found)) if events is None else events:
        found[event.change_id].findings.append((event, event_words(event)))
    judged = verdicts(acted)
    for entry in found.values():
        entry.known = known.get((entry.change.account_id, entry.change.principal_id))
        entry.who = judged.get(_session(entry.change))
    return list(found.values())


def _principals(rows: Iterable[ChangedEntity], here: Collection[Where]) -> Iterator[tuple[int, str]]:
    """Entities that may have a page of a principal, of which nobody knows yet whether it is there."""
    for row in rows:
        one = row.account_id, row.unique_id
        if PAGES.get(row.kind) == "principal" and row.unique_id and ("principal", *one) not in here:
            yield one


def _calls(found: Mapping[int, Entry], rows: Iterable[ChangedEntity]) -> None:
    of: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        for call in row.calls:
            of[call].add(row.change_id)
    if not of:
        return
    for event in AdminEvent.objects.filter(pk__among=of).order_by("at", "pk"):
        for change in of[event.pk]:
            found[change].calls.append(event)


def _events(which: Q) -> QuerySet[FindingEvent]:
    return FindingEvent.objects.filter(which).select_related("finding").order_by("-finding__severity", "pk")


class Addresses:
    """The pages of entities, where the inventory has them. Up to two queries."""

    def __init__(
        self,
        request: HttpRequest,
        accounts: Mapping[int, Account],
        rows: Iterable[ChangedEntity],
        here: Collection[Where] = (),
    ) -> None:
        """here: those that are known to be there, with all of principals."""
        self._request, self._accounts = request, accounts
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            page = PAGES.get(row.kind, "")
            if page in MODELS and row.unique_id and (page, row.account_id, row.unique_id) not in here:
                wanted[page].add(row.unique_id)
        self._there = {*here} | {
            (page, account, unique_id)
            for page, ids in wanted.items()
            for account, unique_id in MODELS[page]
            .objects.filter(account__among=accounts, unique_id__among=ids)
            .values_list("account", "unique_id")
        }

    def of(self, row: ChangedEntity) -> str:
        page = PAGES.get(row.kind, "")
        if (page, row.account_id, row.unique_id) not in self._there:
            return ""
        return show.address(self._request, page, self._accounts[row.account_id].aws_id, row.unique_id)


def of_entity(
    request: HttpRequest, account: Account, ids: Iterable[str], here: Collection[Where] = ()
) -> dict[str, Any]:
    """The last changes of one thing, which may have several ids (a user, its keys), with the findings after them; and what was
    found of it without any, when it was first judged or before changes were put together. here: pages that are there."""
    ids = list(ids)
    mine = Q(account=account, unique_id__in=ids)
    changes: dict[int, Change] = {}
    rows = list(ChangedEntity.objects.filter(mine).select_related("change").order_by("-at", "-pk")[: LAST + 1])
    for row in rows:
        row.change.account = account
        changes[row.change_id] = row.change
    last = list(changes.values())[:LAST]
    events = list(_events(Q(account=account, finding__subject_id__in=ids) & (Q(change__in=last) | Q(change=None))))
    by_change = [event for event in events if event.change_id]
    found = entries(request, last, mine, rows if len(rows) <= LAST else None, by_change, here)
    first: defaultdict[datetime, Entry] = defaultdict(Entry)  # type: ignore[arg-type]
    for event in [event for event in events if not event.change_id][:LAST]:
        if event.at not in first:
            first[event.at] = Entry(Change(account=account, at=event.at, since=event.at, exact=True, how=How.TIME))
        first[event.at].findings.append((event, event_words(event)))
    told = sorted((*found, *first.values()), key=lambda entry: entry.at, reverse=True)
    return {"entries": told, "more": len(changes) > LAST}


def of_account(request: HttpRequest, account: Account) -> dict[str, Any]:
    """The last few of all of its changes."""
    rows = list(Change.objects.filter(account=account).exclude(how=How.TIME).order_by("-at", "-pk")[: LAST + 1])
    for row in rows:
        row.account = account
    told = folded(entries(request, rows[:LAST]))
    return {"entries": told[:OF_ACCOUNT], "more": len(rows) > LAST or len(told) > OF_ACCOUNT}


def verdicts(changes: Iterable[Change]) -> dict[tuple[Any, ...], SessionVerdict.Who]:
    """Who was behind the sessions of that day, as far as they were judged."""
    wanted = {_session(one) for one in changes}
    if not wanted:
        return {}
    days = sorted(one[4] for one in wanted)
    between = days[0], days[-1]
    actor = Tuple(F("session__principal__account"), F("session__principal__unique_id"))
    found = SessionVerdict.objects.filter(
        AmongRows(actor, {one[:2] for one in wanted}),
        day__range=between,
        session__day__range=between,
        session__name__among={one[2] for one in wanted},
    )
    columns = ("account", "session__principal__unique_id", "session__name", "session__key", "session__day")
    return {tuple(key): SessionVerdict.Who(who) for *key, who in found.values_list(*columns, "who")}


def _session(one: Change) -> tuple[Any, ...]:
    return one.account_id, one.principal_id, one.session_name, one.key_id, one.at.date()
