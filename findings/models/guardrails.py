from __future__ import annotations

from django.db import models

from collectors.models import Account


class AccountGuardrails(models.Model):
    """The SCPs and RCPs that bound the account at its last judgement, with their documents (analysis/stored_guardrails.py).

    They are made of the rows of the account that may read the organization. Here they are the account's own, so that whoever
    may see it sees what binds it, and nothing else of the organization. digest: of data.
    """

    account = models.OneToOneField(Account, models.CASCADE)
    digest = models.CharField(max_length=32)
    data = models.JSONField()

    class Meta:
        verbose_name_plural = "account guardrails"

    def __str__(self) -> str:
        return f"guardrails of {self.account_id}"
