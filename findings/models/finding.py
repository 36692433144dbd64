from __future__ import annotations

from datetime import timedelta

from django.db import models

from collectors.models import Account
from findings.vocabulary import Practice, Severity, SubjectType

PRACTICES = [(p.prefix, p.label) for p in Practice]
SEVERITIES = [(s.value, s.label) for s in Severity]
UNRESOLVED = models.Q(resolved_at=None)
ACCEPTED = ~models.Q(acceptance=None)
AGAIN = UNRESOLVED & models.Q(reopened__gt=0)
DUE = UNRESOLVED & ~models.Q(due_at=None)
NOT_YET = DUE & models.Q(late=False)
ASSIGNED = ~models.Q(assignee="")
# What lists count by; where time tells which findings are meant, an index holds it with the time (else: models/counted.py).
COUNTED = ["account", "code", "practice", "severity", "subject_type", "status"]


class Finding(models.Model):
    """One fault of one subject, as an interval: one row for ever, never a row a collection (DESIGN 11).

    Its identity is account + code + subject_id (the unique id, not the ARN) + part. opened_at begins the current
    interval and first_opened_at the first; resolved_at ends it. Only the engine resolves; a person may accept. title and evidence
    hold dates, not ages.

    What people decided is in rows of models/work.py; here it is as of the last judgement or decision. acceptance: the one that
    hides it, since accepted_at. due_at: when it must be resolved by the settings of its severity; none while it is accepted, and
    accepted_for, how long it was so in its interval, is added. assignee: "" where nobody said; then the account's owner answers.
    late: due_at was over when it was written (a trigger, migration 0022) or when the worker last looked (engine/counted.py). All
    that is late is overdue, and of the rest what due_at says.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        RESOLVED = "resolved", "Resolved"

    class Why(models.TextChoices):
        """Why it was resolved; every source the rule needs was complete when it was."""

        CLEAR = "clear", "The fault is gone"
        NOT_APPLICABLE = "not_applicable", "The rule no longer applies"
        SUBJECT_GONE = "subject_gone", "The subject was deleted"

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)  # others begin with it
    code = models.CharField(max_length=5)
    practice = models.CharField(max_length=2, choices=PRACTICES)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    subject_type = models.CharField(max_length=12, choices=[(t.value, t.value) for t in SubjectType])
    subject_id = models.CharField(max_length=256)
    subject_name = models.CharField(max_length=256)
    subject_arn = models.CharField(max_length=2048, blank=True)
    part = models.CharField(max_length=128, default="", blank=True)
    title = models.TextField()
    evidence = models.JSONField()
    first_opened_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_why = models.CharField(max_length=16, choices=Why, default="", blank=True)
    reopened = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    acceptance = models.ForeignKey(
        "findings.Acceptance", models.RESTRICT, null=True, blank=True, db_index=False, related_name="findings"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_for = models.DurationField(default=timedelta())
    due_at = models.DateTimeField(null=True, blank=True)
    late = models.BooleanField(default=False, db_default=False, editable=False)
    assignee = models.CharField(max_length=150, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "code", "subject_id", "part", name="finding_identity"),
            models.CheckConstraint(
                name="finding_accepted_agrees",
                condition=models.Q(status="accepted", acceptance__isnull=False, accepted_at__isnull=False, due_at=None)
                | (~models.Q(status="accepted") & models.Q(acceptance=None, accepted_at=None)),
            ),
            models.CheckConstraint(
                name="finding_resolved_agrees",
                condition=(models.Q(status="resolved", resolved_at__isnull=False) & ~models.Q(resolved_why=""))
                | (~models.Q(status="resolved") & models.Q(resolved_at=None, resolved_why="")),
            ),
        ]
        # A list is sorted worst, then newest first; read backwards these indexes give that order, and keyset pages on
        # it. They end with the account, which tells an index whose a row is (docs/decisions/0012).
        indexes = [
            models.Index("severity", "opened_at", "id", "account", name="finding_in_seen_order"),
            models.Index("account", "severity", "opened_at", "id", name="finding_in_order_of"),
            models.Index(
                "severity", "opened_at", "id", "account", name="unresolved_in_seen_order", condition=UNRESOLVED
            ),
            models.Index("severity", "opened_at", "id", name="finding_unresolved_again", condition=AGAIN),
            models.Index("subject_name", "id", "account", name="unresolved_by_subject_seen", condition=UNRESOLVED),
            models.Index(  # of operators of some accounts, and all that trends and facets ask of theirs
                fields=["account", "severity", "opened_at", "id"],
                include=["code", "practice", "subject_type", "status", "reopened", "first_opened_at"],
                name="finding_unresolved_of_seen",
                condition=UNRESOLVED,
            ),
            models.Index(
                "code", "severity", "opened_at", "id", "account", name="unresolved_by_rule_seen", condition=UNRESOLVED
            ),
            models.Index("subject_id", "account", name="finding_of_subject"),
            models.Index(  # what is open of many subjects, as of all roles of permission sets, is counted from this alone
                fields=["subject_id"],
                include=["account", "code", "severity", "status"],
                name="finding_unresolved_of_subject",
                condition=UNRESOLVED,
            ),
            models.Index(  # trends and what is new read nothing but this
                fields=["opened_at"],
                include=[*COUNTED, "reopened", "first_opened_at"],
                name="finding_unresolved_since",
                condition=UNRESOLVED,
            ),
            models.Index("acceptance", "account", name="finding_accepted_of", condition=ACCEPTED),
            models.Index(
                "severity", "opened_at", "id", "account", name="finding_accepted_in_seen_order", condition=ACCEPTED
            ),
            models.Index(fields=["due_at"], include=COUNTED, name="finding_due", condition=DUE),
            # For operators of some accounts: what they may see is asked of each row that an index does not find by its account.
            models.Index(fields=["account", "due_at"], include=COUNTED[1:], name="finding_due_of", condition=DUE),
            models.Index(fields=["due_at"], include=[*COUNTED, "late"], name="finding_due_next", condition=NOT_YET),
            models.Index(
                fields=["account", "due_at"],
                include=[*COUNTED[1:], "late"],
                name="finding_due_next_of",
                condition=NOT_YET,
            ),
            models.Index("assignee", "severity", "opened_at", "id", name="finding_assigned", condition=ASSIGNED),
        ]

    def __str__(self) -> str:
        return self.title
