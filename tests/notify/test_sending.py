"""Messages on their way: real receivers, failures, crashes. The clock is a parameter."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from collectors.models import Account
from iamdash.notify import queue, sending, tasks
from iamdash.notify.models import Channel, ChannelTarget, Delivery
from iamdash.notify.signing import verified
from iamdash.sealed import SealError, opened, seal
from tests.conftest import db_role

from .mailbox import Mailbox
from .receiver import Receiver, Told
from .telling import NOW, SECRET, begin, channel, event, finding, heard, rule

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOSTILE = "<!channel> <https://evil.example|click> *x* \r\nBcc: eve@evil.example\u202e\0 =HYPERLINK()"


@pytest.fixture
def hook(receiver: Receiver) -> Channel:
    return channel("webhook", name="siem", url=receiver.url("/secret-path"))


def waiting(account: Account, to: Channel, title: str = "Key is old", **more: Any) -> Delivery:
    """A message with one finding."""
    if not to.alertrule_set.exists():
        rule(to, "new", "worse", name=f"keys of {to.name}")
        begin()
    event(finding(account, title=title, **more))
    heard()
    return Delivery.objects.filter(channel=to).latest("pk")


def run(at: datetime) -> None:
    """A tick of the worker, and the tasks that it rings for."""
    queue.end_spent(at)
    for pk in queue.due(at):
        sending.deliver(pk, at)


def shown(one: Delivery) -> tuple[str, int]:
    one.refresh_from_db()
    return one.state, one.attempt


def test_nothing_is_due_and_nothing_is_sent(receiver: Receiver, hook: Channel) -> None:
    run(NOW)
    assert receiver.got == []


def test_a_webhook_gets_signed_json_of_a_known_form(
    account: Account, receiver: Receiver, hook: Channel, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://iamdash.corp.example"
    one = waiting(account, hook, due_at=NOW + MINUTE, assignee="bob")
    run(NOW)
    (got,) = receiver.got
    assert verified(SECRET, got.headers, got.body, NOW)
    assert got.headers["webhook-id"] == str(one)
    told = json.loads(got.body)
    found = one.content["items"][0]["finding"]
    assert told == {
        "schema": "iamdash.message/1", "id": str(one), "type": "alert", "created_at": NOW.isoformat(), "channel": "siem",
        "subject": "New: Key is old (high, payments-prod)", "rules": ["keys of siem"], "total": 1, "by_severity": {"high": 1},
        "by_kind": {"new": 1}, "by_account": [{"account_id": account.aws_id, "account_name": "payments-prod", "n": 1}],
        "first_collections": [], "omitted": 0,
        "events": [{
            "event": one.content["items"][0]["event"], "kinds": ["new"], "at": NOW.isoformat(), "finding": found,
            "code": "KY102", "rule": "key-not-rotated", "severity": "high", "before": "", "title": "Key is old",
            "status": "open", "due_at": (NOW + MINUTE).isoformat(), "owner": "bob",
            "account": {"id": account.aws_id, "name": "payments-prod"},
            "subject": {"type": "key", "id": told["events"][0]["subject"]["id"],
                        "name": told["events"][0]["subject"]["name"], "arn": ""},
            "url": f"https://iamdash.corp.example/findings/{found}/",
        }],
    }  # fmt: skip
    assert shown(one) == ("sent", 1)
    assert one.sent_at == NOW
    assert one.attempts == [{"at": NOW.isoformat(), "status": 200, "error": "", "answer": "ok"}]


def test_slack_gets_blocks_in_which_words_of_accounts_are_only_words(
    account: Account, receiver: Receiver, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://iamdash.corp.example"
    Account.objects.filter(pk=account.pk).update(name="<@U123>")
    waiting(account, channel("slack", url=receiver.url()), HOSTILE.replace("\0", ""))
    run(NOW)
    told = json.loads(receiver.got[0].body)
    texts = [told["text"], *(block["text"]["text"] for block in told["blocks"] if "text" in block)]
    assert all(block["text"]["verbatim"] for block in told["blocks"] if "text" in block)
    assert not any(bad in text for text in texts for bad in ("<!", "<@", "<https://evil", "\r", "\u202e"))
    assert "&lt;!channel&gt;" in texts[0]
    assert "|&lt;!channel&gt; &lt;https://evil.example|click&gt; *x* Bcc:" in texts[2]
    assert texts[2].startswith("▲ <https://iamdash.corp.example/findings/")


def test_a_mail_is_plain_text_with_headers_of_ours_only(account: Account, post_office: Mailbox) -> None:
    to = channel("email", to=["team@corp.example", "on-call@corp.example"])
    one = waiting(account, to, HOSTILE.replace("\0", ""))
    run(NOW)
    (mail,) = post_office.mails
    assert post_office.recipients == [["team@corp.example", "on-call@corp.example"]]
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith(
        "[iamdash] New: <!channel> <https://evil.example|click> *x* Bcc: eve@evil.example\\u202e"
    )
    assert mail["Message-ID"] == f"<{one}@corp.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "payments-prod (000000000001)" in mail.get_content()
    assert shown(one) == ("sent", 1)


@pytest.mark.parametrize("refusal", ["450 later", "550 no such person"])
def test_a_mail_server_that_refuses_is_asked_again(account: Account, post_office: Mailbox, refusal: str) -> None:
    post_office.refuse = refusal
    one = waiting(account, channel("email", to=["team@corp.example"]))
    run(NOW)
    assert shown(one) == ("failed", 1)
    assert one.attempts[0]["error"] == f"127.0.0.1: {refusal}"
    post_office.refuse = ""
    run(NOW + MINUTE)
    assert shown(one) == ("sent", 2)


def test_without_a_mail_server_that_is_said(account: Account, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    one = waiting(account, channel("email", to=["team@corp.example"]))
    run(NOW)
    assert shown(one) == ("failed", 1)
    assert "IAMDASH_SMTP_HOST" in one.attempts[0]["error"]


def test_a_receiver_that_is_down_for_five_minutes_gets_all_of_it_in_two_messages(
    account: Account, receiver: Receiver, hook: Channel
) -> None:
    """What happens while it is down gathers in one message, which waits behind the first."""
    receiver.answers = [Told(503)] * 5
    one = waiting(account, hook)
    for n in range(11):
        run(NOW + n * MINUTE / 2)
        waiting(account, hook, f"n{n}")
    failed = len(receiver.got)
    assert failed >= 4
    assert [shown(row) for row in Delivery.objects.order_by("pk")] == [("failed", failed), ("pending", 0)]
    for n in range(11, 30):
        run(NOW + n * MINUTE / 2)
    assert [row.state for row in Delivery.objects.order_by("pk")] == ["sent", "sent"]
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert ids[:-1] == [str(one)] * (len(ids) - 1)
    assert ids[-1] != str(one)
    assert json.loads(receiver.got[-1].body)["total"] == 11


def test_waits_grow_and_are_spread(account: Account, receiver: Receiver, hook: Channel) -> None:
    receiver.answers = [Told(500)] * 100
    one, waits, at = waiting(account, hook), [], NOW
    for _ in range(12):
        run(at)
        one.refresh_from_db()
        waits.append((one.due_at - at).total_seconds())
        run(one.due_at - timedelta(seconds=1))  # not before
        at = one.due_at
    assert one.attempt == 12
    assert all(7.5 * 2**n <= wait <= 15 * 2**n for n, wait in enumerate(waits[:8]))
    assert all(1800 <= wait <= 3600 for wait in waits[8:])
    assert len(one.attempts) == queue.KEPT


def test_a_day_later_it_is_given_up_and_the_next_one_goes(account: Account, receiver: Receiver, hook: Channel) -> None:
    receiver.answers = [Told(500)] * 2
    one = waiting(account, hook)
    run(NOW)
    next_one = waiting(account, hook)
    run(NOW + queue.GIVE_UP)
    assert shown(one) == ("given_up", 2)
    run(NOW + queue.GIVE_UP + MINUTE)
    assert shown(next_one) == ("sent", 1)


def test_retry_after_is_kept_to(account: Account, receiver: Receiver, hook: Channel) -> None:
    receiver.answers = [Told(429, {"retry-after": "600"})]
    one = waiting(account, hook)
    run(NOW)
    run(NOW + 9 * MINUTE)
    assert shown(one) == ("failed", 1)
    run(NOW + 10 * MINUTE)
    assert shown(one) == ("sent", 2)


def test_a_receiver_cannot_ask_for_a_year(account: Account, receiver: Receiver, hook: Channel) -> None:
    receiver.answers = [Told(503, {"retry-after": "31536000"})]
    one = waiting(account, hook)
    run(NOW)
    one.refresh_from_db()
    assert one.due_at == NOW + queue.LONGEST_ASKED


def test_a_receiver_that_is_gone_pauses_its_channel(account: Account, receiver: Receiver, hook: Channel) -> None:
    receiver.answers = [Told(410)]
    one = waiting(account, hook)
    run(NOW)
    hook.refresh_from_db()
    assert (hook.paused_at, hook.paused_by, hook.paused_why) == (NOW, "", queue.GONE)
    run(NOW + 10 * MINUTE)
    assert shown(one) == ("failed", 1)
    Channel.objects.filter(pk=hook.pk).update(paused_at=None)
    run(NOW + 20 * MINUTE)
    assert shown(one) == ("sent", 2)


@pytest.mark.parametrize(("status", "state"), [
    (301, "given_up"), (307, "given_up"), (400, "given_up"), (413, "given_up"), (422, "given_up"),
    (401, "failed"), (403, "failed"), (404, "failed"), (408, "failed"), (425, "failed"), (500, "failed"), (503, "failed"),
])  # fmt: skip
def test_what_another_attempt_would_not_change_is_given_up(
    account: Account, receiver: Receiver, hook: Channel, status: int, state: str
) -> None:
    receiver.answers = [Told(status, {"location": receiver.url("/elsewhere")}, b"<b>no</b>\0\n\xff")]
    one = waiting(account, hook)
    run(NOW)
    assert shown(one) == (state, 1)
    assert one.attempts[0]["status"] == status
    assert one.attempts[0]["answer"] == "<b>no</b>\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"
    assert len(receiver.got) == 1


def test_a_crash_between_the_answer_and_the_writing_sends_the_same_id_again(
    account: Account, receiver: Receiver, hook: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = waiting(account, hook)
    with monkeypatch.context() as patched:
        patched.setattr(queue, "record", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            run(NOW)
    run(NOW + MINUTE)  # the lease holds
    assert len(receiver.got) == 1
    run(NOW + queue.LEASE)
    assert shown(one) == ("sent", 2)
    assert [got.headers["webhook-id"] for got in receiver.got] == [str(one)] * 2
    assert receiver.got[0].body == receiver.got[1].body


def test_two_workers_send_it_once_and_a_late_one_writes_nothing(
    account: Account, receiver: Receiver, hook: Channel
) -> None:
    one = waiting(account, hook)
    first = queue.claim(one.pk, NOW)
    assert first
    assert queue.claim(one.pk, NOW) is None
    second = queue.claim(one.pk, NOW + queue.LEASE)
    assert second
    queue.record(first, queue.Outcome("late"), NOW + queue.LEASE)
    assert shown(one) == ("pending", 2)
    queue.record(second, queue.Outcome(), NOW + queue.LEASE)
    assert shown(one) == ("sent", 2)
    assert queue.claim(one.pk, NOW + 2 * queue.LEASE) is None


def test_a_message_that_kills_its_worker_is_not_tried_for_ever(account: Account, hook: Channel) -> None:
    one = waiting(account, hook)
    Delivery.objects.filter(pk=one.pk).update(attempt=queue.ATTEMPTS, lease_until=NOW)
    run(NOW)
    assert shown(one) == ("given_up", queue.ATTEMPTS)


def test_what_a_channel_that_ended_still_had_is_given_up(account: Account, receiver: Receiver, hook: Channel) -> None:
    one = waiting(account, hook)
    Channel.objects.filter(pk=hook.pk).update(ended_at=NOW)
    run(NOW)
    assert shown(one) == ("given_up", 0)
    assert receiver.got == []


def test_a_failing_channel_does_not_keep_others_waiting(account: Account, receiver: Receiver, hook: Channel) -> None:
    other = channel("webhook", url=receiver.url("/other"))
    receiver.answers = [Told(500)]
    one = waiting(account, hook)
    two = waiting(account, other)
    run(NOW)
    assert (shown(one)[0], shown(two)[0]) == ("failed", "sent")


def test_a_test_is_tried_once_and_overtakes_what_waits_even_where_paused(
    account: Account, receiver: Receiver, hook: Channel
) -> None:
    receiver.answers = [Told(500), Told(404, body=b"no such hook")]
    waiting(account, hook)
    run(NOW)
    Channel.objects.filter(pk=hook.pk).update(paused_at=NOW)
    made = Delivery.objects.create(channel=hook, reason="test", asked_by="anna", created_at=NOW, due_at=NOW)
    run(NOW)
    assert shown(made) == ("given_up", 1)
    assert made.attempts[0]["answer"] == "no such hook"
    assert json.loads(receiver.got[-1].body)["type"] == "test"


def test_the_guard_stands_before_what_a_channel_leads_to(account: Account) -> None:
    one = waiting(account, channel("slack", url="https://169.254.169.254/latest"))
    run(NOW)
    assert shown(one) == ("failed", 1)
    assert "not a public address" in one.attempts[0]["error"]


def test_the_last_target_counts(account: Account, receiver: Receiver, hook: Channel) -> None:
    sealed = sending.sealed(hook, {"url": receiver.url("/new"), "secret": SECRET})
    ChannelTarget.objects.create(channel=hook, shown="x", sealed=sealed, set_by="anna")
    waiting(account, hook)
    run(NOW)
    assert receiver.got[0].path == "/new"


def test_a_target_opens_for_its_channel_and_with_its_key_only(account: Account, hook: Channel, settings: Any) -> None:
    sealed = seal("text", "channel 1")
    assert opened(sealed, "channel 1") == "text"
    assert b"text" not in sealed
    for changed in (b"", b"\x01", sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\x02" + sealed[1:]):
        with pytest.raises(SealError):
            opened(changed, "channel 1")
    with pytest.raises(SealError):
        opened(sealed, "channel 2")
    one = waiting(account, hook)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    run(NOW)
    assert "secret key has changed" in str(one.attempts or Delivery.objects.get(pk=one.pk).attempts)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert opened(sealed, "channel 1") == "text"


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    from iamdash.logs import configure

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure({"level": "DEBUG", "json": True})
    yield lambda: "".join(capsys.readouterr())
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def test_no_secret_is_logged_or_kept_in_the_open(
    account: Account, receiver: Receiver, hook: Channel, logged: Any
) -> None:
    one = waiting(account, hook)
    receiver.answers = [Told(500)]
    run(NOW)
    receiver.stop()
    run(NOW + MINUTE)
    assert shown(one) == ("failed", 2)
    text = logged()
    assert str(one) in text
    for secret in ("secret-path", SECRET, SECRET.removeprefix("whsec_")):
        assert secret not in text
        assert secret not in json.dumps([one.attempts, one.content])
        assert secret.encode() not in bytes(ChannelTarget.objects.get().sealed)


def test_ticks_read_ring_and_send_with_the_worker_s_rights(
    account: Account, receiver: Receiver, hook: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda args, queue: rung.append((args, queue)))
    rule(hook)
    with db_role("iamdash_worker"):
        tasks.read()
        event(finding(account), ago=NOW - queue_now())
        tasks.tick()
        tasks.digest()
        assert rung == []
        tasks.read()
        ((args, name),) = rung
        assert name == "notify"
        tasks.deliver(*args)
        tasks.tick()
        assert len(rung) == 1
    assert shown(Delivery.objects.get()) == ("sent", 1)


def queue_now() -> datetime:
    from collectors.queue import database_now

    return database_now()
