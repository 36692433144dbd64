from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.vocabulary import Practice, Severity, SubjectType

PRACTICES = [(p.prefix, p.label) for p in Practice]
SEVERITIES = [(s.value, s.label) for s in Severity]
UNRESOLVED = models.Q(resolved_at=None)


class Finding(models.Model):
    """One fault of one subject, as an interval: one row for ever, never a row a collection (DESIGN 11).

    Its identity is account + code + subject_id (the unique id, not the ARN) + part. opened_at begins the current
    interval and first_opened_at the first; resolved_at ends it. Only the engine resolves; a person may accept, and a
    reopened finding is open whatever it was before. title and evidence hold dates, not ages.
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

    account = models.ForeignKey(Account, models.CASCADE)
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

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "code", "subject_id", "part", name="finding_identity"),
            models.CheckConstraint(
                name="finding_resolved_agrees",
                condition=(models.Q(status="resolved", resolved_at__isnull=False) & ~models.Q(resolved_why=""))
                | (~models.Q(status="resolved") & models.Q(resolved_at=None, resolved_why="")),
            ),
        ]
        # A list is sorted worst, then newest first; read backwards these indexes give that order, and keyset pages on
        # it.
        indexes = [
            models.Index("severity", "opened_at", "id", name="finding_unresolved", condition=UNRESOLVED),
            models.Index("account", "severity", "opened_at", "id", name="finding_unresolved_of", condition=UNRESOLVED),
            models.Index(
                "code", "severity", "opened_at", "id", name="finding_unresolved_by_rule", condition=UNRESOLVED
            ),
            models.Index("subject_id", "account", name="finding_of_subject"),
        ]

    def __str__(self) -> str:
        return self.title
