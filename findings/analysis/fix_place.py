"""Where a fault of an account's SCPs is to be fixed: as high in the tree as everybody below has the same fault, as far as what is
attached to OUs tells (RULES.md, conventions). The accounts of one place are one family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from findings.analysis.ceiling import unread_at
from findings.analysis.guardrails import SCP, GuardrailLevel, UnseenError, ground, way

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

Closes = Callable[[GuardrailLevel], bool]


def fix_place(facts: Facts, closes: Closes) -> str:
    """ "Root (r-ab12)", "prod (ou-ab12-34567890)" or the account's id; "" where the tree was not read. closes: whether what is
    attached to an OU may be a part of what the account lacks: then the place is below what holds both."""
    path = facts.guardrails.scp or ()
    if not path or not facts.snapshot.organizational_units:
        return ""
    ways = [level.id for level in path]
    highest = max((ways.index(shared) + 1 for shared in _shared(facts, ways, closes)), default=0)
    place = path[min(highest, len(path) - 1)]
    return f"{place.name} ({place.id})" if place.name == "Root" else place.name


def root_place(facts: Facts) -> str:
    """ "Root (r-ab12)", where what is made for the whole organization is fixed; "" where nobody read its tree."""
    roots = (one.unique_id for one in facts.snapshot.organizational_units if one.unique_id.startswith("r-"))
    return next((f"Root ({root})" for root in roots), "")


def _shared(facts: Facts, path: list[str], closes: Closes) -> Iterator[str]:
    """What of the path also holds an OU that has what the account lacks, the lowest of it for each."""
    tree = ground(facts)
    for unit in tree.units:
        if unit in path:
            continue
        level = GuardrailLevel(unit, unit, tree.attached.get((SCP, unit), ()))
        if not closes(level) and not unread_at(facts, level):
            continue
        try:
            above = [node.unique_id for node in way(facts, tree, unit)]
        except UnseenError:  # it has no place, so it is below nothing of the path
            continue
        if shared := [node for node in above if node in path]:
            yield shared[-1]
