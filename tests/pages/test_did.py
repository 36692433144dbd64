"""Who did? On the page of a role or user, and on the page of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, UsageSession
from collectors.records import TRAIL
from findings.models import NamedNetwork
from tests.builders import arn, key, role, user
from tests.findings.engine.inventory import put
from tests.findings.sessions import sso
from tests.pages.acted import acted, assumed, judge_now, judged, said, used, watch
from tests.pages.making import BACKWARDS, SCRIPT

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP, DEPLOY, BOB = role("app"), role("deploy"), user("bob")
PAGE = f"/principals/000000000001/{APP.unique_id}/"


def section(response: Any, name: str = "did") -> str:
    """The section's text, from its heading to the next."""
    html = response.content.decode()
    start = html.index(f'id="{name}"')
    response.content = html[start : html.index('class="section"', start)].encode()
    return said(response)


def did(client: Any, path: str = PAGE) -> str:
    return section(client.get(path))


@pytest.fixture
def here(account: Account) -> Account:
    put(account, APP, DEPLOY, BOB)
    return account


def test_what_was_not_read_is_unknown(sign_in: Client, here: Account) -> None:
    page = did(sign_in())
    assert f"unknown: CloudTrail is not read: {TRAIL} was not collected" in page
    assert "docs/operate/activity.md" in page
    assert "Nothing was seen" not in page


def test_a_denied_source_is_named(sign_in: Client, here: Account) -> None:
    watch(here, "denied", since=None)
    assert f"it needs the permission {TRAIL}" in did(sign_in())


def test_silence_says_since_when_it_was_watched(sign_in: Client, here: Account) -> None:
    watch(here)
    acted(here, DEPLOY, "somebody-else")
    page = did(sign_in())
    assert "nobody seen" in page
    assert "Nothing was seen of it since 2 mo ago" in page
    assert "unknown" not in page


def test_silence_of_a_source_that_was_denied_since_is_not_all(sign_in: Client, here: Account) -> None:
    watch(here, "denied")
    page = did(sign_in())
    assert f"There may be more: {TRAIL} was denied" in page
    assert "nobody seen" not in page


def test_alike_sessions_are_one_row_and_people_come_first(sign_in: Client, here: Account) -> None:
    watch(here)
    for days in (1, 2, 3, 40):
        acted(here, APP, "i-0123456789abcdef0", days=days, instance=True, networks=["198.51.100.5"])
    acted(here, APP, "alice", days=10, sign_in="SwitchRole", switched_from=arn("user", "alice"), denied=2)
    judge_now(here)
    response = sign_in().get(PAGE)
    groups = response.context["did"].groups
    assert [(g.name, g.days, g.calls, g.denied) for g in groups] == [
        ("alice", 1, 10, 2),
        ("i-0123456789abcdef0", 4, 40, 0),
    ]
    page = section(response)
    assert "5 sessions in 90 days, 1 of people" in page
    assert "Last 30 days: 1 of people, 3 of programs, 0 not told. Last 90 days: 1, 4, 0." in page
    assert f"switched to it in the console from {arn('user', 'alice')}" in page
    assert "198.51.100.5 on 4 days" in page


def test_the_link_to_all_its_sessions_shows_as_many(sign_in: Client, here: Account) -> None:
    watch(here)
    judged(acted(here, APP, "one"))
    judged(acted(here, DEPLOY, "other"))
    client = sign_in()
    assert f"/activity/?of={APP.unique_id}" in client.get(PAGE).content.decode()
    assert client.get(f"/activity/?of={APP.unique_id}").context["list"].total == 1


