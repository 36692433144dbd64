"""What the judgement says: findings as intervals, their events, and the state of each rule and principal."""

from .daily import DailyCount
from .event import FindingEvent
from .finding import Finding
from .posture import PrincipalPosture
from .state import RuleState, Unknown

__all__ = ["DailyCount", "Finding", "FindingEvent", "PrincipalPosture", "RuleState", "Unknown"]
