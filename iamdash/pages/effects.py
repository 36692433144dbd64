"""What each version of a managed policy gained and lost in effect, against the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from collectors import records
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Compiled
from findings.policy.document import Unreadable
from iamdash.pages.beside import Beside, difference
from iamdash.pages.grants import compiled
from iamdash.pages.matrix import GRAVITY

SHOWN = 10  # actions of a difference, before the rest is only counted
NOTHING = Compiled()


@dataclass(frozen=True)
class Change:
    """gained, lost: the gravest actions by name; n_*: how many in all. freed, bound: actions that it may now use on everything,
    or no longer. diff: of the documents. fault: why the effect cannot be told. before: the version that it replaced."""

    version: str
    at: datetime
    default: bool
    gained: Sequence[str] = ()
    lost: Sequence[str] = ()
    n_gained: int = 0
    n_lost: int = 0
    freed: int = 0
    bound: int = 0
    diff: Beside | None = None
    fault: str = ""
    before: str = ""

    @property
    def said(self) -> str:
        return f"{self.before} and {self.version} side by side"


def changes(policy: records.Policy, bodies: Mapping[str, Any], account: str) -> Iterator[Change]:
    """Newest first. bodies: documents by digest; account: the id of the policy's."""
    versions = sorted(policy.versions, key=lambda version: version.created_at, reverse=True)
    for now, before in zip_longest(versions, versions[1:]):
        at = now.version_id, now.created_at, now.version_id == policy.default_version
        if now.document not in bodies or (before and before.document not in bodies):
            yield Change(*at, fault="a document was not collected")
            continue
        new = compiled(bodies[now.document], account, now.document)
        old = compiled(bodies[before.document], account, before.document) if before else NOTHING
        if isinstance(new, Unreadable) or isinstance(old, Unreadable):
            yield Change(
                *at, fault=new.reason if isinstance(new, Unreadable) else "the version before it cannot be read"
            )
            continue
        diff = difference(_text(bodies[before.document]), _text(bodies[now.document])) if before else None
        yield Change(*at, *_effect(new, old), diff=diff, before=before.version_id if before else "")


def _effect(new: Compiled, old: Compiled) -> tuple[Sequence[str], Sequence[str], int, int, int, int]:
    after, before = new.allow & ~new.deny_sure, old.allow & ~old.deny_sure
    wide, narrow = new.wide & ~new.deny_wide, old.wide & ~old.deny_wide
    gained, lost = after & ~before, before & ~after
    freed, bound = wide & ~narrow & before, narrow & ~wide & after
    return _named(gained), _named(lost), *(mask.bit_count() for mask in (gained, lost, freed, bound))


def _named(mask: int) -> list[str]:
    actions = catalogue()
    return [name for level in GRAVITY for name in actions.members(mask & actions.levels[level])[:SHOWN]][:SHOWN]


def _text(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
