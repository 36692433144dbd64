"""Findings as OCSF events, one JSON object a line: class Compliance Finding (2003) of schema 1.8.0, with the profile cloud.

The mapping is told in docs/operate/ocsf.md. Facts of the schema: ocsf/ocsf-schema, events/findings/compliance_finding.json and
the objects that it names; nothing is used that is deprecated there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from findings.frameworks import Answer, Control, Framework, frameworks
from findings.frameworks.answering import ELSE, PUBLIC, answered_by
from findings.models import Finding
from findings.rules import registry
from findings.vocabulary import Practice, Rule, Severity, SubjectType
from iamdash.pages.grouped import owned

VERSION = "1.8.0"
CATEGORY, CLASS = 2, 2003
ACTIVITIES = {1: "Create", 2: "Update", 3: "Close"}
STATUSES = {1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved"}
PASS, FAIL, OTHER = (1, "Pass"), (3, "Fail"), (99, "Other")
RULE_ANALYTIC, AWS_ACCOUNT, TARGET = 1, 10, 1
TYPES = {
    SubjectType.ROLE: "AWS::IAM::Role",
    SubjectType.USER: "AWS::IAM::User",
    SubjectType.KEY: "AWS::IAM::AccessKey",
    SubjectType.GROUP: "AWS::IAM::Group",
    SubjectType.POLICY: "AWS::IAM::ManagedPolicy",
    SubjectType.ACCOUNT: "AWS::Organizations::Account",
    SubjectType.TRAIL: "AWS::CloudTrail::Trail",
    SubjectType.BUCKET: "AWS::S3::Bucket",
    SubjectType.ORGANIZATION: "AWS::Organizations::Organization",
}
Event = dict[str, Any]


def lines(rows: Iterable[Finding], _: Mapping[str, Any]) -> Iterator[str]:
    """As exports.WRITERS has it; the fields of other formats do not matter here."""
    for row in rows:
        yield json.dumps(event(row), ensure_ascii=False) + "\n"


def event(finding: Finding) -> Event:
    """Values that are not known are left out: the schema knows no null."""
    activity, status = _activity(finding), _status(finding)
    entry = registry.catalogue().get(finding.code)
    return _told(
        activity_id=activity,
        activity_name=ACTIVITIES[activity],
        category_uid=CATEGORY,
        category_name="Findings",
        class_uid=CLASS,
        class_name="Compliance Finding",
        type_uid=CLASS * 100 + activity,
        type_name=f"Compliance Finding: {ACTIVITIES[activity]}",
        time=_ms(finding.opened_at),
        end_time=_ms(finding.resolved_at),
        severity_id=finding.severity,
        severity="Informational" if finding.severity == Severity.INFO else Severity(finding.severity).label,
        status_id=status,
        status=STATUSES[status],
        message=finding.title,
        metadata={
            "version": VERSION,
            "product": {"name": "iamdash", "vendor_name": "iamdash"},
            "profiles": ["cloud"],
            "event_code": finding.code,
        },
        cloud=_cloud(finding),
        finding_info=_info(finding, entry.rule if entry else None),
        compliance=_compliance(finding, entry.rule if entry else None),
        remediation={"desc": entry.rule.sections["How to fix"]} if entry else None,
        resources=[_resource(finding)],
        unmapped=_unmapped(finding),
    )


def _activity(finding: Finding) -> int:
    if finding.resolved_at:
        return 3
    return 2 if finding.reopened or finding.acceptance else 1


def _status(finding: Finding) -> int:
    if finding.resolved_at:
        return 4
    if finding.acceptance:
        return 3
    return 2 if finding.assignee or finding.ticket else 1


def _cloud(finding: Finding) -> Event:
    account = finding.account
    return {
        "provider": "AWS",
        "cloud_partition": account.partition,
        "account": _told(uid=account.aws_id, name=account.name, type_id=AWS_ACCOUNT, type="AWS Account"),
    }


def _info(finding: Finding, rule: Rule | None) -> Event:
    """uid: the finding's identity, which stays whatever becomes of it, also where it is judged anew by another installation."""
    changed = max(at for at in (finding.opened_at, finding.accepted_at, finding.resolved_at) if at)
    return _told(
        uid="/".join((finding.account.aws_id, finding.code, finding.subject_id, finding.part)).rstrip("/"),
        title=finding.title,
        desc=rule.summary if rule else None,
        types=[Practice(finding.practice).title],
        created_time=_ms(finding.first_opened_at),
        first_seen_time=_ms(finding.first_opened_at),
        modified_time=_ms(changed),
        analytic=_told(type_id=RULE_ANALYTIC, type="Rule", uid=finding.code, name=rule.slug if rule else None),
    )


