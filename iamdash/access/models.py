"""Operators: who signs in, what they may do, and whose accounts they see."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Now

from collectors.models import Account

ALL = "*"


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
    """A person using iamdash. all_accounts also covers accounts added later; otherwise only `accounts` are seen."""

    username = models.CharField(max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=8, choices=Role, default=Role.VIEWER)
    all_accounts = models.BooleanField(default=False)
    accounts = models.ManyToManyField(Account, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = OperatorManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.username

    def may(self, role: Role) -> bool:
        return RANK[Role(self.role)] >= RANK[role]

    @property
    def scope(self) -> str | list[int]:
        """ALL, or the primary keys of the accounts this operator sees."""
        if self.all_accounts:
            return ALL
        # Not through `accounts`: that would read the account table, which shows nothing before the scope is set.
        given = Operator.accounts.through.objects.filter(operator_id=self.pk)
        return sorted(given.values_list("account_id", flat=True))
