"""Every URL x role x in and out of scope. A new route fails here until it says what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from collectors.models import Account
from iamdash.access.models import Operator, Role
from tests.access.routes import API, FORMS, OF_ONE, ON_THE_WAY, OPEN, OWN, ROUTES, SIGNED, TOP
from tests.access.things import Things, things
from tests.conftest import WebClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture(scope="module")
def both(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Things, Things]]:
    """Made once: a test's own transaction lies inside this one, and what it changes goes with it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield (
            things(Account.objects.create(aws_id="000000000001", name="payments-prod")),
            things(Account.objects.create(aws_id="000000000002", name="sandbox")),
        )
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def signed_in(both: tuple[Things, Things], static_files: None, django_db_blocker: Any) -> dict[Any, WebClient]:
    """(role, whether all accounts or the first) -> a client that signed in, once."""
    with django_db_blocker.unblock():
        return {(role, all_): _signed_in(role, all_, both[0].account) for role in Role for all_ in (True, False)}


def _signed_in(role: Role, everything: bool, account: Account) -> WebClient:
    name = f"{role.value}-{everything}"
    operator = Operator.objects.create_user(name, role=role, all_accounts=everything)
    operator.accounts.set([] if everything else [account])
    client = WebClient()
    client.force_login(operator)
    client.operator = operator  # type: ignore[attr-defined]
    return client


@pytest.fixture
def signed(signed_in: dict[Any, WebClient], db: None) -> Callable[..., WebClient]:
    """signed(role, everything, enforce_csrf_checks) -> a client of its own, in a session that is there already."""

    def make(role: Role, everything: bool, **client: Any) -> WebClient:
        web = WebClient(**client)
        web.cookies.load({name: morsel.value for name, morsel in signed_in[role, everything].cookies.items()})
        web.operator = signed_in[role, everything].operator  # type: ignore[attr-defined]
        return web

    return make


@pytest.fixture
def inside(both: tuple[Things, Things], db: None) -> Things:
    return both[0]


@pytest.fixture
def outside(both: tuple[Things, Things], db: None) -> Things:
    return both[1]


def names(patterns: Any) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            found.add(pattern.name)
    return found


def ask(client: Client, name: str, of: Things) -> Any:
    route = ROUTES[name]
    url = reverse(name, args=[getattr(of, arg) for arg in route.args])
    return getattr(client, route.method)(url)


def test_every_route_says_what_it_needs() -> None:
    assert names(get_resolver().url_patterns) == set(ROUTES) | OWN | OPEN | SIGNED | set(API) | OF_ONE | ON_THE_WAY


@pytest.mark.parametrize("name", ROUTES)
def test_a_stranger_is_sent_to_the_sign_in(name: str, inside: Things) -> None:
    response = ask(WebClient(), name, inside)
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_stranger_has_no_pages_of_an_operator(name: str) -> None:
    assert WebClient().get(reverse(name)).status_code == 302


@pytest.mark.parametrize("name", sorted(OPEN - {"account_inactive", "account_signup"}))
def test_what_is_open_to_strangers_names_nothing(name: str, inside: Things) -> None:
    response = WebClient().get(reverse(name))
    assert response.status_code == 200
    assert inside.aws_id not in response.content.decode()


def test_nobody_can_sign_up(db: None) -> None:
    client = WebClient()
    client.post(
        reverse("account_signup"),
        {"username": "me", "password1": "a long password 1", "password2": "a long password 1"},
    )
    assert not Operator.objects.filter(username="me").exists()


@pytest.mark.parametrize("everything", [True, False], ids=["all accounts", "some accounts"])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ROUTES)
def test_in_scope_the_role_decides(name: str, role: Role, everything: bool, inside: Things, signed: Any) -> None:
    client = signed(role, everything)
    response = ask(client, name, inside)
    route = ROUTES[name]
    allowed = client.operator.may(route.role) and (everything or not route.every)
    expected = 403 if not allowed else 302 if (route.method == "post" and not route.shows) or route.leads else 200
    assert response.status_code == expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if set(r.args) - {"code", "framework", "control"}])
def test_out_of_scope_nothing_exists(name: str, role: Role, inside: Things, outside: Things, signed: Any) -> None:
    client = signed(role, everything=False)
    assert ask(client, name, outside).status_code in {404, 403}
    if client.operator.may(ROUTES[name].role):
        assert ask(client, name, outside).status_code == (403 if ROUTES[name].every else 404)


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.args])
def test_an_address_that_cannot_be_leads_nowhere(name: str, inside: Things, signed: Any) -> None:
    """PostgreSQL refuses a NUL: an address that holds one is no error of ours."""
    client, texts = signed(Role.ADMIN, everything=True), 0
    given = [getattr(inside, arg) for arg in ROUTES[name].args]
    for n, arg in enumerate(given):
        if isinstance(arg, str) and "%00" in (url := with_a_nul(name, given, n)):
            assert getattr(client, ROUTES[name].method)(url).status_code == 404
            texts += 1
    assert texts == sum(isinstance(arg, str) for arg in given) - (name == "guardrail")


