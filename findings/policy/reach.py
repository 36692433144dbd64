"""Which actions a Resource pattern reaches: by the ARN templates of what each action touches.

A pattern is compared field by field with the templates of its service; a variable of a template is any text in its own
field. As AWS does, a pattern with fewer than six fields is completed with "*", and a "*" that ends a field may run on into
the next ones.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import NamedTuple

from findings.policy.catalogue_contents import NO_RESOURCE, NOT_KNOWN, Contents
from findings.policy.patterns import covers, glob, overlaps

PATTERNS, MASKS = 8192, 512  # remembered; a mask takes up to 3 KB, so patterns that reach the same share one
VARIABLE = re.compile(r"\$\{[^}]*\}")
OF_SERVICE = re.compile(r"arn:[^:*?]*:([^:*?]+):")
ANY = "*"
ALL_WITHOUT = frozenset((NO_RESOURCE, NOT_KNOWN))
FIELDS = 6
DIGITS = frozenset("0123456789")
PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")


class Target(NamedTuple):
    """A template in its fields, variables as "*". plain: its resource is one name without "/", as a bucket's."""

    service: str
    region: str
    account: str
    resource: str
    colons: int
    plain: bool

    @property
    def arn(self) -> str:
        return f"arn:*:{self.service}:{self.region}:{self.account}:{self.resource}"


