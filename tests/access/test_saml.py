"""SAML against an identity provider on loopback that signs its answers: whose count, as whom, and which count for nothing."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse

from collectors.models import Account
from iamdash.access import urls
from iamdash.access.models import Operator, Role
from tests.access.signing import details, logged, operator, sign_in
from tests.conftest import WebClient

pytest.importorskip("onelogin", reason="the extra saml is not installed: xmlsec has no wheel for this machine")

from tests.access import saml_providing as idp
from tests.access.saml_providing import Answer, Asked, encoded, signed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
LOGIN, ACS = "/sign-in/saml/sso/login/", "/sign-in/saml/sso/acs/"
GROUPS = "iam-admins=admin:*, payments=viewer:000000000001"
BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;&b;&b;&b;</r>'
READS = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>'


@pytest.fixture(scope="module")
def theirs() -> Iterator[str]:
    with idp.provider() as running:
        yield running


@pytest.fixture
def sso(theirs: str, settings: Any, db: None) -> Iterator[str]:
    cache.clear()
    idp.use(settings, theirs, groups=GROUPS)
    yield theirs
    cache.clear()


def browser(**more: Any) -> WebClient:
    """It names its host, as all do and Django's client does not."""
    return WebClient(HTTP_HOST="testserver", **more)


def ask(client: WebClient, where: str = LOGIN, follow: str = "") -> Asked:
    away = client.post(where, {"next": follow} if follow else {})
    assert away.status_code == 302, away.content
    return idp.asked(away["Location"])


def bring(client: WebClient, answer: str) -> Any:
    """As a browser: the form of the provider's page comes without our session (SameSite), the step after it with it."""
    posted = browser().post(ACS, {"SAMLResponse": answer})
    if posted.status_code != 302:
        return posted
    client.cookies.update(posted.cookies)
    return client.get(posted["Location"])


def come(client: WebClient, follow: str = "", **says: Any) -> Any:
    return bring(client, encoded(signed(Answer(ask(client, follow=follow), **says))))


def outside(client: WebClient) -> bool:
    return client.get("/").status_code == 302


