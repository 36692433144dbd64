"""Who really acted: the list of sessions, with verdicts as the judgement stores them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors import records
from collectors.models import Account, UsageSession
from collectors.records import TRAIL
from findings.models import Finding, SessionVerdict
from tests.builders import arn, role, user
from tests.findings.engine.inventory import put
from tests.findings.sessions import sso
from tests.pages.acted import OFFICE, acted, assumed, judge_now, judged, said, watch
from tests.pages.making import BACKWARDS, FORMULA, SCRIPT, ago

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
Who = SessionVerdict.Who
APP = role("app")  # EC2's, so a machine's
BOB = user("bob")


def shown(response: Any) -> list[str]:
    return [row.record.session.name for row in response.context["list"].table.rows]


def tabs(response: Any) -> dict[str, int]:
    return {tab.label: tab.n for tab in response.context["list"].tabs}


@pytest.fixture
def busy(account: Account) -> Account:
    """A machine's role that worked, and that a person used from the console; a user at work."""
    put(account, APP, BOB)
    watch(account)
    acted(account, APP, "i-0123456789abcdef0", days=2, instance=True)
    acted(account, APP, "alice", days=1, sign_in="SwitchRole", switched_from=arn("user", "alice"), agents=["console"])
    acted(account, APP, "deploy", days=20, denied=3)
    acted(account, BOB, days=5, key="AKIABOB", networks=["198.51.100.9"])
    judge_now(account)
    return account


def test_what_was_not_read_is_unknown_and_what_to_do_is_told(sign_in: Client, account: Account) -> None:
    page = said(sign_in().get("/activity/"))
    assert "Unknown: CloudTrail is not read" in page
    assert "s3:ListBucket and s3:GetObject on the prefix" in page
    assert "docs/operate/activity.md" in page
    assert "No session was seen" not in page
    account.delete()
    assert "No account is connected" in said(sign_in().get("/activity/"))


def test_a_denied_source_is_named(sign_in: Client, account: Account) -> None:
    watch(account, "denied", since=None)
    assert f"{TRAIL} was denied; it needs the permission {TRAIL}" in said(sign_in().get("/activity/"))


def test_rows_of_a_source_that_was_denied_since_are_not_all(sign_in: Client, account: Account) -> None:
    watch(account, "denied")
    judged(acted(account, APP, "one"))
    assert f"There may be more: {TRAIL} was denied" in said(sign_in().get("/activity/"))


def test_silence_says_what_was_looked_at_and_since_when(sign_in: Client, busy: Account) -> None:
    UsageSession.objects.exclude(name="deploy").delete()
    client = sign_in()
    page = said(client.get("/activity/?tab=humans"))
    assert "No person was seen on a machine's role or user" in page
    assert "1 session looked at; CloudTrail is read since 2 mo ago" in page
    assert "Nobody was seen in the console" in said(client.get("/activity/?tab=console"))


def test_newest_first_with_verdicts_and_their_reasons(sign_in: Client, busy: Account) -> None:
    response = sign_in().get("/activity/")
    assert shown(response) == ["alice", "i-0123456789abcdef0", "", "deploy"]
    assert tabs(response) == {"All": 4, "Humans on machine roles": 1, "Console sign-ins": 1}
    page = said(response)
    assert "a person, high confidence" in page
    assert f"switched to it in the console from {arn('user', 'alice')}" in page
    assert "on a machine's" in page
    assert "has credentials that an EC2 instance was given" in page
    assert "3 denied" in page
    assert f'href="/principals/{busy.aws_id}/{APP.unique_id}/"' in response.content.decode()


