"""What rules share that judge a trail. They judge it in the account that owns it, once."""

from __future__ import annotations

from collectors.records import Trail
from findings.analysis import recorded
from findings.analysis.facts import Facts
from findings.vocabulary import Json, Unknown


def unseen(trail: Trail, facts: Facts) -> Unknown | None:
    """None: the trail was seen the last time that somebody looked."""
    why = recorded.unseen(trail, facts)
    return Unknown(why) if why else None


def told(trail: Trail) -> dict[str, Json]:
    """Evidence that says which trail it is."""
    return {
        "home_region": trail.home_region,
        "multi_region": trail.multi_region,
        "organization": trail.organization,
        "bucket": trail.bucket,
    }
