"""Saved views: who sees and changes them, and where they lead. test_walk.py holds each page to roles and accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict

from collectors.models import Account
from iamdash.access.models import Operator, Role
from iamdash.pages import saved
from iamdash.pages.models import SavedView
from iamdash.pages.views import KEPT
from tests.pages.making import finding

Client = Callable[..., Any]
QUERY = "severity=high&sort=subject&cols=subject&cols=since"


def html(response: Any) -> str:
    """Names stand by themselves: without what keeps their direction to them."""
    return response.content.decode().replace("<bdi>", "").replace("</bdi>", "")


def save(client: Any, name: str = "Mine", query: str = QUERY, **data: str) -> Any:
    address = QueryDict(mutable=True)
    address.update({"list": "findings", "query": query})
    return client.post(f"/settings/views/save/?{address.urlencode()}", {"name": name, **data})


@pytest.fixture
def other(db: None) -> Operator:
    return Operator.objects.create_user("grace", role=Role.ANALYST, all_accounts=True)


def view(owner: Operator, query: str = QUERY, **more: Any) -> SavedView:
    return SavedView.objects.create(**{"list": "findings", "name": "Hers", "query": query, "owner": owner, **more})


def test_a_view_is_what_the_filters_read(sign_in: Client) -> None:
    client = sign_in()
    response = save(
        client, query="?after=xyz&severity=high&severity=odd&colour=red&view=9&export=csv&cols=subject&cols=since"
    )
    row = SavedView.objects.get()
    assert row.query == "severity=high&cols=subject&cols=since"
    assert (row.owner, row.list, row.shared) == (client.operator, "findings", False)
    assert response.url == f"/findings/?{row.query}&view={row.pk}"


def test_its_list_shows_it_and_whether_it_is_changed(sign_in: Client, account: Account) -> None:
    client = sign_in()
    page = html(client.get(save(client).url))
    assert "Mine" in page
    assert "(changed)" not in page
    pk = SavedView.objects.get().pk
    page = html(client.get(f"/findings/?severity=low&view={pk}"))
    assert "(changed)" in page
    assert f"/settings/views/{pk}/?query=severity%3Dlow" in page
    client.post(f"/settings/views/{pk}/?query=severity%3Dlow", {"name": "Mine"})
    assert SavedView.objects.get().query == "severity=low"


def test_an_address_with_nothing_but_a_view_leads_to_all_of_it(sign_in: Client, account: Account) -> None:
    client = sign_in()
    save(client)
    pk = SavedView.objects.get().pk
    assert client.get(f"/findings/?view={pk}").url == f"/findings/?{QUERY}&view={pk}"
    assert client.get(f"/findings/?view={pk}&account={account.aws_id}").url.endswith(
        f"view={pk}&account={account.aws_id}"
    )
    plain = view(client.operator, "", name="Plain")
    assert client.get(f"/findings/?view={plain.pk}").status_code == 200


@pytest.mark.parametrize("named", ["999999", "x", "-1", "9" * 30, "%00"])
def test_a_view_that_is_not_there_says_so_and_the_list_opens(sign_in: Client, named: str) -> None:
    response = sign_in().get(f"/findings/?view={named}")
    assert response.status_code == 200
    assert "is not there any more" in html(response) or "ignored: view=" in html(response)


def test_a_view_of_an_older_version_says_what_means_nothing_and_still_opens(sign_in: Client, account: Account) -> None:
    client = sign_in()
    shown = finding(account, title="It is shown")
    row = view(client.operator, "colour=red&cols=gone&severity=medium")
    client.get(f"/findings/?view={row.pk}")
    page = html(client.get(saved.url(row)))
    assert "ignored: colour=red" in page
    assert "ignored: cols=gone" in page
    assert shown.title in page
    assert "means nothing any more: colour=red, cols=gone" in html(client.get("/settings/views/"))
    assert client.get(f"/settings/views/{row.pk}/").status_code == 200


def test_views_of_a_list_that_is_gone_are_left_out(sign_in: Client) -> None:
    client = sign_in()
    row = view(client.operator, list="reviews-items")
    assert "Hers" not in html(client.get("/settings/views/"))
    assert client.get(f"/settings/views/{row.pk}/").status_code == 404


def test_only_shared_views_are_seen_by_others(sign_in: Client, other: Operator) -> None:
    mine, client = view(other), sign_in(Role.ADMIN)
    assert "Hers" not in html(client.get("/findings/"))
    assert client.get(f"/settings/views/{mine.pk}/").status_code == 404
    view(other, name="For all", shared=True)
    assert "For all" in html(client.get("/findings/"))
    assert "shared by grace" in html(client.get("/settings/views/"))


def test_a_shared_view_that_names_an_account_is_hidden_from_who_does_not_see_it(
    sign_in: Client, other: Operator, account: Account, other_account: Account
) -> None:
    hidden = view(other, f"account={other_account.aws_id}&q=x", shared=True)
    view(other, f"account={account.aws_id}", name="Near", shared=True)
    client = sign_in(accounts=[account])
    page = html(client.get("/findings/"))
    assert "Near" in page
    assert "Hers" not in page
    assert "is not there any more" in html(client.get(f"/findings/?view={hidden.pk}"))
    assert client.post(f"/settings/views/{hidden.pk}/default/").status_code == 404


@pytest.mark.parametrize(
    ("role", "shared", "status"),
    [(Role.VIEWER, True, 403), (Role.ANALYST, True, 403), (Role.ADMIN, True, 302), (Role.ADMIN, False, 404)],
)
def test_who_changes_and_deletes_a_view_of_another(
    sign_in: Client, other: Operator, role: Role, shared: bool, status: int
) -> None:
    row, client = view(other, shared=shared), sign_in(role)
    assert client.post(f"/settings/views/{row.pk}/", {"name": "New", "shared": "on"}).status_code == status
    assert client.post(f"/settings/views/{row.pk}/end/").status_code == status
    assert SavedView.objects.count() == (0 if status == 302 else 1)


def test_viewers_share_nothing(sign_in: Client) -> None:
    viewer, analyst = sign_in(), sign_in(Role.ANALYST)
    save(viewer, shared="on")
    save(analyst, shared="on")
    assert [row.shared for row in SavedView.objects.order_by("pk")] == [False, True]


@pytest.mark.parametrize("name", ["", "a\u202eb", "Mine", "x" * 81])
def test_names_that_cannot_be(sign_in: Client, name: str) -> None:
    client = sign_in()
    save(client)
    assert save(client, name).status_code == 422
    assert SavedView.objects.count() == 1


def test_the_navigation_opens_a_list_with_ones_own_view(sign_in: Client) -> None:
    client = sign_in()
    save(client, default="on")
    pk = SavedView.objects.get().pk
    assert f'href="/findings/?view={pk}"' in html(client.get("/rules/"))
    assert "view=" not in html(sign_in().get("/rules/"))
    client.post(f"/settings/views/{pk}/default/")
    assert f"view={pk}" not in html(client.get("/rules/"))
    client.post(f"/settings/views/{pk}/default/")
    client.post(f"/settings/views/{pk}/end/")
    assert f"view={pk}" not in html(client.get("/rules/"))


def test_lists_of_one_thing_have_no_views(sign_in: Client) -> None:
    client = sign_in()
    for name in ("reviews-items", "overview", "account_login", "", "x" * 500, "%00"):
        page = html(client.get(f"/settings/views/save/?list={name}"))
        assert "Views are saved from their list" in page, name


def test_too_many_filters_are_told(sign_in: Client) -> None:
    query = "&".join(f"assigned=person-{n}" for n in range(400))
    response = save(sign_in(), query=query)
    assert response.status_code == 422
    assert "too many filters" in html(response)


def test_an_operator_keeps_so_many_views(sign_in: Client, other: Operator) -> None:
    client = sign_in()
    for owner, n in ((client.operator, KEPT - 1), (other, 3)):
        SavedView.objects.bulk_create(
            SavedView(list="findings", name=f"Mine {one}", query=QUERY, owner=owner) for one in range(n)
        )
    assert save(client, "The last").status_code == 302
    response = save(client, "One more")
    assert response.status_code == 422
    assert f"You have {KEPT} views, which is the most." in html(response)
    last = SavedView.objects.get(name="The last")
    assert client.post(f"/settings/views/{last.pk}/", {"name": "Still mine"}).status_code == 302
    assert SavedView.objects.filter(owner=client.operator).count() == KEPT


def test_a_profile_is_kept_and_read(sign_in: Client) -> None:
    client = sign_in()
    assert 'data-theme="' not in html(client.get("/rules/"))
    save(client, default="on")
    assert client.post("/settings/profile/", {"theme": "dark", "days": "30"}).status_code == 302
    page = html(client.get("/rules/"))
    assert '<html lang="en" data-theme="dark">' in page
    assert 'data-keys="off"' in page
    assert 'href="/trends/?days=30"' in page
    assert "/findings/?view=" in page, "other preferences stay"
    assert client.post("/settings/profile/", {"theme": "pink", "days": "31"}).status_code == 422


@pytest.mark.parametrize("said", [[], {"theme": 1, "keys": "x", "days": [], "views": 3}, {"views": {"findings": "1'"}}])
def test_preferences_that_do_not_read_are_as_usual(sign_in: Client, said: Any) -> None:
    client = sign_in()
    Operator.objects.update(preferences=said)
    page = html(client.get("/rules/"))
    assert 'data-theme="' not in page
    assert "view=" not in page