def test_people_on_machines_are_those_of_the_findings(sign_in: Client, busy: Account) -> None:
    """The tab and HM101 must not tell two stories."""
    response = sign_in().get("/activity/?tab=humans")
    subjects = {row.record.session.principal.unique_id for row in response.context["list"].table.rows}
    assert subjects == set(Finding.objects.filter(code="HM101").values_list("subject_id", flat=True)) == {APP.unique_id}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("verdict=person", ["alice"]),
        ("verdict=program", ["i-0123456789abcdef0", "", "deploy"]),
        ("verdict=untold", []),
        ("verdict=person&verdict=program&days=7", ["alice", "i-0123456789abcdef0", ""]),
        ("actor=user", [""]),
        ("sign-in=switch", ["alice"]),
        ("sign-in=none&actor=role", ["i-0123456789abcdef0", "deploy"]),
        ("days=7", ["alice", "i-0123456789abcdef0", ""]),
        ("days=30&actor=role", ["alice", "i-0123456789abcdef0", "deploy"]),
        ("account=000000000009", []),
        ("q=AKIABOB", [""]),
        ("q=198.51.100.9", [""]),
        ("q=role/app&days=7", ["alice", "i-0123456789abcdef0"]),
        ("q=deploy", ["deploy"]),
        ("q=console", ["alice"]),
        ("q=user alice", ["alice"]),
        (f"of={BOB.unique_id}", [""]),
        ("q=ROLE/APP&actor=role&days=7", ["alice", "i-0123456789abcdef0"]),
        ("q=LO", ["deploy"]),
        ("q=%25", []),
        ("q=depl_y", []),
    ],
)
def test_search_and_facets(sign_in: Client, busy: Account, query: str, expected: list[str]) -> None:
    assert shown(sign_in().get(f"/activity/?{query}")) == expected


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("203.0.113.7", ["exact"]),
        ("203.0.113.", ["other", "exact"]),
        ("2001:DB8:0::7", ["six"]),
        ("2001:db8::7", ["six"]),
        ("AKIA0123456789ABCDEF", ["key"]),
        ("AKIA0123456789ABCDE", []),
        (APP.unique_id, ["six", "other", "exact"]),
        ("203.0.113.8", []),
    ],
)
def test_a_whole_address_key_or_id_is_that_one_alone(
    sign_in: Client, account: Account, monkeypatch: pytest.MonkeyPatch, q: str, expected: list[str]
) -> None:
    """Also where there are more sessions than are named one by one."""
    judged(acted(account, APP, "exact", days=4, networks=["203.0.113.7"]))
    judged(acted(account, APP, "other", days=3, networks=["203.0.113.70"]))
    judged(acted(account, BOB, "key", days=2, key="AKIA0123456789ABCDEF"))
    judged(acted(account, APP, "six", days=1, networks=["2001:db8::7"]))
    for verdict in SessionVerdict.objects.all():
        verdict.text = "\n".join(verdict.session.data["networks"])
        verdict.save()
    client = sign_in()
    assert shown(client.get("/activity/", {"q": q})) == expected
    monkeypatch.setattr("iamdash.pages.activity.FOUND", 0)
    assert shown(client.get("/activity/", {"q": q})) == expected


def test_counts_of_facets_are_what_choosing_shows(sign_in: Client, busy: Account) -> None:
    client = sign_in()
    for view in client.get("/activity/").context["list"].facets:
        for option in view.options:
            assert client.get(f"/activity/{option.url}").context["list"].total == option.option.n, option


def test_a_session_that_is_not_judged_yet_is_told_and_one_that_tells_nothing_is_untold(
    sign_in: Client, busy: Account
) -> None:
    acted(busy, BOB, "", days=0, agents=["cli on Windows"])
    client = sign_in()
    page = client.get("/activity/")
    assert "1 session of the last days was read after the last judgement, and is not here yet" in said(page)
    assert len(shown(page)) == 4
    judge_now(busy)
    page = client.get("/activity/?verdict=untold")
    assert shown(page) == [""]
    assert "not told" in said(page)


def test_old_sessions_are_not_listed(sign_in: Client, account: Account) -> None:
    judged(acted(account, APP, "old", days=91))
    judged(acted(account, APP, "inside", days=89))
    assert shown(sign_in().get("/activity/")) == ["inside"]


def test_who_opened_a_session_is_told_hop_by_hop(sign_in: Client, account: Account) -> None:
    deploy = role("deploy")
    put(account, APP, deploy)
    watch(account)
    assumed(account, deploy, sso(), "alice")
    assumed(account, APP, deploy.arn, "work")
    acted(account, APP, "work")
    judge_now(account)
    page = said(sign_in().get("/activity/"))
    assert "SSO-Dev -> deploy -> app" in page
    assert SessionVerdict.objects.get().who == Who.PERSON


def test_a_verdict_follows_what_is_known_and_nothing_is_written_twice(busy: Account) -> None:
    def told() -> dict[str, int]:
        return dict(SessionVerdict.objects.values_list("session__name", "who"))

    before = list(SessionVerdict.objects.order_by("pk").values())
    judge_now(busy)
    assert list(SessionVerdict.objects.order_by("pk").values()) == before
    session = UsageSession.objects.get(name="deploy")
    session.sign_in = "ConsoleLogin"
    session.save()
    judge_now(busy)
    assert told()["deploy"] == Who.PERSON


def test_what_vouches_for_who_it_is_stands_below_who_opened_it(sign_in: Client, account: Account) -> None:
    okta = arn("saml-provider", "Okta")
    judged(acted(account, APP, "a", source_identity="ann", identity_provider=okta, federated_user=SCRIPT))
    judged(acted(account, BOB, "b", mfa=False))
    judged(acted(account, BOB, "c", sign_in="ConsoleLogin", login_mfa=True, mfa=False))
    judged(acted(account, APP, "d", mfa=False))
    response = sign_in().get("/activity/")
    page = said(response)
    assert "source identity ann ; signed in as" in page
    assert "by Okta" in page
    assert SCRIPT not in response.content.decode()
    assert (page.count("itself no MFA"), page.count("itself MFA"), page.count("no MFA")) == (1, 1, 1)