@pytest.mark.parametrize(
    "says",
    [
        {"signs": ""},
        {"signs": "response"},  # the envelope of an assertion that anybody may have written
        {"audience": "https://other.example.org/metadata"},
        {"audience": None},
        {"issuer": "urn:example:other"},
        {"recipient": "https://other.example.org/acs/"},
        {"destination": "https://other.example.org/acs/"},
        {"ends": -10},
        {"begins": 10},
        {"to": None, "signed_to": None},  # what the provider begins
        {"signed_to": None},  # the same, with an envelope that says that we asked
        {"to": "ours", "signed_to": "id-of-another"},
        {"to": "id-of-another", "signed_to": "id-of-another"},
        {"status": "Responder"},
        {"status": "AuthnFailed"},
        {"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
        {"name": ""},
        {"name": "x" * 192},
    ],
)
def test_an_answer_that_is_not_ours_to_believe_lets_nobody_in(says: dict[str, Any], sso: str) -> None:
    operator(sso_id=says.get("name", "u-1")[:191])
    client = browser()
    response = come(client, **says)
    assert (response.status_code, outside(client)) == (401, True)
    assert "Single sign-on failed" in response.content.decode()
    assert logged() == [("sign-in-failed", "by single sign-on", "refused")]
    assert not SocialAccount.objects.exists()


def another_key(asked: Asked) -> str:
    return signed(Answer(asked), whose="a stranger's")


def altered(asked: Asked) -> str:
    return signed(Answer(asked, name="u-2")).replace(">u-2<", ">u-1<")


def wrapped(asked: Asked) -> str:
    """Their own signed assertion beside a made-up one (XML signature wrapping)."""
    own, evil = signed(Answer(asked, name="u-2")), Answer(asked).assertion(asked.id)
    return own.replace("</samlp:Response>", f"{evil}</samlp:Response>")


def nested(asked: Asked) -> str:
    """The made-up one in the place of the signed one, which is kept inside of it."""
    own, evil = signed(Answer(asked, name="u-2")), Answer(asked).assertion(asked.id)
    begin, end = own.index("<saml:Assertion"), own.index("</samlp:Response>")
    return own[:begin] + evil.replace("<saml:Subject>", own[begin:end] + "<saml:Subject>") + own[end:]


def extended(asked: Asked) -> str:
    """The signed one in the envelope's extensions."""
    own, evil = signed(Answer(asked, name="u-2")), Answer(asked).assertion(asked.id)
    begin, end = own.index("<saml:Assertion"), own.index("</samlp:Response>")
    kept = f"<samlp:Extensions>{own[begin:end]}</samlp:Extensions><samlp:Status>"
    return own[:begin].replace("<samlp:Status>", kept) + evil + own[end:]


@pytest.mark.parametrize("forge", [another_key, altered, wrapped, nested, extended])
def test_a_forged_answer_lets_nobody_in(forge: Callable[[Asked], str], sso: str) -> None:
    operator(sso_id="u-1")
    client = browser()
    assert bring(client, encoded(forge(ask(client)))).status_code == 401
    assert outside(client)


@pytest.mark.parametrize(
    "answer", ["", "%%%", encoded(b"\xff\xfe\x00"), encoded("no XML"), encoded("<r/>"), encoded(BOMB), encoded(READS)]
)
def test_what_strangers_send_is_not_kept(answer: str, sso: str) -> None:
    before = Session.objects.count()
    response = browser().post(ACS, {"SAMLResponse": answer})
    assert response.status_code == 401
    assert "root:" not in response.content.decode()
    assert Session.objects.count() == before


def test_too_long_an_answer_is_not_read_and_many_are_not_taken(sso: str, settings: Any) -> None:
    assert browser().post(ACS, {"SAMLResponse": "A" * 200_001}).status_code == 400
    assert browser().get(ACS).status_code == 405
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    codes = [browser().post(ACS, {"SAMLResponse": "x"}).status_code for _ in range(4)]
    assert (set(codes[:2]), codes[-1]) == ({401}, 429)


def test_an_answer_counts_once_and_in_the_browser_that_asked(sso: str) -> None:
    operator(sso_id="u-1")
    client = browser()
    answer = encoded(signed(Answer(ask(client))))
    assert bring(browser(), answer).status_code == 401
    assert bring(client, answer).status_code == 302
    assert not outside(client)
    assert bring(client, answer).status_code == 401
    client.post(reverse("account_logout"))
    assert bring(client, answer).status_code == 401
    assert outside(client)


@pytest.mark.parametrize(
    ("env", "attributes", "why"),
    [
        ({}, {}, "Nobody made you an operator"),
        ({}, {"email": "ada@example.org"}, "Nobody made you"),  # nobody says that it is theirs
        ({}, {"email": "ada@example.org", "email_verified": "no"}, "Nobody made you"),
        ({"email_trusted": "1"}, {"email": ["ada@example.org", "x@example.org"]}, "Nobody made you"),
        ({"email_trusted": "1", "email_attribute": "work"}, {"email": "ada@example.org"}, "Nobody made you"),
        ({"email_trusted": "1"}, {"email": "off@example.org"}, "was deactivated"),
        ({}, {"groups": ["strangers", "IAM-ADMINS"]}, "Nobody made you"),
        ({"groups_attribute": "teams"}, {"groups": "iam-admins"}, "Nobody made you"),
    ],
)
def test_who_is_not_admitted_is_told_why_and_makes_nothing(
    env: dict[str, str], attributes: dict[str, Any], why: str, sso: str, settings: Any
) -> None:
    idp.use(settings, sso, groups=GROUPS, **env)
    operator(email="ada@example.org")
    operator("off", email="off@example.org", is_active=False)
    client = browser()
    response = come(client, name="s-1", attributes=attributes)
    assert (response.status_code, outside(client), Operator.objects.count()) == (403, True, 2)
    assert why in response.content.decode()
    assert logged() == [("sign-in-refused", "s-1", "refused")]


@pytest.mark.parametrize(
    ("env", "attributes"),
    [
        ({"email_trusted": "1"}, {"urn:oid:0.9.2342.19200300.100.1.3": "ADA@example.org"}),
        ({"email_attribute": "work"}, {"work": "ada@example.org", "email_verified": "true"}),
    ],
)
def test_an_operator_is_found_by_an_address_and_then_by_the_id_alone(
    env: dict[str, str], attributes: dict[str, Any], sso: str, settings: Any
) -> None:
    one = operator(email="ada@example.org", role=Role.ANALYST)
    idp.use(settings, sso, **env)
    client = browser()
    assert come(client, "/findings/", attributes=attributes)["Location"] == "/findings/"
    assert client.get("/").status_code == 200
    assert SocialAccount.objects.get().user_id == one.pk
    assert come(browser(), attributes={"email": "other@example.org"}).status_code == 302
    one.refresh_from_db()
    assert one.role == Role.ANALYST
    assert details("sign-in") == {"methods": ["socialaccount"]}


@pytest.mark.parametrize(
    ("env", "says", "uid"),
    [
        ({}, {"name": "u-<!-- -->9"}, "u-9"),  # a comment cuts no name short
        ({"uid_attribute": "number"}, {"name": "u-8", "attributes": {"number": "77"}}, "77"),
    ],
)
def test_an_operator_is_found_by_the_id_that_an_admin_gave(
    env: dict[str, str], says: dict[str, Any], uid: str, sso: str, settings: Any
) -> None:
    one = operator(sso_id=uid)
    idp.use(settings, sso, **env)
    assert come(browser(), **says).status_code == 302
    assert SocialAccount.objects.get().user_id == one.pk


@pytest.mark.parametrize("number", [None, ["77", "78"], ""])
def test_without_the_attribute_that_is_the_id_nobody_is_another_by_name(number: Any, sso: str, settings: Any) -> None:
    operator(sso_id="u-1")
    idp.use(settings, sso, uid_attribute="number")
    told = {} if number is None else {"number": number}
    assert come(browser(), attributes=told).status_code == 401


def test_groups_give_a_role_and_accounts_at_each_sign_in(sso: str, account: Account) -> None:
    come(browser(), name="g-1", attributes={"username": "grace", "groups": ["payments", "x"]})
    grace = Operator.objects.get()
    assert (grace.username, grace.role, grace.scope, grace.sso_managed) == ("grace", "viewer", [account.pk], True)
    come(browser(), name="g-1", attributes={"groups": ["payments", "iam-admins"]})
    grace.refresh_from_db()
    assert (grace.role, grace.scope) == ("admin", "*")
    refused = come(browser(), name="g-1")
    assert "given a role here any more" in refused.content.decode()


def test_single_sign_on_only_and_second_factors_hold_for_saml(sso: str, settings: Any) -> None:
    settings.SSO_ONLY, settings.MFA_REQUIRED = True, "password"
    client = browser()
    told = {"name": "g-2", "attributes": {"groups": "iam-admins"}}
    operator()
    assert sign_in(browser()).status_code == 403
    assert come(client, **told).status_code == 302
    assert client.get("/").status_code == 200
    settings.MFA_REQUIRED = "all"
    second = browser()
    come(second, **told)
    assert second.get("/")["Location"] == reverse("security")


@pytest.mark.parametrize(("minutes", "asks"), [(0, False), (-60, True)])
def test_who_has_nothing_but_saml_confirms_by_it(minutes: float, asks: bool, sso: str, settings: Any) -> None:
    client, page = browser(), reverse("mfa_activate_totp")
    told = {"attributes": {"groups": "iam-admins"}}
    come(client, asked_at=minutes, **told)
    assert (client.get(page).status_code == 302) is asks
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    shown = client.get(client.get(page)["Location"]).content.decode()
    assert f'action="{LOGIN}?again=1"' in shown
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    again = ask(client, f"{LOGIN}?again=1", page)
    assert (again.again, ask(browser()).again) == (True, False)
    assert bring(client, encoded(signed(Answer(again, **told))))["Location"] == page
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "{theirs}/sso?SAMLRequest=x&"])
def test_a_provider_that_is_down_or_tells_nonsense_is_said(base: str, sso: str, settings: Any) -> None:
    idp.use(settings, base.format(theirs=sso))
    response = browser().post(LOGIN)
    assert response.status_code == 401
    assert "Single sign-on failed" in response.content.decode()


