"""The audit log: what is said, by whom, that nobody changes it, and that it tells when somebody did."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from collectors.models import Account
from findings.models import AccountGroup
from iamdash.access import audit
from iamdash.access.actions import LABELS
from iamdash.access.audit_chain import Head, head, verify
from iamdash.access.models import AuditEntry, Role
from tests.access.routes import ROUTES
from tests.conftest import WebClient, db_role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
HOSTILE = 'a"\\b\x00\ud800\x07\x1f\x7f\u2028é\U0001f600</script>'


def said() -> list[tuple[str, str, str, dict[str, Any]]]:
    rows = AuditEntry.objects.order_by("number").values_list("action", "object", "outcome", "detail")
    return [(action, thing, outcome, json.loads(detail)) for action, thing, outcome, detail in rows]


def whole() -> str:
    return verify(AuditEntry.objects.order_by("number").iterator()).problem


def test_an_empty_log_is_whole() -> None:
    assert (whole(), head()) == ("", Head())


def test_entries_are_chained_by_the_database_whatever_they_say() -> None:
    audit.record(None, "first", "é")
    audit.record(None, "second", HOSTILE, text=HOSTILE, n=1, more=[None, True, {HOSTILE: HOSTILE}])
    AuditEntry.objects.create(number=77, action="forged", previous="1" * 64, hash="2" * 64)
    assert [e.number for e in AuditEntry.objects.order_by("number")] == [1, 2, 3]
    assert whole() == ""


def test_long_values_are_cut_and_do_not_break_the_entry() -> None:
    audit.record(None, "x" * 99, "y" * 999, many=range(999), text="z" * 9999)
    ((action, thing, _, detail),) = said()
    assert (len(action), len(thing), len(detail["many"]), len(detail["text"])) == (60, 300, 50, 300)


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain() -> None:
    def write(writer: int) -> None:
        for n in range(10):
            audit.record(None, "done", f"{writer} {n}")
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert (whole(), head().number) == ("", 40)


def run(statement: str, role: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"set local role {role}")
        cursor.execute(statement)


@pytest.mark.parametrize("role", ["iamdash_web", "iamdash_all", "none"])
@pytest.mark.parametrize(
    "statement",
    ["update access_auditentry set actor = 'x'", "delete from access_auditentry", "truncate access_auditentry"],
)
def test_nobody_changes_an_entry_not_even_the_owner(role: str, statement: str) -> None:
    audit.record(None, "first")
    with pytest.raises(ProgrammingError, match=r"append-only|permission denied"):
        run(statement, role)
    assert whole() == ""


def test_the_worker_does_not_read_it() -> None:
    with db_role("iamdash_worker"), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        AuditEntry.objects.count()


def tampered(statement: str) -> None:
    """As one who owns the database and turned the trigger off would."""
    with connection.cursor() as cursor:
        cursor.execute("alter table access_auditentry disable trigger user")
        cursor.execute(statement)
        cursor.execute("alter table access_auditentry enable trigger user")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "update access_auditentry set actor = 'mallory' where number = 2",
            "Entry 2 was altered after it was written.",
        ),
        ("update access_auditentry set detail = '{}' where number = 3", "Entry 3 was altered after it was written."),
        ("update access_auditentry set at = at + interval '1 us' where number = 1", "Entry 1 was altered"),
        ("update access_auditentry set hash = repeat('a', 64) where number = 2", "Entry 2 was altered"),
        ("update access_auditentry set previous = repeat('a', 64) where number = 2", "Entry 2 does not follow entry 1"),
        ("delete from access_auditentry where number = 2", "Entry 2 is missing."),
        ("delete from access_auditentry where number < 3", "Entries 1 to 2 are missing."),
        ("delete from access_auditentry where number > 3", "Entry 4, whose hash was kept, is missing"),
    ],
)
def test_the_first_broken_link_is_named(statement: str, problem: str) -> None:
    for n in range(4):
        audit.record(None, "done", str(n), n=n)
    kept = head()
    tampered(statement)
    assert problem in verify(AuditEntry.objects.order_by("number").iterator(), kept).problem


def test_a_log_that_was_written_anew_is_told_by_a_head_that_was_kept() -> None:
    audit.record(None, "done", "what was")
    kept = head()
    tampered("delete from access_auditentry")
    audit.record(None, "done", "what never was")
    assert whole() == ""
    assert "is not the one whose hash was kept" in verify(AuditEntry.objects.order_by("number"), kept).problem


def test_what_an_operator_does_is_logged_with_what_may_be_told(
    sign_in: Callable[..., WebClient], account: Account
) -> None:
    client = sign_in(Role.ADMIN, headers={"User-Agent": "Firefox\x00" + "x" * 999})
    posted = {
        "cidr": "192.0.2.0/24",
        "name": "office",
        "account": account.aws_id,
        "secret": "s3cr3t",
        "csrfmiddlewaretoken": "t",
    }
    audit.record(None, "before")
    client.post(reverse("accounts-group-add"), posted | {"accounts": [account.pk]})
    entry = AuditEntry.objects.get(action="accounts-group-add")
    assert (entry.actor, entry.actor_id, entry.via) == (client.operator.username, client.operator.pk, "page")
    assert (entry.address, entry.outcome, entry.object) == ("127.0.0.1", "done", "/accounts/groups/add/")
    assert len(entry.agent) == 200
    assert json.loads(entry.detail)["name"] == "office"
    assert "s3cr3t" not in entry.detail
    assert json.loads(entry.detail)["fields"] == ["cidr", "secret"]
    assert whole() == ""


@pytest.mark.parametrize(
    ("ask", "entry"),
    [
        (lambda client: client.get("/findings/"), None),
        (lambda client: client.post("/networks/add/", {"cidr": "nowhere"}), None),
        (lambda client: client.post("/accounts/000000000009/collect/"), None),
        (lambda client: client.get("/settings/operators/"), ("settings-operators", "/settings/operators/", "refused")),
        (lambda client: client.get("/findings/?export=csv&q=x"), ("exported", "findings", "done")),
    ],
    ids=["a page", "a wrong form", "what is not there", "what is not allowed", "an export"],
)
def test_reads_that_matter_and_refusals_are_logged(
    ask: Callable[[WebClient], Any],
    entry: tuple[str, str, str] | None,
    sign_in: Callable[..., WebClient],
    account: Account,
) -> None:
    ask(sign_in(Role.ADMIN, [account]))
    assert [one[:3] for one in said()] == ([entry] if entry else [])


def test_an_act_and_its_entry_are_there_together_or_not_at_all(
    sign_in: Callable[..., WebClient], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(Role.ADMIN, raise_request_exception=False)

    def broken(*_: Any) -> None:
        raise RuntimeError("no room for the log")

    monkeypatch.setattr(AuditEntry, "save", broken)
    with transaction.atomic():
        client.post(reverse("accounts-group-add"), {"name": "office", "accounts": [account.pk]})
    assert not AccountGroup.objects.exists()
    response = client.get("/findings/?export=csv")
    assert response.status_code == 500


def test_what_broke_is_logged_as_such(
    sign_in: Callable[..., WebClient], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(request: Any, *_: Any, **__: Any) -> None:
        audit.record(request, "half-done")
        raise RuntimeError

    client = sign_in(Role.ADMIN, raise_request_exception=False)
    monkeypatch.setattr("iamdash.pages.policies.PolicyList.get", lambda page, request: breaks(request))
    assert client.get("/policies/").status_code == 500
    assert said() == [("half-done", "", "failed", {})]


def test_the_page_shows_filters_and_exports_what_is_logged(sign_in: Callable[..., WebClient]) -> None:
    client = sign_in(Role.ADMIN)
    audit.record(None, "operator-made", "<script>alert(1)</script>", by=client.operator, role="<b>")
    audit.record(None, "sign-in-failed", "ada", outcome=audit.Outcome.REFUSED)
    text = client.get("/settings/audit/").content.decode()
    assert "Made an operator" in text
    assert "<script>alert" not in text
    assert str(head()) in text
    assert "Made an operator" not in client.get("/settings/audit/?outcome=refused").content.decode().split("<table")[1]
    lines = client.get("/settings/audit/?export=jsonl").body.decode().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["exported", "sign-in-failed", "operator-made"]
    assert said()[-1][:2] == ("exported", "entries")


def test_commands_tell_the_head_and_the_first_broken_link(capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(3):
        audit.record(None, "done", str(n))
    call_command("audit", "head")
    kept = capsys.readouterr().out.strip()
    call_command("audit", "verify", "--kept", kept)
    assert "3 entries" in capsys.readouterr().out
    tampered("update access_auditentry set object = 'x' where number = 2")
    with pytest.raises(CommandError, match="Entry 2 was altered"):
        call_command("audit", "verify")
    with pytest.raises(CommandError, match="is no head"):
        call_command("audit", "verify", "--kept", "3")


def test_whatever_is_posted_has_words_in_the_log() -> None:
    assert {name for name, route in ROUTES.items() if route.method == "post"} - LABELS.keys() == set()
