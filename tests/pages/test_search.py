"""The box that finds everything, and what was opened last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from collectors.models import AccessKey, Account, Policy
from iamdash.access.models import Operator
from iamdash.pages import recent, search
from tests.conftest import AS_OF
from tests.pages.conftest import Made
from tests.pages.making import HOSTILE

Client = Callable[..., Any]
KEY, POLICY = "AKIAIOSFODNN7EXAMPLE", "ANPAZZZZZZZZZZZZZZZZZ"


def html(response: Any) -> str:
    return response.content.decode()


def key(account: Account, unique_id: str = KEY, user: str = "ci") -> AccessKey:
    return AccessKey.objects.create(
        account=account, unique_id=unique_id, user_name=user, user_arn=f"arn:aws:iam::{account.aws_id}:user/{user}",
        active=True, created_at=AS_OF, digest="d", data_digest="d", seen_from=AS_OF, data={"unique_id": unique_id},
    )  # fmt: skip


def policy(account: Account, name: str = "deploy-all") -> Policy:
    return Policy.objects.create(
        account=account, unique_id=POLICY, name=name, arn=f"arn:aws:iam::{account.aws_id}:policy/{name}", aws_managed=False,
        attachment_count=0, digest="d", data_digest="d", seen_from=AS_OF, data={"document": "d"},
    )  # fmt: skip


@pytest.fixture
def fresh(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("q", ["", " ", "a", "a%00b", "x" * 300, "no-such-name", "%E2%80%AE"])
def test_what_finds_nothing_says_so(sign_in: Client, made: Made, fresh: None, q: str) -> None:
    made.role("deploy")
    for headers in ({}, {"HX-Request": "true"}):
        response = sign_in().get(f"/search/?q={q}", headers=headers)
        assert response.status_code == 200
        assert "deploy" not in html(response)


def test_an_empty_installation_says_what_it_needs(sign_in: Client) -> None:
    page = html(sign_in().get("/search/?q=deploy"))
    assert "No account is connected" in page
    assert "iam:GetAccountAuthorizationDetails" in page


def test_kinds_stand_apart_the_nearest_first_and_each_says_how_many(sign_in: Client, made: Made) -> None:
    for name in ("my-deploy", "deployment-of-all", "deploy", *(f"x-deploy-{n}" for n in range(4))):
        made.role(name)
    key(made.account, user="deploy")
    policy(made.account)
    response = sign_in().get("/search/?q=deploy", headers={"HX-Request": "true"})
    page = html(response)
    assert "<html" not in page
    assert "HX-Request" in response["Vary"]
    order = [
        page.index(f"<bdi>{name}</bdi>") for name in ("deploy", "deployment-of-all", "my-deploy", KEY, "deploy-all")
    ]
    assert order == sorted(order)
    assert "See all 7 in Principals" in page
    assert 'href="/principals/?q=deploy"' in page
    assert page.count('role="option"') == 5 + 1 + 1 + 1 + 1
    assert "7 principals" in html(sign_in().get("/principals/?q=deploy")), "the number is what the list shows"


def test_only_what_the_operator_sees_is_found(sign_in: Client, made: Made, elsewhere: Made) -> None:
    made.role("deploy-here")
    elsewhere.role("deploy-there")
    key(elsewhere.account)
    client = sign_in(accounts=[made.account])
    page = html(client.get("/search/?q=deploy"))
    assert "deploy-here" in page
    assert "deploy-there" not in page
    for text in (KEY, elsewhere.account.aws_id, "AROAdeploy-there"):
        assert client.get(f"/search/?q={text}").status_code == 200, "nothing to jump to"


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("000000000001", "/accounts/000000000001/"),
        ("arn:aws:iam::000000000001:root", "/accounts/000000000001/"),
        (KEY, f"/keys/000000000001/{KEY}/"),
        (POLICY, f"/policies/000000000001/{POLICY}/"),
        ("arn:aws:iam::000000000001:policy/deploy-all", f"/policies/000000000001/{POLICY}/"),
        ("arn:aws:iam::000000000001:role/deploy", "/principals/000000000001/AROAdeploy/"),
        ("arn:aws:sts::000000000001:assumed-role/deploy/session", "/principals/000000000001/AROAdeploy/"),
        (" ky102 ", "/rules/KY102/"),
        ("000000000009", ""),
        ("AKIAAAAAAAAAAAAAAAAA", ""),
        ("arn:aws:sts::000000000001:assumed-role/", ""),
        ("arn:aws:iam::000000000001:role/gone", ""),
        ("arn:aws:s3:::bucket/key", ""),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", ""),
        ("ZZ999", ""),
    ],
)
def test_what_names_one_thing_leads_to_it(sign_in: Client, made: Made, text: str, leads: str) -> None:
    made.role("deploy")
    key(made.account)
    policy(made.account)
    response = sign_in().get("/search/", {"q": text})
    assert (response.url if response.status_code == 302 else "") == leads
    partial = html(sign_in().get("/search/", {"q": text}, headers={"HX-Request": "true"}))
    assert ("Go to" in partial) is bool(leads)


def test_a_role_made_again_is_the_one_that_is_there(sign_in: Client, made: Made) -> None:
    made.role("deploy")
    old = made.role("again")
    type(old).objects.filter(pk=old.pk).update(arn="arn:aws:iam::000000000001:role/deploy", gone_at=AS_OF)
    assert (
        sign_in().get("/search/?q=arn:aws:iam::000000000001:role/deploy").url == "/principals/000000000001/AROAdeploy/"
    )


def test_hostile_names_are_text(sign_in: Client, made: Made, fresh: None) -> None:
    for n, name in enumerate(HOSTILE):
        made.role(f"deploy {n} {name}"[:128])
    for headers in ({}, {"HX-Request": "true"}):
        page = html(sign_in().get("/search/?q=deploy", headers=headers))
        assert "<script>alert" not in page
        assert "\u202e" not in page


def test_rules_are_found_by_code_slug_and_title(sign_in: Client) -> None:
    page = html(sign_in().get("/search/?q=not-rotated"))
    assert "/rules/KY102/" in page


def test_more_than_can_be_counted_says_so(sign_in: Client, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "COUNTED", 6)
    for n in range(8):
        made.role(f"deploy-{n}")
    assert "See more than 6 in Principals" in html(sign_in().get("/search/?q=deploy"))


def test_queries_do_not_grow(sign_in: Client, made: Made, django_assert_max_num_queries: Any) -> None:
    for n in range(30):
        made.role(f"deploy-{n}")
    client = sign_in()
    with django_assert_max_num_queries(25):
        client.get("/search/?q=deploy", headers={"HX-Request": "true"})


def test_what_was_opened_last_is_offered(sign_in: Client, made: Made, fresh: None) -> None:
    role, found = made.role("deploy"), made.finding()
    client, other = sign_in(), sign_in()
    assert "Nothing was opened lately" in html(client.get("/search/"))
    for path in (
        f"/principals/{made.account.aws_id}/{role.unique_id}/",
        f"/findings/{found.pk}/",
        "/rules/KY102/",
        f"/accounts/{made.account.aws_id}/",
        f"/findings/{found.pk}/",
        "/rules/ZZ999/",
        "/findings/",
    ):
        client.get(path)
    page = html(client.get("/search/", headers={"HX-Request": "true"}))
    order = [page.index(text) for text in (found.title, "payments-prod", "KY102", "deploy")]
    assert page.count('role="option"') == 4
    assert order[0] < order[2]
    assert "Nothing was opened lately" in html(other.get("/search/")), "of each operator for itself"


def test_names_are_read_anew_and_only_addresses_are_kept(
    sign_in: Client, made: Made, elsewhere: Made, fresh: None
) -> None:
    mine, theirs = made.role("near"), elsewhere.role("far")
    client = sign_in(accounts=[made.account, elsewhere.account])
    client.get(f"/principals/{made.account.aws_id}/{mine.unique_id}/")
    client.get(f"/principals/{elsewhere.account.aws_id}/{theirs.unique_id}/")
    assert "payments-prod" not in str(recent.opened(client.operator))
    client.operator.accounts.remove(elsewhere.account)
    page = html(client.get("/search/"))
    assert "near" in page
    assert ">far<" not in page


def test_the_last_ten_are_kept(db: None, fresh: None) -> None:
    ada = Operator.objects.create_user("ada")
    for n in range(15):
        recent.remember(ada, "finding", (str(n),))
    assert [args for _, args in recent.opened(ada)] == [(str(n),) for n in range(14, 4, -1)]


def test_without_valkey_there_is_nothing_recent(sign_in: Client, made: Made, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/1",
        }
    }
    client = sign_in()
    assert client.get("/rules/KY102/").status_code == 200
    assert "Nothing was opened lately" in html(client.get("/search/"))
