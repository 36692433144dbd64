"""Who comes in with a token, as whom, until when; and the pages where tokens are made and end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from collectors.models import Account, Connection
from iamdash.access import tokens
from iamdash.access.models import ApiToken, AuditEntry, Operator, Role
from iamdash.api import rate
from iamdash.pages import token_forms
from tests.api.conftest import EVERYTHING
from tests.conftest import WebClient

pytestmark = pytest.mark.django_db
ACCOUNTS = "/api/v1/accounts"


def changed(client: Any, **fields: Any) -> None:
    ApiToken.objects.filter(pk=client.token.pk).update(**fields)


def over(client: Any) -> None:
    changed(client, expires_at=timezone.now() - timedelta(seconds=1))


def revoked(client: Any) -> None:
    tokens.end(client.token, client.operator)


def inactive(client: Any) -> None:
    Operator.objects.filter(pk=client.operator.pk).update(is_active=False)


def gone(client: Any) -> None:
    client.operator.delete()


def left(client: Any) -> None:
    """Of the identity provider's people, and not seen for long."""
    seen = timezone.now() - timedelta(days=31)
    Operator.objects.filter(pk=client.operator.pk).update(sso_managed=True, last_login=seen)


def never_came(client: Any) -> None:
    Operator.objects.filter(pk=client.operator.pk).update(sso_managed=True, last_login=None)


@pytest.mark.parametrize("ended", [over, revoked, inactive, gone, left, never_came])
def test_a_token_ends_at_once(ended: Any, reader: Any) -> None:
    client = reader()
    assert client.get(ACCOUNTS).status_code == 200
    ended(client)
    response = client.get(ACCOUNTS)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer x", "Basic {}", "{}", "Bearer {}x", "Bearer iamdash_" + "a" * 43, "Bearer \u0130{}", "Token {}"],
)
def test_nothing_but_the_token_opens(header: str, reader: Any) -> None:
    client = WebClient(headers={"authorization": header.format(reader().secret)})
    assert client.get(ACCOUNTS).status_code == 401


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_the_scheme_s_case_does_not_matter(header: str, reader: Any) -> None:
    client = WebClient(headers={"authorization": header.format(reader().secret)})
    assert client.get(ACCOUNTS).status_code == 200


def test_what_is_no_token_costs_no_query(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert tokens.found("Bearer nonsense") is None
    assert not queries.captured_queries


def test_the_accounts_are_the_operator_s_of_the_moment(account: Account, other_account: Account, reader: Any) -> None:
    for one in (account, other_account):
        Connection.objects.create(account=one)
    client = reader(Role.ADMIN, [account])
    assert [row["account"] for row in client.get(ACCOUNTS).json()["data"]] == [account.aws_id]
    client.operator.accounts.set([other_account])
    assert [row["account"] for row in client.get(ACCOUNTS).json()["data"]] == [other_account.aws_id]
    client.operator.accounts.clear()
    assert client.get(ACCOUNTS).json()["data"] == []


def test_only_the_digest_is_kept(reader: Any) -> None:
    client = reader()
    with connection.cursor() as cursor:
        cursor.execute("select t::text from access_apitoken t")
        (kept,) = cursor.fetchone()
    assert client.secret not in kept
    assert client.secret[len(client.token.shown) :] not in kept
    assert tokens.digest(client.secret) in kept
    assert re.fullmatch(r"iamdash_[\w-]{43}", client.secret)


def test_use_is_noted_once_an_hour_and_logged(reader: Any) -> None:
    client = reader()
    client.get(ACCOUNTS)
    client.token.refresh_from_db()
    first = client.token.used_at
    client.get(ACCOUNTS)
    client.token.refresh_from_db()
    assert first is not None
    assert client.token.used_at == first
    changed(client, used_at=first - timedelta(hours=2))
    client.get(ACCOUNTS)
    client.token.refresh_from_db()
    assert client.token.used_at >= first
    noted = AuditEntry.objects.filter(action="token-used")
    assert [entry.actor for entry in noted] == [client.operator.username] * 2
    assert {entry.via for entry in noted} == {f"token {client.token.shown}"}


def test_too_many_requests_of_a_token_wait_and_others_do_not(
    reader: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate.time, "time", lambda: 1_800_000_015.0)
    settings.API_PER_MINUTE = 2
    client = reader()
    assert [client.get(ACCOUNTS).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get(ACCOUNTS)
    assert refused.headers["Retry-After"] == "45"
    assert "Retry-After" in refused.json()["hint"]
    assert reader().get(ACCOUNTS).status_code == 200
    monkeypatch.setattr(rate.time, "time", lambda: 1_800_000_075.0)
    assert client.get(ACCOUNTS).status_code == 200


def test_without_valkey_the_api_answers(reader: Any, settings: Any) -> None:
    where = "redis://127.0.0.1:1/1"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": where}}
    assert reader().get(ACCOUNTS).status_code == 200


@pytest.mark.parametrize(("scopes", "days"), [([], 90), (["all"], 90), (EVERYTHING, 0), (EVERYTHING, 366)])
def test_a_token_reads_something_and_ends_within_a_year(scopes: Any, days: int, db: None) -> None:
    operator = Operator.objects.create_user("x")
    with pytest.raises(ValueError, match="days for"):
        tokens.make(operator, "n", scopes, days)


# The pages.
def form(**changes: Any) -> dict[str, Any]:
    return {"name": "nightly report", "scopes": ["findings:read"], "days": "30"} | changes


def test_a_token_is_shown_once_works_and_can_be_revoked(sign_in: Any) -> None:
    client = sign_in(Role.VIEWER, [])
    made = client.post(reverse("settings-token-add"), form())
    (secret,) = re.findall(r'id="token">(iamdash_[\w-]{43})<', made.content.decode())
    assert "no-store" in made.headers["Cache-Control"]
    row = ApiToken.objects.get()
    assert row.scopes == ["findings:read"]
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
    listed = client.get(reverse("settings-tokens")).content.decode()
    assert "nightly report" in listed
    assert secret not in listed
    program = WebClient(headers={"authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/findings").status_code == 200
    assert program.get(ACCOUNTS).status_code == 403
    assert client.post(reverse("settings-token-end", args=[row.pk]), follow=True).status_code == 200
    assert program.get("/api/v1/findings").status_code == 401
    said = list(AuditEntry.objects.filter(object="nightly report").values_list("action", flat=True))
    assert sorted(said) == ["token-ended", "token-made", "token-used"]
    assert not any(secret in entry.detail for entry in AuditEntry.objects.all())


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"name": "a\u202eb"}, {"scopes": []}, {"scopes": ["all"]}, {"days": "366"}, {"days": "x"}]
)
def test_a_form_that_asks_for_too_much_makes_none(changes: dict[str, Any], sign_in: Any) -> None:
    assert sign_in().post(reverse("settings-token-add"), form(**changes)).status_code == 422
    assert not ApiToken.objects.exists()


