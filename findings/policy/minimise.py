"""Few patterns for a set of actions, never one that matches more than the set.

Wildcards stand only at the end of whole words of a name ("s3:GetBucket*", never "s3:GetB*"), and only where every action
of the catalogue that they match may be written so. What AWS adds later under such a prefix is matched too; therefore
writes are spelled out (`READS`), and no pattern is as wide as a whole service.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache

from findings.policy.catalogue import Catalogue, Level

AFTER_ALL = "\x7f"  # sorts behind every character of an action's name


def reads(catalogue: Catalogue) -> int:
    """Actions that change nothing: those that a pattern may stand for. Of unknown level is not among them."""
    return catalogue.levels.get(Level.LIST, 0) | catalogue.levels.get(Level.READ, 0)


def writing_patterns(patterns: Iterable[str], catalogue: Catalogue) -> tuple[str, ...]:
    """Those with a wildcard that match something else than a read, or nothing that the catalogue knows."""
    harmless = reads(catalogue)
    wild = (p for p in patterns if "*" in p or "?" in p)
    return tuple(p for p in wild if not catalogue.match(p) or catalogue.match(p) & ~harmless)


def pack(mask: int, wild: int, catalogue: Catalogue) -> tuple[str, ...]:
    """Patterns that match exactly the actions of `mask`; those with a wildcard match actions of `wild` only. In order."""
    found: list[str] = []
    while mask:
        first = (mask & -mask).bit_length() - 1
        service = catalogue.names[first].partition(":")[0]
        low, high = _run(f"{service}:".lower(), catalogue)
        found += _packed(low, high, len(service) + 1, mask, mask & wild, catalogue)
        mask &= ~_bits(low, high)
    return tuple(found)


def _packed(low: int, high: int, start: int, mask: int, wild: int, catalogue: Catalogue) -> Iterator[str]:
    """The names between low and high agree up to `start`, where a word begins."""
    at = low
    while at < high:
        name = catalogue.names[at]
        if not mask >> at & 1:
            at += 1
            continue
        end = _word_end(name, start)
        first, last = _run(name[:end].lower(), catalogue)
        run = _bits(first, last)
        if last - first > 1 and run & ~wild == 0:
            yield f"{name[:end]}*"
            at = last
        elif end < len(name) and last - at > 1:
            last = min(last, high)
            yield from _packed(at, last, end, mask, wild, catalogue)
            at = last
        else:
            yield name
            at += 1


def _word_end(name: str, start: int) -> int:
    """Where the word of a CamelCase name that begins at `start` ends: "GetBucketACL" -> Get, Bucket, ACL."""
    end = start + 1
    while end < len(name) and not (name[end].isupper() and not (name[end - 1].isupper() and _inside(name, end))):
        end += 1
    return end


def _inside(name: str, at: int) -> bool:
    """Whether the capital at `at` belongs to a run of capitals: it does unless a small letter follows it."""
    return at + 1 == len(name) or not name[at + 1].islower()


@lru_cache(maxsize=100_000)
def _run(prefix: str, catalogue: Catalogue) -> tuple[int, int]:
    """The names that begin with the prefix, whatever their case: they stand together."""
    return (
        bisect_left(catalogue.names, prefix, key=str.lower),
        bisect_left(catalogue.names, prefix + AFTER_ALL, key=str.lower),
    )


def _bits(low: int, high: int) -> int:
    return (1 << high) - (1 << low)
