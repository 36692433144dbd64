"""What lists count: the same from kept counts as from rows, all facets in one pass, and nothing where there is too much."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from collectors.models import Account
from findings.engine import bulk
from findings.models import Finding, FindingCount
from findings.vocabulary import Severity
from iamdash.access.scope import keeping
from iamdash.pages import counting, searching
from iamdash.pages.counting import Counting
from iamdash.pages.findings import FILTERS, FindingList
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


def told(query: str, *, kept: bool) -> tuple[list[Any], dict[str, list[Any]]]:
    """Counts of tabs, and options of facets that have rows. kept: by the table of counts."""
    with keeping():
        found = Counting(FILTERS.read(QueryDict(query)), Finding.objects.order_by(), FindingCount if kept else None)
        options = {facet.name: found.options(facet) for facet in FILTERS.facets if facet.offered}
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
            assert told(asked, kept=True) == told(asked, kept=False), asked


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


def test_every_facet_of_the_list_is_offered_by_the_table_of_counts_or_says_how_else() -> None:
    """A facet that counts a column which the table of counts has not would read all rows on the first page of all."""
    columns = {field.name for field in FindingCount._meta.concrete_fields}
    slow = {
        facet.name
        for facet in FILTERS.facets
        if facet.offered and not facet.alone and facet.by and not columns.issuperset(facet.by)
    }
    assert slow == set()
    assert FindingList.counts is FindingCount
