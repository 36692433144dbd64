"""What messages say."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from iamdash.notify import slack, wording
from iamdash.notify.content import Content, First, Item, merged
from iamdash.notify.digests import Week
from iamdash.notify.mail import text
from iamdash.notify.wording import of_content, of_week, plain


def item(n: int = 1, **more: Any) -> Item:
    given = {
        "event": n, "kinds": ("new",), "at": f"2026-11-26T12:00:{n:02}+00:00", "finding": n, "code": "KY102", "severity": "high",
        "title": f"Key {n} is old", "status": "open", "account_id": "000000000001", "account_name": "payments",
        "subject_type": "key", "subject_id": "AKIA1", "subject_name": "AKIA1 of ci", "subject_arn": "",
    }  # fmt: skip
    return Item(**(given | more))


def content(*items: Item, more: int = 0, **rest: Any) -> Content:
    n = len(items) + more
    given = {"by_severity": {"high": n} if n else {}, "by_kind": {"new": n} if n else {}}
    accounts = {"000000000001": ("payments", n)} if n else {}
    return Content(items=items, by_account=accounts, rules=("keys",), **(given | rest))


@pytest.mark.parametrize(
    ("told", "subject"),
    [
        (content(item()), "New: Key 1 is old (high, payments)"),
        (content(item(kinds=("monitoring", "new"))), "Monitoring lost: Key 1 is old (high, payments)"),
        (content(item(), item(2)), "2 findings new: 2 high"),
        (content(item(), more=40, by_severity={"critical": 1, "high": 40}), "41 findings new: 1 critical, 40 high"),
        (content(firsts={"1": First("a", {"low": 3}), "2": First("b", {"high": 1, "low": 2})}),
         "First collection of 2 accounts: 1 high, 5 low"),
    ],
)  # fmt: skip
def test_the_subject_tells_what_matters(told: Content, subject: str) -> None:
    assert of_content(told).subject == subject


def test_a_summary_lists_the_worst_and_counts_the_rest() -> None:
    told = of_content(content(*(item(n) for n in range(20)), more=80, firsts={"2": First("b", {"low": 2})}))
    assert [line.text for line in told.lines] == [
        "First collection of b (2): 2 low",
        *(f"Key {n} is old" for n in range(5)),
        "and 95 more in 1 account",
    ]
    assert len(of_content(content(*(item(n) for n in range(20)))).lines) == 20


def test_what_stands_below_a_finding() -> None:
    one = item(before="low", due_at="2026-12-01T00:00:00+00:00", owner="bob", kinds=("worse",), status="resolved")
    (line,) = of_content(content(one)).lines
    assert line.under == (
        "Severity raised from low · KY102 key-not-rotated · payments (000000000001), bob, due 2026-12-01, resolved meanwhile"
    )


def test_the_week(settings: Any) -> None:
    settings.PUBLIC_URL = "https://iamdash.corp.example"
    week = Week(
        until="2026-11-26", accounts=12, partial=2, open={"critical": (3, 1), "high": (None, 4), "low": (2, 2)}, opened=5,
        resolved=7, before=(9, 1), score=(60_000, 61_260), overdue=3, newest=(item(),),
    )  # fmt: skip
    told = of_week(week)
    assert told.subject == "Week until 2026-11-26: 5 opened, 7 resolved in 12 accounts"
    assert text(told).split("\n\n")[1:-1] == [
        "critical: 1 open (-2 in a week)",
        "high: 4 open, a week ago unknown",
        "low: 2 open, as a week ago",
        "5 opened, 7 resolved; the week before 9 and 1\nhttps://iamdash.corp.example/trends/report/",
        "Posture score 61.3 of 100 (+1.3 in a week)",
        "3 overdue",
        "2 accounts could not be read whole: what is wrong there may be more",
        "HIGH Key 1 is old\nNew · KY102 key-not-rotated · payments (000000000001)\nhttps://iamdash.corp.example/findings/1/",
    ]


def test_the_worst_of_two_messages_are_kept_and_all_are_counted() -> None:
    a = content(*(item(n) for n in range(20)), more=1, firsts={"1": First("a", {"low": 1})})
    b = content(item(30, severity="critical"), by_severity={"critical": 1}, firsts={"1": First("a", {"low": 1})})
    both = merged(a, b)
    assert both.items[0].severity == "critical"
    assert (len(both.items), both.happened, both.total, both.omitted) == (20, 22, 24, 2)
    assert both.firsts["1"].by_severity == {"low": 2}
    assert both.by_account == {"000000000001": ("payments", 22)}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a  b\r\n c\t", "a b c"),
        ("a\u202eb\x1b[0m", "a\\u202eb\\u001b[0m"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_hostile_words_become_one_printable_line(given: str, shown: str) -> None:
    assert plain(given) == shown


def test_a_message_of_everything_fits_into_slack_s_limits() -> None:
    firsts = {str(n): First("n" * 500, {"high": n + 1}) for n in range(100)}
    long = item(title="<" * 2000, account_name="&" * 2000, owner="o" * 2000)
    for told in (content(*[long] * 20, firsts=firsts), content(*[long] * 20, more=10**6, firsts=firsts)):
        made = slack.blocks(of_content(told))
        assert len(made["blocks"]) <= 50
        assert all(len(block["text"]["text"]) < 3000 for block in made["blocks"] if "text" in block)
        assert not made["blocks"][1]["text"]["text"].endswith("&")


def test_links_lead_to_pages_that_are() -> None:
    assert {name: path.format(7) for name, path in wording.PAGES.items()} == {
        name: reverse(name, args=[7] if "{}" in path else []) for name, path in wording.PAGES.items()
    }
