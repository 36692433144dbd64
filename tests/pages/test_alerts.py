"""Alerts: who may see and decide what, what a wrong answer is told, secrets shown once, tests through the worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from collectors.models import Account
from iamdash.access.database import seen_accounts
from iamdash.access.models import Role
from iamdash.notify import queue, reading, sending
from iamdash.notify.models import AlertRule, Channel, ChannelTarget, Delivery, Digest
from tests.conftest import db_role
from tests.notify.conftest import *  # noqa: F403 - fixtures of receivers
from tests.notify.telling import NOW, begin, channel, event, finding, rule, told
from tests.pages.acted import said
from tests.pages.making import BACKWARDS, SCRIPT

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
URL = "https://hooks.slack.com/services/T000/B000/abcdefghijklmnopqrstuvwx"
RULE = {"name": "keys", "kinds": ["new", "reopened"], "severity": "4", "about": "", "owner": "", "whom": "all"}


@pytest.fixture
def admin(sign_in: Client) -> Any:
    return sign_in(Role.ADMIN)


def lead(to: Channel) -> Any:
    return sending.target_of(to)


def test_without_a_channel_the_page_says_that_nobody_is_told(sign_in: Client, account: Account) -> None:
    page = said(sign_in().get("/settings/alerts/"))
    assert "Nobody is told anything: there is no channel. An admin of all accounts can add one." in page
    assert "Add a" not in page


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": "pager"}, "not one of the available choices"),
        ({"name": ""}, "required"),
        ({"name": "taken"}, "Another one that stands has this name."),
        ({"name": BACKWARDS}, "signs that can be seen"),
        ({"url": ""}, "must begin with https://"),
        ({"url": "http://hooks.slack.com/x"}, "Plain HTTP is for hosts that IAMDASH_OUTGOING_HOSTS lists"),
        ({"url": "https://u:p@hooks.slack.com/x"}, "must not have a user name"),
        ({"url": "javascript:alert(1)"}, "must begin with https://"),
        ({"kind": "email", "to": ""}, "Write 1 to 20 addresses"),
        ({"kind": "email", "to": "anna"}, "anna is no e-mail address."),
        ({"kind": "email", "to": "a@b.example\r\nBcc: c@d.example"}, "Bcc: is no e-mail address."),
        ({"kind": "email", "to": " ".join(f"a{n}@b.example" for n in range(21))}, "Write 1 to 20 addresses"),
    ],
)
def test_a_wrong_answer_is_told_and_no_channel_is_made(
    admin: Any, settings: Any, given: dict[str, str], why: str
) -> None:
    settings.EMAIL_HOST = "mail.corp.example"
    channel(name="taken")
    response = admin.post("/settings/alerts/channels/add/", {"kind": "slack", "name": "team", "url": URL} | given)
    assert response.status_code == 422
    assert why in said(response)
    assert Channel.objects.count() == 1


def test_e_mail_needs_a_mail_server(admin: Any, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    response = admin.post("/settings/alerts/channels/add/", {"kind": "email", "name": "x", "to": "a@b.example"})
    assert "set IAMDASH_SMTP_HOST" in said(response)


def test_a_slack_channel_shows_its_host_and_never_its_url_again(admin: Any, account: Account) -> None:
    page = admin.post("/settings/alerts/channels/add/", {"kind": "slack", "name": "team", "url": URL}, follow=True)
    assert "https://hooks.slack.com/…uvwx" in said(page)
    to = Channel.objects.get()
    for path in ("", f"channels/{to.pk}/", f"channels/{to.pk}/lead/"):
        assert "abcdefghij" not in admin.get(f"/settings/alerts/{path}").content.decode()
    assert lead(to) == {"url": URL, "secret": ""}


def test_a_webhook_s_secret_is_shown_once(admin: Any, account: Account) -> None:
    first = admin.post("/settings/alerts/channels/add/", {"kind": "webhook", "name": "siem", "url": URL})
    (secret,) = re.findall(r"whsec_[\w+/=]+", said(first))
    assert "no-store" in first.headers["Cache-Control"]
    to = Channel.objects.get()
    assert lead(to)["secret"] == secret
    assert "whsec_" not in said(admin.get(f"/settings/alerts/channels/{to.pk}/"))
    second = admin.post(f"/settings/alerts/channels/{to.pk}/lead/", {"url": URL + "2"})
    (new,) = re.findall(r"whsec_[\w+/=]+", said(second))
    assert lead(to) == {"url": URL + "2", "secret": new}
    assert new != secret


def test_a_wrong_new_lead_changes_nothing(admin: Any) -> None:
    to = channel("email", to=["a@b.example"])
    response = admin.post(f"/settings/alerts/channels/{to.pk}/lead/", {"to": "nobody"})
    assert response.status_code == 422
    assert lead(to)["to"] == ["a@b.example"]
    admin.post(f"/settings/alerts/channels/{to.pk}/lead/", {"to": "c@b.example, d@b.example"})
    assert lead(to)["to"] == ["c@b.example", "d@b.example"]


@pytest.mark.parametrize("scope", ["*", [1]])
def test_the_web_process_stores_secrets_and_cannot_read_them(db: None, scope: Any) -> None:
    channel()
    with (
        db_role("iamdash_web"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        seen_accounts(scope),
    ):
        list(ChannelTarget.objects.values_list("sealed"))


def test_a_test_goes_through_the_worker_and_its_answer_is_shown(admin: Any, account: Account, receiver: Any) -> None:
    to = channel("webhook", url=receiver.url())
    path = f"/settings/alerts/channels/{to.pk}/"
    assert "Not tested yet." in said(admin.get(path))
    for _ in range(2):
        admin.post(f"{path}test/")
    waiting = admin.get(f"{path}test/state/")
    assert 'hx-trigger="every 3s"' in waiting.content.decode()
    one = Delivery.objects.get()
    sending.deliver(one.pk, one.due_at)
    after = admin.get(f"{path}test/state/")
    assert "hx-trigger" not in after.content.decode()
    assert "It was taken. Tested just now by admin-" in said(after)
    assert "Answer: 200 ok" in said(after)
    assert receiver.got[0].headers["webhook-id"] == str(one)


def test_a_test_that_fails_shows_why_and_escapes_it(admin: Any, account: Account, receiver: Any) -> None:
    from tests.notify.receiver import Told

    to = channel("slack", url=receiver.url())
    receiver.answers = [Told(404, body=SCRIPT.encode())]
    admin.post(f"/settings/alerts/channels/{to.pk}/test/")
    one = Delivery.objects.get()
    sending.deliver(one.pk, one.due_at)
    page = admin.get(f"/settings/alerts/channels/{to.pk}/")
    assert "It was not taken: it answered 404" in said(page)
    assert SCRIPT not in page.content.decode()
    log = admin.get(f"/settings/alerts/log/{one.pk}/")
    assert "it answered 404 404 <script>" in said(log)
    assert SCRIPT not in log.content.decode()


def test_quiet_and_back(admin: Any, account: Account) -> None:
    to = channel(name="team")
    rule(to)
    begin()
    path = f"/settings/alerts/channels/{to.pk}/"
    assert "Quiet: nothing is sent but tests" in said(admin.post(f"{path}pause/", follow=True))
    event(finding(account))
    reading.follow(NOW)
    assert "1 event passed meanwhile" in said(admin.get("/settings/alerts/"))
    assert "1 events passed meanwhile" in said(admin.post(f"{path}pause/", follow=True))
    event(finding(account))
    reading.follow(NOW)
    assert [content.total for content in told()] == [1]


def test_a_channel_ends_and_its_name_is_free(admin: Any, account: Account) -> None:
    to = channel(name="team")
    rule(to)
    admin.post(f"/settings/alerts/channels/{to.pk}/end/")
    assert "there is no channel" in said(admin.get("/settings/alerts/"))
    assert admin.get(f"/settings/alerts/channels/{to.pk}/").status_code == 404
    queue.end_spent(NOW)
    assert bytes(ChannelTarget.objects.get().sealed) == b""
    assert (
        admin.post("/settings/alerts/channels/add/", {"kind": "slack", "name": "team", "url": URL}).status_code == 302
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kinds": []}, "required"),
        ({"kinds": ["everything"]}, "is not one of the available choices"),
        ({"about": "KY102, NO999"}, "No rule or practice has the code NO999."),
        ({"about": SCRIPT}, "No rule or practice has the code"),
        ({"severity": "9"}, "not one of the available choices"),
        ({"whom": "ou:ou-none"}, "not one of the available choices"),
        ({"channel": "999"}, "not one of the available choices"),
        ({"owner": "nobody"}, "not one of the available choices"),
        ({"name": "taken"}, "Another one that stands has this name."),
    ],
)
def test_a_wrong_rule_is_told_and_not_made(admin: Any, account: Account, given: dict[str, Any], why: str) -> None:
    to = channel()
    rule(to, name="taken")
    response = admin.post("/settings/alerts/rules/add/", RULE | {"channel": to.pk} | given)
    assert response.status_code == 422
    assert why in said(response)
    assert SCRIPT not in response.content.decode()
    assert AlertRule.objects.count() == 1


def test_a_rule_shows_what_it_would_have_told_before_it_stands(admin: Any, account: Account) -> None:
    to = channel(name="team")
    Account.objects.filter(pk=account.pk).update(name=SCRIPT)
    account.refresh_from_db()
    for severity, title in ((4, "loud"), (2, "quiet")):
        event_now(finding(account, severity=severity, title=title))
    given = RULE | {"channel": to.pk, "about": "ky, mo111"}
    page = admin.post("/settings/alerts/rules/add/", given | {"look": "1"})
    assert "Of the last 2 events it would tell 1. Nothing is decided yet." in said(page)
    assert "New: loud (high," in said(page)
    assert SCRIPT not in page.content.decode()
    assert not AlertRule.objects.exists()
    page = said(admin.post("/settings/alerts/rules/add/", given, follow=True))
    assert "keys new, reopened high or worse; only KY, MO111 all accounts reaches 1 account team" in page
    shown = said(admin.get(f"/settings/alerts/channels/{to.pk}/"))
    assert "it would be told of 1 of 2 events" in shown
    admin.post(f"/settings/alerts/rules/{AlertRule.objects.get().pk}/end/")
    assert "No rule, so nobody is told" in said(admin.get("/settings/alerts/"))


def event_now(one: Any) -> None:
    from django.utils import timezone

    made = event(one)
    type(made).objects.filter(pk=made.pk).update(at=timezone.now())


def test_an_operator_of_some_accounts_decides_for_those_and_sees_no_more(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    to = channel(name="team")
    client = sign_in(Role.ADMIN, [account])
    theirs = rule(to, name="theirs", scope="account", account=other_account)
    everyone = rule(to, name="everyone's")
    for one in (account, other_account):
        event_now(finding(one, title=f"in {one.name}"))
    given = RULE | {"channel": to.pk, "whom": f"account:{account.aws_id}"}
    assert "available choices" in said(client.post("/settings/alerts/rules/add/", given | {"whom": "all"}))
    page = said(client.post("/settings/alerts/rules/add/", given | {"look": "1"}))
    assert "Of the last 1 event it would tell 1" in page
    assert "sandbox" not in page
    client.post("/settings/alerts/rules/add/", given)
    page = said(client.get("/settings/alerts/"))
    assert "keys new" in page
    assert "everyone's" in page
    assert "theirs" not in page
    assert "Leads to" not in page
    assert client.post(f"/settings/alerts/rules/{theirs.pk}/end/").status_code == 404
    assert client.post(f"/settings/alerts/rules/{everyone.pk}/end/").status_code == 403
    assert client.post(f"/settings/alerts/rules/{AlertRule.objects.get(name='keys').pk}/end/").status_code == 302


def test_a_digest_is_asked_for_and_ends(admin: Any, account: Account) -> None:
    to = channel(name="team")
    given = {"channel": to.pk, "weekday": "0", "hour": "8", "zone": "Europe/Berlin", "whom": "all"}
    bad = admin.post("/settings/alerts/digests/add/", given | {"zone": "Europe/Atlantis", "hour": "24"})
    assert bad.status_code == 422
    page = said(admin.post("/settings/alerts/digests/add/", given, follow=True))
    assert "Monday 08:00 Europe/Berlin all accounts reaches 1 account team" in page
    admin.post(f"/settings/alerts/digests/{Digest.objects.get().pk}/end/")
    assert "Monday 08:00" not in said(admin.get("/settings/alerts/"))


def test_what_waits_is_the_next_message(admin: Any, account: Account) -> None:
    to = channel(name="team")
    rule(to)
    begin()
    event(finding(account, title="it waits"))
    reading.follow(NOW)
    page = said(admin.get(f"/settings/alerts/channels/{to.pk}/"))
    assert "This one waits; what happens until it is sent is added to it." in page
    assert "it waits" in page


@pytest.fixture
def sent(account: Account) -> list[Delivery]:
    """One message of each state, the newest first."""
    to, made = channel(name="team"), []
    for n, state in enumerate(("sent", "pending", "failed", "given_up")):
        tried = [{"at": NOW.isoformat(), "status": 200 + n, "error": "" if not n else f"error {n}", "answer": "a"}]
        made.append(
            Delivery.objects.create(
                channel=to,
                reason="alert" if n else "digest",
                created_at=NOW,
                due_at=NOW,
                state=state,
                total=n,
                worst=4,
                attempts=tried if n != 1 else [],
                attempt=n,
                content={} if n else {"until": "2026-11-26", "accounts": 1, "partial": 0},
            )
        )
    return made[::-1]


def test_the_log_is_a_list_with_facets_and_exports(
    sign_in: Client, sent: list[Delivery], django_assert_num_queries: Any
) -> None:
    client = sign_in(Role.ANALYST)
    assert "4 messages" in said(client.get("/settings/alerts/log/"))
    assert "1 message Export" in said(client.get("/settings/alerts/log/", {"state": "given_up"}))
    assert "error 3" in said(
        client.get("/settings/alerts/log/", {"state": "given_up", "what": "alert", "channel": "team"})
    )
    assert "No message matches" in said(client.get("/settings/alerts/log/", {"channel": "other"}))
    assert "200" in client.get("/settings/alerts/log/", {"export": "csv"}).body.decode()
    for one in sent:
        assert str(one) in said(client.get(f"/settings/alerts/log/{one.pk}/"))


def test_pages_take_few_queries(
    admin: Any, sent: list[Delivery], account: Account, django_assert_max_num_queries: Any
) -> None:
    to = Channel.objects.get()
    for n in range(5):
        rule(to, name=f"r{n}")
        event_now(finding(account))
    for path in ("", "log/", f"log/{sent[0].pk}/", f"channels/{to.pk}/", "rules/add/", "digests/add/"):
        with django_assert_max_num_queries(24):
            assert admin.get(f"/settings/alerts/{path}").status_code == 200