def test_an_old_session_confirms_who_it_is_first(sign_in: Any) -> None:
    client = sign_in()
    client.operator.set_password("a-long-enough-password")
    client.operator.save()
    client.force_login(client.operator)
    response = client.post(reverse("settings-token-add"), form())
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()


def test_there_is_an_end_to_tokens(sign_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_forms, "MOST", 1)
    client = sign_in()
    assert client.post(reverse("settings-token-add"), form()).status_code == 200
    assert client.post(reverse("settings-token-add"), form()).status_code == 422


@pytest.mark.parametrize(
    ("role", "accounts", "sees"), [(Role.ADMIN, "*", True), (Role.ADMIN, [], False), (Role.ANALYST, "*", False)]
)
def test_others_tokens_are_for_admins_of_all_accounts(
    role: Role, accounts: Any, sees: bool, reader: Any, sign_in: Any
) -> None:
    program = reader()
    client = sign_in(role, accounts)
    assert (program.operator.username in client.get(reverse("settings-tokens")).content.decode()) is sees
    ended = client.post(reverse("settings-token-end", args=[program.token.pk]))
    assert ended.status_code == (302 if sees else 404)
    assert program.get(ACCOUNTS).status_code == (401 if sees else 200)
    assert client.get(reverse("settings-token-end", args=[program.token.pk])).status_code == 405


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (over, "expired"),
        (revoked, "revoked by"),
        (inactive, "may not sign in"),
        (left, "not come by single sign-on for 30 days"),
        (never_came, "not come by single sign-on for 30 days"),
    ],
)
def test_each_token_is_listed_with_why_it_ended(ended: Any, why: str, reader: Any, sign_in: Any) -> None:
    ended(reader())
    admin = sign_in(Role.ADMIN)
    assert "No program reads iamdash" in admin.get(reverse("settings-tokens")).content.decode()
    listed = admin.get(reverse("settings-tokens"), {"tab": "over"})
    assert listed.context["list"].total == 1
    assert why in listed.content.decode()


def test_who_came_lately_keeps_the_tokens(reader: Any) -> None:
    client = reader()
    seen = timezone.now() - timedelta(days=29)
    Operator.objects.filter(pk=client.operator.pk).update(sso_managed=True, last_login=seen)
    assert client.get(ACCOUNTS).status_code == 200


APP, PASSKEY, CODES = "totp", "webauthn", "recovery_codes"


