"""Which columns of a list show, and that its exports follow."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from collectors.models import Account
from iamdash.access.models import Role
from iamdash.pages import views
from iamdash.pages.columns import Columns, followed
from iamdash.pages.findings import FindingList
from iamdash.pages.lists import ListPage
from tests.pages.making import HOSTILE, finding

Client = Callable[..., Any]
THREE = Columns({"a": "A", "b": "B", "c": "C"}, ("a", "b"))


def every_list(patterns: Any) -> Iterator[type[ListPage]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from every_list(one.url_patterns)
        elif isinstance(one, URLPattern) and issubclass(getattr(one.callback, "view_class", object), ListPage):
            yield one.callback.view_class


@pytest.mark.parametrize(
    ("given", "chosen", "hidden"),
    [
        ([], (), ("c",)),
        (["nothing"], (), ("c",)),
        (["b", "a"], (), ("c",)),
        (["c", "a"], ("a", "c"), ("b",)),
        (["a", "a"], ("a",), ("b", "c")),
    ],
)
def test_the_usual_columns_are_no_choice(given: list[str], chosen: tuple[str, ...], hidden: tuple[str, ...]) -> None:
    assert THREE.read(given) == chosen
    assert THREE.hidden(chosen) == hidden


def test_an_export_leaves_out_what_hidden_columns_tell_and_keeps_what_none_tells() -> None:
    fields, tells = {"id": 1, "x": 2, "y": 3, "z": 4}, {"a": ("x",), "b": ("y", "z"), "c": ("z",)}
    assert followed(fields, tells, ("a",)) == {"id": 1, "x": 2}
    assert followed(fields, tells, ("c",)) == {"id": 1, "z": 4}
    assert followed(fields, {}, ()) == fields


def test_each_list_knows_what_its_columns_tell() -> None:
    lists = list(every_list(get_resolver().url_patterns))
    assert len(lists) >= 19
    for one in lists:
        table = one.table
        assert set(table.tells) <= set(table.base_columns), one
        assert {name for names in table.tells.values() for name in names} <= set(one.fields), one
        untold = set(table.offered().offered) - set(table.tells)
        assert untold <= {"account", "aws_id", "took", "unique_id", "origin"}, (
            f"{one}: what identifies a row is always told"
        )


def test_each_list_says_what_to_do_where_nothing_is_connected(sign_in: Client) -> None:
    client, names = sign_in(Role.ADMIN), get_resolver().reverse_dict
    pages = [name for name in names if isinstance(name, str) and views.list_page(name)]
    assert len(pages) >= 16
    for name in set(pages) - {"settings-audit", "settings-operators"}:  # there is who signed in
        page = client.get(reverse(name)).content.decode()
        empty = page.partition('<div class="empty">')[2]
        assert "<h2>" in empty, name
        assert "Nothing here yet" not in empty, name


def test_the_address_keeps_columns_and_says_what_means_nothing() -> None:
    asked = FindingList.read(QueryDict("cols=subject&cols=since&cols=hm&severity=high"))
    assert asked.cols == ("subject", "since")
    assert asked.ignored == (("cols", "hm"),)
    assert asked.url() == "?severity=high&cols=subject&cols=since"
    assert not FindingList.read(QueryDict("cols=title&cols=severity")).url(cols=()).count("cols")


def test_columns_are_left_out_and_added(sign_in: Client, account: Account) -> None:
    made = finding(account)
    usual = sign_in(Role.ANALYST).get("/findings/").content.decode()
    assert made.subject_arn not in usual
    page = sign_in(Role.ANALYST).get("/findings/?cols=arn&cols=seen").content.decode()
    assert made.subject_arn in page
    assert 'name="pick"' in page
    assert "First seen" in page
    assert '<th scope="col">\n              Account' not in page
    assert 'value="arn" checked' in page


def test_a_cell_has_a_class_or_none_at_all_and_each_column_has_a_width_to_be_known_by(
    sign_in: Client, account: Account
) -> None:
    finding(account)
    page = sign_in().get("/findings/").content.decode()
    assert 'class="None"' not in page
    assert [name for name in ("severity", "title", "account", "owner") if f'<col class="col-{name}' not in page] == []


def test_hostile_text_in_the_added_columns_is_text(sign_in: Client, account: Account) -> None:
    for text in HOSTILE:
        finding(account, subject_arn=text)
    assert "<script>alert" not in sign_in().get("/findings/?cols=arn").content.decode()


def test_exports_follow_the_columns(sign_in: Client, account: Account) -> None:
    made, client = finding(account), sign_in()
    (row,) = csv.DictReader(io.StringIO(client.get("/findings/?cols=arn&export=csv").body.decode()))
    assert row["id"] == str(made.pk)
    assert row["subject_arn"] == made.subject_arn
    assert row["title"] == made.title, "what heads each row"
    assert not {"severity", "opened_at", "subject_name", "owner"} & set(row)
    (row,) = json.loads(client.get("/findings/?cols=arn&export=json").body)
    assert "severity" not in row


def test_json_is_one_document(sign_in: Client, account: Account) -> None:
    client = sign_in()
    assert json.loads(client.get("/findings/?export=json").body) == []
    for name in HOSTILE:
        finding(account, subject_name=name[:256])
    response = client.get("/findings/?export=json")
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response.streaming
    lines = [json.loads(line) for line in client.get("/findings/?export=jsonl").body.splitlines()]
    assert json.loads(response.body) == lines
    assert len(lines) == len(HOSTILE)


def test_a_long_facet_shows_more_when_asked(sign_in: Client, account: Account) -> None:
    for n in range(25):
        finding(account, assignee=f"person-{n:02d}")
    client = sign_in()
    page = client.get("/findings/").content.decode()
    assert "person-19" in page.partition("<table")[0]
    assert "person-20" not in page.partition("<table")[0]
    assert 'href="?more=assigned"' in page
    page = client.get("/findings/?more=assigned").content.decode()
    assert "person-24" in page.partition("<table")[0]
    assert '<details class="menu facet" open>' in page
    assert 'href="?more=assigned"' not in page
