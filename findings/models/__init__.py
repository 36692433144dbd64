"""What the judgement says: findings as intervals, their events, and the state of each rule and principal."""

from .account_day import AccountDay
from .counted import AccountFindings, DayTotal, FindingCount, FindingTotal, PrincipalCount, ReviewCount
from .daily import DailyCount
from .decided import AwsRanges, JudgementRequest, KindOverride, NamedNetwork
from .event import FindingEvent
from .external_access import ExternalAccess
from .finding import Finding
from .grouping import AccountGroup, AccountOwner, AccountPlace, DecidedSetting, GroupMember
from .guarding import AccountGuarding, GuardrailEffect
from .guardrails import AccountGuardrails
from .interval import EndedInterval
from .key_replacement import KeyReplacement
from .key_sighting import KeySighting
from .permission_set import PermissionSetRole
from .posture import PrincipalPosture
from .proposed import ScpEvidence, ScpProposal
from .provenance import Provenance, ProvenanceDay
from .recorded import RecordedRegion
from .review import Review, ReviewAccount, ReviewDecision, Reviewer, ReviewItem, ReviewOutcome, ReviewSighting
from .right_sizing import RightSizing
from .session_verdict import SessionVerdict
from .state import PastRuleState, RuleState, Unknown
from .ticket import Ticket, TicketNews
from .timeline import Change, ChangedEntity, TimelineRead
from .work import Acceptance, Assignment, Note

__all__ = [
    "Acceptance",
    "AccountDay",
    "AccountFindings",
    "AccountGroup",
    "AccountGuarding",
    "AccountGuardrails",
    "AccountOwner",
    "AccountPlace",
    "Assignment",
    "AwsRanges",
    "Change",
    "ChangedEntity",
    "DailyCount",
    "DayTotal",
    "DecidedSetting",
    "EndedInterval",
    "ExternalAccess",
    "Finding",
    "FindingCount",
    "FindingEvent",
    "FindingTotal",
    "GroupMember",
    "GuardrailEffect",
    "JudgementRequest",
    "KeyReplacement",
    "KeySighting",
    "KindOverride",
    "NamedNetwork",
    "Note",
    "PastRuleState",
    "PermissionSetRole",
    "PrincipalCount",
    "PrincipalPosture",
    "Provenance",
    "ProvenanceDay",
    "RecordedRegion",
    "Review",
    "ReviewAccount",
    "ReviewCount",
    "ReviewDecision",
    "ReviewItem",
    "ReviewOutcome",
    "ReviewSighting",
    "Reviewer",
    "RightSizing",
    "RuleState",
    "ScpEvidence",
    "ScpProposal",
    "SessionVerdict",
    "Ticket",
    "TicketNews",
    "TimelineRead",
    "Unknown",
]
