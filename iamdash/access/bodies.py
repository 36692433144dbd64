"""How much a request may bring. Django counts fields, and writes files of any size to the disk before anybody looked at them, a
stranger's too: reading the token of a form (CSRF) reads the whole form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def takes(most: int) -> Callable[[View], View]:
    """Of a view that takes files: bytes of the whole request. It stands outermost."""

    def mark(view: View) -> View:
        view.takes = most  # type: ignore[attr-defined]
        return view

    return mark


class BodiesMiddleware:
    """Stands before what reads forms. A request that does not say how long it is has no body here: Django reads none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        most = getattr(view, "takes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        said = request.META.get("CONTENT_LENGTH") or "0"
        if said.isascii() and said.isdigit() and len(said) < 19 and int(said) <= most:
            return None
        text = render_to_string("413.html", {"most": most})  # without a request: whose it is, the page does not ask
        return HttpResponse(text, status=413)  # what comes all the same the server drops
