"""Addresses that cannot be right, and error pages that can say what was wrong with one; Django's own leave that out."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only for BadRequest, whose words are ours; a SuspiciousOperation's are not for strangers."""
    said = str(exception) if isinstance(exception, BadRequest) else ""
    return render(request, "400.html", {"said": said}, status=400)


class AddressMiddleware:
    """Innermost, so that pages and the API say it in their own way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path:
            raise Http404("PostgreSQL keeps no NUL, so no id has one, and asking for one is an error.")
        return self.get_response(request)