def test_export(sign_in: Client, busy: Account) -> None:
    client = sign_in()
    rows = list(csv.DictReader(io.StringIO(client.get("/activity/?export=csv").body.decode(), newline="")))
    assert [row["session"] for row in rows] == ["alice", "i-0123456789abcdef0", "", "deploy"]
    assert (rows[0]["behind"], rows[0]["of_a_machine"], rows[0]["sign_in"]) == ("a person", "true", "SwitchRole")
    (line,) = client.get("/activity/?export=jsonl&tab=humans").body.splitlines()
    assert json.loads(line)["networks"] == ["192.0.2.7"]


def test_an_export_holds_no_formulas(sign_in: Client, account: Account) -> None:
    judged(acted(account, APP, FORMULA))
    (row,) = csv.DictReader(io.StringIO(sign_in().get("/activity/?export=csv").body.decode(), newline=""))
    assert row["session"] == f"'{FORMULA}"


def test_hostile_names_and_agents_are_said(sign_in: Client, account: Account) -> None:
    acting = acted(account, SCRIPT, SCRIPT, agents=[f"other: {SCRIPT}", BACKWARDS], networks=[SCRIPT, "\x1b[31mred"])
    judged(acting)
    judged(acted(account, APP, BACKWARDS), reasons=[f"carries {SCRIPT}"], lineage=f"{SCRIPT} -> {BACKWARDS}")
    html = sign_in().get("/activity/").content.decode()
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "admin\\u202egnp.exe" in html


def test_pages_go_on_where_they_ended(sign_in: Client, account: Account) -> None:
    """Also where many are of one moment, and of some no call was seen."""
    names = [f"s{n}" for n in range(60)]
    for n, name in enumerate(names):
        judged(seen := acted(account, APP, name, days=1))
        if n % 7 == 0:
            UsageSession.objects.filter(pk=seen.pk).update(first_at=None, last_at=None)
        SessionVerdict.objects.update(at=ago(days=1))
    client = sign_in()
    first = client.get("/activity/")
    second = client.get(f"/activity/{first.context['list'].next_url}")
    assert sorted(shown(first) + shown(second)) == sorted(names)
    assert "opened, no call seen" in said(first)
    back = client.get(f"/activity/{second.context['list'].previous_url}")
    assert shown(back) == shown(first)


@pytest.mark.parametrize("late", [1, 45, 55, 60])
def test_what_a_search_finds_goes_on_where_a_page_ended(
    sign_in: Client, account: Account, late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of the newest a page is read of (searching.LATE), also where days are read to their end."""
    monkeypatch.setattr("iamdash.pages.searching.LATE", late)
    for n in range(70):
        judged(acted(account, APP, f"s{n}", days=1 + n // 20))
    judged(acted(account, APP, "elsewhere", networks=["198.51.100.9"]))
    client = sign_in()
    first = client.get(f"/activity/?q={OFFICE}")
    second = client.get(f"/activity/{first.context['list'].next_url}")
    assert (len(shown(first)), len(shown(second))) == (50, 20)
    moments = SessionVerdict.objects.exclude(session__name="elsewhere").order_by("-at", "-session")
    assert shown(first) + shown(second) == list(moments.values_list("session__name", flat=True))


def test_other_accounts_sessions_are_not_there(sign_in: Client, busy: Account, other_account: Account) -> None:
    client = sign_in(accounts=[other_account])
    assert shown(client.get("/activity/")) == []
    assert client.get("/activity/?export=jsonl").body == b""
    assert shown(client.get("/activity/?q=deploy")) == shown(client.get("/activity/?q=oy")) == []
    client = sign_in(accounts=[busy])
    assert len(shown(client.get("/activity/"))) == 4
    assert shown(client.get("/activity/?q=deploy")) == ["deploy"]


@pytest.mark.parametrize("query", ["?after=x", "?before=%00"])
def test_a_damaged_cursor_is_a_bad_request(sign_in: Client, account: Account, query: str) -> None:
    assert sign_in().get(f"/activity/{query}").status_code == 400


def test_a_list_takes_a_fixed_number_of_queries(
    sign_in: Client, account: Account, django_assert_num_queries: Any
) -> None:
    client = sign_in()
    judged(acted(account, APP, "one"))
    client.get("/activity/")
    with django_assert_num_queries(QUERIES):
        client.get("/activity/")
    put(account, *(role(f"r{n}") for n in range(5)))
    for n in range(60):
        judged(acted(account, records.Role(**{**_plain(APP), "unique_id": f"AROA{n % 5}"}), f"s{n}"))
    with django_assert_num_queries(QUERIES):
        assert len(shown(client.get("/activity/"))) == 50


def _plain(one: records.Role) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


# Transaction, role and read-only: 4; session and operator: 2; ids, tabs, rows, known principals: 4; facets: 5; what was
# watched: 2; what waits for a judgement: 1; networks: 2; frame: 2; the test client's own role: 2.
QUERIES = 21
