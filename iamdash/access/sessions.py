"""Sessions that are open: from where and when they were last used, and their end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from redis import RedisError

from iamdash.access import audit
from iamdash.access.models import Operator
from iamdash.access.prepared import prepared

SEEN_EVERY = 300  # seconds: how exact "last seen" is


@dataclass(frozen=True)
class Opened:
    """own: the one that asks."""

    row: UserSession
    own: bool


class SessionsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        note(request)
        return self.get_response(request)


def note(request: HttpRequest) -> None:
    """That the session is used, at most every five minutes. The cache knows when that was; without it pages work all the same."""
    if not (key := request.session.session_key):
        return
    with prepared():
        known = request.user.is_authenticated
    try:
        if not known or not cache.add(f"seen:{key}", 1, SEEN_EVERY):
            return
    except RedisError:
        return
    told = {"last_seen_at": timezone.now()} | ({"ip": ip} if (ip := audit.address(request)) else {})
    UserSession.objects.filter(session_key=key).update(**told)


def opened(request: HttpRequest, operator: Operator) -> list[Opened]:
    """This one first, then as last seen. Two queries."""
    rows = list(UserSession.objects.filter(user=operator).order_by("-last_seen_at"))
    alive = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now())
    keys = set(alive.values_list("session_key", flat=True))
    own = request.session.session_key
    found = [Opened(row, row.session_key == own) for row in rows if row.session_key in keys]
    return sorted(found, key=lambda one: not one.own)


def end(rows: Iterable[UserSession]) -> int:
    """The next request with one of them is a stranger's. How many there were."""
    keys = [row.session_key for row in rows]
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def clear() -> None:
    """What has run out, of everybody: nobody else takes it away. An index makes it cheap."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
