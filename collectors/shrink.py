"""The shrink guard: an answer that suddenly lacks most of what was there is held until a second one says the same (TRUST)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from collectors.models import Account, Coverage
from collectors.models.inventory import KINDS, Kind
from collectors.records import Coverage as Answered
from collectors.records import Part, State

FEWEST, SHARE = 10, 0.5  # gone: more than ten, and more than half

Covered = dict[str, Answered]


def guard(account: Account, part: Part, sweeps: Mapping[str, tuple[str, ...]], covered: Covered) -> Covered:
    """covered, with the APIs of a suspect answer partial: what is seen is stored, nothing is swept, nothing resolves.

    An API that was suspect the last time is believed now: it was asked twice.
    """
    held: dict[str, str] = {}
    before = set(Coverage.objects.filter(account=account, suspect=True).values_list("api", flat=True))
    for kind in KINDS:
        apis = sweeps.get(kind.field, ())
        found = getattr(part, kind.field)
        whole = found is not None and all(covered[api].state == State.COMPLETE for api in apis)
        if apis and whole and before.isdisjoint(apis) and (text := _suspect(kind, account, len(found))):
            held[apis[-1]] = text
    return covered | {api: _held(covered[api], text) for api, text in held.items()}


def _suspect(kind: Kind, account: Account, seen: int) -> str:
    present: int = kind.rows(account).filter(gone_at=None).count()
    if present - seen <= FEWEST or seen >= present * SHARE:
        return ""
    name = kind.name.replace("_", " ")
    return f"The answer has {seen} of {present} {name} entries. It is asked for again before any is taken for gone."


def _held(answer: Answered, text: str) -> Answered:
    return msgspec.structs.replace(answer, state=State.PARTIAL, detail=text, complete_at=None, suspect=True)
