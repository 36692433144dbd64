"""The audit log: who did what, when and from where. The database chains the entries (migration 0003), this says them.

`record` keeps an entry with its request; it is written

- of a request that may write: in the request's own transaction, last, so that neither the act nor its entry is there alone, and
  the chain's lock, which lets one writer in at a time, is held for the commit only;
- of one that reads: in a transaction of its own, before the first byte of the answer leaves. Where that fails, the answer is an
  error: what cannot be logged is not shown;
- of one that broke: in a transaction of its own, with the outcome "failed", since what it did was undone.

What an operator does and no view records gets an entry by itself (`_unsaid`): the route, the address and the fields that are
no secret. Free text of operators is kept, passwords, codes, tokens and addresses of channels never are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.http import HttpRequest, HttpResponseBase

from collectors.records.base import clean
from iamdash.access.models import AuditEntry, Operator

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
AGENT, LONGEST = 200, 300  # characters that are kept of a user agent, and of any other text
MOST = 50  # values that are kept of a list
# Fields of our forms whose values may stand in the log; of others only the names do.
TOLD = frozenset({
    "account", "accounts", "all", "aws_id", "cidrs", "code", "confirm_days", "days", "default", "due_on", "hour", "item",
    "kind", "kinds", "name", "of", "ous", "owner", "pick", "reason", "reviewer", "role", "scope", "severity", "shared",
    "starts_on", "tag", "tags", "target", "title", "to", "until", "value", "verdict", "weekday", "whom", "zone",
})  # fmt: skip


class Outcome(models.TextChoices):
    DONE = "done", "done"
    REFUSED = "refused", "refused"
    FAILED = "failed", "failed"


def record(
    request: HttpRequest | None,
    action: str,
    object: str = "",  # noqa: A002 (it is what the log calls it)
    *,
    by: Operator | None = None,
    outcome: str = Outcome.DONE,
    **detail: Any,
) -> None:
    """Say that somebody did something. action: a word of `actions.LABELS`, or a route's name. object: what it was done to.

    by: where it is not the request's operator. detail: what else is worth knowing; JSON values, dates and what has a str();
    never a secret. Without a request (commands) it is written at once, in the caller's transaction.
    """
    entry = AuditEntry(
        action=_cut(action, 60), object=_cut(object), outcome=str(outcome), detail=_text(detail), **_who(request, by)
    )
    if request is None:
        entry.save(force_insert=True)
    else:
        pending(request).append(entry)


def pending(request: HttpRequest) -> list[AuditEntry]:
    """What was recorded and is not yet written."""
    entries: list[AuditEntry] = request.__dict__.setdefault("audited", [])
    return entries


def write(request: HttpRequest) -> None:
    """Write what was recorded, in the caller's transaction."""
    entries = pending(request)
    while entries:
        entries.pop(0).save(force_insert=True)


class AuditMiddleware:
    """Stands outside of ScopeMiddleware, which writes what requests that may write recorded; the rest is written here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if entries := pending(request):
            if response.status_code >= 500:
                for entry in entries:
                    entry.outcome = Outcome.FAILED
            with transaction.atomic():
                write(request)
        return response


def settle(request: HttpRequest, response: HttpResponseBase) -> None:
    """At the end of a request: an entry for what no view recorded; and of one that may write, all are written now."""
    if not pending(request):
        _unsaid(request, response)
    if request.method not in SAFE and response.status_code < 500:
        write(request)


def _unsaid(request: HttpRequest, response: HttpResponseBase) -> None:
    refused = response.status_code == 403
    done = request.method not in SAFE and response.status_code < 400
    if not request.user.is_authenticated or not request.resolver_match or not (refused or done):
        return
    name = request.resolver_match.view_name
    # Signing in and its settings record by signals what came of it: a form shown again was not done.
    if refused or not request.path.startswith("/sign-in/"):
        record(
            request,
            name,
            request.path,
            outcome=Outcome.REFUSED if refused else Outcome.DONE,
            **({"asked": request.method} if refused else fields(request.POST)),
        )


def fields(posted: Any) -> dict[str, Any]:
    """posted: a QueryDict. Values of the fields that may be told, and the names of the others that were filled in."""
    told = {
        name: values if len(values) > 1 else values[0] for name, values in posted.lists() if name in TOLD and values
    }
    kept = sorted(n for n, v in posted.lists() if n not in TOLD and n != "csrfmiddlewaretoken" and any(v))
    return told | ({"fields": kept} if kept else {})


def address(request: HttpRequest) -> str:
    """Of the client, as allauth's rate limits see it; "" where proxies are counted wrongly."""
    try:
        return get_client_ip(request) or ""
    except ImproperlyConfigured:
        return ""


def _who(request: HttpRequest | None, by: Operator | None) -> dict[str, Any]:
    user = by or getattr(request, "user", None)
    who = {"actor_id": user.pk, "actor": user.get_username()} if user and user.is_authenticated else {}
    if request is None:
        return who | {"via": "command"}
    agent = request.META.get("HTTP_USER_AGENT", "")
    return who | {"via": getattr(request, "via", "page"), "address": address(request), "agent": _cut(agent, AGENT)}


def _cut(text: Any, longest: int = LONGEST) -> str:
    return str(clean(str(text)))[:longest]


def _text(detail: dict[str, Any]) -> str:
    return json.dumps(_plain(detail), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """As JSON, bounded and without what PostgreSQL refuses."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {_cut(key, 60): _plain(one) for key, one in list(value.items())[:MOST]}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(one) for one in list(value)[:MOST]]
    return _cut(value)
