"""What pages of one thing ask is prepared by the database; what a list counts and searches is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db import connection

from collectors.models import Account, Connection
from iamdash.access.prepared import OFTEN
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.pages.shown import text

Client = Callable[..., Any]


def statements() -> list[str]:
    """What this connection keeps prepared."""
    with connection.cursor() as cursor:
        cursor.execute("select statement from pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def prepared() -> set[str]:
    """The tables that these read first."""
    return {found[1] for one in statements() if (found := re.search(r'FROM "(\w+)"', one))}


def test_a_page_of_one_thing_is_planned_once(sign_in: Client, account: Account) -> None:
    put(account, deploy := role("deploy"))
    web, told = sign_in(), set()
    for _ in range(OFTEN + 2):
        told.add("deploy" in text(web.get(f"/principals/{account.aws_id}/{deploy.unique_id}/")))
    assert told == {True}
    assert "collectors_principal" in prepared()


def test_of_a_list_the_frame_and_the_rows_are_planned_once_and_no_count(sign_in: Client, account: Account) -> None:
    put(account, role("deploy"))
    web, before = sign_in(), connection.connection.cursor_factory
    assert web.get(f"/principals/{account.aws_id}/AROANOBODY/").status_code == 404
    assert connection.connection.cursor_factory is before
    for _ in range(OFTEN + 2):
        assert "deploy" in text(web.get("/principals/?type=role&sort=name"))
    assert {"django_session", "access_operator", "collectors_account", "collectors_principal"} <= prepared()
    counting = [one for one in statements() if "grouping" in one or "COUNT(" in one or " LIMIT 51" in one]
    assert not counting


def test_what_is_prepared_for_one_operator_shows_another_no_more_than_he_may_see(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    put(account, deploy := role("deploy"))
    Connection.objects.create(account=account)
    pages = f"/principals/{account.aws_id}/{deploy.unique_id}/", f"/accounts/{account.aws_id}/"
    may, of_all, may_not = sign_in(accounts=[account]), sign_in(), sign_in(accounts=[other_account])
    for _ in range(OFTEN + 2):
        for page in pages:
            assert [web.get(page).status_code for web in (may, may_not, of_all, may_not)] == [200, 404, 200, 404]
    assert {"collectors_principal", "collectors_account"} <= prepared()
