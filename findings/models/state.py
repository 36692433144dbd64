from __future__ import annotations

from django.db import models

from collectors.models import Account


class RuleState(models.Model):
    """How a rule stands in an account: "42 roles checked, none unused". Subjects the rule does not apply to are not
    counted.

    n_open counts subjects with an open fault, not findings. reason: the sources that were not read, "" when all were.
    as_of: since when these numbers hold; a judgement that changes none of them writes nothing.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    code = models.CharField(max_length=5)
    n_subjects = models.PositiveIntegerField()
    n_open = models.PositiveIntegerField()
    n_clear = models.PositiveIntegerField()
    n_unknown = models.PositiveIntegerField()
    reason = models.TextField(default="", blank=True)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "code", name="rule_state_identity")]

    def __str__(self) -> str:
        return f"{self.code}: {self.n_open} of {self.n_subjects} open"


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
        indexes = [models.Index("subject_id", "account", name="unknown_of_subject")]

    def __str__(self) -> str:
        return f"{self.code} {self.subject_name or 'all'}: {self.reason}"
