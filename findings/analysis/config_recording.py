"""What AWS Config records of an account's IAM, and which Config rules judge it.

One region is enough: IAM is global, and each recorder that is told to records all of it. A region that an SCP closes to us hides
no recorder that counts: nobody else works there either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from collectors.records import EVERY_TYPE, IAM_TYPES, NAMED_TYPES, ConfigRecorder, ConfigRule, State
from findings.analysis.gaps import gap_of

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

RECORDERS, STATUS = "config:DescribeConfigurationRecorders", "config:DescribeConfigurationRecorderStatus"
RULES, COMPLIANCE = "config:DescribeConfigRules", "config:DescribeComplianceByConfigRule"
LINKED = ":role/aws-service-role/config.amazonaws.com/"
READ = (State.COMPLETE, State.PARTIAL)
DELETING = ("DELETING", "DELETING_RESULTS")


@dataclass(frozen=True, slots=True)
class Recording:
    """working: recorders that record now; stopped: those that do not. bare: regions that have none. unread: why there may be
    one that is not seen, or not known to work; "" for no reason."""

    working: tuple[ConfigRecorder, ...]
    stopped: tuple[ConfigRecorder, ...]
    bare: tuple[str, ...]
    unread: str

    @property
    def types(self) -> frozenset[str]:
        """Of IAM, those that are recorded anywhere."""
        return _types(self.working)

    @property
    def whole(self) -> bool:
        return self.types.issuperset(IAM_TYPES)

    @property
    def linked(self) -> bool:
        """Whether recorders with the service-linked role record all of IAM."""
        return _types(one for one in self.working if LINKED in one.role_arn).issuperset(IAM_TYPES)

    @property
    def of_iam(self) -> tuple[ConfigRecorder, ...]:
        """Working recorders that record some of it."""
        return tuple(one for one in self.working if any(map(one.selects, IAM_TYPES)))

    @property
    def daily(self) -> tuple[str, ...]:
        """Types of IAM that are recorded, but once a day only."""
        often = {kind for one in self.of_iam for kind in IAM_TYPES if one.selects(kind) and not one.is_daily(kind)}
        return tuple(kind for kind in IAM_TYPES if kind in self.types - often)


def _types(some: object) -> frozenset[str]:
    return frozenset(kind for one in some for kind in IAM_TYPES if one.selects(kind))  # type: ignore[attr-defined]


def recording(facts: Facts) -> Recording:
    recorders, known = facts.snapshot.recorders, _regions(facts, STATUS, READ)
    read = _regions(facts, RECORDERS, READ)
    there = [one for one in recorders if one.region in read]
    told = [one for one in there if one.region in known and one.recording is not None and not one.failing]
    unsure = [one for one in there if one not in told]
    return Recording(
        working=tuple(one for one in told if one.recording),
        stopped=tuple(one for one in told if not one.recording),
        bare=tuple(sorted(region for region in read if region and region not in {one.region for one in there})),
        unread=_unread(facts, RECORDERS) or (_unread(facts, STATUS) or _untold(unsure[0]) if unsure else ""),
    )


def judging(facts: Facts) -> tuple[ConfigRule, ...]:
    """Rules that judge IAM, or may, by name and region."""
    read = _regions(facts, RULES, READ)
    some = (one for one in facts.snapshot.config_rules if one.region in read and one.state not in DELETING)
    return tuple(sorted(some, key=lambda one: (one.name, one.region)))


def unread_rules(facts: Facts) -> str:
    """Why there may be a rule that is not seen; "" for no reason."""
    return _unread(facts, RULES)


def described(one: ConfigRecorder) -> str:
    """ "us-east-1: all types without global ones, stopped" """
    if one.strategy == EVERY_TYPE:
        what = "all types" if one.global_types else "all types without global ones"
    elif one.strategy == NAMED_TYPES:
        what = f"{len(one.types)} named types, {_of_iam(one)}"
    else:
        what = f"all types but {len(one.types)}, {_of_iam(one)}"
    state = "" if one.recording else ", stopped" if one.recording is False else ", nobody knows whether it runs"
    return f"{one.region or 'home region'}: {what}{state}"


def _of_iam(one: ConfigRecorder) -> str:
    named = [name for name in one.types if name in IAM_TYPES]
    return f"of IAM {', '.join(named)}" if named else "none of IAM"


def _regions(facts: Facts, api: str, states: tuple[State, ...]) -> frozenset[str]:
    return frozenset(row.region for row in facts.snapshot.coverage if row.api == api and row.state in states)


def _unread(facts: Facts, api: str) -> str:
    rows = [row for row in facts.snapshot.coverage if row.api == api]
    if not any(row.state in READ for row in rows):
        return str(gap_of(api, rows[0] if rows else None))
    lost = [row for row in rows if row.state not in (*READ, State.BLOCKED_BY_SCP)]
    return str(gap_of(api, min(lost, key=lambda row: row.region))) if lost else ""


def _untold(one: ConfigRecorder) -> str:
    where = f"recorder {one.name} in {one.region or 'the home region'}"
    if one.failing:
        return f"whether {where} records is not known: it is on, and what it did last failed{one.error and f' ({one.error})'}"
    return f"whether {where} runs was not told"
