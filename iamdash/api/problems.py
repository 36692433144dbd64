"""What the API says when it cannot answer: problem details (RFC 9457), with the parameter at fault and the next step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpResponse

from iamdash.pages.errors import RETRY_AFTER

CONTENT_TYPE = "application/problem+json"
DOCUMENT = "/api/v1/openapi.json"
# What to do next, where nothing more exact is known.
NEXT = {
    400: f"{DOCUMENT} lists what each path may be asked.",
    401: "Make a token under Settings, API tokens, and send it as 'Authorization: Bearer iamdash_...'.",
    403: "Make a token with this scope under Settings, API tokens.",
    404: f"{DOCUMENT} lists the paths. What a token's operator may not see is not there for it.",
    405: "The API only reads: use GET or HEAD.",
    429: "Ask again after the seconds in Retry-After, or ask for larger pages with limit.",
    500: "Nothing was changed. The server's log has the reason; ask again later.",
    503: "Ask again in a minute. The server's log has the reason.",
}


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """Raised by whatever cannot go on. parameter: the one of the query string or path that is wrong."""

    def __init__(
        self, status: int, detail: str, *, parameter: str = "", hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.parameter, self.hint = status, detail, parameter, hint
        self.headers = dict(headers or {})


def response(problem: Problem) -> HttpResponse:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "hint": problem.hint or NEXT.get(problem.status, NEXT[500]),
    }
    if problem.parameter:
        body["parameter"] = problem.parameter
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(text, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)


def of_status(status: int) -> Problem:
    """For an answer that something below the API made: a page for people."""
    said = {
        403: "This may not be read.",
        404: "There is nothing at this address.",
        405: "This cannot be done here.",
        503: "The database does not answer.",
    }
    told = said.get(status, "Something failed here." if status >= 500 else "This cannot be answered.")
    return Problem(status, told, headers={"Retry-After": RETRY_AFTER} if status == 503 else None)
