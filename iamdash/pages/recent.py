"""What an operator opened last, of the things that have a page (entities.py).

Where it is kept: in Valkey, under the operator, for a week and ten at most. Not in the browser, where names of an organization's
roles would stay behind on a shared machine after signing out; not in PostgreSQL, where a GET writes nothing. Only addresses are
kept, no names: these are read when the list is shown, with the rights of that moment, so what an operator may no longer see is
not named any more. It is a comfort: where Valkey does not answer there is nothing recent, and the page comes without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from redis.exceptions import RedisError

from iamdash.access.models import Operator
from iamdash.pages.entities import PAGES, Args, Named, looked_up

MOST = 10
KEPT = 7 * 24 * 3600  # seconds
Item = tuple[str, Args]


@contextlib.contextmanager
def _or_nothing() -> Iterator[None]:
    with contextlib.suppress(RedisError, OSError):
        yield


def _key(operator: Operator) -> str:
    return f"recent:{operator.pk}"


def opened(operator: Operator) -> list[Item]:
    """The newest first."""
    found: Any = None
    with _or_nothing():
        found = cache.get(_key(operator))
    return [(str(view), tuple(map(str, args))) for view, args in found or ()]


def remember(operator: Operator, view: str, args: Args) -> None:
    item = (view, args)
    rest = [one for one in opened(operator) if one != item]
    with _or_nothing():
        cache.set(_key(operator), [item, *rest][:MOST], KEPT)


def shown(operator: Operator) -> list[Named]:
    return looked_up(opened(operator))


class RecentMiddleware:
    """Remembers pages of things that were really shown, not parts of them and not what was not found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        shown = request.method == "GET" and response.status_code == 200 and not request.htmx
        if shown and match and match.url_name in PAGES and request.user.is_authenticated:
            remember(request.user, match.url_name, tuple(map(str, match.kwargs.values())))
        return response
