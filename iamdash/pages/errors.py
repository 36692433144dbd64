"""Addresses that cannot be right, and error pages that can say what was wrong with one; Django's own leave that out."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string

RETRY_AFTER = "30"  # seconds
# SQLSTATE: a connection's error, its end by the server, a server that starts or stops, and one that has no connection left.
AWAY = ("08", "57P01", "57P02", "57P03", "53300")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only for BadRequest, whose words are ours; a SuspiciousOperation's are not for strangers."""
    said = str(exception) if isinstance(exception, BadRequest) else ""
    return render(request, "400.html", {"said": said}, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles what was raised. These pages ask the database nothing, and do not tell what was raised."""
    status, headers = (503, {"Retry-After": RETRY_AFTER}) if database_is_away(sys.exception()) else (500, {})
    text = render_to_string(f"{status}.html")
    return HttpResponse(text, status=status, headers={"Cache-Control": "no-store, private", **headers})


def database_is_away(raised: BaseException | None) -> bool:
    """Whether PostgreSQL could not be reached, or went. What it refuses, a statement that took too long for one, is another
    thing, and has an SQLSTATE of its own; the failure of a connection mostly has none."""
    if not isinstance(raised, OperationalError | InterfaceError):
        return False
    state = getattr(raised.__cause__, "sqlstate", None)
    return state is None or state.startswith(AWAY)


class AddressMiddleware:
    """Innermost, so that pages and the API say it in their own way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path:
            raise Http404("PostgreSQL keeps no NUL, so no id has one, and asking for one is an error.")
        return self.get_response(request)
