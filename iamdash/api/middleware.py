"""Requests below /api/: a token says whose they are, never a cookie; every answer is JSON, and errors are problem details.

It stands inside AuthenticationMiddleware, whose operator it replaces, and outside ScopeMiddleware, which then names the accounts
of the token's operator to the database, as it does for pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import structlog
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag

from iamdash.access import audit, tokens
from iamdash.api import problems, rate
from iamdash.api.problems import Problem
from iamdash.pages.errors import database_is_away

log = structlog.get_logger(__name__)

ROOT = "/api/"
REALM = 'Bearer realm="iamdash"'
NOT_VALID = (
    "This token is not valid: it is mistyped, expired or revoked, or its operator would not be let in now. "
    "Settings, API tokens, says which."
)


class ApiMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        try:
            response = self._answer(request)
        except Problem as problem:
            response = problems.response(problem)
        except (DatabaseError, InterfaceError) as error:  # whose token it is; what is raised below comes as a page
            log.exception("a token could not be looked for")
            response = problems.response(problems.of_status(503 if database_is_away(error) else 500))
        patch_vary_headers(response, ["Authorization"])
        response.headers["Cache-Control"] = "no-store, private"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            raise Problem(405, f"{request.method} is not for the API.", headers={"Allow": "GET, HEAD"})
        identify(request)
        response = self.get_response(request)
        if response.status_code < 400:
            response = _tagged(request, response)
        if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:
            raise problems.of_status(response.status_code)
        return response


def identify(request: HttpRequest) -> None:
    """Sets request.token, and request.user to its operator. Raises Problem."""
    given = request.headers.get("Authorization", "")
    token = tokens.found(given)
    if token is None:
        error = ', error="invalid_token"' if given else ""
        told = NOT_VALID if given else "This needs an API token."
        raise Problem(401, told, headers={"WWW-Authenticate": REALM + error})
    rate.take(token.pk)
    request.token, request.user = token, token.operator
    request.via = f"token {token.shown}"  # what the audit log calls it
    if tokens.note_use(token):
        audit.record(request, "token-used", token.name)


def _tagged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """With an ETag of the body: what filters by age, by the operator's accounts or by people's decisions changes without any one
    version of the data. It saves the way, not the work; 304 for what the client has."""
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response.headers["ETag"] = etag
    found = get_conditional_response(request, etag=etag, response=response)
    return found or response
