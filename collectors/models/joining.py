"""A whole organization: what operators decide of it, and what the worker made of that for each account that joined by it."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from collectors.models.account import NOT_COLLECTED, ROLE_NAME, Account, new_external_id
from collectors.records import digest

ORGANIZATION_ID = RegexValidator(r"^o-[a-z0-9]{10,32}\Z", "An organization's id is o- and 10 to 32 letters and digits.")
ROLE_ARN = RegexValidator(
    r"^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}\Z",
    "A role's ARN is arn:aws:iam::<12 digits>:role/<name>.",
)


class OrganizationConnection(models.Model):
    """How an organization's accounts are connected, and which. Decided by operators of all accounts; the worker joins by it.

    account: the one that tells of the organization, connected by hand: its management account or a delegated administrator.
    secret: the external id of a member's role is `<secret>-<account id>`, since StackSets give new accounts default
    parameters only. hub_role_arn "": the worker assumes the members' roles itself.
    units: ids of OUs with all that lies below them; a root's is the whole organization. tags: `key=value`, of which an
    account has one; none: whatever its tags. left_out: account ids. joining: whether accounts join that are chosen and new.

    disconnected_at: since when nothing follows the organization; the row stays, with the secret that its roles ask for, so that
    it can be connected again as it was. keeps: the accounts that joined by it are collected on, and held otherwise.
    """

    account = models.ForeignKey(Account, models.PROTECT)
    organization_id = models.CharField(max_length=34, unique=True, validators=[ORGANIZATION_ID])
    secret = models.CharField(max_length=48, default=new_external_id, editable=False)
    role_name = models.CharField(max_length=64, default="iamdash-readonly", validators=[ROLE_NAME])
    hub_role_arn = models.CharField(max_length=600, default="", blank=True, validators=[ROLE_ARN])
    hub_external_id = models.CharField(max_length=64, default=new_external_id, editable=False)
    units = models.JSONField(default=list)
    tags = models.JSONField(default=list, blank=True)
    left_out = models.JSONField(default=list, blank=True)
    joining = models.BooleanField(default=True)
    paused = models.BooleanField(default=False)
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())
    disconnected_at = models.DateTimeField(null=True, blank=True)
    disconnected_by = models.CharField(max_length=150, default="", blank=True)
    keeps = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                name="organization_connection_told_by",
                condition=models.Q(disconnected_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.organization_id

    @property
    def holding(self) -> bool:
        """Whether nothing is collected of the accounts that joined by it."""
        return not self.keeps if self.disconnected_at else self.paused

    def external_id(self, aws_id: str) -> str:
        return f"{self.secret}-{aws_id}"

    @property
    def template(self) -> str:
        """Digest of what decides who may assume the members' roles."""
        return digest([self.organization_id, self.role_name, self.secret, self.hub_role_arn])

    @property
    def hub_account(self) -> str:
        """The account id that the hub role stands in; "": there is none."""
        return self.hub_role_arn.split(":")[4] if self.hub_role_arn else ""


class Standing(models.TextChoices):
    """What follows for an account from its state in the organization and from the choice. UNDECIDED is never stored: it
    leaves an account as it stands."""

    CHOSEN = "chosen", "Chosen"
    FROZEN = "frozen", "Suspended or being closed"
    GONE = "gone", "Left the organization"
    LEFT_OUT = "left_out", "Left out by hand"
    NOT_CHOSEN = "not_chosen", "Not chosen"
    UNDECIDED = "undecided", "Cannot be told yet"


class Membership(models.Model):
    """An account that joined with its organization. Written by the worker; while it is `held` nothing is collected, and
    history and findings stay as they are.

    since: when the standing began. state: AWS's, when that was last looked at. name: what the account was last called by its
    organization: another name of the Account is an operator's. paused: as the organization's connection is `holding`.
    """

    account = models.OneToOneField(Account, models.CASCADE)
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.CHOSEN)
    state = models.CharField(max_length=32, default="ACTIVE")
    name = models.CharField(max_length=128)
    since = models.DateTimeField(db_default=Now())
    paused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.standing}"

    @property
    def held(self) -> bool:
        return self.paused or self.standing in NOT_COLLECTED

    @property
    def why(self) -> str:
        """Why nothing is collected, as the rest of a sentence that begins with the account."""
        return {
            Standing.FROZEN: f"is {self.state} in its organization",
            Standing.GONE: "left its organization",
            Standing.LEFT_OUT: "is left out by hand",
            Standing.NOT_CHOSEN: "is no longer chosen: it lies outside the chosen OUs, or lacks a chosen tag",
        }.get(Standing(self.standing), "joined with an organization that is paused or disconnected")