class Reached:
    """services: the actions of each IAM prefix, as masks."""

    def __init__(self, contents: Contents, services: Mapping[str, int]) -> None:
        self._contents = contents
        self._services = services
        self.may_touch = lru_cache(PATTERNS)(self._may_touch)
        self.touches_all = lru_cache(PATTERNS)(self._touches_all)
        self._touched = lru_cache(PATTERNS)(self._touched_by)
        self._covered = lru_cache(PATTERNS)(self._covered_by)
        self._mask_of = lru_cache(MASKS)(self._mask_of_kinds)
        self._joined = lru_cache(MASKS)(self._join)
        self._of_service = lru_cache(MASKS)(self._near_service)

    def templates(self, index: int) -> tuple[str, ...]:
        contents = self._contents
        return tuple(VARIABLE.sub(ANY, contents.templates[t]) for t in contents.kinds[contents.kind_of[index]])

    @cached_property
    def scopable(self) -> int:
        return self._mask_of(frozenset(range(NOT_KNOWN + 1, len(self._contents.kinds))))

    def _may_touch(self, pattern: str) -> int:
        return self._touched(self._shape(pattern))

    def _touches_all(self, pattern: str) -> int:
        return self._covered(self._shape(pattern))

    def _shape(self, pattern: str) -> str:
        """The same for patterns that differ in numbers only, as names and accounts do, and so reach the same: digits that stand
        in no template of the service are met by variables alone, and by these as few as many."""
        found = OF_SERVICE.match(pattern)
        if found is None:
            return pattern
        digits = self._digits.get(found[1], self._digits[ANY])
        return found[0] + (digits.sub(digits.pattern[1], pattern[found.end() :]) if digits else pattern[found.end() :])

    def _touched_by(self, pattern: str) -> int:
        targets = self._targets_of(pattern, MEETS)
        kinds = frozenset(kind for target in targets for kind in self._kinds_of[target])
        return self._joined(kinds, *self._without_target(pattern))

    def _covered_by(self, pattern: str) -> int:
        targets = self._targets_of(pattern, COVERS)
        kinds = {kind for target in targets for kind in self._kinds_of[target]}
        reached = self._mask_of(frozenset(kind for kind in kinds if targets.issuperset(self._needed[kind])))
        return reached | self._mask_of(ALL_WITHOUT) if _meets_star(pattern) else reached

    def _without_target(self, pattern: str) -> tuple[frozenset[int], str]:
        """Which of the kinds without a template the pattern may be meant for, and in which service field.

        AWS asks for "*"; ARNs like arn:aws:s3:::* are seen too, and S3 takes them. Where types are not known, any ARN of
        the service may be one.
        """
        if _meets_star(pattern):
            return ALL_WITHOUT, ANY
        fields = _fields(pattern)
        if not overlaps(fields[0], "arn") or not _is_partition(fields[1]):
            return frozenset(), ANY
        return ALL_WITHOUT if not fields[-1].strip(ANY) else ALL_WITHOUT - {NO_RESOURCE}, fields[2]

    def _join(self, kinds: frozenset[int], without: frozenset[int], service: str) -> int:
        found = self._mask_of(without)
        if found and service != ANY:
            found &= self._of_service(service)
        return self._mask_of(kinds) | found

    def _near_service(self, service: str) -> int:
        """The actions of each prefix that has ARNs with such a service field."""
        if ANY not in service and "?" not in service:
            return self._of_field.get(service, 0)
        return reduce(or_, (mask for field, mask in self._of_field.items() if glob(service, field)), 0)

    def _targets_of(self, pattern: str, way: Way) -> set[int]:
        first = pattern.partition(":")[0]
        if first != "arn":
            if ANY not in first and not overlaps(first, "arn"):
                return set()
            return {n for n, target in enumerate(self._targets) if way.text(pattern, target.arn)}
        found: set[int] = set()
        for run_on, (_, partition, service, region, account, resource) in _readings(pattern):
            if _is_partition(partition):
                # Names hold no colons: when a star has run on, those that are left are the template's own.
                colons = resource.count(":") if run_on else 0
                for place, some in self._near(service, way):
                    if way.place(region, account, *place):
                        found.update([n for n, t in some if t.colons >= colons and way.resource(resource, t)])
        return found

    def _near(self, service: str, way: Way) -> Iterator[tuple[Place, list[tuple[int, Target]]]]:
        """The targets whose service field the pattern's meets, by their regions and accounts."""
        if ANY not in service and "?" not in service:
            fields = [service] if way is COVERS else [service, ANY]
        else:
            fields = [field for field in self._by_service if way.text(service, field)]
        return (placed for field in fields for placed in self._by_service.get(field, {}).items())

    @cached_property
    def _targets(self) -> list[Target]:
        return [_target(template) for template in self._contents.templates]

    @cached_property
    def _digits(self) -> Mapping[str, re.Pattern[str] | None]:
        """Service field -> runs of the digits that no template of it, or of any service, has behind it. None: they have all.
        "*": what is so for a service that has no template of its own."""
        told = {ANY: set[str]()}
        for target in self._targets:
            told.setdefault(target.service, set()).update(f"{target.region}{target.account}{target.resource}")
        left = {service: sorted(DIGITS - told[ANY] - some) for service, some in told.items()}
        return {service: re.compile(f"[{''.join(some)}]+") if some else None for service, some in left.items()}

    @cached_property
    def _by_service(self) -> dict[str, dict[Place, list[tuple[int, Target]]]]:
        found: dict[str, dict[Place, list[tuple[int, Target]]]] = {}
        for n, target in enumerate(self._targets):
            places = found.setdefault(target.service, {})
            places.setdefault((target.region, target.account), []).append((n, target))
        return found

    @cached_property
    def _kinds_of(self) -> list[list[int]]:
        """For each template the kinds that have it."""
        found: list[list[int]] = [[] for _ in self._contents.templates]
        for kind, templates in enumerate(self._contents.kinds):
            for template in templates:
                found[template].append(kind)
        return found

    @cached_property
    def _needed(self) -> list[list[int]]:
        """For each kind the templates that a pattern must cover to cover all. An access point of S3 is another way to the
        same buckets and objects: whoever has these has everything."""
        views = {n for n, t in enumerate(self._targets) if t.service == "s3" and t.resource.startswith("accesspoint/")}
        return [[t for t in kind if t not in views] or kind for kind in self._contents.kinds]

    @cached_property
    def _members(self) -> list[array[int]]:
        """For each kind its actions."""
        found = [array("L") for _ in self._contents.kinds]
        for index, kind in enumerate(self._contents.kind_of):
            found[kind].append(index)
        return found

    @cached_property
    def _of_field(self) -> dict[str, int]:
        """Service field of ARNs -> the actions of each IAM prefix that has such ARNs: cloudwatch has cloudwatch, ebs has ec2
        too."""
        found = dict(self._services)
        for mask in self._services.values():
            start = (mask & -mask).bit_length() - 1
            kinds = set(self._contents.kind_of[start : mask.bit_length()])
            for field in {self._targets[t].service for kind in kinds for t in self._contents.kinds[kind]} - {ANY}:
                found[field] = found.get(field, 0) | mask
        return found

    def _mask_of_kinds(self, kinds: frozenset[int]) -> int:
        bits = bytearray(len(self._contents.kind_of) // 8 + 1)
        for kind in kinds:
            for index in self._members[kind]:
                bits[index >> 3] |= 1 << (index & 7)
        return int.from_bytes(bits, "little")


Place = tuple[str, str]  # region and account


class Way(NamedTuple):
    """How a pattern is compared: text by text, its region and account with a place's, its resource with a target's."""

    text: Callable[[str, str], bool]
    place: Callable[[str, str, str, str], bool]
    resource: Callable[[str, Target], bool]


def _target(template: str) -> Target:
    _, _, service, region, account, resource = template.split(":", FIELDS - 1)
    name = VARIABLE.fullmatch(resource)
    text = VARIABLE.sub(ANY, resource)
    plain = name is not None and "Arn" not in resource
    service, region, account = (VARIABLE.sub(ANY, field) for field in (service, region, account))
    return Target(service, region, account, text, text.count(":"), plain)


@lru_cache(256)
def _is_partition(pattern: str) -> bool:
    """Whether AWS has a partition that matches; it takes no ARN of another."""
    return any(glob(pattern, one) for one in PARTITIONS)


def _meets_star(pattern: str) -> bool:
    """Whether it matches the "*" that AWS asks for: glob(pattern, "*"), which would make each pattern ready for it."""
    return bool(pattern) and not pattern.strip("*?") and pattern.count("?") < 2


def _head(pattern: str) -> str:
    """What stands before the first wildcard."""
    return pattern.partition(ANY)[0].partition("?")[0]


def _fields(pattern: str) -> list[str]:
    fields = pattern.split(":", FIELDS - 1)
    return fields + [ANY] * (FIELDS - len(fields))


def _readings(pattern: str) -> Iterator[tuple[bool, list[str]]]:
    """The pattern in six fields: as it stands, then with each "*" that ends a field running on into the next ones."""
    yield False, _fields(pattern)
    if "*:" not in pattern:
        return
    fields = pattern.split(":")
    for at in range(2, min(len(fields), FIELDS) - 1):
        if fields[at].endswith(ANY):
            for more in range(1, FIELDS - 1 - at):
                yield True, _fields(":".join([*fields[: at + 1], *[ANY] * more, *fields[at + 1 :]]))


def _place_meets(region: str, account: str, target_region: str, target_account: str) -> bool:
    return _field_meets(region, target_region) and _field_meets(account, target_account) and _is_account(account)


def _resource_meets(resource: str, target: Target) -> bool:
    if target.plain:
        return bool(resource) and "/" not in resource
    return overlaps(resource, target.resource)


def _field_meets(pattern: str, field: str) -> bool:
    """A region or an account. A variable always has a value, so an empty field does not meet it."""
    if field == ANY:
        return bool(pattern)
    return glob(pattern, field)


def _is_account(pattern: str) -> bool:
    """Whether an account's id may match, or none, or the word that AWS has for its own."""
    return pattern in ("", "aws") or pattern.isdigit() or ANY in pattern or "?" in pattern


def _place_covered(region: str, account: str, target_region: str, target_account: str) -> bool:
    return covers(region, target_region) and covers(account, target_account)


def _resource_covered(resource: str, target: Target) -> bool:
    """Most patterns end at the first question."""
    return target.resource.startswith(_head(resource)) and covers(resource, target.resource)


MEETS = Way(overlaps, _place_meets, _resource_meets)
COVERS = Way(covers, _place_covered, _resource_covered)
