"""The actions of AWS and sets of them. A set is a Python int: bit i stands for names[i].

    c = catalogue()
    c.match("s3:Get*") & ~c.levels[Level.READ]      a|b union, a&b both, a&~b without, a.bit_count() how many

The names are sorted by lower case, so that a pattern like "ec2:Describe*" is one run of bits. Where they come from:
catalogue_contents.py. Which of them a Resource pattern reaches: reach.py.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import translate
from functools import cache, cached_property, lru_cache, reduce
from operator import or_

from findings.policy.catalogue_contents import Contents
from findings.policy.catalogue_file import load
from findings.policy.patterns import glob
from findings.policy.reach import Reached

AFTER_ALL = "\x7f"  # sorts behind every character of an action's name
LONGEST = 200  # no name is longer; AWS's longest has half of it
REMEMBERED = 2048  # masks of patterns; each takes up to 3 KB
NOT_EMPTY = re.compile(rb"[^\0]")
BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))  # of each byte


class Level(StrEnum):
    """What an action does, as AWS says. UNKNOWN: a name that only botocore knows, or nobody."""

    LIST = "List"
    READ = "Read"
    WRITE = "Write"
    TAGGING = "Tagging"
    PERMISSIONS = "Permissions management"
    UNKNOWN = "Unknown"


class Catalogue:
    """Names are canonical ("s3:GetObject"); what is asked may be in any case."""

    def __init__(self, contents: Contents) -> None:
        self.version = contents.version
        self.names = tuple(contents.names.split("\n"))
        self.service_names: Mapping[str, str] = contents.service_names
        self.rcp_services = frozenset(contents.rcp_services)
        self.all = (1 << len(self.names)) - 1
        self._lower = contents.names.lower().split("\n")
        self._at = {name: index for names in (self._lower, self.names) for index, name in enumerate(names)}
        self._levels = contents.levels
        self._reached = Reached(contents, self.services)
        self._with_wildcards = lru_cache(REMEMBERED)(self._match)

    @cached_property
    def levels(self) -> Mapping[Level, int]:
        """Disjoint, and together all."""
        return {level: self._marked(self._levels, level.value[0]) for level in Level}

    @cached_property
    def services(self) -> Mapping[str, int]:
        starts: dict[str, int] = {}
        for i, name in enumerate(self._lower):
            starts.setdefault(name.partition(":")[0], i)
        ends = [*list(starts.values())[1:], len(self.names)]
        return {service: _run(start, end) for (service, start), end in zip(starts.items(), ends, strict=True)}

    @property
    def scopable(self) -> int:
        """Actions that have at least one resource type."""
        return self._reached.scopable

    def bit(self, action: str) -> int:
        """The set of one action. KeyError when there is none of this name."""
        return 1 << self._index(action)

    def mask(self, patterns: Iterable[str]) -> int:
        """The actions of several patterns. Plain names are most of them, and cheaper together than one by one."""
        bits, mask = bytearray(len(self._lower) // 8 + 1), 0
        for pattern in patterns:
            if (at := self._place(pattern)) is not None:
                bits[at >> 3] |= 1 << (at & 7)
            elif _wild(pattern):
                mask |= self._with_wildcards(pattern)
        return mask | int.from_bytes(bits, "little")

    def check(self, names: Iterable[str]) -> list[str]:
        """Of names and patterns that a table of ours holds, those that no action has (any more)."""
        return sorted({name for name in names if not self.knows(name)})

    def members(self, mask: int) -> list[str]:
        """Most sets are small beside all actions, so only the bytes that are not empty are looked at."""
        some, names = mask.to_bytes((mask.bit_length() + 7) // 8, "little"), self.names
        starts = (found.start() for found in NOT_EMPTY.finditer(some))
        return [names[8 * start + bit] for start in starts for bit in BITS[some[start]]]

    def level_of(self, action: str) -> Level:
        try:
            letter = self._levels[self._index(action)]
        except KeyError:
            return Level.UNKNOWN
        return LETTERS[letter]

    def templates(self, action: str) -> tuple[str, ...]:
        """ARN templates of what the action touches, variables as "*". (): it takes "*" only, or nobody knows."""
        return self._reached.templates(self._index(action))

    def may_touch(self, resource: str) -> int:
        """Actions that a Resource pattern can apply to at all."""
        return self._reached.may_touch(resource)

    def touches_all(self, resource: str) -> int:
        """Actions for which a Resource pattern covers everything they can touch."""
        return self._reached.touches_all(resource)

    def _place(self, name: str) -> int | None:
        """Most names are asked for as AWS writes them."""
        at = self._at.get(name)
        return self._at.get(name.lower()) if at is None else at

    def _index(self, action: str) -> int:
        at = self._place(action)
        if at is None:
            raise KeyError(action)
        return at

    def match(self, pattern: str) -> int:
        """The actions that an Action pattern names, as an int. Plain names are found as fast as they would be remembered, and
        would drive the others out."""
        return self._with_wildcards(pattern) if _wild(pattern) else self._named(pattern)

    def _named(self, name: str) -> int:
        at = self._place(name)
        return 0 if at is None else 1 << at

    def knows(self, pattern: str) -> bool:
        """Whether an Action pattern names any action."""
        return self._place(pattern) is not None or (_wild(pattern) and bool(self._with_wildcards(pattern)))

    def _match(self, pattern: str) -> int:
        wanted = pattern.lower()
        if len(wanted) - wanted.count("*") > LONGEST:
            return 0
        service, colon, rest = wanted.partition(":")
        if colon and _wild(service):  # a name has one colon, so what stands before it is the service
            return reduce(or_, (self._behind(f"{one}:", rest) for one in self.services if glob(service, one)), 0)
        return self._behind("", wanted)

    def _behind(self, stem: str, wanted: str) -> int:
        """The actions whose names begin with a plain text and go on as the pattern says."""
        head = wanted.partition("*")[0].partition("?")[0]
        if head == wanted:
            return self._named(stem + wanted)
        low = bisect_left(self._lower, stem + head)
        high = bisect_left(self._lower, stem + head + AFTER_ALL, low)
        if low == high or wanted.strip("*") == head:
            return _run(low, high)
        found, at = _ready(wanted).match, len(stem)
        return _packed("".join(["1" if found(name, at) else "0" for name in self._lower[low:high]])) << low

    def _marked(self, letters: str, letter: str) -> int:
        return _packed("".join("1" if one == letter else "0" for one in letters))


LETTERS = {level.value[0]: level for level in Level}  # the first letters differ


@cache
def catalogue() -> Catalogue:
    return Catalogue(load())


@lru_cache(REMEMBERED)
def _ready(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))


def _wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _run(low: int, high: int) -> int:
    return (1 << high) - (1 << low)


def _packed(ones: str) -> int:
    """ "0110" with the first character as bit 0."""
    return int(ones[::-1] or "0", 2)