def test_the_way_to_the_provider_is_a_form_with_its_token(sso: str) -> None:
    assert browser().get(LOGIN).status_code == 200
    assert browser(enforce_csrf_checks=True).post(LOGIN).status_code == 403
    assert browser().post("/sign-in/saml/other/login/").status_code == 404


def test_the_metadata_say_where_answers_go_and_offer_no_single_logout(sso: str) -> None:
    said = browser().get("/sign-in/saml/sso/metadata/").content.decode()
    assert f'Location="http://testserver{ACS}"' in said
    assert 'WantAssertionsSigned="true"' in said
    assert "Logout" not in said
    assert browser().get("/sign-in/saml/sso/sls/?SAMLRequest=x").status_code == 404


def test_the_environment_brings_provider_and_addresses(sso: str) -> None:
    """Settings are read once, in a process of its own here; routes are made of them."""
    forms = "s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']"
    program = f"from iamdash import settings as s; print(*s.SSO, s.INSTALLED_APPS[-1], *{forms})"
    env = os.environ | {"IAMDASH_SAML_METADATA_URL": "https://idp.example.org/m", "IAMDASH_SAML_ENTITY_ID": "urn:idp"}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=env | {"IAMDASH_SSO_ONLY": "1"}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["saml", "iamdash.access.saml", "'self'", "https://idp.example.org"]
    routes = runpy.run_path(urls.__file__)["urlpatterns"]
    assert routes[-1].resolve("saml/sso/acs/").url_name == "saml_acs"
