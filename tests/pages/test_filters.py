from __future__ import annotations

import pytest
from django.http import QueryDict

from iamdash.pages.filters import Asked
from iamdash.pages.findings import FILTERS
from iamdash.pages.runs import RunList


def read(query: str) -> Asked:
    return FILTERS.read(QueryDict(query))


def test_nothing_asked_is_the_first_tab_worst_first() -> None:
    asked = read("")
    assert asked.tab is FILTERS.tabs[0]
    assert (asked.sort, asked.descending, asked.keys) == ("-severity", True, ("severity", "opened_at", "pk"))
    assert not asked.narrows
    assert not asked.chips()
    assert not asked.ignored
    assert asked.url() == "?"


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "severity=terrible",
        "tab=secret",
        "sort=subject_arn",
        "sort=--severity",
        "rule=lp101",
        "rule=LP101' or 1=1",
        "account=12",
        "account=%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1",
        "export=xml",
        "q=a%00b",
        "q=" + "x" * 201,
    ],
)
def test_what_means_nothing_is_kept_apart_and_changes_nothing(query: str) -> None:
    asked = read(query)
    assert len(asked.ignored) == 1
    assert asked.ignored[0][0] == query.partition("=")[0]
    assert asked.url() == "?"


def test_the_account_of_the_frame_is_no_fault_on_a_list_without_accounts() -> None:
    assert not FILTERS.read(QueryDict("account=000000000001")).ignored
    assert not RunList.filters.read(QueryDict("account=000000000001")).ignored


def test_what_was_asked_comes_back_in_the_url() -> None:
    query = "?tab=all&q=a%26b&severity=high&severity=low&rule=LP101&sort=subject"
    asked = read(query[1:])
    assert asked.url() == query
    assert [chip.label for chip in asked.chips()] == ["a&b", "High", "Low", "LP101 unused-role"]


def test_a_chip_takes_away_only_itself() -> None:
    chips = {chip.label: chip.without for chip in read("q=x&severity=high&severity=low").chips()}
    assert chips == {"x": "?severity=high&severity=low", "High": "?q=x&severity=low", "Low": "?q=x&severity=high"}


def test_a_change_begins_at_the_first_page() -> None:
    asked = read("after=abc&severity=high")
    assert "after" not in asked.url(sort="subject")
    assert asked.url(after="abc") == "?severity=high&after=abc"


def test_values_of_a_facet_are_alternatives_but_there_is_one_account() -> None:
    asked = read("severity=high&account=000000000001")
    by_name = {facet.name: facet for facet in FILTERS.facets}
    assert asked.toggled(by_name["severity"], "low") == "?severity=high&severity=low&account=000000000001"
    assert asked.toggled(by_name["account"], "000000000002") == "?severity=high&account=000000000002"
    assert asked.toggled(by_name["account"], "000000000001") == "?severity=high"


def test_a_tab_may_have_its_own_order() -> None:
    assert read("tab=new").sort == "-since"
    assert read("tab=new").url() == "?tab=new"
    assert read("tab=new&sort=-severity").url() == "?tab=new&sort=-severity"
