"""What may close a finding, and what must not. In PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collectors.models import Account
from collectors.records import State
from findings.models import Acceptance, Finding, FindingEvent, PastRuleState, RuleState, Unknown
from tests.builders import AS_OF, coverage, credential, key, role, summary, user
from tests.conftest import db_role
from tests.findings.engine.accepted import accepted
from tests.findings.engine.inventory import JUDGED, cover, judge, put, shown, told

DAY = timedelta(days=1)
ROOT_OK = summary(AccountMFAEnabled=1, AccountAccessKeysPresent=0)
APP = role("app", used=200, unique_id="AROAAPP")
APP_USED = role("app", used=1, unique_id="AROAAPP")


def test_nothing_collected_is_unknown_never_fine(account: Account) -> None:
    counts = judge(account)
    assert (counts["opened"], counts["open"]) == (0, 0)
    assert not RuleState.objects.filter(account=account, reason="", code__in=JUDGED).exists()
    assert set(Unknown.objects.filter(subject_id="").values_list("code", flat=True)) == JUDGED


def test_opens_with_identity_and_event(account: Account) -> None:
    put(account, APP, ROOT_OK)
    assert judge(account)["opened"] == 1
    finding = Finding.objects.get()
    assert (finding.account, finding.code, finding.practice) == (account, "LP101", "LP")
    assert (finding.subject_type, finding.subject_id, finding.subject_name) == ("role", "AROAAPP", "app")
    assert (finding.opened_at, finding.first_opened_at, finding.status) == (AS_OF, AS_OF, "open")
    assert told(account) == ["LP101 opened"]


def test_resolves_when_clear_and_reopens(account: Account) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    put(account, APP_USED, ROOT_OK)
    assert judge(account, AS_OF + DAY)["resolved"] == 1
    finding = Finding.objects.get()
    assert (finding.status, finding.resolved_at, finding.resolved_why) == ("resolved", AS_OF + DAY, "clear")
    put(account, APP, ROOT_OK)
    assert judge(account, AS_OF + 2 * DAY)["reopened"] == 1
    finding.refresh_from_db()
    assert (finding.status, finding.resolved_at, finding.resolved_why, finding.reopened) == ("open", None, "", 1)
    assert (finding.first_opened_at, finding.opened_at) == (AS_OF, AS_OF + 2 * DAY)
    assert told(account) == ["LP101 opened", "LP101 resolved", "LP101 reopened"]


def test_subject_gone_and_not_applicable(account: Account) -> None:
    put(account, APP, key(created=100, used=1, unique_id="AKIA1"), ROOT_OK)
    judge(account)
    put(account, key(created=100, used=1, unique_id="AKIA1", active=False), ROOT_OK)
    judge(account)
    assert dict(Finding.objects.values_list("code", "resolved_why")) == {
        "LP101": "subject_gone",
        "KY102": "not_applicable",
    }


@pytest.mark.parametrize("state", [None, *(s for s in State if s is not State.COMPLETE)])
def test_nothing_resolves_without_the_source(account: Account, state: State | None) -> None:
    put(account, APP, user(), credential(password_enabled=True), ROOT_OK)
    judge(account)
    before = shown(account)
    assert len(before) == 3
    put(account, ROOT_OK, covered=coverage(GetAccountAuthorizationDetails=state, GetCredentialReport=state))
    counts = judge(account, AS_OF + DAY)
    assert counts["resolved"] == 0
    assert shown(account) == before
    reasons = Unknown.objects.filter(code="LP101", subject_id="").values_list("reason", flat=True)
    assert [r.startswith("iam:GetAccountAuthorizationDetails") for r in reasons] == [True]


def test_a_denied_source_lets_a_sighting_stand_but_close_nothing(account: Account) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    put(account, APP_USED, ROOT_OK, covered=coverage(GetAccountAuthorizationDetails=State.PARTIAL))
    assert judge(account)["resolved"] == 0
    assert shown(account) == {("LP101", "app"): "open"}


def test_unknown_subject_keeps_its_finding(account: Account) -> None:
    alice = user(unique_id="AIDA1")
    put(account, alice, credential(password_enabled=True), ROOT_OK)
    judge(account)
    put(account, alice, ROOT_OK)
    judge(account)
    assert set(shown(account).values()) == {"open"}
    rows = Unknown.objects.filter(code="HM107").values_list("subject_id", "subject_name", "since")
    assert list(rows) == [("AIDA1", "alice", AS_OF)]
    put(account, alice, credential(password_enabled=True, mfa_active=True), ROOT_OK)
    judge(account)
    assert not Unknown.objects.filter(code="HM107").exists()
    assert Finding.objects.get(code="HM107").status == "resolved"


def test_part_that_went_is_resolved_beside_the_one_that_came(account: Account) -> None:
    alice, lone = user(created=300), key(created=100, unique_id="AKIA1")
    put(account, alice, credential(created=100), lone, ROOT_OK)
    judge(account)
    put(account, alice, credential(created=300), lone, ROOT_OK)
    judge(account)
    parts = Finding.objects.filter(code="KY104").values_list("part", "status")
    assert dict(parts) == {"made with the user": "resolved", "": "open"}


def test_changes_of_words_and_of_severity(account: Account) -> None:
    put(account, APP, key(created=350, used=1, unique_id="AKIA1"), ROOT_OK)
    judge(account)
    put(account, role("app", used=100, unique_id="AROAAPP"), key(created=350, used=1, unique_id="AKIA1"), ROOT_OK)
    counts = judge(account, AS_OF + 16 * DAY)
    assert (counts["changed"], counts["severity"], counts["open"]) == (1, 1, 2)
    changed = FindingEvent.objects.get(kind="changed")
    assert changed.detail["title"] == "Role app has not been used since 2026-05-08"
    assert FindingEvent.objects.get(kind="severity").detail == {"from": 3, "to": 4}
    assert Finding.objects.get(code="KY102").opened_at == AS_OF


def test_an_acceptance_outlives_judging_and_ends_with_the_interval(account: Account) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    accepted(account)
    judge(account, AS_OF + DAY)
    assert shown(account) == {("LP101", "app"): "accepted"}
    put(account, APP_USED, ROOT_OK)
    judge(account, AS_OF + 2 * DAY)
    put(account, APP, ROOT_OK)
    Acceptance.objects.update(ended_at=AS_OF + 2 * DAY)
    judge(account, AS_OF + 3 * DAY)
    assert shown(account) == {("LP101", "app"): "open"}


def test_a_finding_of_an_unknown_rule_is_left_alone(account: Account) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    Finding.objects.update(code="LP999")
    judge(account)
    assert dict(Finding.objects.values_list("code", "status")) == {"LP999": "open", "LP101": "open"}


def test_recreated_under_the_same_name_is_another_subject(account: Account) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    put(account, role("app", used=200, unique_id="AROANEW"), ROOT_OK)
    judge(account)
    assert dict(Finding.objects.values_list("subject_id", "status")) == {"AROAAPP": "resolved", "AROANEW": "open"}


def test_rule_states_count_subjects(account: Account) -> None:
    put(account, APP, role("busy", used=1), role("young", created=1), ROOT_OK)
    judge(account)
    state = RuleState.objects.get(code="LP101")
    assert (state.n_subjects, state.n_open, state.n_clear, state.n_unknown, state.reason) == (2, 1, 1, 0, "")
    judge(account, AS_OF + DAY)
    state.refresh_from_db()
    assert state.as_of == AS_OF


def test_how_a_rule_stood_at_the_end_of_a_day_is_kept(account: Account) -> None:
    kept = PastRuleState.objects.filter(code="LP101").order_by("until")
    put(account, APP, ROOT_OK)
    judge(account)
    put(account, APP, role("busy", used=1), ROOT_OK)
    judge(account, AS_OF + timedelta(minutes=1))  # of the same day
    assert not kept.exists()
    put(account, APP, role("busy", used=1), role("other", used=1), ROOT_OK)
    judge(account, AS_OF + DAY)
    judge(account, AS_OF + 2 * DAY)  # the same numbers
    (one,) = kept
    assert (one.n_subjects, one.n_open, one.n_clear, one.n_in_doubt) == (2, 1, 1, 0)
    assert (one.as_of, one.until) == (AS_OF + timedelta(minutes=1), AS_OF + DAY)


def writes(queries: Any) -> list[str]:
    return [q["sql"] for q in queries if q["sql"].split(" ", 1)[0] in {"INSERT", "UPDATE", "DELETE"}]


def crowd(n: int) -> list[Any]:
    """Subjects of every rule, some faulty, some unknown."""
    people = [user(f"u{i}", unique_id=f"AIDA{i}") for i in range(n)]
    rows = [credential(f"u{i}", password_enabled=True) for i in range(n) if i % 3]
    keys = [key(f"u{i}", created=400, unique_id=f"AKIA{i}") for i in range(n)]
    return [*people, *rows, *keys, *(role(f"r{i}", used=200, unique_id=f"AROA{i}") for i in range(n))]


def test_judging_again_another_day_writes_nothing_but_the_counts_of_the_day(account: Account) -> None:
    put(account, *crowd(12))
    assert judge(account)["opened"] > 40
    with CaptureQueriesContext(
        connection,
    ) as queries:
        counts = judge(account, AS_OF + DAY)
    days = ("findings_provenanceday", "findings_dailycount", "findings_accountday", "findings_timelineread")
    assert [day in one for day, one in zip(days, writes(queries), strict=True)] == [True] * len(days)
    assert {name: n for name, n in counts.items() if n} == {"open": counts["open"], "unknown": counts["unknown"]}


def test_queries_do_not_grow_with_the_account(account: Account, other_account: Account) -> None:
    used = []
    for some, n in ((account, 3), (other_account, 60)):
        put(some, *crowd(n))
        with CaptureQueriesContext(connection) as first:
            judge(some)
        put(some)
        with CaptureQueriesContext(connection) as second:
            judge(some)
        used.append((len(first), len(second)))
    assert used[0] == used[1]
    assert max(used[0]) <= 142


def test_accounts_do_not_touch_each_other(account: Account, other_account: Account) -> None:
    put(account, APP, ROOT_OK)
    put(other_account, APP, ROOT_OK)
    judge(account)
    judge(other_account)
    put(account, ROOT_OK)
    judge(account)
    assert shown(account) == {("LP101", "app"): "resolved"}
    assert shown(other_account) == {("LP101", "app"): "open"}


def test_the_worker_may_write_it_all(account: Account) -> None:
    put(account, *crowd(2))
    with db_role("iamdash_worker"):
        judge(account)
        put(account)
        judge(account)
    assert set(shown(account).values()) == {"resolved"}


@pytest.mark.django_db(transaction=True)
def test_reads_in_one_view() -> None:
    """Outside a test's own transaction the reading is REPEATABLE READ and read-only, and the writing is not."""
    account = Account.objects.create(aws_id="000000000009", name="a")
    put(account, APP, ROOT_OK)
    with CaptureQueriesContext(connection) as queries:
        judge(account)
    texts = [q["sql"] for q in queries]
    assert sum("repeatable read, read only" in text for text in texts) == 1
    assert shown(account) == {("LP101", "app"): "open"}


