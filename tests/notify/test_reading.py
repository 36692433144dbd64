"""Who is told of what: silent cases first; then each event once, whatever happens meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.db import connection

from collectors.models import Account, Run
from findings.models import AccountGroup, AccountOwner, AccountPlace, Finding, FindingEvent, GroupMember
from iamdash.notify import queue, reading
from iamdash.notify.content import LISTED
from iamdash.notify.models import Channel, Delivery, Reader, SeenEvent, Told
from tests.conftest import db_role

from .telling import NOW, begin, channel, event, finding, heard, rule, told

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def to(db: None) -> Channel:
    return channel(name="team")


def test_what_was_before_the_first_look_is_no_news(account: Account, to: Channel) -> None:
    rule(to)
    event(finding(account))
    assert heard() == []
    event(finding(account, title="later"))
    assert heard() == ["later"]


def test_a_rule_is_told_of_nothing_that_happened_before_it(account: Account, to: Channel) -> None:
    begin()
    event(finding(account))
    assert heard() == []
    rule(to)
    assert heard() == []


@pytest.mark.parametrize(
    ("kind", "more", "detail"),
    [
        ("resolved", {}, {}),
        ("noted", {}, {}),
        ("assigned", {}, {"to": "bob"}),
        ("changed", {}, {"evidence": {}}),
        (
            "changed",
            {"code": "MO116", "evidence": {"lost_permissions": ["a"]}},
            {"evidence": {"lost_permissions": ["a", "b"]}},
        ),
        ("severity", {}, {"from": 5, "to": 4}),
        ("severity", {}, {"from": "low", "to": 9}),
        ("severity", {}, {}),
        ("ended", {}, {"why": "ended"}),
        ("opened", {}, {"ago": 8 * DAY}),
    ],
)
def test_what_is_no_news(
    account: Account, to: Channel, kind: str, more: dict[str, Any], detail: dict[str, Any]
) -> None:
    rule(to, "new", "reopened", "worse", "overdue", "monitoring")
    begin()
    event(finding(account, **more), kind, **detail)
    assert heard() == []


@pytest.mark.parametrize(
    ("kind", "more", "detail", "kinds"),
    [
        ("opened", {}, {}, {"new"}),
        ("opened", {"code": "MO111"}, {}, {"new", "monitoring"}),
        ("reopened", {}, {}, {"reopened"}),
        ("reopened", {"code": "MO101"}, {}, {"reopened", "monitoring"}),
        ("expired", {}, {}, {"reopened"}),
        ("ended", {}, {"why": "severity"}, {"reopened"}),
        ("severity", {}, {"from": 3, "to": 4}, {"worse"}),
        ("changed", {"code": "MO116", "evidence": {"lost_permissions": ["a", "b"]}}, {"evidence": {"lost_permissions": ["a"]}},
         {"monitoring"}),
        ("changed", {"code": "MO116", "evidence": {"lost_permissions": ["a"]}}, {}, {"monitoring"}),
    ],
)  # fmt: skip
def test_what_is_news_and_of_which_kinds(
    account: Account, to: Channel, kind: str, more: dict[str, Any], detail: dict[str, Any], kinds: set[str]
) -> None:
    for one in kinds:
        rule(to, one)
    rule(to, *{"new", "reopened", "worse", "overdue", "monitoring"} - kinds, name="not this")
    begin()
    event(finding(account, **more), kind, **detail)
    heard()
    ((content,),) = [told()]
    assert set(content.items[0].kinds) == kinds
    assert "not this" not in content.rules


def test_what_is_accepted_by_now_is_no_news(account: Account, to: Channel) -> None:
    rule(to)
    begin()
    one = finding(account)
    event(one)
    accepted(one)
    assert heard() == []


def accepted(one: Finding) -> None:
    from findings.models import Acceptance

    row = Acceptance.objects.create(
        account=one.account, scope="account", code=one.code, severity=5, reason="r", owner="o", expires_at=NOW + DAY,
        set_by="anna",
    )  # fmt: skip
    Finding.objects.filter(pk=one.pk).update(status="accepted", acceptance=row, accepted_at=NOW, due_at=None)


@pytest.mark.parametrize(
    ("asks", "is_told"),
    [
        ({}, True),
        ({"severity": 4}, True),
        ({"severity": 5}, False),
        ({"about": ["KY"]}, True),
        ({"about": ["KY102", "LP"]}, True),
        ({"about": ["KY103", "LP"]}, False),
        ({"scope": "ou", "target": "ou-1"}, True),
        ({"scope": "ou", "target": "r-1"}, True),
        ({"scope": "ou", "target": "ou-2"}, False),
        ({"scope": "tag", "target": "env=prod"}, True),
        ({"scope": "tag", "target": "env=dev"}, False),
        ({"scope": "group", "target": "mine"}, True),
        ({"scope": "group", "target": "others"}, False),
        ({"scope": "account", "account": "mine"}, True),
        ({"scope": "account", "account": "others"}, False),
        ({"owner": "bob"}, True),
        ({"owner": "eve"}, False),
        ({"severity": 4, "about": ["KY"], "scope": "ou", "target": "ou-1", "owner": "eve"}, False),
    ],
)
def test_a_rule_is_told_when_all_that_it_says_holds(
    account: Account, other_account: Account, to: Channel, asks: dict[str, Any], is_told: bool
) -> None:
    accounts = {"mine": account, "others": other_account}
    AccountPlace.objects.create(account=account, ous=["r-1", "ou-1"], names=["Root", "Prod"], tags={"env": "prod"})
    AccountOwner.objects.create(scope="ou", target="ou-1", name="bob", set_by="anna")
    groups = {name: AccountGroup.objects.create(name=name, set_by="anna") for name in accounts}
    for name, one in groups.items():
        GroupMember.objects.create(group=one.key, account=accounts[name], set_by="anna")
    asks = dict(asks)
    if "account" in asks:
        asks["account"] = accounts[asks["account"]]
    if asks.get("scope") == "group":
        asks["target"] = str(groups[asks["target"]].key)
    rule(to, **asks)
    begin()
    event(finding(account, title="it"))
    assert heard() == (["it"] if is_told else [])


def test_whom_it_is_assigned_to_comes_before_the_owner_of_the_account(account: Account, to: Channel) -> None:
    AccountOwner.objects.create(scope="all", name="bob", set_by="anna")
    rule(to, owner="carol")
    begin()
    event(finding(account, title="bob's"))
    event(finding(account, title="carol's", assignee="carol"))
    assert heard() == ["carol's"]
    assert told()[0].items[0].owner == "carol"


def test_a_place_that_is_not_known_is_told_to_nobody_of_another(account: Account, to: Channel) -> None:
    rule(to, scope="ou", target="ou-1")
    begin()
    event(finding(account))
    assert heard() == []


def test_a_rule_or_channel_that_ended_is_told_nothing(account: Account, to: Channel) -> None:
    rule(to, ended_at=NOW)
    rule(_ended(channel()))
    begin()
    event(finding(account))
    assert heard() == []


def _ended(one: Channel) -> Channel:
    Channel.objects.filter(pk=one.pk).update(ended_at=NOW)
    return one


def test_an_event_is_told_once_by_whichever_rules(account: Account, to: Channel) -> None:
    rule(to, name="a")
    rule(to, name="b", about=["KY"])
    rule(channel(name="other"), name="c")
    begin()
    event(finding(account, title="it"))
    assert heard(to) == heard(to) == ["it"]
    assert [content.rules for content in told(to)] == [("a", "b")]
    assert Delivery.objects.count() == 2


def test_many_are_one_summary_with_the_worst_of_them(account: Account, to: Channel) -> None:
    rule(to, "new", "monitoring")
    begin()
    for severity in [2] * LISTED + [5, 3]:
        event(finding(account, severity=severity))
    event(finding(account, "MO101", 3, title="No trail"))
    assert len(heard()) == LISTED
    (content,) = told()
    assert [item.title for item in content.items[:1]] == ["No trail"]
    assert content.items[1].severity == "critical"
    assert (content.total, content.omitted) == (LISTED + 3, 3)
    assert content.by_severity == {"low": LISTED, "critical": 1, "medium": 2}
    assert content.by_account == {account.aws_id: ("payments-prod", LISTED + 3)}


def test_more_than_one_batch_is_still_one_message(
    account: Account, to: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 3)
    rule(to)
    begin()
    for _ in range(8):
        event(finding(account))
    assert reading.follow(NOW) == 8
    assert [content.total for content in told()] == [8]


@pytest.mark.parametrize(("finished", "listed"), [(None, 1), (NOW, 1), (NOW - DAY, 3)])
def test_what_a_first_collection_finds_is_counted_and_not_listed(
    account: Account, to: Channel, finished: Any, listed: int
) -> None:
    Run.objects.create(account=account, reason="request", created_at=NOW - 2 * DAY, finished_at=finished)
    Run.objects.create(account=account, reason="schedule", created_at=NOW - DAY, finished_at=NOW + DAY)
    rule(to, "new", "reopened")
    begin()
    for severity in (5, 3):
        event(finding(account, severity=severity))
    event(finding(account), "reopened")
    assert len(heard()) == listed
    (content,) = told()
    assert content.total == 3
    firsts = {aws_id: first.by_severity for aws_id, first in content.firsts.items()}
    assert firsts == ({account.aws_id: {"critical": 1, "medium": 1}} if listed == 1 else {})


def test_what_nobody_tried_to_send_gathers(account: Account, to: Channel) -> None:
    rule(to)
    begin()
    for n in range(3):
        event(finding(account, title=f"n{n}"))
        heard()
    assert [content.total for content in told()] == [3]
    head = queue.due(NOW)[0]
    queue.claim(head, NOW)
    for n in range(2):
        event(finding(account, title=f"m{n}"))
        heard()
    assert [content.total for content in told()] == [3, 2]


def test_a_paused_channel_is_told_nothing_and_counts_it(account: Account, to: Channel) -> None:
    rule(to)
    begin()
    Channel.objects.filter(pk=to.pk).update(paused_at=NOW, paused_by="anna")
    event(finding(account))
    assert heard() == []
    to.refresh_from_db()
    assert to.passed == 1
    Channel.objects.filter(pk=to.pk).update(paused_at=None)
    assert heard() == []


@pytest.fixture
def late(account: Account) -> Finding:
    return finding(account, title="late", due_at=NOW - DAY)


def test_nobody_looks_for_overdue_findings_unless_a_rule_asks(late: Finding, to: Channel) -> None:
    rule(to)
    assert heard() == []
    assert not Told.objects.exists()


def test_an_overdue_finding_is_told_once_for_each_date(account: Account, to: Channel, late: Finding) -> None:
    rule(to, "overdue")
    finding(account, due_at=NOW + DAY)
    finding(account, due_at=NOW - DAY, status="resolved", resolved_at=NOW, resolved_why="clear")
    assert heard() == ["late"]
    assert told()[0].items[0].due_at == "2026-11-25T12:00:00+00:00"
    for hours in (1, 2):
        reading.follow(NOW + timedelta(hours=hours))
    assert [content.total for content in told()] == [1]
    Finding.objects.filter(pk=late.pk).update(due_at=NOW + timedelta(hours=3))
    reading.follow(NOW + timedelta(hours=4))
    assert [content.total for content in told()] == [2]


def test_overdue_findings_are_looked_for_each_ten_minutes(to: Channel, late: Finding) -> None:
    rule(to)
    begin()
    rule(to, "overdue")
    assert heard() == []
    reading.follow(NOW + reading.OVERDUE_EVERY)
    assert [content.total for content in told()] == [1]


def test_the_worker_may_do_all_of_it(account: Account, to: Channel, late: Finding) -> None:
    rule(to, "new", "overdue")
    with db_role("iamdash_worker"):
        begin()
        event(finding(account, title="it"))
        assert heard() == ["late", "it"]


def test_a_crash_before_the_end_leaves_all_to_the_next_look(
    account: Account, to: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(to)
    begin()
    event(finding(account, title="it"))
    with monkeypatch.context() as patched:
        patched.setattr(reading, "_settle", Mock(side_effect=ZeroDivisionError))
        with pytest.raises(ZeroDivisionError):
            reading.follow(NOW)
    assert not Delivery.objects.exists()
    assert heard() == ["it"]


# Like the product's, but blind to the databases of the other test processes, whose transactions end when they like.
_OWN_SNAPSHOT = """
select coalesce((select min(backend_xid::text::bigint) from pg_stat_activity where datname = current_database()),
                pg_snapshot_xmax(s)::text::bigint), pg_snapshot_xmax(s)::text::bigint from pg_current_snapshot() s"""


@pytest.mark.django_db(transaction=True)
def test_a_lower_id_that_commits_later_is_not_lost_and_nothing_is_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two judgements write at once: the one that began first, and has the lower ids, commits last."""
    monkeypatch.setattr(reading, "_SNAPSHOT", _OWN_SNAPSHOT)
    account = Account.objects.create(aws_id="000000000001", name="a")
    to = channel()
    rule(to)
    begin()
    slow, fast, third = (finding(account, title=title) for title in ("slow", "fast", "third"))
    settings = connection.get_connection_params()
    settings = {key: settings[key] for key in ("dbname", "user", "host", "password", "port") if settings.get(key)}
    with psycopg.connect(**settings) as other:
        insert = (
            "insert into findings_findingevent (account_id, finding_id, kind, at, detail) values (%s, %s, 'opened', %s, '{}')"
            " returning id"
        )
        (low,) = other.execute(insert, [account.pk, slow.pk, NOW]).fetchone()  # type: ignore[misc]
        high = event(fast)
        assert low < high.pk
        assert heard() == ["fast"]
        assert heard() == ["fast"]  # the transaction is still open: what was read is remembered
        assert set(SeenEvent.objects.values_list("pk", flat=True)) == {high.pk}
        assert Reader.objects.get().settled < low
        other.commit()
    assert set(heard()) == {"slow", "fast"}
    event(third)
    assert len(heard()) == len(heard()) == 3
    assert Reader.objects.get().settled == FindingEvent.objects.order_by("-pk").first().pk  # type: ignore[union-attr]
    assert not SeenEvent.objects.exists()
    assert sum(content.total for content in told()) == 3
