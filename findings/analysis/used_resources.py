"""On what actions were used, where calls tell all of it: then a grant on everything can become one on these.

A trail names a bucket with the first part of an object's key, or ARNs (collectors/activity/resources.py). It is not enough that
some calls named something: each has to, every call has to be an event, and what is named has to be what the policy is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from collectors.records import EventUse, ResourceUse
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.activity.seen import recorded
from findings.policy.catalogue import Catalogue
from findings.policy.patterns import glob, overlaps

CUT = "its calls named more resources than are kept"
NAMELESS = "not every call of it names what it was used on"
IN_PART = "a trail may record some of its calls only, so that what it was used on is not all known"
TOGETHER = "one call asked for it together with other actions, and does not tell which resource was whose"
ODD = "what its calls named is no plain ARN of what it touches"
BUCKET = re.compile(r"(arn:aws[\w-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
ALIAS = re.compile(r"-s3alias$|--ol-s3$|--x-s3$")  # a name of an access point, whose ARN is another one
KEY = re.compile(r"[\w!.'()=+@,-]{1,900}/\*")  # a first part that means itself in a policy
PLAIN = re.compile(
    r"arn:[\w-]+:[\w-]+:[\w-]*:\w*:[\w!.'()=+@,:/#-]+"
)  # "*", "?" and "${" would mean more than themselves


@dataclass(frozen=True, slots=True)
class Touched:
    """resources: action -> patterns that cover all that its calls named. untold: action -> why that is not known; actions that
    no call shows are in neither."""

    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)


def touched(
    calls: Iterable[EventUse],
    named: Iterable[ResourceUse],
    since: datetime,
    catalogue: Catalogue,
    data: frozenset[str] = frozenset(),
) -> Touched:
    """Of one principal. data: services all of whose data events the trail records."""
    by_call: dict[tuple[str, str], list[ResourceUse]] = {}
    for one in named:
        by_call.setdefault((one.source, one.name), []).append(one)
    whole = recorded(catalogue, data)
    resources: dict[str, set[str]] = {}
    untold: dict[str, str] = {}
    for call in calls:
        if call.used_at is None or call.used_at < since:
            continue
        actions = actions_of(call.source, call.name) or ()
        for action in actions:
            if not catalogue.bit(action) & catalogue.scopable:
                continue
            seen = by_call.get((call.source, call.name), [])
            found = _of_call(action, call, seen, since, catalogue)
            why = TOGETHER if len(actions) > 1 else IN_PART if not catalogue.bit(action) & whole else found
            if isinstance(why, str):
                untold.setdefault(action, why)
            else:
                resources.setdefault(action, set()).update(why)
    return Touched({a: tuple(sorted(some)) for a, some in resources.items() if some and a not in untold}, untold)


def _of_call(
    action: str, call: EventUse, named: list[ResourceUse], since: datetime, catalogue: Catalogue
) -> list[str] | str:
    """What the call was used on since then, or why that is not known."""
    if call.resources_cut:
        return CUT
    templates = catalogue.templates(action)
    where_to = [(one, places(one.resource, templates)) for one in named]
    if any(where is None for _, where in where_to):
        return ODD
    if sum(one.n for one, where in where_to if where) < call.n:
        return NAMELESS
    lately = (where for one, where in where_to if one.n > one.denied and one.last_at >= since)
    return [pattern for where in lately for pattern in where or ()]


def places(arn: str, templates: tuple[str, ...]) -> tuple[str, ...] | None:
    """Patterns for what an action with these templates touched there; (): it is of another kind, such as the policy that a role
    was given. None: it cannot be written as one."""
    if ":s3:::" in arn:
        return _in_bucket(arn, [t for t in templates if ":s3:::" in t])
    if not PLAIN.fullmatch(arn):
        return None
    others = [template for template in templates if not _is(template, arn)]
    if len(others) == len(templates):
        return ()
    below = [_below(arn, template) for template in others]
    if "" in below:
        return None  # it touches things of another kind besides
    more = [*below, *([":"] if ":function:" in arn else [])]  # a function's versions and aliases
    return (arn, *(f"{arn}{separator}*" for separator in dict.fromkeys(more)))


def _is(template: str, arn: str) -> bool:
    """Field by field: a star of a template is a variable, which does not run on into the next one."""
    return all(glob(one, other) for one, other in zip(_fields(template), _fields(arn), strict=True))


def _fields(arn: str) -> list[str]:
    return arn.split(":", 5)


def _below(arn: str, template: str) -> str:
    """By what a part of it is named after it, as a table's index by "/"; "" where the template is of another kind."""
    *head, resource = _fields(arn)
    *same, part = _fields(template)
    alike = all(glob(one, other) for one, other in zip(same, head, strict=True))
    return next((separator for separator in "/:" if alike and overlaps(part, f"{resource}{separator}*")), "")


def _in_bucket(arn: str, templates: list[str]) -> tuple[str, ...] | None:
    found = BUCKET.fullmatch(arn)
    if not found or ALIAS.search(found[1]) or not templates:
        return None
    bucket, key = found[1], found[2]
    return tuple(_in(bucket, key, objects="/" in template) for template in templates)


def _in(bucket: str, key: str | None, objects: bool) -> str:
    if not objects:
        return bucket
    return f"{bucket}/{key}" if key and KEY.fullmatch(key) else f"{bucket}/*"


def fewer(patterns: Iterable[str]) -> Iterator[str]:
    """Whole buckets in place of first parts of keys."""
    yield from dict.fromkeys(f"{p.partition('/')[0]}/*" if ":s3:::" in p and "/" in p else p for p in patterns)
