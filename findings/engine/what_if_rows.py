"""Use of 90 days as the what-if reads it: in sets, by what the candidate reads of a call, and the rows of a few principals.

The statements run with the rights of who asks, and read what is of the scope's accounts, whatever else these rights show.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from collectors.records import Actor
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.used_resources import places
from findings.analysis.what_if import UsedRow
from findings.analysis.what_if.alike import Decider, What
from findings.policy.catalogue import catalogue

FEW = 100  # accounts
MEMORY = "set local work_mem = '64MB'"  # a group for each principal is a few million bytes, which would else go to disk
# What is asked of an event is joined to its name before its rows are, of which there are millions.
USES = """
select d.principal_id, e.class, {event}, {region}, {session}, {long_term},
  sum((d.n - d.denied)::float8)::bigint, max(d.day)
from collectors_usagedaily d
join (
  select event.id, spoken.class, told.event as told
  from collectors_usageevent event
  join unnest(%(sources)s::text[], %(names)s::text[], %(classes)s::int[]) as spoken(source, name, class)
  on event.source = spoken.source and event.name = spoken.name
  left join unnest(%(told)s::bigint[]) as told(event) on told.event = event.id
  where event.account_id = any(%(accounts)s)
) e on e.id = d.event_id
where {narrow}d.day >= %(since)s and d.n > d.denied {more}
group by 1, 2, 3, 4, 5, 6
"""
NOT_THERE = "and d.region <> all(%(everywhere)s) "
PASSED = """and not exists (
  select from unnest(%(passed)s::int[], %(regions)s::text[]) as passed(class, region)
  where passed.class = e.class and passed.region = d.region
)"""
# All that calls of an event named, where it can make a difference.
NAMED = """
select r.principal_id, r.event_id, r.resource, r.n, r.n > r.denied and r.last_at >= %(since)s
from collectors_usageresource r
join collectors_usageevent e on e.id = r.event_id
join unnest(%(sources)s::text[], %(names)s::text[], %(by_resource)s::bool[]) as spoken(source, name, by_resource)
  on e.source = spoken.source and e.name = spoken.name
where spoken.by_resource and {narrow}e.account_id = any(%(accounts)s) {more}
order by 1, 2, r.resource collate "C"
"""
# The same, where of some events only the owner of what they named can, if some of it is another account's.
OWNED = """
select principal_id, event_id, resource, n, lately from (
  select r.principal_id, r.event_id, r.resource, r.n, r.n > r.denied and r.last_at >= %(since)s as lately, spoken.by_resource,
    bool_or(split_part(r.resource, ':', 5) not in ('', a.aws_id)) over (partition by r.principal_id, r.event_id) as foreign
  from collectors_usageresource r
  join collectors_usageevent e on e.id = r.event_id
  join collectors_account a on a.id = e.account_id
  join unnest(%(sources)s::text[], %(names)s::text[], %(by_resource)s::bool[], %(by_owner)s::bool[])
    as spoken(source, name, by_resource, by_owner) on e.source = spoken.source and e.name = spoken.name
  where (spoken.by_resource or spoken.by_owner) and {narrow}e.account_id = any(%(accounts)s) {more}
) named
where by_resource or named.foreign
order by 1, 2, resource collate "C"
"""
CALLS = """
select l.principal_id, l.event_id, l.n, l.resources_cut
from collectors_usagelast l
join unnest(%(principals)s::bigint[], %(events)s::bigint[]) as named(principal, event)
  on l.principal_id = named.principal and l.event_id = named.event
