from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from findings.models import Finding, FindingEvent
from findings.vocabulary import Severity
from iamdash.pages import show
from tests.pages.making import BACKWARDS, HOSTILE, SCRIPT, ago, checked, covered, finding
from tests.pages.shown import text

Client = Callable[..., Any]


def titles(response: Any) -> list[str]:
    return [row.record.title for row in response.context["list"].table.rows]


def options(response: Any, facet: str) -> dict[str, int]:
    view = next(v for v in response.context["list"].facets if v.facet.name == facet)
    return {o.option.slug: o.option.n for o in view.options if o.option.n}


def tabs(response: Any) -> list[int]:
    return [tab.n for tab in response.context["list"].tabs]


def test_no_account_yet_leads_to_connecting_one(sign_in: Client) -> None:
    page = text(sign_in().get("/findings/"))
    assert "No data yet: connect an account" in page
    assert "Nothing was judged yet" in page
    assert "Connect an account" in page


def test_an_empty_list_says_what_was_checked(sign_in: Client, account: Account) -> None:
    covered(account)
    checked(account)
    assert "1 rule made 42 checks in 1 account: 0 open, 42 clear, 0 unknown" in text(sign_in().get("/findings/"))
    assert "LP101 unused-role checked 42 roles in 1 account" in text(sign_in().get("/findings/?rule=LP101"))


def test_an_empty_list_says_what_is_unknown_and_which_permission_helps(sign_in: Client, account: Account) -> None:
    covered(account, state="denied")
    checked(account, n_clear=0, n_unknown=42, reason="x was denied; it needs the permission iam:ListRoles")
    page = text(sign_in().get("/findings/"))
    assert "No complete data yet, 1 account partial" in page
    assert "it needs the permission iam:ListRoles, in 1 account" in page


def test_no_match_offers_to_clear(sign_in: Client, account: Account) -> None:
    finding(account)
    page = text(sign_in().get("/findings/?q=nothing-like-it"))
    assert "No finding matches" in page
    assert "Clear filters" in page


def test_worst_first_then_newest(sign_in: Client, account: Account) -> None:
    for severity, days, title in ((2, 1, "low"), (4, 9, "old"), (4, 2, "young"), (5, 50, "worst")):
        finding(account, severity=severity, opened_at=ago(days=days), title=title)
    assert titles(sign_in().get("/findings/")) == ["worst", "young", "old", "low"]
    assert titles(sign_in().get("/findings/?sort=since")) == ["worst", "old", "young", "low"]


def test_tabs_count_and_select(sign_in: Client, account: Account) -> None:
    finding(account, title="old")
    finding(account, title="new", opened_at=ago(days=3))
    finding(account, title="again", reopened=2, opened_at=ago(days=1), first_opened_at=ago(days=90))
    finding(account, title="done", resolved_at=timezone.now())
    client = sign_in()
    assert tabs(client.get("/findings/")) == [3, 1, 1, 0, 0, 1, 4]
    assert titles(client.get("/findings/?tab=new")) == ["new"]
    assert titles(client.get("/findings/?tab=reopened")) == ["again"]
    assert titles(client.get("/findings/?tab=resolved")) == ["done"]


def test_facets_count_without_their_own_choice(sign_in: Client, account: Account, other_account: Account) -> None:
    finding(account, severity=Severity.HIGH)
    finding(account, "KY102", severity=Severity.HIGH, subject_type="key")
    finding(other_account, severity=Severity.LOW)
    response = sign_in().get(f"/findings/?severity=high&account={account.aws_id}")
    assert options(response, "severity") == {"high": 2}
    assert options(response, "rule") == {"LP101": 1, "KY102": 1}
    assert options(response, "practice") == {"LP": 1, "KY": 1}
    assert options(response, "subject") == {"role": 1, "key": 1}
    assert options(response, "account") == {account.aws_id: 2}
    assert len(titles(response)) == response.context["list"].total == 2
    assert options(sign_in().get("/findings/?severity=high"), "severity") == {"high": 2, "low": 1}


@pytest.mark.parametrize("q", ["deploy-PROD", "role/deploy", "unused since"])
def test_search_looks_at_name_arn_and_title(sign_in: Client, account: Account, q: str) -> None:
    finding(account, subject_name="deploy-prod", subject_arn="arn:aws:iam::1:role/deploy-prod", title="unused since")
    finding(account)
    assert titles(sign_in().get("/findings/", {"q": q})) == ["unused since"]


