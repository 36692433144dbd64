"""Each request is one transaction that names the accounts its operator may see (DESIGN 13b)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from iamdash.access import audit
from iamdash.access.database import seen_accounts
from iamdash.access.prepared import prepared

T = TypeVar("T")
_kept: ContextVar[dict[Any, Any] | None] = ContextVar("kept", default=None)
# Without a transaction of their own: strangers may ask them, most answers need no database, and /readyz says that there is none.
UNSCOPED = frozenset({"/livez", "/readyz", "/hooks/tickets/"})


class ScopeMiddleware:
    """Rendering happens inside the transaction, streams included; GET and HEAD are read-only in the database too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in UNSCOPED:
            return self.get_response(request)
        scope = request.user.scope if request.user.is_authenticated else []
        with keeping(), seen_accounts(scope, read_only=reads(request)):
            response = self.get_response(request)
            audit.settle(request, response)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        if response.streaming:
            response.streaming_content = _in_scope(scope, response.streaming_content)
        elif "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store, private"
        return response


def reads(request: HttpRequest) -> bool:
    """Whether the database itself shall refuse writes. Who comes back from an identity provider signs in by a GET."""
    return request.method in audit.SAFE and not request.path.startswith("/sign-in/")


def _in_scope(scope: str | list[int], chunks: Iterable[bytes]) -> Iterator[bytes]:
    with keeping(), seen_accounts(scope, read_only=True):
        yield from chunks


@contextmanager
def keeping() -> Iterator[None]:
    """What `once` makes inside is made for this request only: it is what its operator may see."""
    _kept.set({})
    try:
        yield
    finally:
        _kept.set(None)


def once(key: str, make: Callable[[], T]) -> T:
    """What the request made under this key, made now if it did not yet. Most requests make the same of it, so that what it asks
    is planned once a connection."""
    kept = _kept.get()
    if kept is None:
        return make()
    if key not in kept:
        with prepared():
            kept[key] = make()
    return kept[key]  # type: ignore[no-any-return]
