"""allauth's SAML provider, brought to the form of OpenID Connect: what is told of one person, in an answer that we asked for.

python3-saml has verified the answer (signature of the assertion, issuer, times, recipient). What is asked for here beside that it
would let pass: that the signed part itself answers our request and names its audience. Only the assertion is signed, so the
envelope's `InResponseTo` is anybody's word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.socialaccount import app_settings
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from allauth.socialaccount.providers.saml.utils import build_auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
AGAIN = "again"  # in the address of the way to the provider: it is to ask who it is, also whom it knows already
ASSERTION = "/samlp:Response/saml:Assertion"


class Provider(SAMLProvider):
    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_redirect_from_request_kwargs(request) | {"force_authn": AGAIN in request.GET}

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **asked: Any
    ) -> HttpResponse:
        auth = build_auth(request, self)
        url = auth.login(return_to="", force_authn=asked.pop("force_authn", False))
        self.stash_redirect_state(request, process, next_url, data, state_id=auth.get_last_request_id(), **asked)
        return HttpResponseRedirect(url)

    def extract_uid(self, data: OneLogin_Saml2_Auth) -> str:
        """Raises ValueError where it is not the same person's alone, today and tomorrow."""
        _demand_ours(data)
        attribute = self.app.settings["told"]["uid"]
        uid = one(data, [attribute]) if attribute else data.get_nameid()
        if not uid or len(uid) > app_settings.UID_MAX_LENGTH:
            raise ValueError(f"no id, several ids or too long a one: {attribute or 'NameID'}")
        if not attribute and data.get_nameid_format() == TRANSIENT:
            raise ValueError("a transient NameID is another one at each sign-in")
        return uid

    def extract_extra_data(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """As `sso.claims` takes it. Attributes are lists in SAML; of groups all count, of the rest one that stands alone."""
        names = self.app.settings["told"]
        found = {key: one(data, names[key]) for key in ("email", "preferred_username", "name")}
        verified = names["email_trusted"] or str(one(data, names["email_verified"])).lower() in {"true", "1"}
        told = {key: value for key, value in found.items() if value} | {"sub": self.extract_uid(data)}
        groups = {names["groups"]: texts(data.get_attribute(names["groups"]))}
        return {"userinfo": groups | told | {"email_verified": verified, "auth_time": asked_at(data)}}

    def extract_common_fields(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """Operators are found and made by `sso.Adapter`."""
        return {}


def one(data: OneLogin_Saml2_Auth, names: Sequence[str]) -> str | None:
    """The value of the first of these attributes that is there; None: none is, or it has several."""
    for name in names:
        if values := texts(data.get_attribute(name)):
            return values[0] if len(values) == 1 else None
    return None


def texts(values: Any) -> list[str]:
    return [value for value in values or () if isinstance(value, str) and value]


def asked_at(data: OneLogin_Saml2_Auth) -> int:
    """When the provider asked who it is, in seconds. python3-saml saw to it that there is exactly one statement of it."""
    (at,) = _read(data, f"{ASSERTION}/saml:AuthnStatement/@AuthnInstant")
    return int(OneLogin_Saml2_Utils.parse_SAML_to_time(at))


def _demand_ours(data: OneLogin_Saml2_Auth) -> None:
    answers = _read(
        data, f"{ASSERTION}/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData/@InResponseTo"
    )
    if not answers or set(answers) != {data.get_last_response_in_response_to()}:
        raise ValueError("the signed assertion answers no request of ours")
    if not _read(data, f"{ASSERTION}/saml:Conditions/saml:AudienceRestriction/saml:Audience"):
        raise ValueError("the assertion names no audience: it would be good anywhere")


def _read(data: OneLogin_Saml2_Auth, xpath: str) -> list[Any]:
    document = OneLogin_Saml2_XML.to_etree(data.get_last_response_xml())
    return list(OneLogin_Saml2_XML.query(document, xpath))


provider_classes = [Provider]
