"""What people do about findings: accept them, assign them, write notes. Rows of decisions: they are added, and end.

Assignments and notes name a finding by its identity, which stays when an account's past is put in anew (engine/replay.py).
"""

from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.models.decided import STANDS
from findings.models.finding import SEVERITIES
from findings.models.grouping import OF_ACCOUNT, SCOPED, Ending, Scoped


class Bulked(models.Model):
    """bulk: of rows that one action on many findings added; ended_bulk: of those that it ended. An undo reverts just these."""

    bulk = models.UUIDField(null=True, blank=True)
    ended_bulk = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


class Acceptance(Bulked, Scoped):
    """Somebody takes the risk of findings until expires_at. All that is said must hold of one; "" (part: null) says nothing.

    scope, target, account: which accounts, as of Scoped. code: the rule. subject_id, part: the subject, and the part of it.
    subject_name: what that is called. tag: "key=value" that the role or user (of a key: its user) has. family: as of
    analysis/families.py. severity: findings that are worse are not accepted.

    It holds nothing before approved_at where needs_approval. owner: who answers for the risk. last_hid_at: when a finding last
    left it. An expired one is ended by nobody ("") at expires_at.
    """

    code = models.CharField(max_length=5, default="", blank=True)
    subject_id = models.CharField(max_length=256, default="", blank=True)
    subject_name = models.CharField(max_length=256, default="", blank=True)
    part = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - "" is the part of most findings
    tag = models.CharField(max_length=400, default="", blank=True)
    family = models.CharField(max_length=300, default="", blank=True)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    reason = models.CharField(max_length=1000)
    owner = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    needs_approval = models.BooleanField(default=False)
    approved_by = models.CharField(max_length=150, default="", blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    last_hid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=SCOPED, name="acceptance_scope"),
            models.CheckConstraint(
                name="acceptance_of_something",
                condition=OF_ACCOUNT | ~models.Q(scope="all") | ~models.Q(code="", subject_id="", tag="", family=""),
            ),
            models.CheckConstraint(
                name="acceptance_approved_by_another",
                condition=models.Q(needs_approval=False) | ~models.Q(approved_by=models.F("set_by")),
            ),
        ]
        indexes = [
            models.Index("account", "subject_id", "code", name="acceptance_standing", condition=STANDS),
            models.Index("expires_at", name="acceptance_expires", condition=STANDS),
            models.Index("bulk", name="acceptance_of_bulk", condition=~models.Q(bulk=None)),
            models.Index("ended_bulk", name="acceptance_ended_by_bulk", condition=~models.Q(ended_bulk=None)),
        ]

    def __str__(self) -> str:
        return f"{self.set_by} accepts {self.code or 'all rules'} of {self.subject_name or self.scope}"


class OfFinding(Bulked, Ending):
    """By the finding's identity."""

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    code = models.CharField(max_length=5)
    subject_id = models.CharField(max_length=256)
    part = models.CharField(max_length=128, default="", blank=True)

    class Meta:
        abstract = True


class Assignment(OfFinding):
    """to: an operator's name, a team or a person; "": the account's owner, as without a row."""

    to = models.CharField(max_length=150, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account", "subject_id", "code", "part", name="assignment_identity", condition=STANDS
            )
        ]
        indexes = [
            models.Index("bulk", name="assignment_of_bulk", condition=~models.Q(bulk=None)),
            models.Index("ended_bulk", name="assignment_ended_by_bulk", condition=~models.Q(ended_bulk=None)),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.subject_id} to {self.to}"


class Note(OfFinding):
    """What somebody wrote down. It is never changed; one that was written on many findings by mistake ends."""

    text = models.TextField(max_length=4000)

    class Meta:
        indexes = [
            models.Index("account", "subject_id", "code", "part", name="note_of_finding"),
            models.Index("bulk", name="note_of_bulk", condition=~models.Q(bulk=None)),
        ]

    def __str__(self) -> str:
        return self.text[:80]
