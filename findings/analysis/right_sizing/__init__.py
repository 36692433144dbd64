"""Smaller policies for a role or user, from what is known of its use; checked by the policy engine before anybody sees them.

found = propose(role, facts)            a Proposal, or NoProposal with the reason and what would help
spare(role, facts)                      its numbers alone, for a page that only links to it
found = propose_boundary(roles, facts)  one permissions boundary for several
found.documents, .removed, .kept_unseen, .risks, .checks, .diffs, .terraform(), .cli(), .rollback()
"""

from findings.analysis.right_sizing.boundary import propose_boundary
from findings.analysis.right_sizing.model import (
    Check,
    Kept,
    Narrowed,
    NoProposal,
    PolicyDiff,
    Proposal,
    Removed,
    Spare,
    Star,
)
from findings.analysis.right_sizing.propose import propose, spare, window_of

__all__ = [
    "Check",
    "Kept",
    "Narrowed",
    "NoProposal",
    "PolicyDiff",
    "Proposal",
    "Removed",
    "Spare",
    "Star",
    "propose",
    "propose_boundary",
    "spare",
    "window_of",
]