def test_others_with_the_same_text_keep_nothing_from_a_search(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    """Few of them, and more than are looked at one by one (migration findings 0029)."""
    finding(account, title="mine")
    theirs = finding(other_account)
    client = sign_in(accounts=[account])
    assert titles(client.get("/findings/?q=role")) == ["mine"]
    Finding.objects.bulk_create(
        Finding(**{**_columns(theirs), "subject_id": f"AROA{n}", "subject_name": f"role-{n}"}) for n in range(1_001)
    )
    assert titles(client.get("/findings/?q=role")) == ["mine"]
    assert titles(client.get("/findings/?q=role-17")) == []


def _columns(one: Finding) -> dict[str, Any]:
    return {
        field.attname: getattr(one, field.attname) for field in Finding._meta.concrete_fields if not field.primary_key
    }


def test_search_takes_wildcards_as_they_are(sign_in: Client, account: Account) -> None:
    finding(account)
    assert titles(sign_in().get("/findings/?q=%25")) == []


def test_another_operators_account_is_neither_found_nor_counted(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    mine, theirs = finding(account), finding(other_account, severity=Severity.CRITICAL)
    client = sign_in(accounts=[account])
    response = client.get("/findings/")
    assert titles(response) == [mine.title]
    assert tabs(response) == [1, 0, 0, 0, 0, 0, 1]
    assert options(response, "severity") == {"medium": 1}
    assert options(response, "account") == {account.aws_id: 1}
    assert other_account.name not in response.content.decode()
    assert client.get(f"/findings/{theirs.pk}/").status_code == 404
    assert client.get(f"/findings/?account={other_account.aws_id}").context["list"].total == 0


def test_a_stranger_is_sent_to_sign_in(client: Any, account: Account) -> None:
    made = finding(account)
    for path in ("/findings/", f"/findings/{made.pk}/", "/findings/?export=csv"):
        assert client.get(path)["Location"].startswith("/sign-in/")


def test_htmx_gets_the_table_alone_but_history_the_whole_page(sign_in: Client, account: Account) -> None:
    finding(account)
    client = sign_in()
    whole = client.get("/findings/")
    part = client.get("/findings/", headers={"HX-Request": "true"})
    back = client.get("/findings/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<!doctype html>" in whole.content
    assert b"<!doctype" not in part.content
    assert part.content.strip().startswith(b'<div id="list"')
    assert b"<!doctype html>" in back.content
    assert all("HX-Request" in response["Vary"] for response in (whole, part, back))


def test_pages_are_walked_by_links(sign_in: Client, account: Account) -> None:
    for _ in range(120):
        finding(account)
    client = sign_in()
    response, seen = client.get("/findings/"), []
    while True:
        seen += titles(response)
        if not (following := response.context["list"].next_url):
            break
        response = client.get(f"/findings/{following}")
    assert len(seen) == len(set(seen)) == 120
    assert titles(client.get(f"/findings/{response.context['list'].previous_url}")) == seen[50:100]


def test_a_damaged_page_address_is_told_so(sign_in: Client) -> None:
    response = sign_in().get("/findings/?after=broken")
    assert response.status_code == 400
    assert "The page address is damaged" in text(response)


def test_unknown_parameters_are_shown_as_ignored(sign_in: Client) -> None:
    response = sign_in().get("/findings/", {"colour": SCRIPT, "severity": "terrible"})
    assert response.status_code == 200
    assert text(response).count("ignored:") == 2
    assert SCRIPT not in response.content.decode()


def test_table_tells_its_order_to_assistive_technology(sign_in: Client, account: Account) -> None:
    finding(account)
    html = sign_in().get("/findings/?sort=subject").content.decode()
    assert html.count('aria-sort="ascending"') == 1
    assert 'href="?sort=-subject"' in html
    assert '<caption class="hidden">Findings</caption>' in html
    assert '<p role="status" id="list-count">1 finding' in html


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(sign_in: Client, account: Account, name: str) -> None:
    account.name = name[:128]
    account.save()
    made = finding(
        account,
        subject_name=name[:256],
        title=name,
        subject_arn=f"arn:aws:iam::1:role{name}",
        evidence={"name": [name]},
    )
    FindingEvent.objects.create(
        account=account, finding=made, at=timezone.now(), kind="changed", detail={"title": name}
    )
    for path in ("/findings/", f"/findings/{made.pk}/"):
        html = sign_in().get(path).content.decode()
        assert SCRIPT not in html
        assert f"<bdi>{name}" not in html or name not in (SCRIPT, BACKWARDS)
    if name == BACKWARDS:
        assert "admin\\u202egnp.exe" in html


def test_a_list_takes_a_fixed_number_of_queries(
    sign_in: Client, account: Account, django_assert_num_queries: Any
) -> None:
    client = sign_in()
    for _ in range(3):
        finding(account)
    client.get("/findings/")
    with django_assert_num_queries(QUERIES):
        client.get("/findings/")
    for _ in range(60):
        finding(account)
    with django_assert_num_queries(QUERIES):
        client.get("/findings/")


# Transaction, role and read-only: 4; session and operator: 2; ids, tabs, rows: 3; tickets: 2; facets: 7, and where accounts
# stand, in which groups, and who owns them: 4; what was checked: 2; frame: 2; the test client's own role: 2.
QUERIES = 26


def test_detail_shows_evidence_in_words_of_the_rule(sign_in: Client, account: Account, other_account: Account) -> None:
    covered(account)
    made = finding(
        account,
        reopened=1,
        evidence={
            "last_used_at": "2026-01-02T03:04:05+00:00",
            "doubt": None,
            "sources": ["RoleLastUsed", "CloudTrail"],
        },
    )
    beside = finding(account, "LP103", subject_id=made.subject_id, title="Another fault")
    finding(other_account)
    FindingEvent.objects.create(
        account=account,
        finding=made,
        at=timezone.now(),
        kind="resolved",
        detail={"why": "clear", "reason": "used again"},
    )
    response = sign_in().get(f"/findings/{made.pk}/")
    page = text(response)
    for said in (
        "Last used at", "2026-01-02 03:04 UTC", "none recorded", "CloudTrail", "Why it matters", "How to fix",
        "What it cannot know", "iam:GetAccountAuthorizationDetails", "complete just now", "1 more in other accounts",
        "Resolved: The fault is gone: used again", "reopened 1", beside.title,
    ):  # fmt: skip
        assert said in page, said
    assert f"/principals/{account.aws_id}/{made.subject_id}/" in response.content.decode()


def test_what_one_change_above_fixes_is_one_family(sign_in: Client, account: Account, other_account: Account) -> None:
    told = {"subject_type": "account", "evidence": {"fix_at": f"{SCRIPT} (ou-ab12-34567890)"}}
    first, second = (finding(one, "GR104", subject_id=one.aws_id, **told) for one in (account, other_account))
    finding(other_account, "GR104", subject_type="account", evidence={"fix_at": "Root (r-ab12)"})
    finding(other_account, "LP101", **told)
    client = sign_in()
    page = client.get(f"/findings/{first.pk}/").content.decode()
    assert "?rule=GR104&amp;fix=ou-ab12-34567890" in page
    assert "1 more in other accounts</a>, closed by one change at" in page
    assert SCRIPT not in page
    family = client.get("/findings/?rule=GR104&fix=ou-ab12-34567890")
    assert titles(family) == [first.title, second.title]
    own = finding(account, "GR106", subject_type="account", evidence={"fix_at": account.aws_id})
    assert titles(client.get(f"/findings/?fix={account.aws_id}")) == [own.title]


def test_detail_of_a_retired_rule_still_opens(sign_in: Client, account: Account) -> None:
    made = finding(account, "LP999")
    page = text(sign_in().get(f"/findings/{made.pk}/"))
    assert "has no rule LP999" in page
    assert "unknown: no source of this rule was read in this account" in page


def test_the_chosen_account_stays_in_links(sign_in: Client, account: Account) -> None:
    made = finding(account)
    html = sign_in().get(f"/findings/?account={account.aws_id}").content.decode()
    assert f'href="/findings/{made.pk}/?account={account.aws_id}"' in html
    assert f'href="/principals/?account={account.aws_id}"' in html


def test_reading_writes_nothing(sign_in: Client, account: Account) -> None:
    made = finding(account)
    assert sign_in().post(f"/findings/{made.pk}/").status_code == 405
    assert sign_in().post("/findings/").status_code == 405


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "just now"), (61, "1 min ago"), (7200, "2 h ago"), (86400 * 40, "1 mo ago"), (-7300, "in 2 h")],
)
def test_relative_times(seconds: int, said: str) -> None:
    assert show.relative(ago(seconds=seconds)) == said
