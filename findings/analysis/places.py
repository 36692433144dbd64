"""Where an account stands for what operators decide: its OUs, its tags, its groups; and what of that nobody read."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.guardrails import Ground, UnseenError, ground, way
from findings.analysis.organization import known_organization, nobody_reads

NOT_JUDGED = "it was not judged yet"
Path = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """path: (id, name) of the root and the OUs above the account, root first; () with `unknown` "": in no organization.

    unknown: why the path is not known. tags None: not read.
    """

    aws_id: str
    path: Path = ()
    tags: Mapping[str, str] | None = None
    unknown: str = ""

    @property
    def ous(self) -> tuple[str, ...]:
        return tuple(unit for unit, _ in self.path)


def places_of(snapshot: records.Snapshot) -> Iterator[Place]:
    """Of the account, and of all that the snapshot lists as members: all of the organization for the one that reads it."""
    facts = Facts(snapshot)
    tree, organization = ground(facts), known_organization(facts)
    if organization is not None and not organization.organization_id:
        yield Place(snapshot.account_id, tags={})
        return
    paths: dict[str, Path] = {}
    for aws_id in {snapshot.account_id: None, **tree.accounts}:
        one = tree.accounts.get(aws_id)
        parent, tags = (one.parent_id, one.tags) if one else ("", None)
        try:
            path = paths.get(parent) or _path(facts, tree, aws_id)
        except UnseenError as reason:
            yield Place(aws_id, tags=tags, unknown=(not tree.units and nobody_reads(facts)) or str(reason))
        else:
            paths[parent] = path
            yield Place(aws_id, path, tags)


def _path(facts: Facts, tree: Ground, aws_id: str) -> Path:
    """Half a path is none: what is above might decide too. Raises UnseenError."""
    return tuple((node.unique_id, node.name) for node in way(facts, tree, aws_id)[:-1])


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts below one of the OUs, with one of the tags ("key=value"), or named by hand. key: stays when it is renamed."""

    key: str
    name: str
    ous: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


def has_tag(place: Place, tag: str) -> bool:
    key, _, value = tag.partition("=")
    return place.tags is not None and place.tags.get(key) == value


class Scope(enum.StrEnum):
    """Whom something decided reaches; of two that reach an account, the one further down counts."""

    ALL = "all"
    OU = "ou"
    TAG = "tag"
    GROUP = "group"
    OWN_TAG = "own-tag"
    ACCOUNT = "account"


RANK = {scope: rank for rank, scope in enumerate(Scope)}


@dataclass(frozen=True)
class Standing:
    """A place with the groups that hold it (key -> name), for asking what reaches it. unsure: those of which nobody can tell."""

    place: Place
    groups: Mapping[str, str] = field(default_factory=dict)
    unsure: Mapping[str, str] = field(default_factory=dict)

    def rank(self, scope: Scope, target: str) -> tuple[int, int] | None:
        """How near what is decided for the scope is to the account, the nearest being the greatest; None: it does not reach it.

        target: an OU's id, "key=value", a group's key, the key of the account's own tag, the account's id, or "" for all.
        """
        depth = self._depth(target) if scope is Scope.OU else 0
        return (RANK[scope], depth) if depth >= 0 and self._reached(scope, target) else None

    def _depth(self, unit: str) -> int:
        return next((depth for depth, (one, _) in enumerate(self.place.path) if one == unit), -1)

    def _reached(self, scope: Scope, target: str) -> bool:
        if scope is Scope.GROUP:
            return target in self.groups
        if scope is Scope.ACCOUNT:
            return target == self.place.aws_id
        if scope is Scope.TAG:
            return has_tag(self.place, target)
        return scope is not Scope.OWN_TAG or bool((self.place.tags or {}).get(target))

    def may_reach(self, scope: Scope, target: str) -> bool:
        """Whether nobody can tell that it does not reach the account: OUs or tags that it asks were not read."""
        if scope is Scope.GROUP:
            return target in self.unsure
        if scope is Scope.OU:
            return bool(self.place.unknown)
        return scope in (Scope.TAG, Scope.OWN_TAG) and self.place.tags is None

    def words(self, scope: Scope, target: str) -> str:
        """Where something comes from that reaches the account."""
        if scope is Scope.OU:
            name = dict(self.place.path).get(target, "")
            return f"root {target}" if target.startswith("r-") else f"OU {name} ({target})" if name else f"OU {target}"
        if scope is Scope.GROUP:
            return f"group {self.groups.get(target, target)}"
        named = {
            Scope.TAG: f"tag {target}",
            Scope.OWN_TAG: f"the account's tag {target}",
            Scope.ACCOUNT: "this account",
        }
        return named.get(scope, "all accounts")


class Groups:
    """Which groups hold a place. Made once and asked for a thousand accounts."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.by_name = sorted(groups, key=lambda group: group.name)
        self._by: defaultdict[tuple[str, str], list[Group]] = defaultdict(list)
        for group in self.by_name:
            for kind, names in (("ou", group.ous), ("tag", group.tags), ("account", group.accounts)):
                for name in names:
                    self._by[kind, name].append(group)

    def standing(self, place: Place) -> Standing:
        """Of groups by OUs or tags it cannot be told where those were not read, unless the account belongs to them by another
        way."""
        if not self.by_name:
            return Standing(place)
        found = {group.key: group.name for group in self._holding(place)}
        unsure = {
            group.key: group.name
            for group in (self.by_name if place.unknown or place.tags is None else ())
            if group.key not in found and ((group.ous and place.unknown) or (group.tags and place.tags is None))
        }
        return Standing(place, found, unsure)

    def _holding(self, place: Place) -> Iterator[Group]:
        tags = (f"{key}={value}" for key, value in (place.tags or {}).items())
        for kind, names in (("account", (place.aws_id,)), ("ou", place.ous), ("tag", tags)):
            for name in names:
                yield from self._by.get((kind, name), ())
