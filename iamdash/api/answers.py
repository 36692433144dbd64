"""Rows of a list as JSON: a page of them, or one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from iamdash.api import query
from iamdash.api.problems import Problem
from iamdash.pages import keyset
from iamdash.pages.exports import as_json
from iamdash.pages.lists import ListPage

CURSOR = "Take it from `next` of the page before, and ask for the same order; without it the list begins anew."


def answer(body: Any) -> HttpResponse:
    return HttpResponse(as_json(body), content_type="application/json")


def page(request: HttpRequest, listing: type[ListPage]) -> HttpResponse:
    made = listing()
    wanted = query.read(made.filters, made.fields, request.GET)
    found = _page(made, wanted)
    following = _following(request, found.after) if found.after else None
    return answer({"data": [row(made, one, wanted.fields) for one in made.rows(found.ids)], "next": following})


def _page(made: ListPage, wanted: query.Query) -> keyset.Page:
    asked = wanted.asked
    try:
        return keyset.page(
            asked.narrowed(made.queryset()),
            asked.keys,
            descending=asked.descending,
            after=asked.after,
            size=wanted.size,
        )
    except BadRequest:
        raise Problem(400, "after is not a place in this list.", parameter="after", hint=CURSOR) from None


def _following(request: HttpRequest, cursor: str) -> str:
    asked = request.GET.copy()
    asked["after"] = cursor
    return f"{quote(request.path)}?{asked.urlencode()}"


def one(request: HttpRequest, listing: type[ListPage], **identity: Any) -> HttpResponse:
    """identity: lookups that hold for one row at most; what the operator may not see is not there."""
    made = listing()
    fields = query.only_fields(made.fields, request.GET)
    key = made.queryset().filter(**identity).values_list("pk", flat=True).first()
    found = made.rows([key]) if key is not None else []
    if not found:
        raise Problem(404, f"There is no such {made.name.removesuffix('s')}, or it is not for this token's operator.")
    return answer(row(made, found[0], fields))


def row(made: ListPage, found: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: made.fields[name](found) for name in names}
