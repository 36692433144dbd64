"""An organization that is being connected, and its board, for the tests of their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from collectors import joining
from collectors.models import (
    Account,
    Coverage,
)
from iamdash.access.models import Role
from tests.collectors.organized import ORGANIZATION, manager, number
from tests.conftest import WebClient, db_role

INDEX = "/accounts/organization/"
BOARD = f"{INDEX}{ORGANIZATION}/"
CONNECT = f"{INDEX}connect/000000000009/"
GOOD = {
    "units": ["r-1"],
    "tags": "",
    "left_out": "",
    "joining": "on",
    "role_name": "iamdash-readonly",
    "hub_role_arn": "",
}


@pytest.fixture
def management(db: None) -> Account:
    return manager()


@pytest.fixture
def admin(sign_in: Any) -> WebClient:
    return sign_in(Role.ADMIN)  # type: ignore[no-any-return]


def tick() -> None:
    with db_role("iamdash_worker"):
        joining.join_all()


def covered(n: int, state: str = "complete", api: str = "iam:GetAccountSummary", **more: Any) -> None:
    now = timezone.now()
    complete = {"complete_at": now} if state == "complete" else {}
    account = Account.objects.get(aws_id=number(n))
    Coverage.objects.create(
        account=account, source="account", api=api, state=state, observed_at=now, **(complete | more)
    )


def rows(client: WebClient, **query: Any) -> dict[str, Any]:
    """By account id without its zeros."""
    table = client.get(BOARD, query).context["list"].table
    return {row.unique_id.lstrip("0"): row for row in table.data.data}


def statuses(client: WebClient, **query: Any) -> dict[str, str]:
    return {aws_id: row.status for aws_id, row in rows(client, **query).items()}