def test_who_assumed_it_and_what_it_called(sign_in: Client, here: Account) -> None:
    watch(here)
    assumed(here, DEPLOY, sso(), "alice", days=2)
    assumed(here, APP, DEPLOY.arn, "work", days=2, caller_id=DEPLOY.unique_id, n=3)
    assumed(here, APP, "", "work", days=9, caller_id="AROAELSEWHERE", n=2, denied=2)
    acted(here, APP, "work", days=2)
    used(here, APP, "ec2 RunInstances", days=2)
    used(here, APP, "ec2 DescribeInstances", days=5)
    used(here, APP, "s3 ListBuckets", days=1, n=4, denied=4)
    judge_now(here)
    response = sign_in().get(PAGE)
    assert [(s.service, s.n, s.denied) for s in response.context["did"].services] == [("ec2", 20, 0), ("s3", 4, 4)]
    page = section(response)
    assert "SSO user -> SSO-Dev -> deploy -> app, 3 times" in page
    assert f"{DEPLOY.arn} by AssumeRole, 3 times" in page
    assert "AROAELSEWHERE by AssumeRole, 2 times, 2 denied" in page
    assert "never: every call was denied" in page


def test_a_user_has_no_callers(sign_in: Client, here: Account) -> None:
    watch(here)
    acted(here, BOB, key="AKIABOB")
    page = did(sign_in(), f"/principals/000000000001/{BOB.unique_id}/")
    assert "AKIABOB" in page
    assert "Who assumed it" not in page
    assert "it was read after the last judgement" in page


def test_hostile_names_are_text(sign_in: Client, here: Account) -> None:
    watch(here)
    judged(
        acted(here, APP, SCRIPT, networks=[SCRIPT, "\x1b[31m"]),
        reasons=[SCRIPT, BACKWARDS],
        lineage=SCRIPT,
        machine=True,
    )
    assumed(here, APP, f"arn:aws:iam::1:role/{SCRIPT}", BACKWARDS)
    used(here, APP, f"{SCRIPT} {SCRIPT}")
    html = sign_in().get(PAGE).content.decode()
    assert SCRIPT not in html
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_other_accounts_rows_are_not_added(sign_in: Client, here: Account, other_account: Account) -> None:
    """The same unique id in another account: somebody's mistake or trick."""
    watch(here)
    acted(other_account, APP, "elsewhere")
    used(other_account, APP, "ec2 RunInstances")
    page = did(sign_in())
    assert "elsewhere" not in page
    assert "ec2" not in page
    assert sign_in(accounts=[other_account]).get(PAGE).status_code == 404


def test_a_thousand_sessions_take_as_many_queries_as_one(
    sign_in: Client, here: Account, django_assert_max_num_queries: Any
) -> None:
    watch(here)
    acted(here, APP, "one")
    client = sign_in()
    client.get(PAGE)
    rows = [acted(here, APP, f"s{n}", days=n % 60) for n in range(40)]
    for row in rows:
        judged(row, 2)
    for n in range(30):
        assumed(here, APP, arn("role", f"caller{n}"), caller_id=f"AROA{n}", days=n)
    with django_assert_max_num_queries(QUERIES):
        page = did(client)
    assert "There are more: all its sessions" in page
    assert UsageSession.objects.count() == 41


QUERIES = 40


# the page of a key

KEY = key("bob", unique_id="AKIABOB")
KEY_PAGE = "/keys/000000000001/AKIABOB/"
NETWORKS = {
    "192.0.2.0/24": "office Berlin",
    "203.0.113.0/24": "ci runners",
    "198.51.100.0/24": "aws",
    "100.64.1.0/24": "vendor Acme",
}


@pytest.fixture
def held(account: Account) -> Account:
    """Bob's key; the operator named some networks."""
    NamedNetwork.objects.bulk_create(NamedNetwork(cidr=c, name=n, set_by="anna") for c, n in NETWORKS.items())
    put(account, BOB, KEY)
    return account


def test_the_use_of_a_key_is_unknown_without_a_trail_and_none_with_one(sign_in: Client, held: Account) -> None:
    client = sign_in()
    assert f"unknown: CloudTrail is not read: {TRAIL} was not collected" in did_key(client)
    watch(held)
    page = did_key(client)
    assert "no call was seen since 2 mo ago" in page
    assert "unknown: CloudTrail" not in page


def test_the_use_of_a_key_that_is_denied_now_is_not_all(sign_in: Client, held: Account) -> None:
    watch(held, "denied")
    assert f"unknown: {TRAIL} was denied" in did_key(sign_in())


def did_key(client: Any, name: str = "use") -> str:
    return section(client.get(KEY_PAGE), name)