def _compliance(finding: Finding, rule: Rule | None) -> Event:
    status_id, status = _outcome(finding)
    asked = [(framework, control) for framework, control in _controls(finding)]
    return _told(
        control=f"{finding.code} {rule.slug}" if rule else finding.code,
        category=Practice(finding.practice).label,
        standards=list(dict.fromkeys(framework.title for framework, _ in asked)),
        requirements=[f"{framework.title} {control.ref}" for framework, control in asked],
        checks=[
            {
                "uid": control.ref,
                "name": control.title,
                "standards": [framework.title],
                "status_id": status_id,
                "status": status,
            }
            for framework, control in asked
        ],
        status_id=status_id,
        status=status,
        status_details=_details(finding),
    )


def _outcome(finding: Finding) -> tuple[int, str]:
    """Passed only where a rule looked and found it put right; a subject that is gone, and a rule that is off, passed nothing."""
    if not finding.resolved_at:
        return FAIL
    return PASS if finding.resolved_why == Finding.Why.CLEAR else OTHER


def _details(finding: Finding) -> list[str] | None:
    if finding.acceptance:
        return [f"accepted: {finding.acceptance.reason}"]
    return [f"ended: {finding.get_resolved_why_display()}"] if _outcome(finding) == OTHER else None


def _controls(finding: Finding) -> Iterator[tuple[Framework, Control]]:
    for framework, control, answer in _asking().get(finding.code, ()):
        part = finding.part
        if answer.only.public:
            part = PUBLIC if finding.evidence.get("public") is True else ELSE
        if answered_by(answer, part, finding.subject_type):
            yield framework, control


@cache
def _asking() -> Mapping[str, list[tuple[Framework, Control, Answer]]]:
    """Rule -> what it answers."""
    found: dict[str, list[tuple[Framework, Control, Answer]]] = {}
    for framework in frameworks().values():
        for control in framework.controls.values():
            for answer in control.judging:
                found.setdefault(answer.code, []).append((framework, control, answer))
    return found


def _resource(finding: Finding) -> Event:
    owner = owned().get(finding.account_id)
    return _told(
        uid=finding.subject_arn or finding.subject_id,
        uid_alt=finding.subject_id if finding.subject_arn else None,
        name=finding.subject_name,
        type=TYPES[SubjectType(finding.subject_type)],
        cloud_partition=finding.account.partition,
        role_id=TARGET,
        role="Target",
        owner={"name": owner.name} if owner else None,
    )


def _unmapped(finding: Finding) -> Event:
    """What the schema has no place for, by the names that the other formats use."""
    ticket = finding.ticket
    return _told(
        id=finding.pk,
        part=finding.part,
        reopened=finding.reopened,
        resolved_why=finding.resolved_why,
        due_at=finding.due_at and finding.due_at.isoformat(),
        assignee=finding.assignee,
        accepted_until=finding.acceptance and finding.acceptance.expires_at.isoformat(),
        ticket=ticket and (ticket.key or str(ticket.ref)),
        evidence=finding.evidence,
    )


def _told(**values: Any) -> Event:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _ms(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)
