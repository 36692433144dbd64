"""What the judgement says: findings as intervals, their events, and the state of each rule and principal."""

from .daily import DailyCount
from .decided import AwsRanges, JudgementRequest, KindOverride, NamedNetwork
from .event import FindingEvent
from .external_access import ExternalAccess
from .finding import Finding
from .guardrails import AccountGuardrails
from .key_replacement import KeyReplacement
from .key_sighting import KeySighting
from .posture import PrincipalPosture
from .right_sizing import RightSizing
from .session_verdict import SessionVerdict
from .state import RuleState, Unknown

__all__ = [
    "AccountGuardrails",
    "AwsRanges",
    "DailyCount",
    "ExternalAccess",
    "Finding",
    "FindingEvent",
    "JudgementRequest",
    "KeyReplacement",
    "KeySighting",
    "KindOverride",
    "NamedNetwork",
    "PrincipalPosture",
    "RightSizing",
    "RuleState",
    "SessionVerdict",
    "Unknown",
]