def with_a_nul(name: str, given: list[Any], n: int) -> str:
    """An empty text where the route takes no such one."""
    try:
        return reverse(name, args=[*given[:n], f"{given[n]}\0", *given[n + 1 :]])
    except NoReverseMatch:
        return ""


# Not `after` and `before`, which are refused before the rest is read, and not what makes another kind of answer.
ASKED = (
    "account", "accounts", "act", "allows", "baseline", "by", "cols", "days", "done", "finding", "from", "kind", "list", "more",
    "of", "on", "organization", "ou", "owner", "place", "q", "query", "reverse", "role", "rule", "sort", "tab", "view",
)  # fmt: skip


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.method == "get"])
@pytest.mark.parametrize("value", ["\0", "\u00b2"], ids=["nul", "a digit that is no number"])
def test_what_an_address_asks_cannot_break_a_page(value: str, name: str, inside: Things, signed: Any) -> None:
    url = reverse(name, args=[getattr(inside, arg) for arg in ROUTES[name].args])
    asked = dict.fromkeys(ASKED, value) | {"whom": f"account:{value}", "name": "unused_days", "sort": f"a.{value}"}
    if name == "reviews-next":
        asked["after"] = value
    assert signed(Role.ADMIN, everything=True).get(url, asked).status_code < 500


# Names of the fields of forms, those of boxes among them that no form of Django's reads.
SENT = (
    "account", "accounts", "act", "cidrs", "code", "data", "document", "drop", "expires_at", "family", "item", "kind", "name",
    "parts", "pick", "query", "reason", "role", "seen", "severity", "shared", "text", "title", "to", "units", "value", "verdict",
    "whom",
)  # fmt: skip


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.method == "post" or n in FORMS])
@pytest.mark.parametrize("value", ["\0", "\u00b2"], ids=["nul", "a digit that is no number"])
def test_what_a_form_sends_cannot_break_what_answers(value: str, name: str, inside: Things, signed: Any) -> None:
    url = reverse(name, args=[getattr(inside, arg) for arg in ROUTES[name].args])
    sent = dict.fromkeys(SENT, value) | dict.fromkeys(("starts_on", "due_on", "until"), "9999-12-31")
    assert signed(Role.ADMIN, everything=True).post(url, sent).status_code < 500


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if not r.args and not r.every])
def test_lists_and_sums_show_nothing_of_other_accounts(name: str, inside: Things, outside: Things, signed: Any) -> None:
    client = signed(Role.VIEWER, everything=False)
    text = ask(client, name, inside).content.decode()
    assert outside.name not in text
    assert outside.aws_id not in text
    assert outside.account.name not in text


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if not r.args and not r.every])
def test_the_account_of_the_address_does_not_widen_the_scope(
    name: str, inside: Things, outside: Things, signed: Any
) -> None:
    client = signed(Role.ADMIN, everything=False)
    response = client.get(reverse(name), {"account": outside.aws_id})
    assert outside.name not in response.content.decode()
    assert outside.account.name not in response.content.decode()


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.method == "post"])
def test_what_changes_something_is_never_a_get(name: str, inside: Things, signed: Any) -> None:
    url = reverse(name, args=[getattr(inside, arg) for arg in ROUTES[name].args])
    assert signed(Role.ADMIN, everything=True).get(url).status_code == 405


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if r.method == "post" or n in FORMS])
def test_forms_need_their_token(name: str, inside: Things, signed: Any) -> None:
    client = signed(Role.ADMIN, everything=True, enforce_csrf_checks=True)
    url = reverse(name, args=[getattr(inside, arg) for arg in ROUTES[name].args])
    assert client.post(url).status_code == 403


@pytest.mark.parametrize("name", [n for n in ROUTES if ROUTES[n].method == "get"])
def test_pages_behind_the_sign_in_are_not_cached_and_framed_by_nobody(name: str, inside: Things, signed: Any) -> None:
    response = ask(signed(Role.ADMIN, everything=True), name, inside)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    page = b"" if response.streaming else response.content
    below = name not in TOP and b"<html" in page
    assert page.count(b'class="crumbs"') == below, "a page below a list says where it is, once"


@pytest.mark.parametrize("name", sorted(OWN))
def test_an_operator_s_own_pages_open_with_and_without_a_password(name: str, sign_in: Any) -> None:
    client = sign_in(Role.VIEWER)
    assert client.get(reverse(name)).status_code < 500
    client.operator.set_password("a long password 1")
    client.operator.save()
    client.force_login(client.operator)
    assert client.get(reverse(name)).status_code < 500


def test_an_inactive_operator_is_a_stranger(inside: Things, sign_in: Any) -> None:
    client = sign_in(Role.ADMIN, "*")
    client.operator.is_active = False
    client.operator.save()
    assert ask(client, "overview", inside).status_code == 302
