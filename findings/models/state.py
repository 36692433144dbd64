from __future__ import annotations

from django.db import models

from collectors.models import Account


class RuleState(models.Model):
    """How a rule stands in an account: "42 roles checked, none unused". Subjects the rule does not apply to are not
    counted.

    n_open counts subjects with an open fault, not findings. n_in_doubt: those of which something is unknown, also where
    something else of them is open. reason: the sources that were not read, "" when all were.
    as_of: since when these numbers hold; a judgement that changes none of them writes nothing.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    code = models.CharField(max_length=5)
    n_subjects = models.PositiveIntegerField()
    n_open = models.PositiveIntegerField()
    n_clear = models.PositiveIntegerField()
    n_unknown = models.PositiveIntegerField()
    n_in_doubt = models.PositiveIntegerField(default=0)
    reason = models.TextField(default="", blank=True)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "code", name="rule_state_identity")]
        indexes = [
            models.Index("account", "code", name="rule_state_in_doubt", condition=~models.Q(reason="")),
            models.Index("code", "account", name="rule_state_of_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.n_open} of {self.n_subjects} open"


class PastRuleState(models.Model):
    """How a rule stood before its numbers changed, as of RuleState. Written once, when they change.

    Only what held at the end of a day (UTC) is kept, so there is at most one a day. Since migration 0023: of the time before
    there are none. It held from as_of until the moment `until`, which is the as_of of what came after.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    code = models.CharField(max_length=5)
    n_subjects = models.PositiveIntegerField()
    n_open = models.PositiveIntegerField()
    n_clear = models.PositiveIntegerField()
    n_unknown = models.PositiveIntegerField()
    n_in_doubt = models.PositiveIntegerField()
    reason = models.TextField(default="", blank=True)
    as_of = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "code", "until", name="past_rule_state_identity")]

    def __str__(self) -> str:
        return f"{self.code}: {self.n_open} of {self.n_subjects} open until {self.until:%F}"


class Unknown(models.Model):
    """What a rule could not tell, and why: shown as unknown, never as fine.

    subject_id "": a source was not read, so it holds for all subjects of the rule in the account that nothing else
    decided.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    code = models.CharField(max_length=5)
    subject_id = models.CharField(max_length=256, default="", blank=True)
    subject_name = models.CharField(max_length=256, default="", blank=True)
    reason = models.TextField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "code", "subject_id", name="unknown_identity")]
        indexes = [
            models.Index("subject_id", "account", name="unknown_of_subject"),
            models.Index("code", "subject_name", "id", "account", name="unknown_in_seen_order"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject_name or 'all'}: {self.reason}"
