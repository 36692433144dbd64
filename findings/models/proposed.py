"""Proposed SCPs: what each account's judgement tells for them, and what operators asked to be worked out."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.proposed.model import WINDOW


class ScpProposal(models.Model):
    """An operator wants to know which SCPs nobody would miss. account: the one that told of the organization's tree.

    data: analysis.proposed.model.Proposal, None until it is made. It tells of use in all accounts of the organization, so who
    shows a node of it makes sure that its accounts may be seen. error: why there is none. days: of use, that it is made from.
    attempt: how often a worker began the part that comes next.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    days = models.PositiveSmallIntegerField(default=WINDOW)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt = models.SmallIntegerField(db_default=0)
    error = models.TextField(default="", blank=True)
    data = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="scp_proposal_of_account"),
            models.Index("requested_at", name="scp_proposal_open", condition=models.Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.requested_by} asked for SCPs of {self.account_id}"


class ScpEvidence(models.Model):
    """data: analysis.proposed.evidence.Evidence of the account's last judgement; digest: of it.

    effect: what a judgement of the account with the SCPs of `proposal` says: {"closes": [[severity, code, subject, title]], the
    worst of them, "n": {severity slug: how many}, "lowers": n}. judged_for: id of the proposal that it belongs to.
    """

    account = models.OneToOneField(Account, models.CASCADE)
    digest = models.CharField(max_length=32)
    data = models.JSONField()
    judged_for = models.BigIntegerField(null=True)
    effect = models.JSONField(null=True)

    class Meta:
        verbose_name_plural = "SCP evidence"

    def __str__(self) -> str:
        return f"evidence of {self.account_id}"
