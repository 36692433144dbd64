"""The declared kind of a role or user: from its trust policy, path, tags, name, password and keys (RULES.md, HM)."""

from __future__ import annotations

from collections.abc import Sequence

from collectors import records
from findings.analysis.kinds import Confidence, Kind, KindOf, Overrides, declared
from findings.analysis.trust_signals import Signal, trust_signals
from findings.policy.document import Document, Unreadable

MACHINE_WORDS = frozenset(
    {
        "automation",
        "backup",
        "batch",
        "bot",
        "cd",
        "ci",
        "cicd",
        "cron",
        "deploy",
        "deployer",
        "deployment",
        "github",
        "gitlab",
        "jenkins",
        "job",
        "lambda",
        "machine",
        "pipeline",
        "robot",
        "script",
        "service",
        "svc",
        "task",
        "terraform",
        "worker",
    }
)
HUMAN_WORDS = frozenset(
    {
        "admin",
        "administrator",
        "administrators",
        "admins",
        "analyst",
        "developer",
        "developers",
        "engineer",
        "oncall",
        "poweruser",
    }
)


def kind_of_role(
    role: records.Role, trust: Document | Unreadable, overrides: Overrides, users_with_password: frozenset[str]
) -> KindOf:
    """What AWS itself fixes comes first, then what people declared, then the trust policy, then path and name."""
    if role.service_linked:
        return KindOf(Kind.SERVICE_LINKED, Confidence.HIGH, (f"its path is {role.path}",))
    if said := declared(role.arn, role.unique_id, role.tags, overrides):
        return said
    if role.reserved:
        return KindOf(Kind.HUMAN_SSO, Confidence.HIGH, (f"its path is {role.path}: Identity Center made it",))
    if isinstance(trust, Unreadable):
        return KindOf(Kind.UNKNOWN, Confidence.LOW, (f"its trust policy cannot be read: {trust.reason}",))
    signals = tuple(
        trust_signals(trust, role.arn.split(":")[4] if role.arn.count(":") >= 5 else "", users_with_password)
    )
    if _break_glass(role.name) and not any(s.kind.machine for s in signals):
        return KindOf(Kind.BREAK_GLASS, Confidence.LOW, (f"its name is {role.name}", *(s.reason for s in signals)))
    return _weighed(signals) or _by_name(role, signals)


def _weighed(signals: Sequence[Signal]) -> KindOf | None:
    """The kind that the trust policy's telling signals agree on, mixed if people and machines are both let in."""
    telling = [s for s in signals if s.kind is not Kind.UNKNOWN]
    if not telling:
        return None
    reasons = tuple(dict.fromkeys(s.reason for s in signals))
    if any(s.kind.human for s in telling) and any(s.kind.machine for s in telling):
        return KindOf(Kind.MIXED, Confidence.HIGH, reasons)
    order = list(Kind)
    chosen = min(telling, key=lambda s: (order.index(s.kind), list(Confidence).index(s.confidence)))
    return KindOf(chosen.kind, chosen.confidence, reasons)


def _by_name(role: records.Role, signals: Sequence[Signal]) -> KindOf:
    reasons = tuple(dict.fromkeys(s.reason for s in signals)) or ("its trust policy lets nobody in",)
    words = words_of(role.name)
    if role.path.startswith("/service-role/"):
        return KindOf(Kind.MACHINE_SERVICE, Confidence.LOW, (*reasons, f"its path is {role.path}"))
    machine, human = sorted(words & MACHINE_WORDS), sorted(words & HUMAN_WORDS)
    if signals and machine and not human:
        return KindOf(Kind.MACHINE_SERVICE, Confidence.LOW, (*reasons, f'"{machine[0]}" in its name'))
    if signals and human and not machine:
        return KindOf(Kind.HUMAN_ASSUMED, Confidence.LOW, (*reasons, f'"{human[0]}" in its name'))
    return KindOf(Kind.UNKNOWN, Confidence.LOW, reasons)


def kind_of_user(
    user: records.User, row: records.Credential | None, keys: Sequence[records.AccessKey], overrides: Overrides
) -> KindOf:
    """row: the user's credential report row, None when there is none. keys: those listed; a row's slots show others."""
    if said := declared(user.arn, user.unique_id, user.tags, overrides):
        return said
    if _break_glass(user.name):
        return KindOf(Kind.BREAK_GLASS, Confidence.LOW, (f"its name is {user.name}",))
    has_key = any(k.active for k in keys) or (row is not None and any(s.active for s in row.slots))
    if row is None or row.password_enabled is None:
        return KindOf(Kind.UNKNOWN, Confidence.LOW, ("whether it has a console password is not known",))
    machine = sorted(words_of(user.name) & MACHINE_WORDS)
    named = (f'"{machine[0]}" in its name',) if machine else ()
    if row.password_enabled and not has_key:
        return KindOf(Kind.HUMAN_USER, Confidence.HIGH, ("has a console password and no active access key",))
    if row.password_enabled:
        kind = Kind.MIXED if machine else Kind.HUMAN_USER
        confidence = Confidence.LOW if machine else Confidence.MEDIUM
        return KindOf(kind, confidence, ("has a console password and an active access key", *named))
    if has_key:
        confidence = Confidence.HIGH if machine else Confidence.MEDIUM
        return KindOf(Kind.MACHINE_USER, confidence, ("has an active access key and no console password", *named))
    return KindOf(Kind.UNKNOWN, Confidence.LOW, ("has neither a console password nor an active access key",))


def words_of(name: str) -> frozenset[str]:
    """Lower-case words of a name: runs of letters and digits, CamelCase parted."""
    spaced = "".join(f" {c}" if c.isupper() else c if c.isalnum() else " " for c in name)
    return frozenset(spaced.lower().split()) | frozenset(_runs(name))


def _runs(name: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in name).lower().split()


def _break_glass(name: str) -> bool:
    squeezed = "".join(_runs(name))
    return "breakglass" in squeezed or "emergencyaccess" in squeezed
