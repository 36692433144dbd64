"""What is recorded: account x region x log."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, Connection, WatchedBucket
from findings.analysis.coverage_matrix import Log
from findings.analysis.facts import Settings
from findings.engine import facts_of, judge_account, recorded
from findings.models import RecordedRegion
from tests.builders import AS_OF
from tests.findings.analyzed import bucket
from tests.findings.engine.inventory import put
from tests.findings.trailed import ENABLED, REGIONS, trail
from tests.pages.acted import said
from tests.pages.making import FORMULA, SCRIPT

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
URL = "/activity/recorded/"


def region(account: Account, name: str = "eu-west-1", gap: int = 0, **more: Any) -> RecordedRegion:
    """All is recorded there but for what is given: region(account, config="no", words={...})."""
    words = {log.value: f"by {log.value}" for log in Log} | more.pop("words", {})
    states = dict.fromkeys((log.value for log in Log), "yes") | more
    return RecordedRegion.objects.create(account=account, region=name, gap=gap, words=words, digest="", **states)


def shown(response: Any) -> list[str]:
    return [row.record.region for row in response.context["list"].table.rows]


@pytest.fixture
def matrix(account: Account, other_account: Account) -> None:
    region(account, "eu-west-1", in_use=True)
    region(account, "us-east-1", 90, config="no", analyzer="no", in_use=False)
    denied = "cloudtrail:DescribeTrails in eu-north-1 was denied; it needs the permission cloudtrail:DescribeTrails"
    region(other_account, "eu-north-1", 2100, management="unknown", ours="part", words={"management": denied})
    region(other_account, "eu-west-1", 3000, management="no")


def test_nothing_known_says_what_it_needs(sign_in: Client, db: None) -> None:
    page = said(sign_in().get(URL))
    assert "No account is connected" in page
    assert "account:ListRegions" in page
    Connection.objects.create(account=Account.objects.create(aws_id="000000000001", name="payments-prod"))
    assert "Nothing is known of any region yet" in said(sign_in().get(URL))


def test_an_empty_part_says_what_it_is_empty_of(sign_in: Client, account: Account) -> None:
    region(account, "eu-west-1", in_use=True)
    page = said(sign_in().get(f"{URL}?tab=unread"))
    assert "What is recorded was read whole in every region" in page
    assert "Nothing is known of any region yet" not in page


def test_what_is_missing_comes_first_in_words(sign_in: Client, matrix: None) -> None:
    response = sign_in().get(URL)
    page = said(response)
    assert shown(response) == ["eu-west-1", "eu-north-1", "us-east-1", "eu-west-1"]
    assert (
        "Management events are recorded in 2 of 4 regions of 2 accounts: 1 record none, 1 are unknown, 1 have no analyzer,"
        " 1 could not be read whole." in page
    )
    assert "it needs the permission cloudtrail:DescribeTrails" in page
    assert "not recorded by management" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tab=missing", ["eu-west-1", "us-east-1"]),
        ("tab=unread", ["eu-north-1"]),
        ("management=no&management=unknown", ["eu-west-1", "eu-north-1"]),
        ("config=no", ["us-east-1"]),
        ("use=yes", ["eu-west-1"]),
        ("use=unknown", ["eu-west-1", "eu-north-1"]),
        ("region=us-east-1", ["us-east-1"]),
        ("account=000000000002", ["eu-west-1", "eu-north-1"]),
        ("q=payments", ["us-east-1", "eu-west-1"]),
        ("sort=region", ["eu-north-1", "eu-west-1", "eu-west-1", "us-east-1"]),
        ("management=nonsense", ["eu-west-1", "eu-north-1", "us-east-1", "eu-west-1"]),
    ],
)
def test_filters(sign_in: Client, matrix: None, query: str, expected: list[str]) -> None:
    assert shown(sign_in().get(f"{URL}?{query}")) == expected


def test_who_may_not_see_an_account_sees_none_of_its_regions(
    sign_in: Client, account: Account, other_account: Account, matrix: None
) -> None:
    response = sign_in(accounts=[account]).get(URL)
    assert shown(response) == ["us-east-1", "eu-west-1"]
    assert "2 of 2 regions of 1 account:" in said(response)


def test_hostile_names(sign_in: Client, account: Account) -> None:
    Account.objects.update(name=FORMULA)
    region(account, words={"config": SCRIPT})
    client = sign_in()
    assert SCRIPT not in client.get(URL).content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get(f"{URL}?export=csv").body.decode())))
    assert rows[0]["account_name"] == f"'{FORMULA}"


def test_few_queries_and_pages_by_key(sign_in: Client, account: Account, django_assert_max_num_queries: Any) -> None:
    for n in range(60):
        region(account, f"xx-test-{n}", 60 - n)
    client = sign_in()
    client.get(URL)
    with django_assert_max_num_queries(25):
        first = client.get(URL)
    second = client.get(URL + first.context["list"].next_url)
    assert shown(first) + shown(second) == [f"xx-test-{n}" for n in range(60)]


def test_a_judgement_writes_differences_only(account: Account) -> None:
    put(account, ENABLED, trail(), bucket("payments", delivers=False))
    judge_account(account.pk, AS_OF)
    assert set(RecordedRegion.objects.values_list("region", flat=True)) == set(REGIONS)
    before = set(RecordedRegion.objects.values_list("pk", "digest"))
    judge_account(account.pk, AS_OF)
    assert set(RecordedRegion.objects.values_list("pk", "digest")) == before
    put(account, trail())
    judge_account(account.pk, AS_OF)
    assert set(RecordedRegion.objects.values_list("region", flat=True)) < set(REGIONS)


def test_marked_buckets_are_told_to_the_next_collection(account: Account) -> None:
    put(account, bucket("payments", tags={"class": "secret"}), bucket("web"))
    for marks, expected in (({"tag:class=secret"}, ["payments"]), ({"w*"}, ["web"]), (set(), [])):
        facts = facts_of(account, AS_OF, Settings(sensitive_buckets=frozenset(marks)))
        recorded.watch(account, facts)
        assert list(WatchedBucket.objects.values_list("name", flat=True)) == expected
