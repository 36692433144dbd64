"""The paths of /api/v1/, and the OpenAPI document that is made of them. Reading only.

django-ninja routes and documents; what a query string may hold is the lists' (query.py), and rows are made by their `fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.security import HttpBearer

from iamdash.access.models import ApiToken
from iamdash.access.tokens import Scope
from iamdash.api import answers, query, rows, rules, trends
from iamdash.api.coverage import CoverageList
from iamdash.api.middleware import REALM
from iamdash.api.problems import CONTENT_TYPE, Problem, response
from iamdash.pages.accounts import AccountList
from iamdash.pages.filters import Filters
from iamdash.pages.findings import FindingList
from iamdash.pages.keys import KeyList
from iamdash.pages.lists import ListPage
from iamdash.pages.principals import PrincipalList

PREFIX = "api/v1/"
ABOUT = """Everything is read, nothing written. A token reads what its operator may see. The filters are those of the pages: the
query string of a page, without what the page alone needs, narrows the same rows here. Times are UTC. Text that came from AWS is
as it came: escape it. Fields and parameters may be added to version 1; none is taken away or changes its meaning."""
View = Callable[..., HttpResponse]


class Token(HttpBearer):
    """The middleware has found the token; here it must have the scope. Without the middleware nobody comes in."""

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        given: ApiToken | None = getattr(request, "token", None)
        if given and self.scope and self.scope.value not in given.scopes:
            told = f"This token may read {', '.join(given.scopes)}; this needs {self.scope.value}."
            header = f'{REALM}, error="insufficient_scope", scope="{self.scope.value}"'
            raise Problem(403, told, headers={"WWW-Authenticate": header})
        return given


api = NinjaAPI(
    title="iamdash", version="1", description=ABOUT, urls_namespace="api", openapi_url=None, docs_url=None, auth=Token()
)
FAILED = dict.fromkeys((400, 401, 403, 429), rows.Problem)


@api.exception_handler(Problem)
def problem(request: HttpRequest, raised: Any) -> HttpResponse:
    return response(raised)


def path(
    where: str, name: str, about: str, gives: Any, *, scope: Scope | None = None, asks: Iterable[Any] = ()
) -> Callable[[View], View]:
    """Register a view for GET, which the document shows, and for HEAD. asks: parameters of the query string."""

    def register(view: View) -> View:
        answers_with = FAILED | ({404: rows.Problem} if "{" in where else {})
        told = f"{about} Needs the scope {scope.value}." if scope else about
        same: dict[str, Any] = {"auth": Token(scope), "url_name": name, "response": {200: gives, **answers_with}}
        about_it: dict[str, Any] = {"operation_id": name.removeprefix("api-"), "summary": about, "description": told}
        api.get(where, **same, **about_it, openapi_extra={"parameters": list(asks)}, tags=[where.split("/")[1]])(view)
        api.api_operation(["HEAD"], where, **same, include_in_schema=False)(view)
        return view

    return register


def listing(listed: type[ListPage], row: Any, scope: Scope, about: str) -> None:
    """A list of the pages as a path."""

    @path(
        f"/{listed.name}", f"api-{listed.name}", about, rows.page_of(row),
        scope=scope, asks=query.parameters(listed.filters, listed.fields),
    )  # fmt: skip
    def view(request: HttpRequest) -> HttpResponse:
        return answers.page(request, listed)


def _fields(listed: type[ListPage]) -> list[Any]:
    return query.parameters(Filters(sorts={}), listed.fields)[-1:]


listing(FindingList, rows.Finding, Scope.FINDINGS, "Findings; the open ones where no tab is named.")
listing(PrincipalList, rows.Principal, Scope.INVENTORY, "Roles and users, those that are there where no tab is named.")
listing(KeyList, rows.Key, Scope.INVENTORY, "Access keys, the active ones where no tab is named.")
listing(AccountList, rows.Account, Scope.INVENTORY, "AWS accounts that are connected.")
listing(CoverageList, rows.Coverage, Scope.INVENTORY, "How each API answered, and when last in full.")


@path(
    "/findings/{int:id}", "api-finding", "One finding.", rows.Finding, scope=Scope.FINDINGS, asks=_fields(FindingList)
)
def finding(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002 - the field's name
    return answers.one(request, FindingList, pk=id)


@path(
    "/principals/{account}/{path:unique_id}", "api-principal", "One role or user, also one that is gone.", rows.Principal,
    scope=Scope.INVENTORY, asks=_fields(PrincipalList),
)  # fmt: skip
def principal(request: HttpRequest, account: str, unique_id: str) -> HttpResponse:
    return answers.one(request, PrincipalList, account__aws_id=account, unique_id=unique_id)


@path(
    "/keys/{account}/{path:key}", "api-key", "One access key, also one that is gone.", rows.Key,
    scope=Scope.INVENTORY, asks=_fields(KeyList),
)  # fmt: skip
def key(request: HttpRequest, account: str, key: str) -> HttpResponse:
    return answers.one(request, KeyList, account__aws_id=account, unique_id=key)


@path(
    "/accounts/{account}", "api-account", "One account.", rows.Account, scope=Scope.INVENTORY, asks=_fields(AccountList)
)
def account(request: HttpRequest, account: str) -> HttpResponse:
    return answers.one(request, AccountList, aws_id=account)


@path(
    "/rules", "api-rules", "All rules, and how each stands.", rows.data_of(rows.Rule),
    scope=Scope.FINDINGS, asks=query.parameters(rules.FILTERS),
)  # fmt: skip
def all_rules(request: HttpRequest) -> HttpResponse:
    return answers.answer({"data": rules.listed(request)})


@path("/rules/{code}", "api-rule", "One rule.", rows.Rule, scope=Scope.FINDINGS)
def rule(request: HttpRequest, code: str) -> HttpResponse:
    return answers.answer(rules.one(request, code))


@path(
    "/trends", "api-trends", "How findings and the score went, day by day.", rows.Trend,
    scope=Scope.TRENDS, asks=query.parameters(trends.FILTERS),
)  # fmt: skip
def trend(request: HttpRequest) -> HttpResponse:
    return answers.answer(trends.together(request))


@path(
    "/trends/{by}", "api-trends-by", "Practices, severities, rules, accounts, OUs or owners beside each other.",
    rows.data_of(rows.Line), scope=Scope.TRENDS, asks=query.parameters(trends.FILTERS),
)  # fmt: skip
def trends_by(request: HttpRequest, by: str) -> HttpResponse:
    return answers.answer({"data": trends.beside(request, by)})


@path("/openapi.json", "api-document", "This document.", dict[str, Any])
def openapi(request: HttpRequest) -> HttpResponse:
    query.only_fields((), request.GET)
    return answers.answer(document())


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1, the same for everybody. Errors get their own content type, which ninja cannot be told."""
    made: dict[str, Any] = api.get_openapi_schema(path_prefix=PREFIX)
    for operations in made["paths"].values():
        for status, said in operations["get"]["responses"].items():
            if int(status) >= 400:
                said["content"] = {CONTENT_TYPE: said["content"]["application/json"]}
    return made
