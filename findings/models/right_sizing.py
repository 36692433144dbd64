from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.right_sizing import Proposal


class RightSizing(models.Model):
    """An operator says that a proposal was applied; judgements then confirm it, or say what differs, and watch it for 30 days.

    One row a principal and mark; the newest of a principal and target counts. documents: the proposal's. lost: the actions it
    took away, as patterns; narrowed: actions that it left on what they were used on only; services: those of what was lost that
    are whole services, whose attempts Access Advisor tells. rollback: the script that undoes it. detail: how what is there
    compares with the documents; attempts: what is known of attempts at what was taken away since confirmed_at, and what is not.
    SAFE: of all that was taken away or narrowed somebody would have seen an attempt, and nobody did.
    """

    class State(models.TextChoices):
        APPLIED = "applied", "Marked as applied"
        CONFIRMED = "confirmed", "Confirmed"
        DIFFERS = "differs", "Differs"
        GONE = "gone", "The principal was deleted"
        SAFE = "safe", "Safe, as far as it was watched"
        ALERT = "alert", "What was taken away was tried"

    class Target(models.TextChoices):
        POLICIES = "policies", "Identity policies"
        BOUNDARY = "boundary", "Permissions boundary"

    account = models.ForeignKey(Account, models.CASCADE)
    principal_id = models.CharField(max_length=128)
    principal_name = models.CharField(max_length=128)
    target = models.CharField(max_length=8, choices=Target, default=Target.POLICIES)
    digest = models.CharField(max_length=32)
    documents = models.JSONField()
    lost = models.JSONField()
    narrowed = models.JSONField(default=list, blank=True)
    services = models.JSONField()
    rollback = models.TextField()
    marked_by = models.CharField(max_length=150)
    marked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=9, choices=State, default=State.APPLIED)
    detail = models.TextField(default="", blank=True)
    attempts = models.TextField(default="", blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    watch_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index("account", "principal_id", "id", name="right_sizing_of_principal")]

    def __str__(self) -> str:
        return f"{self.principal_name}: {self.state}"

    @classmethod
    def newest(cls) -> models.QuerySet[RightSizing]:
        """Of each principal and target the mark that counts."""
        ordered = cls.objects.order_by("account_id", "principal_id", "target", "-id")
        return ordered.distinct("account_id", "principal_id", "target")

    @classmethod
    def mark(cls, account: Account, proposal: Proposal, by: str) -> list[RightSizing]:
        """Write down that the operator applied it, for each of its principals. by: the operator's name."""
        common: dict[str, Any] = {
            "target": cls.Target.BOUNDARY if proposal.change.boundary else cls.Target.POLICIES,
            "digest": proposal.digest,
            "documents": [policy.document for policy in proposal.documents],
            "lost": list(proposal.lost_patterns),
            "narrowed": list(proposal.narrowed_patterns),
            "rollback": proposal.rollback(),
            "marked_by": by,
        }
        return cls.objects.bulk_create(
            cls(
                account=account,
                principal_id=unique_id,
                principal_name=name,
                services=list(proposal.gone.get(unique_id, ())),
                **common,
            )
            for unique_id, name in proposal.principals.items()
        )
