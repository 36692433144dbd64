"""Wildcards in one policy document: whole services, and everything in place of named resources.

Only what a statement says with Action and Resource; NotAction and NotResource are LP204's matter. `wide` (findings/policy/
compiled.py) already leaves out what a condition on the resource narrows, and keeps what is only asked of the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from findings.policy.catalogue import Catalogue, Level
from findings.policy.compiled import Clause, Compiled

CHANGING = (Level.WRITE, Level.PERMISSIONS)
SCOPED = (Level.WRITE, Level.PERMISSIONS, Level.TAGGING)


# Actions that only look, whatever level the reference gives them ("iot:ListSubscriptions" is said to write), save those
# that hand out credentials. Without them, who may look around would seem to change things.
LOOKING = ("*:BatchGet*", "*:Describe*", "*:Get*", "*:List*", "*:Search*", "*:Test*", "*:Validate*", "*:View*")
HANDING_OUT = ("*:Get*Token*", "*:Get*Credentials*", "*:Get*Password*", "*:Get*PresignedURL*")
HARMLESS = ("*:AllowVendedLogDeliveryForResource",)


@cache
def of_levels(catalogue: Catalogue, levels: tuple[Level, ...]) -> int:
    """The actions of the levels that do change something."""
    mask = 0
    for level in levels:
        mask |= catalogue.levels.get(level, 0)
    looking = catalogue.mask(LOOKING) & ~catalogue.mask(HANDING_OUT)
    return mask & ~looking & ~catalogue.mask(HARMLESS)


def service_wildcards(compiled: Compiled, catalogue: Catalogue) -> tuple[str, ...]:
    """Services of which wildcards allow all that writes or manages permissions, on (nearly) everything it can touch."""
    named = wide = 0
    spelled: set[str] = set()
    near: set[str] = set()
    for clause in plain_allows(compiled):
        patterns = [p for p in clause.statement.actions or () if "*" in p or "?" in p]
        mask = catalogue.mask(patterns)
        named |= mask
        wide |= mask & clause.wide
        near.update(p.partition(":")[0].lower() for p in patterns)
        spelled.update(p.partition(":")[0].lower() for p in patterns if not p.partition(":")[2].strip("*"))
    wide &= ~compiled.deny_wide
    changing = of_levels(catalogue, CHANGING)
    if any("*" in service or "?" in service for service in near):
        near = set(catalogue.services)
    return tuple(
        service
        for service in sorted(near & catalogue.services.keys())
        if wide & (actions := catalogue.services[service])
        and _whole(actions, changing, named, wide, service in spelled)
    )


def _whole(actions: int, changing: int, named: int, wide: int, spelled: bool) -> bool:
    """spelled: as "service:*", which is the whole even of a service that only reads. Half of it on everything is enough:
    "arn:aws:s3:::*" is all buckets and objects, and no access point."""
    strong = actions & changing
    if not strong:
        return spelled
    return not strong & ~named and 2 * (wide & strong).bit_count() >= strong.bit_count()


def unscoped(compiled: Compiled, catalogue: Catalogue) -> int:
    """Actions that write, tag or manage permissions, that could be allowed on named resources, and are on everything."""
    wide = 0
    for clause in plain_allows(compiled):
        wide |= clause.wide
    return wide & ~compiled.deny_wide & catalogue.scopable & of_levels(catalogue, SCOPED)


def plain_allows(compiled: Compiled) -> Iterator[Clause]:
    """Allows with Action and Resource."""
    for clause in compiled.clauses:
        said = clause.statement
        if said.allows and said.actions is not None and said.not_resources is None:
            yield clause


def services_of(mask: int, catalogue: Catalogue) -> tuple[str, ...]:
    """Services that have an action in the mask."""
    return tuple(dict.fromkeys(name.partition(":")[0] for name in catalogue.members(mask)))
