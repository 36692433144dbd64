"""What operators decide: which accounts, reached how, collected when. Observations live in the other modules."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

ACCOUNT_ID = RegexValidator(r"^[0-9]{12}\Z", "An AWS account id is 12 digits, leading zeros included.")
ROLE_NAME = RegexValidator(r"^[A-Za-z0-9_+=,.@-]{1,64}\Z", "A role name has 1 to 64 letters, digits or + = , . @ _ -")
NOT_COLLECTED = ("frozen", "gone", "left_out", "not_chosen")  # values of joining.Standing
PARTITIONS = {"aws": "AWS", "aws-cn": "AWS China", "aws-us-gov": "AWS GovCloud (US)"}


def new_external_id() -> str:
    """160 random bits. Generated, never chosen: a chosen one can be guessed or reused (TRUST, threats)."""
    return secrets.token_urlsafe(20)


class Account(models.Model):
    """An AWS account that operators registered. Ids are text: they may begin with zeros."""

    aws_id = models.CharField(max_length=12, unique=True, validators=[ACCOUNT_ID])
    name = models.CharField(max_length=128)
    partition = models.CharField(max_length=16, default="aws", choices=list(PARTITIONS.items()))
    added_at = models.DateTimeField(db_default=Now())
    added_by = models.CharField(max_length=150, default="")

    class Meta:
        ordering = ("name", "aws_id")

    def __str__(self) -> str:
        return f"{self.name} ({self.aws_id})"

    @property
    def hyphenated(self) -> str:
        return f"{self.aws_id[:4]}-{self.aws_id[4:8]}-{self.aws_id[8:]}"


class Connection(models.Model):
    """How the account is reached. No secret of AWS is kept: a role is assumed, or the worker's own credentials serve.

    organization: by which it joined; None: somebody connected it by hand.
    """

    class Kind(models.TextChoices):
        ROLE = "role", "Assume a role"
        AMBIENT = "ambient", "The worker's own credentials"
        BUNDLE = "bundle", "Bundles of files"

    account = models.OneToOneField(Account, models.CASCADE)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.ROLE)
    role_name = models.CharField(max_length=64, default="iamdash-readonly", validators=[ROLE_NAME])
    external_id = models.CharField(max_length=64, default=new_external_id, editable=False)
    enabled = models.BooleanField(default=True)
    organization = models.ForeignKey("OrganizationConnection", models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.account_id}"

    @property
    def collectable(self) -> bool:
        """Whether the worker may ask AWS; the query COLLECTABLE says the same."""
        if not self.enabled or self.kind == self.Kind.BUNDLE:
            return False
        joined = getattr(self.account, "membership", None)
        return joined is None or not joined.held

    @property
    def role_arn(self) -> str:
        return f"arn:{self.account.partition}:iam::{self.account.aws_id}:role/{self.role_name}"


# Accounts that joined with their organization and are not collected now; Membership.held says the same.
HELD = models.Q(membership__paused=True) | models.Q(membership__standing__in=NOT_COLLECTED)
# Accounts whose connection is collectable.
COLLECTABLE = models.Q(connection__enabled=True) & ~models.Q(connection__kind=Connection.Kind.BUNDLE) & ~HELD


class CollectRequest(models.Model):
    """An operator wants a collection now, or the one under way cancelled. The web process may not write jobs: the worker does."""

    account = models.ForeignKey(Account, models.CASCADE)
    cancel = models.BooleanField(default=False)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("requested_at", name="collect_request_open", condition=models.Q(taken_at=None))]

    def __str__(self) -> str:
        return f"{self.requested_by} asked for {self.account_id}"


class ConnectionTest(models.Model):
    """An operator asked whether an account can be read. checks: collectors.probe.Check as dicts, in the order they were tried.

    template: digest of the organization's template that it is the proof of; "": an operator's own question. attempt: how often a
    worker began, here and below: what kills its worker is not begun for ever.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt = models.SmallIntegerField(db_default=0)
    checks = models.JSONField(default=list)
    template = models.CharField(max_length=32, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="connection_test_of_account")]

    def __str__(self) -> str:
        return f"test {self.pk} of {self.account_id}"

    @property
    def good(self) -> bool:
        return all(check["ok"] is not False for check in self.checks)

    @property
    def worst_first(self) -> list[dict[str, Any]]:
        """What fails, then what could not be tried, then what works: one of eighty is not seen among the others."""
        return sorted(self.checks, key=lambda check: (False, None, True).index(check["ok"]))


class BundleUpload(models.Model):
    """A zip that an operator sent for an account. The worker reads it, and then drops its content.

    complaints: sentences on what could not be read. error: why nothing was loaded, "" when something was.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    file_name = models.CharField(max_length=255)
    content = models.BinaryField(null=True)
    uploaded_by = models.CharField(max_length=150)
    uploaded_at = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt = models.SmallIntegerField(db_default=0)
    error = models.TextField(default="", blank=True)
    complaints = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="bundle_upload_of_account")]

    def __str__(self) -> str:
        return f"{self.file_name} for {self.account_id}"
