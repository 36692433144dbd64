"""Sources: one file each, found by pkgutil. A source is fetch (dumb and loud), transform (pure), and what it may sweep.

To add one, add a file that defines SOURCE; CONTRIBUTING.md says which tests go with it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.aws.call import Aws
from collectors.records import Part

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Api:
    """One question to AWS. fetch gets the session and the answers of the APIs before it, and raises AwsError.

    name is also the IAM action it needs, unless `actions` says otherwise. after: APIs whose answers fetch reads; when one
    of them has none, this one is not asked and its coverage says why. either: of these one at least must have an answer.
    regional: it is asked in each region, its answer is region -> answer, and its coverage has a row for each of them
    (collectors.aws.regional). filed: lines of a bundle tell about whom it was asked, so that it needs no other answer there.
    """

    name: str
    fetch: Callable[[Aws, Answers], Any]
    after: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    regional: bool = False
    filed: bool = False

    @property
    def permissions(self) -> tuple[str, ...]:
        return self.actions or (self.name,)


@dataclass(frozen=True)
class Size:
    """What an account is like, as far as the number of calls follows from it. keyed: users with keys. recorded: regions in which
    Config records; changes: of IAM resources there since the last reading. analyzers: of its own. watched: buckets that matter.

    tells: it tells of an organization with so many accounts, OUs, guardrails, permission sets and people. files: of CloudTrail, a
    day and account.
    """

    roles: int = 200
    users: int = 10
    keyed: int = 5
    groups: int = 5
    policies: int = 60
    regions: int = 17
    trails: int = 1
    analyzers: int = 1
    recorded: int = 1
    changes: int = 5
    buckets: int = 40
    watched: int = 2
    tells: bool = False
    accounts: int = 1
    ous: int = 0
    guardrails: int = 0
    sets: int = 0
    people: int = 0
    files: int = 300

    @property
    def principals(self) -> int:
        return self.roles + self.users


def pages(things: int, page: int) -> int:
    """Calls for a list: an empty one takes one too."""
    return max(1, -(-things // page))


def _undeclared(size: Size) -> int:
    raise NotImplementedError("A source says how many calls it makes.")


@dataclass(frozen=True)
class Source:
    """every: due every n-th interval of settings.COLLECT_EVERY_HOURS. queue: Celery's; what takes minutes has its own.

    transform gets the answers there are, by API name. sweeps: kind of record -> APIs that must all be complete before
    an entity that was not seen is taken for gone, region by region where they are asked in each.
    known: what the inventory says of the account with this AWS id before
    anything is asked; it stands among the answers under names of the source's own. fresh: what takes its place for a bundle
    of that time, which has no inventory behind it; trial: and for a test of the connection, which asks about one entity.
    streams: for what has no end and is stored as it is read (collectors.trail): the API under which its coverage stands; such a
    source has no apis. asked_in: whether the account with this AWS id is one where it is asked.
    calls: about how many calls it takes to ask all of it; renewed: after how many hours all of it is asked anew, where that is
    not each time that it is due (collectors.cost).
    """

    name: str
    title: str
    apis: tuple[Api, ...]
    transform: Callable[[Answers], Part]
    every: int = 1
    queue: str = "inventory"
    sweeps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: Callable[[str], Answers] = lambda account_id: {}
    fresh: Callable[[datetime], Answers] = lambda at: {}
    trial: Callable[[datetime], Answers] = lambda at: {}
    streams: str = ""
    asked_in: Callable[[str], bool] = lambda account_id: True
    calls: Callable[[Size], int] = _undeclared
    renewed: Callable[[], float] | None = None

    @property
    def covers(self) -> tuple[str, ...]:
        """The APIs under which its coverage stands."""
        return (self.streams,) if self.streams else tuple(api.name for api in self.apis)

    @property
    def permissions(self) -> tuple[str, ...]:
        return tuple(sorted({p for api in self.apis for p in api.permissions}))


@functools.cache
def sources() -> dict[str, Source]:
    """All sources by name, in the order of their names."""
    found = [importlib.import_module(f"{__name__}.{m.name}").SOURCE for m in pkgutil.iter_modules(__path__)]
    return {source.name: source for source in sorted(found, key=lambda s: s.name)}


def permissions() -> tuple[str, ...]:
    """Every IAM action that the collector calls: the read-only policy is made of these."""
    return tuple(sorted({p for source in sources().values() for p in source.permissions}))
