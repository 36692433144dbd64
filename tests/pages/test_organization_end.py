"""Disconnecting an organization, and connecting it again."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.models import (
    Account,
    Connection,
    OrganizationConnection,
)
from collectors.onboarding import Status
from findings.config.export import export
from findings.config.sections import sections
from findings.config.whom import Places
from findings.models import DecidedSetting, Finding
from iamdash.access.models import AuditEntry
from tests.collectors.organized import decide, listed, number, tell
from tests.conftest import AS_OF, WebClient
from tests.pages import joined
from tests.pages.joined import BOARD, CONNECT, GOOD, INDEX, statuses, tick
from tests.pages.test_overview import text

pytestmark = pytest.mark.django_db
management, admin = joined.management, joined.admin


END, AGAIN = f"{BOARD}disconnect/", f"{BOARD}reconnect/"


def ended(management: Account, admin: WebClient, then: str = "freeze") -> Any:
    """An organization of two accounts, of which one is suspended, that is disconnected."""
    tell(management, listed(1), listed(2))
    decide(management)
    tick()
    tell(management, listed(1), listed(2, state="SUSPENDED"))
    tick()
    response = admin.post(END, {"n": "2", "then": then}, follow=True)
    tick()
    return response


def test_a_preview_says_what_becomes_of_the_accounts_and_ends_nothing(management: Account, admin: WebClient) -> None:
    tell(management, listed(1), listed(2), listed(3))
    decide(management)
    tick()
    tell(management, listed(1), listed(2, state="SUSPENDED"), listed(3))
    Connection.objects.filter(account__aws_id=number(3)).update(enabled=False)
    tick()
    Finding.objects.create(
        account=Account.objects.get(aws_id=number(1)), code="LP201", practice="LP", severity=4, subject_type="role",
        subject_id="AROA1", subject_name="x", title="x", evidence={}, first_opened_at=AS_OF, opened_at=AS_OF,
    )  # fmt: skip
    shown = text(admin.get(END))
    for words in (
        "3 accounts joined by this organization.",
        "1 is collected now: it freezes or stays connected",
        "2 are not collected now, and stay so.",
        "Nothing is deleted: 1 open finding and all history stay",
    ):
        assert words in shown
    assert admin.post(END, {"n": "3"}).status_code == admin.post(END, {"n": "3", "then": "delete"}).status_code == 422
    assert "these are the numbers now" in text(admin.post(END, {"n": "2", "then": "freeze"}))
    assert not OrganizationConnection.objects.exclude(disconnected_at=None).exists()


@pytest.mark.parametrize(
    ("then", "one", "said"),
    [
        ("freeze", Status.PAUSED, "Nothing is collected of those that joined by it"),
        ("keep", Status.FIRST, "Those that joined by it are collected on."),
    ],
)
def test_disconnecting_is_told_logged_and_taken_back_by_one_click(
    management: Account, admin: WebClient, then: str, one: Status, said: str
) -> None:
    ended(management, admin, then)
    secret = OrganizationConnection.objects.get().secret
    assert (statuses(admin)["1"], statuses(admin)["2"]) == (one, "frozen")
    assert said in text(admin.get(BOARD))
    assert "disconnected" in text(admin.get(INDEX))
    assert "Disconnected an organization" in text(admin.get("/settings/audit/"))
    assert f'"kept": {str(then == "keep").lower()}' in AuditEntry.objects.get(action="organization-disconnected").detail
    assert "is disconnected already" in text(admin.get(END, follow=True))
    assert "Connected again, as it was" in text(admin.post(AGAIN, follow=True))
    tick()
    assert (statuses(admin)["1"], statuses(admin)["2"]) == (Status.FIRST, "frozen")
    assert OrganizationConnection.objects.get().secret == secret
    admin.post(AGAIN)
    assert AuditEntry.objects.filter(action="organization-reconnected").count() == 1


def test_choosing_anew_connects_it_again_too(management: Account, admin: WebClient) -> None:
    ended(management, admin)
    assert "Connect o-abcdefghij again" in text(admin.get(f"{BOARD}change/"))
    admin.post(f"{BOARD}change/", GOOD | {"left_out": number(1)})
    tick()
    assert statuses(admin) == {"9": "by_hand", "1": "left_out", "2": "frozen"}
    assert OrganizationConnection.objects.get().disconnected_at is None


def test_its_teller_may_connect_another_one_and_then_cannot_tell_of_it_again(
    management: Account, admin: WebClient
) -> None:
    ended(management, admin)
    tell(management, listed(1), organization="o-otherother")
    assert admin.post(CONNECT, GOOD).status_code == 302
    assert "management tells of another organization now" in text(admin.post(AGAIN, follow=True))
    assert OrganizationConnection.objects.filter(disconnected_at=None).get().organization_id == "o-otherother"


def exported() -> str:
    return export(sections(Places()))


def test_settings_as_code_stay_as_they_are(management: Account, admin: WebClient) -> None:
    tell(management, listed(1))
    DecidedSetting.objects.create(name="unused_days", value=30, scope="ou", target="ou-prod", reason="x", set_by="ann")
    before = exported()
    assert "ou-prod" in str(before)
    ended(management, admin)
    assert exported() == before