where l.used_at >= %(since)s
"""
PRINCIPALS = """
select id, account_id, actor, unique_id, arn from collectors_usageprincipal where account_id = any(%(accounts)s)
"""
USED = """
select count(*) from (
  select distinct l.principal_id from collectors_usagelast l join collectors_usageprincipal p on p.id = l.principal_id
  where {narrow}p.account_id = any(%(accounts)s) and l.used_at >= %(since)s
) used
"""
# A session's own tags come before those of its role, so where its trust policy lets a caller set any, they are not known.
TAGS = """
select p.account_id, p.unique_id, coalesce(p.data->>'tags', '{}')
from collectors_principal p
left join collectors_document d on d.account_id = p.account_id and d.digest = p.data->>'trust'
where p.account_id = any(%(accounts)s) and (p.type = 'user' or d.body::text !~* 'sts:[^"]*(tag|[*?])|"[*]"')
"""


class Used(NamedTuple):
    """Calls of one principal that are alike. what: a number of `Spoken.classes`. event: the row's id, None where the class is
    enough. region "", session 0 and long_term False where the candidate does not read them."""

    principal: int
    what: int
    event: int | None
    region: str
    session: int
    long_term: bool
    n: int
    last: date


class Part(NamedTuple):
    """One action that a call asks for, None where it is not known, and its class."""

    what: What
    event: str
    action: str | None


@dataclass(frozen=True)
class Spoken:
    """Events that the candidate may block, as columns. classes: by number, what the first event of each class asks for; the
    others' actions are of the same classes."""

    sources: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    by_resource: list[bool] = field(default_factory=list)
    by_owner: list[bool] = field(default_factory=list)
    classes: list[tuple[Part, ...]] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "sources": self.sources,
            "names": self.names,
            "classes": self.numbers,
            "by_resource": self.by_resource,
            "by_owner": self.by_owner,
        }


@dataclass(frozen=True)
class Scope:
    """accounts: row id -> AWS's id. since: the first day. whole: who asks may read all rows, so that no row of use is asked whose
    it is: events and principals are of one account, and those of the scope keep others out. Else, and of few accounts, rows are
    found by the index on their account."""

    accounts: Mapping[int, str]
    since: date
    whole: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        return {"accounts": list(self.accounts), "since": self.since}

    def narrow(self, table: str) -> str:
        every = self.whole and len(self.accounts) > FEW
        return "" if every else f"{table}.account_id = any(%(accounts)s) and "


def spoken(decider: Decider, scope: Scope) -> Spoken:
    """Of the events that the accounts know. What passes wherever it is called, or needs no permission, is left out."""
    found = Spoken()
    numbers: dict[tuple[What, ...], int] = {}
    query = "select distinct source, name from collectors_usageevent where account_id = any(%(accounts)s) order by 1, 2"
    for source, name in _rows(query, scope.parameters):
        parts = parts_of(decider, source, name)
        if _passes(decider, parts):
            continue
        key = tuple(part.what for part in parts)
        if key not in numbers:
            numbers[key] = len(found.classes)
            found.classes.append(parts)
        found.sources.append(source)
        found.names.append(name)
        found.numbers.append(numbers[key])
        found.by_resource.append(any(what.by_resource for what in key))
        found.by_owner.append(any(what.by_owner for what in key))
    return found


def parts_of(decider: Decider, source: str, name: str) -> tuple[Part, ...]:
    event = f"{source} {name}"
    actions = actions_of(source, name)
    some: tuple[str | None, ...] = (None,) if actions is None else actions
    return tuple(Part(decider.what(event, action), event, action) for action in some)


def uses(
    decider: Decider,
    about: Spoken,
    scope: Scope,
    told: Iterable[tuple[int, int]],
    principals: Collection[int] | None = None,
) -> Iterator[Used]:
    """One scan for all accounts. told: the keys of `named`, whose events are told apart. principals: only theirs, then event by
    event."""
    everywhere = [r for r in decider.regions if all(_passes(decider, some, r) for some in about.classes)]
    rest = [region for region in decider.regions if region not in everywhere]
    pairs = [(n, region) for n, some in enumerate(about.classes) for region in rest if _passes(decider, some, region)]
    parameters = scope.parameters | about.parameters | {"principals": list(principals or ())}
    parameters |= {
        "passed": [n for n, _ in pairs],
        "regions": [region for _, region in pairs],
        "everywhere": everywhere,
        "told": sorted({event for _, event in told}),
    }
    one_by_one = principals is not None
    query = USES.format(
        event="d.event_id" if one_by_one else "e.told",
        region="d.region" if decider.reads_region or one_by_one else "''",
        session="d.session_kind" if decider.reads_session else "0",
        long_term="d.key <> ''" if decider.reads_session else "false",
        narrow=scope.narrow("d"),
        more=(NOT_THERE if everywhere else "") + (PASSED if pairs else "") + _of_these(principals, "d"),
    )
    return (Used(*row) for row in _rows(query, parameters))


