"""What the environment says of single sign-on: what is refused at start, and what comes of it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from iamdash.access.configured import Grant, grants, mfa_required, oidc, saml
from iamdash.access.sso import NotAdmittedError, claims, granted
from iamdash.settings import ENV, _number, _whole

ISSUER = {"IAMDASH_OIDC_ISSUER": "https://id.example.org/realms/x/", "IAMDASH_OIDC_CLIENT_ID": "iamdash"}
METADATA = {"IAMDASH_SAML_METADATA_URL": "https://idp.example.org/metadata", "IAMDASH_SAML_ENTITY_ID": "urn:idp"}
BOTH = {
    "admins": Grant("admin", all_accounts=True),
    "some": Grant("viewer", accounts=frozenset({"000000000001"})),
    "more": Grant("viewer", groups=frozenset({"team"})),
}


def test_nothing_said_is_no_single_sign_on() -> None:
    assert (oidc({}, ""), saml({}, installed=False), mfa_required(""), grants("")) == (None, None, "", {})


@pytest.mark.parametrize(
    ("env", "secret"),
    [
        (ISSUER, ""),
        ({"IAMDASH_OIDC_ISSUER": "https://id.example.org"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_ISSUER": "http://id.example.org"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_ISSUER": "id.example.org"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_ORIGINS": "javascript:x"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_GROUPS": "a"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_GROUPS": "a=root:*"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_GROUPS": "a=viewer"}, "x"),
        (ISSUER | {"IAMDASH_OIDC_GROUPS": "=viewer:*"}, "x"),
    ],
)
def test_what_is_said_wrongly_is_refused(env: dict[str, str], secret: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        oidc(env, secret)


def test_the_provider_s_origins_are_named_once() -> None:
    found = oidc(ISSUER | {"IAMDASH_OIDC_ORIGINS": "https://login.example.org, https://id.example.org/x"}, "x")
    assert found is not None
    assert found.origins == ("https://id.example.org", "https://login.example.org")


def test_grants_are_read() -> None:
    assert grants("dc=x=admin:*, b=viewer:000000000001+team one+*") == {
        "dc=x": Grant("admin", True),
        "b": Grant("viewer", True, frozenset({"000000000001"}), frozenset({"team one"})),
    }


def test_saml_needs_its_extra_and_an_entity() -> None:
    with pytest.raises(ImproperlyConfigured, match="python3-saml"):
        saml(METADATA, installed=False)
    with pytest.raises(ImproperlyConfigured, match="ENTITY_ID"):
        saml(METADATA | {"IAMDASH_SAML_ENTITY_ID": ""}, installed=True)
    found = saml(METADATA, installed=True)
    assert found is not None
    advanced = found.apps["saml"]["APPS"][0]["settings"]["advanced"]
    assert (advanced["strict"], advanced["want_assertion_signed"], advanced["reject_idp_initiated_sso"]) == (True,) * 3


@pytest.mark.parametrize("given", ["yes please", "2", "sms"])
def test_mfa_is_asked_for_in_known_words(given: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        mfa_required(given)


@pytest.mark.parametrize(
    ("told", "gives"),
    [
        (None, None), ([], None), ({"admins": 1}, None), ([["admins"]], None), (["x"], None), (7, None),
        ("some", BOTH["some"]),
        (["some", "more"], Grant("viewer", False, frozenset({"000000000001"}), frozenset({"team"}))),
        (["some", "admins"], BOTH["admins"]),
    ],
)  # fmt: skip
def test_the_highest_role_counts_with_its_own_accounts(told: object, gives: Grant | None) -> None:
    assert granted(told, BOTH) == gives


def test_two_people_in_one_answer_are_nobody() -> None:
    assert claims({"id_token": {"sub": "a", "groups": ["g"]}, "userinfo": {"sub": "a", "email": "e"}}) == {
        "sub": "a", "groups": ["g"], "email": "e",
    }  # fmt: skip
    with pytest.raises(NotAdmittedError):
        claims({"id_token": {"sub": "a"}, "userinfo": {"sub": "b"}})


@pytest.mark.parametrize("given", ["one", "-1", "1.5", "\u0661", "²"])
def test_a_number_that_is_none_is_refused_at_start_by_its_name(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENV, "IAMDASH_TRUSTED_PROXIES", given)
    with pytest.raises(ImproperlyConfigured, match=r"IAMDASH_TRUSTED_PROXIES is .*a whole number is needed"):
        _whole("IAMDASH_TRUSTED_PROXIES", 0)


@pytest.mark.parametrize("given", ["six", "-1", "nan", "inf"])
def test_so_is_a_part_of_one(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENV, "IAMDASH_COLLECT_EVERY_HOURS", given)
    with pytest.raises(ImproperlyConfigured, match=f"IAMDASH_COLLECT_EVERY_HOURS is '{given}'"):
        _number("IAMDASH_COLLECT_EVERY_HOURS", 6)
    monkeypatch.setitem(ENV, "IAMDASH_COLLECT_EVERY_HOURS", "0.5")
    assert _number("IAMDASH_COLLECT_EVERY_HOURS", 6) == 0.5