@pytest.mark.parametrize(
    ("required", "only", "operator", "factor", "why"),
    [
        ("", False, {}, "", ""),
        ("password", False, {}, APP, ""),
        ("password", False, {}, PASSKEY, ""),
        ("password", False, {"linked": True, "password": "!"}, "", ""),  # the provider asks for its own
        ("password", False, {"sso_managed": True, "days": 1}, "", ""),
        ("password", True, {"linked": True, "days": 1}, "", ""),  # the password opens to nobody
        ("all", False, {"linked": True, "password": "!"}, APP, ""),
        ("", True, {"linked": True, "days": 29}, "", ""),
        ("", True, {"break_glass": True}, "", ""),
        ("password", False, {}, "", "no second factor"),
        ("password", False, {}, CODES, "no second factor"),
        ("password", False, {"linked": True}, "", "no second factor"),  # may come by the password, too
        ("password", True, {"break_glass": True, "linked": True}, "", "no second factor"),
        ("all", False, {"linked": True, "password": "!"}, "", "no second factor"),
        ("all", False, {"sso_managed": True, "days": 1}, "", "no second factor"),
        ("", True, {"days": 1}, "", "single sign-on for 30 days"),  # by a password, before it was the only way
        ("", True, {"linked": True, "days": 31}, "", "single sign-on for 30 days"),
        ("", True, {"linked": True}, "", "single sign-on for 30 days"),
    ],
)
def test_a_token_is_no_way_around_what_is_asked_of_its_operator(
    required: str, only: bool, operator: dict[str, Any], factor: str, why: str, reader: Any, sign_in: Any, settings: Any
) -> None:
    client = reader()
    given = {"password": "pbkdf2$x"} | operator
    if given.pop("linked", False):
        SocialAccount.objects.create(user=client.operator, provider="sso", uid="s-1")
    if days := given.pop("days", 0):
        given["last_login"] = timezone.now() - timedelta(days=days)
    Operator.objects.filter(pk=client.operator.pk).update(**given)
    if factor:
        Authenticator.objects.create(user=client.operator, type=factor, data={})
    admin = sign_in(Role.ADMIN)
    Authenticator.objects.create(user=admin.operator, type=APP, data={})
    settings.MFA_REQUIRED, settings.SSO_ONLY = required, only
    assert client.get(ACCOUNTS).status_code == (401 if why else 200)
    listed = admin.get(reverse("settings-tokens"), {"tab": "over" if why else "valid"})
    assert listed.context["list"].total == 1
    assert why in listed.content.decode()


def test_who_has_no_second_factor_makes_no_token_that_opens_nothing(sign_in: Any, settings: Any) -> None:
    client = sign_in()
    settings.MFA_REQUIRED = "password"
    session = client.session
    session["second_factor"] = client.operator.pk  # as by single sign-on, which asks for its own
    session.save()
    refused = client.post(reverse("settings-token-add"), form())
    assert refused.status_code == 422
    assert "set one up under Sign-in and security" in refused.content.decode()


def test_ended_ones_say_why_and_hostile_names_are_text(sign_in: Any) -> None:
    client = sign_in()
    token, _ = tokens.make(client.operator, "<script>a", EVERYTHING, 1)
    tokens.end(token, client.operator)
    text = client.get(reverse("settings-tokens"), {"tab": "over"}).content.decode()
    assert "&lt;script&gt;a" in text
    assert "formaction" not in text
    assert f"revoked by {client.operator.username}" in text


def test_many_tokens_are_found_paged_and_exported(sign_in: Any, django_assert_max_num_queries: Any) -> None:
    client = sign_in(Role.ADMIN)
    now = timezone.now()
    for n in range(55):
        row, _ = tokens.make(client.operator, f"program-{n:02}", EVERYTHING[: 1 + n % 3], 30)
        ApiToken.objects.filter(pk=row.pk).update(used_at=now - timedelta(days=n) if n % 2 else None)
    with django_assert_max_num_queries(20):
        first = client.get(reverse("settings-tokens"), {"sort": "-used"}).context["list"]
    assert (first.total, len(first.table.data.data)) == (55, 50)
    assert first.table.data.data[0].name == "program-01"
    rest = client.get(reverse("settings-tokens") + first.next_url).context["list"].table.data.data
    assert [row.used_at for row in rest] == [None] * 5
    for asked, n in (({"q": "gram-07"}, 1), ({"use": "never"}, 28), ({"use": "lately"}, 15), ({"ends": "soon"}, 0)):
        assert client.get(reverse("settings-tokens"), asked).context["list"].total == n, asked
    lines = client.get(reverse("settings-tokens"), {"export": "csv", "q": "program-02"}).body.decode().splitlines()
    assert lines[0] == "name,begins,operator,role,all_accounts,reads,made_at,used_at,expires_at,valid,over"
    assert lines[1].startswith("program-02,iamdash_")
    assert len(lines) == 2
    assert "digest" not in "".join(lines)
