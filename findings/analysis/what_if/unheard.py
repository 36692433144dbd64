"""What the answer is silent about: actions of which not every call is an event, so that nobody may have seen their use."""

from __future__ import annotations

from findings.analysis.activity.seen import DATA_CALLS, recorded
from findings.analysis.what_if.model import Candidate, Kind
from findings.policy.catalogue import catalogue
from findings.policy.compiled import compile_document


def unheard(candidate: Candidate) -> tuple[str, ...]:
    """Actions that it may block and that no trail surely tells of; first those whose calls can be data events."""
    known, sets = catalogue(), compile_document(candidate.document, catalogue())
    blocks = sets.deny | (known.all & ~sets.allow_sure if candidate.lists else 0)
    if candidate.kind is Kind.RCP:
        blocks &= known.mask(f"{service}:*" for service in known.rcp_services)
    found = known.members(blocks & ~recorded(known))
    data = frozenset(DATA_CALLS)
    return tuple(sorted(found, key=lambda action: (action not in data, action)))
