"""Which acceptance holds of a finding. Pure: no Django, no clock. Everything is compared whole, nothing by its beginning.

The database asks the same of many findings at once (engine/deriving.py); a test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What acceptances ask of a finding. tags: of its role or user; of a key's user. family: as of analysis/families.py."""

    code: str
    subject_id: str
    part: str
    severity: int
    tags: Mapping[str, str] = field(default_factory=dict)
    family: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an acceptance says of the findings of accounts that it reaches; "", or None for the part, says nothing.

    severity: the worst that is accepted.
    """

    id: int
    severity: int
    expires_at: datetime
    code: str = ""
    subject_id: str = ""
    part: str | None = None
    tag: str = ""
    family: str = ""

    def hold(self, fault: Fault) -> bool:
        return (
            self.code in ("", fault.code)
            and self.subject_id in ("", fault.subject_id)
            and self.part in (None, fault.part)
            and fault.severity <= self.severity
            and (not self.tag or has_tag(fault.tags, self.tag))
            and self.family in ("", fault.family)
        )


def has_tag(tags: Mapping[str, str], tag: str) -> bool:
    """tag: "key=value"; the first sign parts them."""
    key, _, value = tag.partition("=")
    return tags.get(key) == value


class Accepting:
    """The acceptances that reach one account. Made once and asked for each of its findings."""

    def __init__(self, terms: Iterable[Terms]) -> None:
        self._by: defaultdict[tuple[str, str], list[Terms]] = defaultdict(list)
        for one in terms:
            self._by[one.code, one.subject_id].append(one)

    def best(self, fault: Fault) -> Terms | None:
        """Of several the one that lasts longest, so that the end of another changes nothing."""
        return min(
            (one for one in self.named(fault.code, fault.subject_id) if one.hold(fault)),
            key=lambda one: (-one.expires_at.timestamp(), one.id),
            default=None,
        )

    def named(self, code: str, subject_id: str) -> list[Terms]:
        """Those that may hold of a fault, by its rule and its subject."""
        keys = (code, subject_id), (code, ""), ("", subject_id), ("", "")
        return [one for key in keys for one in self._by.get(key, ())]
