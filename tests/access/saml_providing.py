"""A SAML identity provider on loopback: its metadata over HTTP, answers that it signs, and settings that name it."""

from __future__ import annotations

import base64
import functools
import html
import secrets
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from allauth.socialaccount.providers import registry
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from iamdash.access.configured import Provider, saml

ENTITY = "urn:example:idp"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
P = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'


@dataclass(frozen=True)
class Asked:
    """What our request to the provider says."""

    id: str
    acs: str
    audience: str
    again: bool


@dataclass(frozen=True)
class Answer:
    """All that an answer may say; what is None is left out. Times in minutes from now. signs: "assertion", "response" or ""."""

    asked: Asked
    name: str = "u-1"
    format: str = PERSISTENT
    attributes: dict[str, Any] = field(default_factory=dict)
    issuer: str = ENTITY
    audience: str | None = "ours"
    recipient: str = ""
    destination: str = ""
    to: str | None = "ours"  # the request that it answers, as the envelope says
    signed_to: str | None = "ours"  # and as the signed part says
    begins: float = -1
    ends: float = 5
    asked_at: float = 0
    status: str = "Success"
    signs: str = "assertion"

    def xml(self) -> str:
        to, signed_to = (self.asked.id if said == "ours" else said for said in (self.to, self.signed_to))
        return (
            f'<samlp:Response {P} ID="r{secrets.token_hex(8)}" Version="2.0" IssueInstant="{when(0)}"'
            f' Destination="{self.destination or self.asked.acs}"{attribute("InResponseTo", to)}>'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{self.status}"/></samlp:Status>'
            f"{self.assertion(signed_to)}</samlp:Response>"
        )

    def assertion(self, to: str | None) -> str:
        audience = self.asked.audience if self.audience == "ours" else self.audience
        named = f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
        return (
            f'<saml:Assertion {P} ID="a{secrets.token_hex(8)}" Version="2.0" IssueInstant="{when(0)}">'
            f"<saml:Issuer>{self.issuer}</saml:Issuer><saml:Subject>"
            f'<saml:NameID Format="{self.format}">{self.name}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData'
            f' Recipient="{self.recipient or self.asked.acs}" NotOnOrAfter="{when(self.ends)}"{attribute("InResponseTo", to)}/>'
            "</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{when(self.begins)}" NotOnOrAfter="{when(self.ends)}">{named if audience else ""}'
            f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{when(self.asked_at)}"><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            f"</saml:AuthnContext></saml:AuthnStatement>{self.statement()}</saml:Assertion>"
        )

    def statement(self) -> str:
        told = {name: values if isinstance(values, list) else [values] for name, values in self.attributes.items()}
        rows = (
            f'<saml:Attribute Name="{html.escape(name)}">'
            + "".join(f"<saml:AttributeValue>{html.escape(str(value))}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in told.items()
        )
        return f"<saml:AttributeStatement>{''.join(rows)}</saml:AttributeStatement>" if told else ""


def attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'


def when(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.cache
def keys(whose: str) -> tuple[str, str]:
    """(private key, certificate) as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, whose)]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = (
        made.not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), signed.public_bytes(serialization.Encoding.PEM).decode()


def signed(answer: Answer, whose: str = "theirs") -> str:
    """XML, signed as `answer.signs` says."""
    key, cert = keys(whose)
    xml = answer.xml()
    if answer.signs == "response":
        return OneLogin_Saml2_Utils.add_sign(xml, key, cert).decode()
    if answer.signs == "assertion":
        begin, end = xml.index("<saml:Assertion"), xml.index("</samlp:Response>")
        return xml[:begin] + OneLogin_Saml2_Utils.add_sign(xml[begin:end], key, cert).decode() + xml[end:]
    return xml


def encoded(xml: str | bytes) -> str:
    return base64.b64encode(xml.encode() if isinstance(xml, str) else xml).decode()


def asked(location: str) -> Asked:
    """Of the address that our page leads to."""
    request = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
    root = ElementTree.fromstring(zlib.decompress(base64.b64decode(request), -15))
    issuer = root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or ""
    return Asked(
        root.attrib["ID"], root.attrib["AssertionConsumerServiceURL"], issuer, root.get("ForceAuthn") == "true"
    )


def metadata(base: str) -> str:
    certificate = "".join(keys("theirs")[1].splitlines()[1:-1])
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
        f' entityID="{ENTITY}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>'
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        f' Location="{base}/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )


class _Pages(BaseHTTPRequestHandler):
    """/metadata, and /sso: a page with a button that signs in whom `server.who` makes of the request."""

    server: Any

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        body, kind = (metadata(base), "application/xml") if self.path == "/metadata" else (self._form(), "text/html")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def _form(self) -> str:
        request = asked(self.path)
        answer = encoded(signed(self.server.who(request)))
        return (
            f'<form method="post" action="{request.acs}"><input type="hidden" name="SAMLResponse" value="{answer}">'
            "<button>It is me</button></form>"
        )

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def provider(who: Callable[[Asked], Answer] = Answer) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.who = who  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def use(settings: Any, base: str, **env: str) -> Provider:
    """As the environment would have it. The routes and allauth's provider exist only where SAML is set up."""
    named = {"IAMDASH_SAML_METADATA_URL": f"{base}/metadata", "IAMDASH_SAML_ENTITY_ID": ENTITY}
    found = saml(named | {f"IAMDASH_SAML_{name.upper()}": value for name, value in env.items()}, installed=True)
    assert found is not None
    settings.SSO, settings.SOCIALACCOUNT_PROVIDERS = {"saml": found}, found.apps
    settings.ROOT_URLCONF = "tests.access.saml_urls"
    from iamdash.access.saml.provider import Provider as Ours

    registry.load()
    registry.register(Ours)
    return found