def test_coverage_back_resolves_what_waited(account: Account) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    put(account, ROOT_OK, covered=coverage(GetAccountAuthorizationDetails=State.ERROR))
    judge(account)
    assert shown(account) == {("LP101", "app"): "open"}
    cover(account, coverage())
    judge(account)
    assert shown(account) == {("LP101", "app"): "resolved"}


def test_only_what_differs_is_read_whole(account: Account) -> None:
    """An hour's judgement of a large account finds nearly everything as it was."""
    whole = 'SELECT "findings_finding"."id", "findings_finding"."account_id"'
    inventory = [role(f"app{n}", used=200, unique_id=f"AROA{n}") for n in range(5)]
    put(account, *inventory, ROOT_OK)
    judge(account)
    with CaptureQueriesContext(connection) as same:
        judge(account)
    assert [one["sql"] for one in same if one["sql"].startswith(whole)] == []
    put(account, role("app0", used=1, unique_id="AROA0"), *inventory[1:], ROOT_OK)
    pk = Finding.objects.get(subject_id="AROA0").pk
    with CaptureQueriesContext(connection) as other:
        assert judge(account, AS_OF + DAY)["resolved"] == 1
    assert [f"{{{pk}}}" in one["sql"] for one in other if one["sql"].startswith(whole)] == [True]
    assert Finding.objects.filter(resolved_at=None).count() == 4


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("title", "other"),
        ("evidence", {"other": 1.5}),
        ("severity", 1),
        ("subject_name", "other"),
        ("subject_arn", "arn:aws:iam::1:role/other"),
        ("due_at", AS_OF),
        ("due_at", None),
        ("assignee", "somebody"),
    ],
)
def test_whatever_differs_is_written_anew(account: Account, column: str, wrong: Any) -> None:
    put(account, APP, ROOT_OK)
    judge(account)
    right = Finding.objects.values().get()
    Finding.objects.update(**{column: wrong})
    judge(account)
    assert Finding.objects.values().get() == right | {"late": Finding.objects.get().late}