def test_networks_and_agents_of_a_key_by_week(sign_in: Client, held: Account) -> None:
    watch(held)
    acted(held, BOB, key="AKIABOB", days=0, networks=["192.0.2.7"], agents=["cli"])
    acted(held, BOB, key="AKIABOB", days=21, networks=["8.8.8.8"], agents=["boto3"], denied=4)
    acted(held, BOB, key="AKIABOB", days=100)
    acted(held, BOB, key="AKIAOTHER", days=0)
    used(held, BOB, "ec2 RunInstances", key="AKIABOB")
    used(held, BOB, "s3 ListBuckets", key="AKIABOB", n=2, denied=2)
    used(held, BOB, "iam ListUsers", key="AKIAOTHER")
    response = sign_in().get(KEY_PAGE)
    found = response.context["use"]
    assert [(week.calls, week.denied, len(week.days)) for week in found.weeks] == [(10, 0, 1), (10, 4, 1)]
    assert [(one.service, one.n, one.used is None) for one in found.services] == [("ec2", 10, False), ("s3", 2, True)]
    page = section(response, "use")
    assert "192.0.2.7 (office Berlin)" in page
    assert "every call was denied" in page


@pytest.mark.parametrize(
    ("evidence", "what"),
    [
        ({}, "IAM Roles Anywhere with a certificate"),
        ({"networks": ["203.0.113.4"]}, "A role that trusts the CI's OpenID Connect provider"),
        ({"agents": ["other: GitHub-Actions/1"]}, "A role that trusts the CI's OpenID Connect provider"),
        ({"networks": ["198.51.100.5"]}, "An instance, task or execution role"),
        ({"networks": ["10.0.0.5"]}, "An instance, task or execution role"),
        ({"networks": ["100.64.1.9"]}, "A role that trusts the vendor's account"),
        ({"networks": ["192.0.2.7"]}, "Sessions of IAM Identity Center"),
        ({"networks": ["athena.amazonaws.com"]}, "A role with temporary credentials"),
    ],
)
def test_what_would_take_its_place_by_evidence(
    sign_in: Client, held: Account, evidence: dict[str, Any], what: str
) -> None:
    acted(held, BOB, key="AKIABOB", **{"networks": ["8.8.8.8"], **evidence})
    assert [one.what for one in sign_in().get(KEY_PAGE).context["replacements"]] == [what]


def test_a_person_s_key_is_a_person_s_wherever_it_is_used(sign_in: Client, held: Account) -> None:
    judged(acted(held, BOB, key="AKIABOB", networks=["8.8.8.8"]))
    for days in (4, 5):
        acted(held, BOB, key="AKIABOB", networks=["203.0.113.4"], days=days)
    found = sign_in().get(KEY_PAGE).context["replacements"]
    assert [(one.what, one.because) for one in found] == [
        (
            "A role that trusts the CI's OpenID Connect provider",
            "On 2 of the 3 days of its use it was used by a CI system, from 203.0.113.4 (ci runners).",
        ),
        ("Sessions of IAM Identity Center", "On 1 of the 3 days of its use it was used by a person, from 8.8.8.8."),
    ]


def test_hostile_agents_of_a_key_are_text(sign_in: Client, held: Account) -> None:
    watch(held)
    acted(held, BOB, key="AKIABOB", networks=[SCRIPT, BACKWARDS], agents=[SCRIPT, "\x1b[31m"])
    used(held, BOB, f"{SCRIPT} {SCRIPT}", key="AKIABOB")
    html = sign_in().get(KEY_PAGE).content.decode()
    assert SCRIPT not in html
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_a_key_page_takes_a_fixed_number_of_queries(
    sign_in: Client, held: Account, other_account: Account, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()
    client.get(KEY_PAGE)
    for n in range(40):
        judged(acted(held, BOB, key="AKIABOB", days=n))
        used(held, BOB, f"service{n} Do", key="AKIABOB", days=n)
        acted(other_account, BOB, key="AKIABOB", days=n, networks=["9.9.9.9"])
    with django_assert_max_num_queries(26):
        page = client.get(KEY_PAGE)
    assert len(page.context["use"].services) == 20
    assert "9.9.9.9" not in said(page)
