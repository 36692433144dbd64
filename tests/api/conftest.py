from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from iamdash.access import tokens
from iamdash.access.models import Operator, Role
from tests.conftest import WebClient
from tests.pages import conftest as pages

made, elsewhere = pages.made, pages.elsewhere
EVERYTHING = tuple(scope.value for scope in tokens.Scope)


@pytest.fixture
def reader(db: None, static_files: None) -> Callable[..., WebClient]:
    """reader(role, accounts='*' | [Account, ...], scopes): a client that sends a token; .operator is whose, .token its row."""

    def make(role: Role = Role.VIEWER, accounts: Any = "*", scopes: Sequence[str] = EVERYTHING) -> WebClient:
        operator = Operator.objects.create_user(
            f"program-{Operator.objects.count()}", role=role, all_accounts=accounts == "*"
        )
        if accounts != "*":
            operator.accounts.set(accounts)
        token, secret = tokens.make(operator, "nightly", scopes, 90)
        web = WebClient(headers={"authorization": f"Bearer {secret}"})
        web.operator, web.token, web.secret = operator, token, secret  # type: ignore[attr-defined]
        return web

    return make
