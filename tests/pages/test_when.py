"""The list of findings by when they were open, opened or resolved: what the points of a trend lead to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.models import Account, Connection
from findings.models import AccountDay, EndedInterval, Finding
from tests.conftest import AS_OF
from tests.pages.making import finding

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def on(back: int) -> str:
    return (AS_OF.date() - back * DAY).isoformat()


@pytest.fixture
def findings(account: Account) -> None:
    """Opened 30 days ago; opened 30 and resolved 10 days ago; open from 40 to 20 days ago, and again for 5 days."""
    finding(account, subject_name="standing", opened_at=AS_OF - 30 * DAY)
    finding(account, subject_name="resolved", opened_at=AS_OF - 30 * DAY, resolved_at=AS_OF - 10 * DAY)
    again = finding(
        account, subject_name="again", opened_at=AS_OF - 5 * DAY, first_opened_at=AS_OF - 40 * DAY, reopened=1
    )
    EndedInterval.objects.create(
        account=account, finding=again, code=again.code, severity=3, opened_at=AS_OF - 40 * DAY,
        resolved_at=AS_OF - 20 * DAY, why=Finding.Why.CLEAR, again=False, hours=480,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"on": on(45)}, []),
        ({"on": on(35)}, ["again"]),
        ({"on": on(25)}, ["again", "resolved", "standing"]),
        ({"on": on(15)}, ["resolved", "standing"]),
        ({"on": on(10)}, ["standing"]),
        ({"on": on(0)}, ["again", "standing"]),
        ({"opened": f"{on(40)}..{on(40)}"}, ["again"]),
        ({"opened": f"{on(7)}..{on(0)}"}, ["again"]),
        ({"opened": f"..{on(30)}"}, ["again", "resolved", "standing"]),
        ({"resolved": f"{on(20)}..{on(11)}"}, ["again"]),
        ({"resolved": f"{on(20)}..{on(10)}"}, ["again", "resolved"]),
        ({"reopened": f"{on(7)}..{on(0)}"}, ["again"]),
        ({"reopened": f"..{on(6)}"}, []),
        ({"unjudged": on(3)}, ["again", "resolved", "standing"]),
        ({"unjudged": on(2)}, []),
        ({"unjudged": on(4)}, []),
        ({"on": on(25), "resolved": f"{on(10)}..{on(10)}"}, ["resolved"]),
    ],
)
def test_what_was_so_then(
    account: Account, findings: None, sign_in: Any, query: dict[str, str], names: list[str]
) -> None:
    for back in (4, 2):
        AccountDay.objects.create(account=account, day=on(back))
    listed = sign_in().get("/findings/", {"tab": "all", **query}).context["list"]
    assert sorted(row.record.subject_name for row in listed.table.rows) == names
    assert listed.total == len(names)
    assert not listed.asked.ignored


@pytest.mark.parametrize("value", ["", "x", "2026-11-24..2026-11-25", "9999-12-31", "2026-13-01"])
def test_what_is_no_day_is_ignored(findings: None, sign_in: Any, value: str) -> None:
    listed = sign_in().get("/findings/", {"tab": "all", "on": value}).context["list"]
    assert listed.total == 3
    assert listed.asked.ignored == ((("on", value),) if value else ())


def test_accounts_that_were_not_judged_on_a_day(account: Account, other_account: Account, sign_in: Any) -> None:
    for back in (4, 2):
        AccountDay.objects.create(account=account, day=on(back))
    for one in (account, other_account):
        Connection.objects.create(account=one)
    listed = sign_in().get("/accounts/", {"unjudged": on(3)}).context["list"]
    assert [row.record for row in listed.table.rows] == [account]
