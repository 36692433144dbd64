"""Every path of the API x token x in and out of scope. tests/access/test_walk.py fails for a path that is not in API."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from iamdash.access.models import Role
from tests.access import test_walk as walk
from tests.access.routes import API
from tests.access.things import Things
from tests.api.conftest import EVERYTHING
from tests.conftest import WebClient

pytestmark = pytest.mark.django_db
both, inside, outside = walk.both, walk.inside, walk.outside
PROBLEM = "application/problem+json"


def address(name: str, of: Things) -> str:
    return reverse(name, args=[getattr(of, arg) for arg in API[name][0]])


@pytest.mark.parametrize("name", API)
def test_a_stranger_and_a_session_are_refused_alike(name: str, inside: Things, sign_in: Any) -> None:
    for client in (WebClient(), sign_in(Role.ADMIN)):
        response = client.get(address(name, inside))
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="iamdash"'
        assert response.headers["Content-Type"] == PROBLEM
        assert "no-store" in response.headers["Cache-Control"]
        assert not response.cookies


@pytest.mark.parametrize("everything", [True, False], ids=["all accounts", "some accounts"])
@pytest.mark.parametrize("name", API)
def test_in_scope_it_answers(name: str, everything: bool, inside: Things, reader: Any) -> None:
    client = reader(Role.VIEWER, "*" if everything else [inside.account])
    response = client.get(address(name, inside))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert "Authorization" in response.headers["Vary"]
    assert not response.cookies
    head = client.head(address(name, inside))
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", response.headers["ETag"])


@pytest.mark.parametrize("name", [name for name, (_, scope) in API.items() if scope])
def test_without_the_scope_it_is_refused(name: str, inside: Things, reader: Any) -> None:
    scope = API[name][1]
    response = reader(Role.ADMIN, scopes=[one for one in EVERYTHING if one != scope]).get(address(name, inside))
    assert response.status_code == 403
    assert response.headers["Content-Type"] == PROBLEM
    assert f'scope="{scope}"' in response.headers["WWW-Authenticate"]
    assert scope in response.json()["detail"]


@pytest.mark.parametrize("name", [name for name, (args, _) in API.items() if set(args) - {"code", "by"}])
def test_out_of_scope_nothing_exists(name: str, inside: Things, outside: Things, reader: Any) -> None:
    response = reader(Role.ADMIN, [inside.account]).get(address(name, outside))
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM


SUMS = [name for name, (args, _) in API.items() if not set(args) - {"code", "by"}]
WITHOUT_ACCOUNT = {"api-document", "api-accounts", "api-rule"}


@pytest.mark.parametrize(
    ("name", "asked"), [(n, "") for n in SUMS] + [(n, "account") for n in SUMS if n not in WITHOUT_ACCOUNT]
)
def test_lists_and_sums_hold_nothing_of_other_accounts(
    name: str, asked: str, inside: Things, outside: Things, reader: Any
) -> None:
    given = {asked: outside.aws_id} if asked else {}
    response = reader(Role.VIEWER, [inside.account]).get(address(name, inside), given)
    assert response.status_code == 200
    text = response.content.decode()
    for secret in (outside.name, outside.aws_id, outside.account.name):
        assert secret not in text


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_can_be_done(method: str, inside: Things, reader: Any) -> None:
    response = getattr(reader(Role.ADMIN), method)(address("api-findings", inside))
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    "path",
    ["/api/v1/", "/api/v1/nothing", "/api/v1/findings/", "/api/v2/findings", "/api/v1/docs", "/api/v1/keys/a%00/b"],
)
def test_what_is_not_there_is_a_problem_too(path: str, static_files: None, reader: Any) -> None:
    response = reader().get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM
    assert "/api/v1/openapi.json" in response.json()["hint"]
