"""What the judgement says: findings as intervals, their events, and the state of each rule and principal."""

from .daily import DailyCount
from .decided import AwsRanges, JudgementRequest, KindOverride, NamedNetwork
from .event import FindingEvent
from .external_access import ExternalAccess
from .finding import Finding
from .grouping import AccountGroup, AccountOwner, AccountPlace, DecidedSetting, GroupMember
from .guarding import AccountGuarding, GuardrailEffect
from .guardrails import AccountGuardrails
from .key_replacement import KeyReplacement
from .key_sighting import KeySighting
from .permission_set import PermissionSetRole
from .posture import PrincipalPosture
from .proposed import ScpEvidence, ScpProposal
from .provenance import Provenance, ProvenanceDay
from .right_sizing import RightSizing
from .session_verdict import SessionVerdict
from .state import RuleState, Unknown

__all__ = [
    "AccountGroup",
    "AccountGuarding",
    "AccountGuardrails",
    "AccountOwner",
    "AccountPlace",
    "AwsRanges",
    "DailyCount",
    "DecidedSetting",
    "ExternalAccess",
    "Finding",
    "FindingEvent",
    "GroupMember",
    "GuardrailEffect",
    "JudgementRequest",
    "KeyReplacement",
    "KeySighting",
    "KindOverride",
    "NamedNetwork",
    "PermissionSetRole",
    "PrincipalPosture",
    "Provenance",
    "ProvenanceDay",
    "RightSizing",
    "RuleState",
    "ScpEvidence",
    "ScpProposal",
    "SessionVerdict",
    "Unknown",
]
