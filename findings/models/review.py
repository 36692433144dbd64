"""Access reviews: campaigns, what was put before reviewers, what they decided, and what later collections saw of it.

An item is frozen: its evidence is what was known at one moment. Decisions are rows that end (models/decided.py); once a campaign
is closed, the database refuses any more of them (migration 0016), and only what is seen of revocations goes on.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.reviewing.confirming import Outcome, State
from findings.analysis.reviewing.items import ItemKind, Which
from findings.models.decided import STANDS
from findings.models.finding import SEVERITIES
from findings.models.grouping import Ending

CONFIRM_DAYS = 14


class Review(models.Model):
    """A campaign. Of no account: who sees none of its accounts is not shown it (pages/reviews.py).

    whom: ["all"], or scopes "account:<id>", "ou:<id>", "group:<key>", "owner:<name>". which: values of Which. starts_on: the day
    on which items are frozen, as of that moment. due_on: the last day on which reviewers decide. confirm_days: how long what is
    revoked may still be there. n_accounts: how many it was made for. frozen_at: when the last account's items were.
    """

    title = models.CharField(max_length=120)
    note = models.CharField(max_length=2000, default="", blank=True)
    whom = models.JSONField()
    which = models.JSONField()
    starts_on = models.DateField()
    due_on = models.DateField()
    confirm_days = models.PositiveSmallIntegerField(default=CONFIRM_DAYS)
    n_accounts = models.PositiveIntegerField()
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, default="", blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("starts_on", name="review_to_freeze", condition=models.Q(frozen_at=None, closed_at=None))
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sets(self) -> list[Which]:
        return [Which(name) for name in self.which]


class ReviewAccount(models.Model):
    """An account of a campaign. owner, contact: who answered for it when it was frozen. error: why its items could not be.
    attempt: how often a worker began to.

    evidence: analysis.reviewing.evidence.of_account.
    """

    review = models.ForeignKey(Review, models.CASCADE, db_index=False, related_name="accounts")
    account = models.ForeignKey(Account, models.CASCADE)
    owner = models.CharField(max_length=256, default="", blank=True)
    contact = models.CharField(max_length=254, default="", blank=True)
    frozen_at = models.DateTimeField(null=True)
    attempt = models.SmallIntegerField(db_default=0)
    n_items = models.PositiveIntegerField(default=0)
    evidence = models.JSONField(null=True)
    error = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("review", "account", name="review_account_identity")]

    def __str__(self) -> str:
        return f"{self.account_id} in review {self.review_id}"


class Reviewer(Ending):
    """Who reviews an account in a campaign. reviewer: the operator's name. reason: of a delegation, "" for the first one."""

    review = models.ForeignKey(Review, models.CASCADE, db_index=False)
    account = models.ForeignKey(Account, models.CASCADE)
    reviewer = models.CharField(max_length=150)
    reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("review", "account", name="reviewer_identity", condition=STANDS)]

    def __str__(self) -> str:
        return f"{self.reviewer} reviews {self.account_id}"


class Verdict(models.TextChoices):
    KEEP = "keep", "Keep"
    REVOKE = "revoke", "Revoke"
    REDUCE = "reduce", "Change to the suggested policy"


STATES = [(one.value, one.label) for one in State]


class ReviewItem(models.Model):
    """One access, as analysis.reviewing.items.Item. digest: SHA-256 of the evidence, taken when it was frozen.

    verdict, state, unsure: of the decision that stands and of its outcome, for lists and counts; the record is in those rows.
    verdict "": undecided. state "": nothing to confirm; WAITING also before any collection told. unsure: the last look was blind.
    """

    review = models.ForeignKey(Review, models.CASCADE, db_index=False, related_name="items")
    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    kind = models.CharField(max_length=9, choices=[(one.value, one.value) for one in ItemKind])
    type = models.CharField(max_length=8)
    subject_id = models.CharField(max_length=256)
    part = models.TextField()
    name = models.CharField(max_length=256)
    arn = models.CharField(max_length=2048, blank=True)
    sets = models.JSONField()
    people = models.JSONField(default=list)
    worst = models.PositiveSmallIntegerField(choices=[(0, "None"), *SEVERITIES])
    evidence = models.JSONField()
    digest = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    verdict = models.CharField(max_length=6, choices=Verdict, default="", blank=True)
    state = models.CharField(max_length=8, choices=STATES, default="", blank=True)
    unsure = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["review", "account", "verdict", "state"],
                include=["kind", "worst", "unsure", "sets"],
                name="review_item_counted",
            ),
            models.Index("review", "verdict", "worst", "id", name="review_item_by_verdict"),
            models.Index("review", "worst", "id", name="review_item_by_worst"),
            models.Index("review", "id", name="review_item_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class ReviewDecision(Ending):
    """What a reviewer said of an item. parts: of a revocation, what goes (analysis/reviewing/standing.py)."""

    review = models.ForeignKey(Review, models.CASCADE, db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    item = models.ForeignKey(ReviewItem, models.CASCADE, db_index=False, related_name="decisions")
    verdict = models.CharField(max_length=6, choices=Verdict)
    parts = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint("item", name="review_decision_identity", condition=STANDS)]
        indexes = [
            models.Index("item", "id", name="review_decision_of_item"),
            models.Index(
                "account", name="review_decision_followed", condition=STANDS & ~models.Q(verdict=Verdict.KEEP)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} item {self.item_id}"


class ReviewOutcome(models.Model):
    """analysis.reviewing.confirming.Outcome of a decision that takes access away, as of the last collection that told of it.

    No row: none did yet.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    decision = models.OneToOneField(ReviewDecision, models.CASCADE, related_name="outcome")
    state = models.CharField(max_length=8, choices=STATES)
    said = models.TextField(default="", blank=True)
    since = models.DateTimeField(null=True)
    unknown = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"decision {self.decision_id} {self.state}"

    @property
    def as_outcome(self) -> Outcome:
        return Outcome(State(self.state), self.said, self.since, self.unknown)


class ReviewSighting(models.Model):
    """A change of an outcome's state, or the first one."""

    account = models.ForeignKey(Account, models.CASCADE)
    decision = models.ForeignKey(ReviewDecision, models.CASCADE, related_name="sightings")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=STATES)
    said = models.TextField()

    def __str__(self) -> str:
        return f"decision {self.decision_id} {self.state}"
