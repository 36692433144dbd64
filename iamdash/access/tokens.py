"""API tokens: what they are made of, and whose request a header's token makes (TRUST, threats).

A token is `iamdash_` and 256 random bits. Only its SHA-256 is kept, so it is shown once; who reads the database, or a backup,
cannot use one. It is found by that digest, so no comparison takes longer the more of it is right. It reads what its operator
may read now, never more: their accounts, and the scopes it was made with. It is no way around what is asked of its operator:
who would not be let in today has no valid token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta

import structlog
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import DatabaseError, models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from iamdash.access.mfa import FACTORS
from iamdash.access.models import ApiToken, Operator

PREFIX = "iamdash_"
TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)
SHOWN = len(PREFIX) + 4  # characters by which a token that was found somewhere is known again
LONGEST_DAYS, DEFAULT_DAYS = 365, 90
NOTED_EVERY = timedelta(hours=1)
UNNOTED = Q(used_at=None) | Q(used_at__lt=Now() - NOTED_EVERY)
# The identity provider says at each sign-in what its people may; of those who never come back nobody tells us that they left.
SEEN_WITHIN = timedelta(days=30)
LATELY = Q(last_login__gt=Now() - SEEN_WITHIN)
LINKED = Q(Exists(SocialAccount.objects.filter(user=OuterRef("pk"))))
PROTECTED = Q(Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)))


class Scope(models.TextChoices):
    """What a token may read."""

    FINDINGS = "findings:read", "Findings and rules"
    INVENTORY = "inventory:read", "Accounts, principals, keys and coverage"
    TRENDS = "trends:read", "Trends and scores"


def make(operator: Operator, name: str, scopes: Sequence[str], days: int) -> tuple[ApiToken, str]:
    """The row, and the token itself, which nothing keeps. Raises ValueError for more than LONGEST_DAYS, or no scope."""
    chosen = [scope.value for scope in Scope if scope.value in scopes]
    if not 0 < days <= LONGEST_DAYS or not chosen:
        raise ValueError(f"{days} days for {scopes}")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        operator=operator, name=name, digest=digest(secret), shown=secret[:SHOWN], scopes=chosen,
        expires_at=Now() + timedelta(days=days),
    )  # fmt: skip
    row.refresh_from_db()
    return row, secret


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def found(authorization: str) -> ApiToken | None:
    """The valid token of an Authorization header, with its operator; None for anything else. What is no token costs no query."""
    kind, _, secret = authorization.partition(" ")
    if kind.lower() != "bearer" or not TOKEN.fullmatch(secret.strip()):
        return None
    return ApiToken.objects.filter(valid(), digest=digest(secret.strip())).select_related("operator").first()


def valid() -> Q:
    """Of tokens."""
    return Q(ended_at=None, expires_at__gt=Now(), operator__in=protected() & still_there(), operator__is_active=True)


def protected() -> QuerySet[Operator]:
    """Those with the second factor that is asked for here. Whose only way in is the provider has the provider's, where ours is
    asked of passwords alone: how the session began that made a token, nobody knows of an old one."""
    if not settings.MFA_REQUIRED:
        return Operator.objects.all()
    no_password = LINKED & Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    rest = Q() if settings.MFA_REQUIRED == "all" else _by_provider() | no_password
    return Operator.objects.filter(PROTECTED | rest if rest else PROTECTED)


def still_there() -> QuerySet[Operator]:
    """Those of whom the provider said lately that they are, and those of whom it has nothing to say."""
    return Operator.objects.filter(~_by_provider() | LATELY & (LINKED | Q(sso_managed=True)))


def _by_provider() -> Q:
    """Who comes in by the provider only (adapter.may_sign_in_here)."""
    managed = Q(sso_managed=True)
    return managed | Q(break_glass=False) if settings.SSO_ONLY else managed


def note_use(token: ApiToken) -> bool:
    """Whether it was noted: at most once in NOTED_EVERY, by a statement of its own: the request's transaction may not write.
    The answer is as good without, so a database that refuses it refuses no request."""
    if token.used_at and timezone.now() - token.used_at < NOTED_EVERY:
        return False
    try:
        return bool(ApiToken.objects.filter(UNNOTED, pk=token.pk).update(used_at=Now()))
    except DatabaseError as error:
        structlog.get_logger(__name__).warning("use of a token not noted", id=token.pk, error=type(error).__name__)
        return False


def seen_by(operator: Operator, *, everybody: bool) -> QuerySet[ApiToken]:
    """Their own; everybody's, for who looks after operators."""
    rows = ApiToken.objects.select_related("operator")
    return rows if everybody else rows.filter(operator=operator)


def end(token: ApiToken, by: Operator) -> bool:
    """Whether it was this that ended it. That it was there is kept."""
    rows = ApiToken.objects.filter(pk=token.pk, ended_at=None)
    return bool(rows.update(ended_at=Now(), ended_by=by.get_username()))
