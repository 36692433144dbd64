"""What a guardrail would have done, had it been there: asked of what was used, before anything is applied."""

from findings.analysis.what_if.decide import replay
from findings.analysis.what_if.model import Candidate, Kind, Outcome, UsedRow, Verdict

__all__ = ["Candidate", "Kind", "Outcome", "UsedRow", "Verdict", "replay"]
