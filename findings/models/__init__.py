"""What the judgement says: findings as intervals, their events, and the state of each rule and principal."""

from .daily import DailyCount
from .event import FindingEvent
from .external_access import ExternalAccess
from .finding import Finding
from .guardrails import AccountGuardrails
from .posture import PrincipalPosture
from .right_sizing import RightSizing
from .session_verdict import SessionVerdict
from .state import RuleState, Unknown

__all__ = [
    "AccountGuardrails",
    "DailyCount",
    "ExternalAccess",
    "Finding",
    "FindingEvent",
    "PrincipalPosture",
    "RightSizing",
    "RuleState",
    "SessionVerdict",
    "Unknown",
]
