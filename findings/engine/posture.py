"""The kind of every principal and the count of its open findings; only differences are written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from collectors.models import Account, Principal
from findings.analysis.activity.observed import observed
from findings.engine.stored import Known
from findings.models import Finding, PrincipalPosture
from findings.rules.judgement import Judgement
from findings.vocabulary import Severity

BATCH = 500
WEIGHTS = {Severity.CRITICAL: 27, Severity.HIGH: 9, Severity.MEDIUM: 3, Severity.LOW: 1, Severity.INFO: 0}
FIELDS = (
    "kind", "confidence", "reasons", "declared", "declared_reasons", "observed", "observed_since",
    *(s.slug for s in Severity), "worst", "risk",
)  # fmt: skip


def write(account: Account, judged: Judgement, findings: Iterable[Known]) -> None:
    """findings: the account's, as they now are. Inside the caller's transaction."""
    rows = dict(Principal.objects.filter(account=account, gone_at=None).values_list("unique_id", "pk"))
    wanted = {rows[uid]: values for uid, values in _postures(judged, findings).items() if uid in rows}
    stored = {p.principal_id: p for p in PrincipalPosture.objects.filter(account=account)}
    if gone := stored.keys() - wanted.keys():
        PrincipalPosture.objects.filter(principal__in=gone).delete()
    new = [PrincipalPosture(account=account, principal_id=pk, **v) for pk, v in wanted.items() if pk not in stored]
    changed = []
    for pk in sorted(wanted.keys() & stored.keys()):
        posture, values = stored[pk], wanted[pk]
        if posture.observed == values["observed"]:  # it was so before the window began
            values["observed_since"] = _earlier(posture.observed_since, values["observed_since"])
        if any(getattr(posture, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(posture, name, value)
            changed.append(posture)
    PrincipalPosture.objects.bulk_create(new, BATCH)
    PrincipalPosture.objects.bulk_update(changed, FIELDS, BATCH)


def _earlier(one: date | None, other: date | None) -> date | None:
    return min(filter(None, (one, other)), default=None)


def _postures(judged: Judgement, findings: Iterable[Known]) -> Mapping[str, dict[str, Any]]:
    """Unique id -> the columns named in FIELDS."""
    facts = judged.facts
    counts = _counts(judged, findings)
    postures = {}
    for principal in (*facts.snapshot.roles, *facts.snapshot.users):
        kind, confidence, reasons = facts.kind(principal)
        declared, seen = facts.declared(principal), observed(principal, facts)
        count = counts[principal.unique_id]
        worst = max((severity for severity in count if count[severity]), default=0)
        postures[principal.unique_id] = {
            "kind": kind.value,
            "confidence": confidence.value,
            "reasons": list(reasons),
            "declared": declared.kind.value,
            "declared_reasons": list(declared.reasons),
            "observed": seen.shown.value,
            "observed_since": seen.since,
            **{severity.slug: count[severity] for severity in Severity},
            "worst": int(worst),
            "risk": risk(count),
        }
    return postures


def _counts(judged: Judgement, findings: Iterable[Known]) -> defaultdict[str, Counter[Severity]]:
    """Open findings by principal and severity. Accepted ones are not open; a key's stand with its user."""
    users = judged.facts.user_by_arn
    owner = {k.unique_id: users[k.user_arn].unique_id for k in judged.facts.snapshot.keys if k.user_arn in users}
    counts: defaultdict[str, Counter[Severity]] = defaultdict(Counter)
    for finding in findings:
        if finding.status == Finding.Status.OPEN:
            counts[owner.get(finding.subject_id, finding.subject_id)][Severity(finding.severity)] += 1
    return counts


def risk(count: Mapping[Severity, int]) -> int:
    """See PrincipalPosture."""
    worst = max((severity for severity, n in count.items() if n), default=0)
    return 100 * worst + min(99, sum(WEIGHTS[severity] * n for severity, n in count.items()))