def _passes(decider: Decider, parts: Iterable[Part], region: str = "") -> bool:
    return all(decider.passes(part.what, region) for part in parts)


def _of_these(principals: Collection[int] | None, table: str) -> str:
    return "" if principals is None else f" and {table}.principal_id = any(%(principals)s)"


@dataclass(frozen=True)
class Named:
    """What calls of a principal and event named. n: calls in all that was read; resources: (name, calls, whether lately)."""

    n: int
    cut: bool
    resources: Sequence[tuple[str, int, bool]]

    def of(self, action: str | None) -> tuple[str, ...]:
        """What every call named one of; (): that is not known."""
        templates = _templates(action) if action and not self.cut else ()
        touched = [(one, n, lately) for one, n, lately in self.resources if _touched(one, templates)]
        if not templates or sum(n for _, n, _ in touched) < self.n:
            return ()
        return tuple(one for one, _, lately in touched if lately)


def named(about: Spoken, scope: Scope, principals: Collection[int] | None = None) -> dict[tuple[int, int], Named]:
    """By principal and event, only where it can make a difference."""
    if not any((*about.by_resource, *about.by_owner)):
        return {}
    parameters = scope.parameters | about.parameters | {"principals": list(principals or ())}
    resources: defaultdict[tuple[int, int], list[tuple[str, int, bool]]] = defaultdict(list)
    owned = any(o and not r for r, o in zip(about.by_resource, about.by_owner, strict=True))
    query = (OWNED if owned else NAMED).format(narrow=scope.narrow("r"), more=_of_these(principals, "r"))
    for principal, event, resource, n, lately in _rows(query, parameters):
        resources[principal, event].append((resource, n, lately))
    pairs = {"principals": [one for one, _ in resources], "events": [event for _, event in resources]}
    calls = _rows(CALLS, pairs | scope.parameters) if resources else ()
    return {(one, event): Named(n, cut, resources[one, event]) for one, event, n, cut in calls}


@lru_cache(4096)
def _templates(action: str) -> tuple[str, ...]:
    return catalogue().templates(action) if catalogue().match(action) else ()


@lru_cache(65_536)
def _touched(resource: str, templates: tuple[str, ...]) -> bool:
    """Whether it is of a kind that the action touches, and was not named beside. The same buckets are named over and over."""
    return places(resource, templates) != ()


def events_of(numbers: Collection[int]) -> dict[int, tuple[str, str]]:
    """Row id -> source and name."""
    query = "select id, source, name from collectors_usageevent where id = any(%(ids)s)"
    return {pk: (source, name) for pk, source, name in _rows(query, {"ids": list(numbers)})}


def principals_of(decider: Decider, scope: Scope) -> dict[int, UsedRow]:
    """Row id -> a row with what is known of the principal, and no call."""
    told = _rows(TAGS, scope.parameters) if decider.reads_tags else ()
    tags = {(a, unique_id): json.loads(text) for a, unique_id, text in told}
    return {
        pk: UsedRow(scope.accounts[a], unique_id, arn, Actor(actor), "", None, tags=tags.get((a, unique_id)))
        for pk, a, actor, unique_id, arn in _rows(PRINCIPALS, scope.parameters)
    }


def used_principals(scope: Scope) -> int:
    """How many principals made a call that was not denied, whatever the candidate says."""
    ((found,),) = _rows(USED.format(narrow=scope.narrow("l")), scope.parameters)
    return int(found)


def _rows(query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
