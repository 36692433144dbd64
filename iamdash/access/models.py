"""Operators: who signs in, what they may do, and whose accounts they see."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from collectors.models import Account

ALL = "*"
PASSWORD_BYTES = 15  # 20 characters


class Role(models.TextChoices):
    """Each may do what the one before may."""

    VIEWER = "viewer", "Viewer: reads"
    ANALYST = "analyst", "Analyst: reads, asks for collections, works on findings"
    ADMIN = "admin", "Admin: all of it, accounts and operators included"


RANK = {Role.VIEWER: 0, Role.ANALYST: 1, Role.ADMIN: 2}


class OperatorManager(BaseUserManager["Operator"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Operator:
        """password None: the operator cannot sign in with one."""
        operator = self.model(username=self.model.normalize_username(username), **fields)
        operator.set_password(password)
        operator.save(using=self._db)
        return operator


class Operator(AbstractBaseUser):
    """A person using iamdash. all_accounts also covers accounts added later; otherwise only `accounts` are seen, and those that
    the account groups hold at the time of each request.

    sso_id: who it is at the identity provider (OpenID Connect's sub), where an admin said so; the first sign-in links by it, or
    by a verified e-mail address. sso_managed: the provider's groups decide role and accounts at each sign-in. break_glass: may
    sign in by password where only single sign-on may. preferences: how pages look and begin, as iamdash.pages.profile reads it;
    here, so that it is read with the operator.
    """

    username = models.CharField(max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=8, choices=Role, default=Role.VIEWER)
    all_accounts = models.BooleanField(default=False)
    accounts = models.ManyToManyField(Account, blank=True)
    account_groups = ArrayField(models.UUIDField(), default=list, blank=True)
    sso_id = models.CharField(max_length=191, default="", blank=True)
    sso_managed = models.BooleanField(default=False)
    break_glass = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    preferences = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = OperatorManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = (models.UniqueConstraint("sso_id", name="operator_by_sso_id", condition=~models.Q(sso_id="")),)

    def __str__(self) -> str:
        return self.username

    def new_password(self) -> str:
        """Sets a random one, which nothing else keeps: it is shown once to whoever asked for it."""
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        self.set_password(password)
        self.save(update_fields=["password"])
        return password

    def may(self, role: Role) -> bool:
        return RANK[Role(self.role)] >= RANK[role]

    @property
    def scope(self) -> str | list[int]:
        """ALL, or the primary keys of the accounts this operator sees."""
        if self.all_accounts:
            return ALL
        # Not through `accounts`: that would read the account table, which shows nothing before the scope is set.
        given = Operator.accounts.through.objects.filter(operator_id=self.pk)
        named = set(given.values_list("account_id", flat=True))
        return sorted(named | (grouped(self.account_groups) if self.account_groups else set()))


def grouped(keys: Iterable[UUID]) -> set[int]:
    """Primary keys of the accounts that these groups hold now. Where a group's OUs or tags were not read it holds none by them.

    It is asked before the scope is set, and so with the rights that see all, which end with the answer.
    """
    from findings.engine.grouping import standings
    from iamdash.access.database import seeing_all

    wanted = {str(key) for key in keys}
    with seeing_all():
        return {pk for pk, standing in standings().items() if not wanted.isdisjoint(standing.groups)}


class ApiToken(models.Model):
    """Lets a program read as its operator (tokens.py).

    digest: SHA-256 of the token, in hexadecimal; shown: how it begins. scopes: values of tokens.Scope. used_at: to the hour.
    """

    operator = models.ForeignKey(Operator, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    shown = models.CharField(max_length=16)
    scopes = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.operator_id}"


class AuditEntry(models.Model):
    """What somebody did. number, at, previous and hash are the database's (migration 0003); entries are never changed.

    actor_id, actor: None and "" for strangers and commands; no foreign key, since entries outlive operators. via: "page",
    "command", or the token that was used. detail: canonical JSON of an object. hash: SHA-256 of the previous entry's (64 zeros
    before the first) and of the JSON list that `audit_chain.content` gives.
    """

    number = models.BigIntegerField(primary_key=True, default=0)
    at = models.DateTimeField(db_default=Now())
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150)
    via = models.CharField(max_length=60)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    object = models.CharField(max_length=300)
    outcome = models.CharField(max_length=8)
    detail = models.TextField(default="{}")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = (
            models.Index(fields=["actor", "-number"], name="audit_by_actor"),
            models.Index(fields=["action", "-number"], name="audit_by_action"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.object}"
