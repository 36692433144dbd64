"""What lists count: the same from kept counts as from rows, all facets in one pass, and nothing where there is too much."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from collectors.models import Account
from findings.engine import bulk
from findings.models import Finding, PrincipalPosture
from findings.vocabulary import Severity
from iamdash.access.database import seen_accounts
from iamdash.access.scope import keeping
from iamdash.pages import counting, searching
from iamdash.pages.counting import Counting
from iamdash.pages.findings import FILTERS, FindingList
from iamdash.pages.lists import ListPage
from iamdash.pages.principals import PrincipalList
from tests.builders import role, user
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put
from tests.pages.making import ago, finding

pytestmark = pytest.mark.django_db
Client = Any


@pytest.fixture
def mixed(account: Account, other_account: Account) -> None:
    """Findings of all sorts: open, new, overdue, reopened, accepted, assigned, resolved."""
    random = Random(7)
    for n in range(60):
        given: dict[str, Any] = {
            "severity": random.choice(list(Severity)),
            "subject_type": random.choice(("role", "user", "key")),
            "opened_at": ago(days=random.choice((1, 5, 40, 400))),
            "reopened": random.choice((0, 0, 1)),
        }
        if n % 3 == 0:
            given["resolved_at"] = ago(hours=1)
        elif n % 3 == 1:
            given["due_at"] = random.choice((ago(days=1), ago(days=-3), ago(days=-90)))
        finding(random.choice((account, other_account)), random.choice(("LP101", "KY101", "AB101")), **given)
    some = list(Finding.objects.filter(status=Finding.Status.OPEN).order_by("pk").values_list("pk", flat=True))
    bulk.accept(some[:9], "known", "team", timezone.now() + timedelta(days=9), "anna")
    bulk.assign(some[5:15], "anna", "anna")
    over = list(Finding.objects.filter(late=True).values_list("pk", flat=True))
    assert Finding.objects.filter(pk__in=over[::2]).update(
        late=False
    )  # their day went by, and the worker has not looked since


def told(
    query: str, of: type[ListPage] = FindingList, tables: Sequence[Any] = ()
) -> tuple[list[Any], dict[str, list[Any]]]:
    """Counts of tabs, and options of facets that have rows. tables: of counts; () for rows alone."""
    with keeping():
        found = Counting(of.filters.read(QueryDict(query)), of().queryset(), tables)
        options = {facet.name: found.options(facet) for facet in of.filters.facets if facet.offered}
        return found.tabs(), {name: [one for one in some if one.n] for name, some in options.items()}


ASKED = (
    "",
    "severity=high&severity=low",
    "rule=LP101&practice=KY",
    "account=000000000001&subject=role",
    "assigned=anna",
    "due=over&severity=critical",
    "q=role-1",
)


def test_kept_counts_are_what_rows_tell(mixed: None) -> None:
    for query in ASKED:
        for tab in FILTERS.tabs:
            asked = f"tab={tab.slug}&{query}"
            assert told(asked, tables=FindingList.counts) == told(asked), asked


def test_so_they_are_for_who_sees_some_accounts(mixed: None, account: Account) -> None:
    """Totals of all accounts tell them nothing, and are not asked."""
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        for query in ("", "severity=high", "rule=LP101", "tab=resolved&subject=role", "tab=overdue"):
            assert told(query, tables=FindingList.counts[1:]) == told(query), query


PRINCIPALS = (
    "", "kind=interactive-compute&kind=unknown", "findings=some&type=role", "findings=none", "findings=unjudged", "boundary=yes",
    "boundary=no&made=unknown", "seen=unread", "account=000000000001", "q=app",
)  # fmt: skip


def test_counts_of_principals_are_what_rows_tell(account: Account, other_account: Account) -> None:
    limited = role("limited", boundary="arn:aws:iam::000000000001:policy/limit")
    held = role("app", used=200), limited, user(), role("gone")
    for one in (account, other_account):
        put(one, *held)
        judge(one)
        put(one, *held[:3], *([role("not-judged")] if one == account else []))
    PrincipalPosture.objects.filter(principal__name="app", account=account).update(worst=Severity.HIGH)
    for scope, asked in (("*", PRINCIPALS), ([account.pk], PRINCIPALS[:3])):
        with db_role("iamdash_web"), seen_accounts(scope):
            for query in asked:
                for tab in PrincipalList.filters.tabs:
                    whole = f"tab={tab.slug}&{query}"
                    assert told(whole, PrincipalList, PrincipalList.counts) == told(whole, PrincipalList), whole
    assert told("", PrincipalList, PrincipalList.counts)[0] == [7, 1, 2]


def test_tabs_and_facets_tell_what_the_list_then_has(mixed: None, sign_in: Client) -> None:
    client = sign_in()
    shown = client.get("/findings/?severity=high").context["list"]
    assert {tab.label: tab.n for tab in shown.tabs} == {
        tab.label: client.get(f"/findings/{tab.url}").context["list"].total for tab in shown.tabs
    }
    for view in shown.facets:
        for option in (
            one for one in view.options if not one.current and one.option.n and view.facet.name != "severity"
        ):
            assert client.get(f"/findings/{option.url}").context["list"].total == option.option.n, option.url


def test_all_of_a_page_is_counted_in_few_queries(
    mixed: None, sign_in: Client, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()
    client.get("/findings/")
    with django_assert_max_num_queries(30):
        client.get("/findings/")


def test_of_too_many_rows_a_page_says_that_it_counts_none(
    mixed: None, sign_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FindingList, "most", 3)
    client = sign_in()
    response = client.get("/findings/?tab=all&assigned=anna")
    shown = response.context["list"]
    assert "More than 3 findings, too many to count" in response.content.decode()
    assert {tab.n for tab in shown.tabs} == {None}
    assert len(shown.table.rows) == 10
    options = {view.facet.name: [one.option for one in view.options] for view in shown.facets}
    assert {one.n for one in options["rule"]} == {None}
    assert {one.slug for one in options["rule"]} <= {"LP101", "KY101", "AB101"}
    assert client.get("/findings/?tab=all").context["list"].total == 60  # kept counts are no effort


def test_a_search_that_finds_much_is_not_counted(mixed: None, sign_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (searching, counting):
        monkeypatch.setattr(module, "NAMED", 3)
    monkeypatch.setattr("iamdash.pages.findings.NAMED", 3)
    response = sign_in().get("/findings/?tab=all&q=role-")
    assert "More than 3 findings" in response.content.decode()
    assert len(response.context["list"].table.rows) == 50


@pytest.mark.parametrize("q", ["app", "a", "ap", "arn:aws:iam::000000000001:role/app", "%", "a_p"])
def test_a_search_finds_in_the_operators_accounts_alone(
    account: Account, other_account: Account, sign_in: Client, monkeypatch: pytest.MonkeyPatch, q: str
) -> None:
    """Matches in accounts that one does not see take no place among the few that are named."""
    for place in (searching, counting):
        monkeypatch.setattr(place, "NAMED", 1)
    monkeypatch.setattr("iamdash.pages.findings.NAMED", 1)
    for name in ("app", "app2", "app3"):
        finding(other_account, subject_name=name, title=f"a title of {name}")
    mine = finding(account, subject_name="app", subject_arn="arn:aws:iam::000000000001:role/app", title="x")
    shown = sign_in(accounts=[account]).get("/findings/", {"q": q}).context["list"]
    found = [] if q in ("%", "a_p") else [mine]
    assert (shown.many, shown.total, [row.record for row in shown.table.rows]) == (False, len(found), found)


ORDERED = (
    "/activity/did/", "/activity/resources/", "/activity/days/", "/rules/unknown/", "/findings/?tab=accepted", "/policies/",
    "/keys/", "/runs/", "/findings/?tab=all", "/findings/?tab=resolved", "/activity/", "/activity/?tab=humans",
    "/activity/changes/", "/principals/?sort=name",
)  # fmt: skip


@pytest.mark.parametrize("url", ORDERED)
def test_an_index_in_a_list_s_order_tells_whose_a_row_is(account: Account, sign_in: Client, url: str) -> None:
    """Else the rows of others are read one by one until a page is full: all of them, where an operator's accounts have none."""
    with CaptureQueriesContext(connection) as asked:
        sign_in(accounts=[account]).get(url)
    (first,) = (one["sql"] for one in asked if one["sql"].endswith("LIMIT 51"))
    with db_role("iamdash_web"), seen_accounts([account.pk]), connection.cursor() as cursor:
        for other in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"set local enable_{other} = off")
        cursor.execute(f"explain {first}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert re.search("Index Cond: .*account_id = ANY", plan)
    assert not re.search("Filter: .*account_id", plan)
    assert not re.search(
        r"^ *(?:->  )?Sort  \(", plan, re.MULTILINE
    )  # months are merged, and a rest may be sorted within a moment


@pytest.mark.parametrize("of", [FindingList, PrincipalList])
def test_every_facet_of_the_list_is_offered_by_a_table_of_counts_or_says_how_else(of: type[ListPage]) -> None:
    """A facet that counts a column which no table of counts has would read all rows on the first page of all."""
    columns = {field.name for field in of.counts[-1]._meta.concrete_fields}
    with keeping():
        counted = [one for one in of.filters.facets if one.offered and one.by and not one.alone]
    assert [one.name for one in counted if not counting._columns(one.told.by) <= columns] == []
    for table in of.counts[:-1]:
        assert {field.name for field in table._meta.concrete_fields} < columns
