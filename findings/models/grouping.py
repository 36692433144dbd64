"""Settings, groups and owners that operators decide for accounts, and where each account stands for them.

As in models/decided.py nothing is overwritten or deleted: a row ends, and the next one begins.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.places import Group, Scope
from findings.models.decided import STANDS

SCOPES = [(scope.value, scope.value) for scope in Scope]


class AccountPlace(models.Model):
    """Where the account was in its organization when that was last judged by: its OUs, root first, and its tags.

    It is made of the rows of the account that reads the organization (told_by, "" for none); here it is the account's own, so
    that whoever may see it knows its OUs and tags, and nothing else of the tree. tags null: not read. unknown: as Place.unknown.
    """

    account = models.OneToOneField(Account, models.CASCADE)
    ous = models.JSONField(default=list)
    names = models.JSONField(default=list)
    tags = models.JSONField(null=True)
    unknown = models.TextField(default="", blank=True)
    told_by = models.CharField(max_length=12, default="", blank=True)

    def __str__(self) -> str:
        return f"place of {self.account_id}"


class Ending(models.Model):
    """Who said it and when, and who ended it."""

    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())
    ended_by = models.CharField(max_length=150, default="", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class AccountGroup(Ending):
    """Accounts that belong together: below OUs, with tags ("key=value"), or named by hand (GroupMember).

    key: the group's own, which stays when a row ends and one with another name or selector begins.
    """

    key = models.UUIDField(default=uuid.uuid4)
    name = models.CharField(max_length=80)
    ous = models.JSONField(default=list)
    tags = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint("key", name="account_group_identity", condition=STANDS),
            models.UniqueConstraint("name", name="account_group_name", condition=STANDS),
        ]

    def __str__(self) -> str:
        return self.name

    def group(self, accounts: Any = ()) -> Group:
        """accounts: AWS ids of those that are named by hand."""
        return Group(str(self.key), self.name, frozenset(self.ous), frozenset(self.tags), frozenset(accounts))


class GroupMember(Ending):
    """An account that somebody named as a member of a group."""

    account = models.ForeignKey(Account, models.CASCADE)
    group = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint("group", "account", name="group_member_identity", condition=STANDS)]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.group}"


OF_ACCOUNT = models.Q(scope=Scope.ACCOUNT.value)
SCOPED = (OF_ACCOUNT & models.Q(account__isnull=False)) | (~OF_ACCOUNT & models.Q(account=None))


class Scoped(Ending):
    """Something that is said of all accounts, or of some. target: as of Standing.rank, but "" where the scope is `account`."""

    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True)
    scope = models.CharField(max_length=8, choices=SCOPES)
    target = models.CharField(max_length=400, default="", blank=True)

    class Meta:
        abstract = True


class DecidedSetting(Scoped):
    """A value of a setting (analysis/setting_fields.py), as plain JSON."""

    name = models.CharField(max_length=40)
    value = models.JSONField()
    reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "target", "account", "name"],
                name="decided_setting_identity",
                condition=STANDS,
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=SCOPED, name="decided_setting_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.scope} {self.target}"


class AccountOwner(Scoped):
    """Who answers for accounts. name, contact: "" where the owner is what the account's own tag `target` says."""

    name = models.CharField(max_length=150, default="", blank=True)
    contact = models.CharField(max_length=254, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "target", "account"],
                name="account_owner_identity",
                condition=STANDS,
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=SCOPED, name="account_owner_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.name} owns {self.scope} {self.target}"
