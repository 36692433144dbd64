"""Tickets both ways: what the tracker is told over HTTP, and what it may say by the hook. Refusals first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from findings.engine import tickets as engine
from findings.models import Finding, Ticket, TicketNews
from iamdash.access.database import seen_accounts
from iamdash.access.models import Role
from iamdash.notify import signing
from iamdash.notify import tickets as tracking
from tests.conftest import WebClient, db_role
from tests.notify.receiver import Receiver, Told
from tests.pages.acted import said
from tests.pages.making import BACKWARDS, SCRIPT, finding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
Client = Callable[..., Any]
SECRET = signing.new_secret()
MINUTE = timedelta(minutes=1)
URL = "https://tracker.example/browse/OPS-12"


@pytest.fixture(autouse=True)
def tracker(settings: Any) -> None:
    settings.TICKETS_URL, settings.TICKETS_SECRET = "https://tracker.example/hook", SECRET


@pytest.fixture
def told(receiver: Receiver, settings: Any) -> Receiver:
    settings.TICKETS_URL = receiver.url("/tickets")
    return receiver


def ticket(*findings: Finding, **more: Any) -> Ticket:
    engine.opened(findings, "tracker.example", "ann")
    Ticket.objects.update(**more)
    return Ticket.objects.earliest("pk")


def say(
    one: Ticket | None = None, *, secret: str = SECRET, at: datetime | None = None, message: str = "", **said_of: Any
) -> Any:
    """A message of the tracker about a ticket, as it would post it."""
    body = {"ref": str(one.ref) if one else "", "state": "in_progress"} | said_of
    return post(json.dumps(body).encode(), secret=secret, at=at, message=message)


def post(body: bytes, *, secret: str = SECRET, at: datetime | None = None, message: str = "", **headers: str) -> Any:
    signed = signing.signed(secret, message or f"m{TicketNews.objects.count()}", at or timezone.now(), body)
    client = WebClient(enforce_csrf_checks=True)
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (signed | headers).items()}
    return client.post("/hooks/tickets/", body, content_type="application/json", **given)


def news() -> list[tuple[str, str]]:
    rows = TicketNews.objects.order_by("pk").values_list("way", "detail")
    return [(way, detail.get("state") or detail.get("error") or detail["event"]) for way, detail in rows]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"webhook-signature": ""}, 401),
        ({"webhook-signature": "v1,AAAA"}, 401),
        ({"webhook-id": "another"}, 401),
        ({"webhook-timestamp": "1"}, 401),
        ({"webhook-timestamp": "x"}, 401),
        ({}, 200),
    ],
)
def test_only_what_the_tracker_signed_is_read(account: Account, headers: dict[str, str], status: int) -> None:
    one = ticket(finding(account))
    body = json.dumps({"ref": str(one.ref), "state": "done"}).encode()
    assert post(body, **headers).status_code == status
    assert TicketNews.objects.exists() is (status == 200)


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (6, 401), (-4, 200), (4, 200)])
def test_an_old_message_is_worth_nothing(account: Account, minutes: int, status: int) -> None:
    assert say(ticket(finding(account)), at=timezone.now() + minutes * MINUTE).status_code == status


def test_another_secret_and_none(account: Account, settings: Any) -> None:
    one = ticket(finding(account))
    assert say(one, secret=signing.new_secret()).status_code == 401
    for broken in ("", "whsec_x"):
        settings.TICKETS_SECRET = broken
        assert say(one).status_code == 401
    assert not TicketNews.objects.exists()


def test_a_body_that_was_changed_or_is_too_long() -> None:
    assert post(b"{}", **{"webhook-signature": "v1,x"}).status_code == 401
    assert post(b" " * (tracking.LONGEST + 1)).status_code == 413
    assert WebClient().get("/hooks/tickets/").status_code == 405


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff", "not JSON"),
        (b"[" * 9_000, "not JSON"),
        (b"[]", "not a JSON object"),
        ({"ref": "x"}, "ref"),
        ({"ref": None}, "ref"),
        ({"state": "resolved"}, "state is one of done, in_progress, open, wont_do."),
        ({"state": []}, "state"),
        ({"key": "x" * 81}, "key"),
        ({"key": BACKWARDS}, "key"),
        ({"key": 3}, "key"),
        ({"url": "http://tracker.example"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://a@tracker.example/"}, "url"),
        ({"url": "https://[x"}, "url"),
        ({"url": "https://x/ y"}, "url"),
        ({"url": ["https://x"]}, "url"),
    ],
)
def test_what_means_nothing_is_told_and_not_taken(account: Account, body: Any, why: str) -> None:
    one = ticket(finding(account))
    answer = post(body) if isinstance(body, bytes) else say(one, **body)
    assert answer.status_code == 422
    assert why in answer.json()["error"]
    assert not TicketNews.objects.exists()


def test_an_unknown_ticket(account: Account) -> None:
    assert say(None, ref="8d3b6c1e-0000-4000-8000-000000000000").status_code == 404


def test_the_same_message_counts_once_and_older_ones_not(account: Account) -> None:
    one, now = ticket(finding(account)), timezone.now()
    body = json.dumps({"ref": str(one.ref), "state": "done"}).encode()
    assert post(body, message="m1", at=now).json() == {"ok": True, "ignored": "", "open": 1}
    assert post(body, message="m1", at=now).json()["ignored"] == "duplicate"
    assert say(one, state="open", at=now - MINUTE, message="m0").json()["ignored"] == "older"
    assert Ticket.objects.get().state == "done"
    assert news() == [("in", "done"), ("in", "open")]


def test_too_many_a_minute(account: Account) -> None:
    one = ticket(finding(account))
    for n in range(engine.A_MINUTE):
        TicketNews.objects.create(account=account, ref=one.ref, way="in", nonce=str(n), detail={"state": "open"})
    assert say(one).status_code == 429


def test_theirs_is_shown_and_resolves_nothing(account: Account, sign_in: Client) -> None:
    fault = finding(account)
    one = ticket(fault)
    assert say(one, state="done", key="OPS-12", url=URL).json()["open"] == 1
    fault.refresh_from_db()
    assert (fault.status, fault.resolved_at) == ("open", None)
    client = sign_in(Role.ANALYST)
    page = client.get(f"/findings/{fault.pk}/")
    assert f'href="{URL}" rel="noreferrer"' in page.content.decode()
    assert "The ticket says done; the fault is still there by what was collected." in said(page)
    assert "ticket OPS-12, done, still there" in said(client.get("/findings/"))
    assert "1 finding" in said(client.get("/findings/?ticket=done"))
    assert "No finding matches" in said(client.get("/findings/?ticket=open"))
    assert "OPS-12" in client.get("/findings/?export=jsonl").body.decode()


def test_a_key_is_text(account: Account, sign_in: Client) -> None:
    fault = finding(account)
    say(ticket(fault), key=SCRIPT)
    for path in (f"/findings/{fault.pk}/", "/findings/"):
        assert SCRIPT not in sign_in().get(path).content.decode()


def test_a_ticket_is_seen_with_its_account_only(account: Account, other_account: Account) -> None:
    ticket(finding(account), finding(other_account))
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        assert Ticket.objects.get().account_id == account.pk


def test_a_ticket_that_is_over_makes_room_for_another(account: Account) -> None:
    fault = finding(account)
    first = ticket(fault)
    assert engine.opened([fault], "t", "ann")[1] == 0
    say(first, state="wont_do")
    assert engine.opened([fault], "t", "ann")[1] == 1
    assert say(first, state="open").status_code == 409


def test_opening_from_a_finding_and_from_many(account: Account, sign_in: Client, settings: Any) -> None:
    some = [finding(account) for _ in range(3)]
    client, reader = sign_in(Role.ANALYST), sign_in(Role.VIEWER)
    assert reader.post(f"/findings/{some[0].pk}/ticket/").status_code == 403
    page = said(client.post(f"/findings/{some[0].pk}/ticket/", follow=True))
    assert "A ticket for 1 finding is asked for; tracker.example is told within a minute." in page
    assert "Those that have a ticket which is not done are left out." in said(client.get("/findings/tickets/?all=1"))
    assert "A ticket for 2 findings is asked for" in said(client.post("/findings/tickets/?all=1", follow=True))
    assert Ticket.objects.values("ref").distinct().count() == 2
    assert "There is a ticket that is not done already." in said(client.post("/findings/tickets/?all=1", follow=True))
    assert "No finding was chosen" in said(client.get("/findings/tickets/"))
    settings.TICKETS_URL = ""
    assert "No tracker is set up" in said(client.get("/findings/tickets/?all=1"))
    assert "No tracker is set up" in said(client.post(f"/findings/{some[0].pk}/ticket/", follow=True))


def due(now: datetime) -> None:
    for ref in engine.due(now):
        tracking.tell(ref, now)


def test_the_tracker_is_told_once_and_again_when_it_changes(account: Account, told: Receiver, settings: Any) -> None:
    settings.PUBLIC_URL = "https://iamdash.example"
    fault, other = finding(account, severity=4), finding(account)
    one, now = ticket(fault, other), timezone.now()
    told.answers = [Told(body=json.dumps({"state": "open", "key": "OPS-12", "url": URL}).encode())]
    due(now)
    due(now)
    (got,) = told.got
    assert signing.verified(SECRET, got.headers, got.body, now)
    message = json.loads(got.body)
    assert {name: message[name] for name in ("event", "ref", "status", "severity", "total", "opened_by")} == {
        "event": "opened", "ref": str(one.ref), "status": "open", "severity": "high", "total": 2, "opened_by": "ann",
    }  # fmt: skip
    assert message["title"] == f"{fault.title} and 1 more"
    assert message["findings"][0]["url"] == f"https://iamdash.example/findings/{fault.pk}/"
    one.refresh_from_db()
    assert (one.key, one.url, one.state, one.told) == ("OPS-12", URL, "open", "open")
    Finding.objects.filter(pk=fault.pk).update(status="resolved", resolved_at=now, resolved_why="clear")
    due(now)
    assert [json.loads(g.body)["status"] for g in told.got] == ["open", "open"]  # the other one is open
    Finding.objects.filter(pk=other.pk).update(status="resolved", resolved_at=now, resolved_why="clear")
    due(now)
    Finding.objects.filter(pk=fault.pk).update(status="open", resolved_at=None, resolved_why="", reopened=1)
    due(now)
    assert [json.loads(g.body)["status"] for g in told.got[2:]] == ["resolved", "open"]
    assert len({g.headers["webhook-id"] for g in told.got}) == 4


@pytest.mark.parametrize(
    "answer", [b"", b"null", b'{"state": "x"}', b'{"state": "done", "url": "http://x"}', b"[" * 9_000]
)
def test_an_answer_that_says_nothing_does_no_harm(account: Account, told: Receiver, answer: bytes) -> None:
    one = ticket(finding(account))
    told.answers = [Told(body=answer)]
    due(timezone.now())
    one.refresh_from_db()
    assert (one.told, one.state, one.problem) == ("open", "asked", "")


def test_a_tracker_that_is_down_is_tried_again_later_and_later(
    account: Account, told: Receiver, sign_in: Client
) -> None:
    fault, now = finding(account), timezone.now()
    one = ticket(fault)
    told.answers = [Told(status=503), Told(status=503, headers={"Retry-After": "600"}), Told()]
    for after in (0, 0.5, 1.5, 9, 12):
        due(now + after * MINUTE)
    assert len(told.got) == 3
    assert len({g.headers["webhook-id"] for g in told.got}) == 1
    assert news() == [("out", "The tracker answered 503."), ("out", "opened")]
    one.refresh_from_db()
    assert (one.tries, one.problem, one.told) == (0, "", "open")


def test_what_may_not_be_reached_is_said(account: Account, settings: Any, sign_in: Client) -> None:
    settings.TICKETS_URL = "https://127.0.0.1/x"
    fault = finding(account)
    one = ticket(fault)
    due(timezone.now())
    one.refresh_from_db()
    assert "not a public address" in one.problem
    assert "The tracker does not know how the finding stands: 127.0.0.1 leads to" in said(
        sign_in().get(f"/findings/{fault.pk}/")
    )


def test_nobody_is_told_without_a_tracker(account: Account, settings: Any) -> None:
    one = ticket(finding(account))
    settings.TICKETS_SECRET = ""
    due(timezone.now())
    one.refresh_from_db()
    assert (one.told, one.tries) == ("", 0)


def test_one_worker_at_a_time(account: Account) -> None:
    one, now = ticket(finding(account)), timezone.now()
    assert engine.claim(one.ref, now)
    assert engine.claim(one.ref, now) == []
    assert engine.due(now) == []
    assert engine.claim(one.ref, now + engine.LEASE)
