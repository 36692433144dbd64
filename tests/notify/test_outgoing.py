"""The guarded way out: what it refuses, whom it reaches, what it reads. Receivers are real ones on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from iamdash.notify import outgoing
from iamdash.notify.addresses import forbidden, public
from iamdash.notify.outgoing import Answer, RefusedError, UnreachedError, parsed, post, post_signed
from iamdash.notify.signing import TOLERANCE, new_secret, verified

from .conftest import NAME
from .receiver import Receiver, Told, certificate, receiving

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECRET = new_secret()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """resolver(first, second, ...): what the name leads to each time that it is asked for; returns who asked."""

    def patch(*answers: list[str]) -> list[str]:
        asked: list[str] = []
        left = list(answers)

        def answer(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            if host != NAME:  # an address, as the connection asks for
                return real(host, port, *_, **__)
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in left.pop(0)]

        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return patch


@pytest.mark.parametrize(
    "address",
    [
        "3.125.16.34", "8.8.8.8", "2a05:d018:ce:4200::1", "2606:4700::6810:84e5",
        "64:ff9b::8.8.8.8",  # an IPv6-only network reaches IPv4 so
        "2002:808:808::1", "::ffff:8.8.8.8",
    ],
)  # fmt: skip
def test_public_addresses_may_be_reached(address: str) -> None:
    assert public(address)
    assert not forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255",
        "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
        "::1", "fc00::1", "fd12::1", "fec0::1", "2001:db8::1", "3fff::1", "5f00::1", "4000::1", "100::1", "2001:20::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1",
        "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "2002:a00:1::1", "2002:7f00:1::",
        "2001:0:808:808:8000:63bf:f5ff:fffe",  # Teredo: the client behind it is 10.0.0.1
        "2a05:d018::5efe:10.0.0.1", "2a05:d018::200:5efe:10.0.0.1",  # ISATAP
    ],
)  # fmt: skip
def test_inner_addresses_are_for_listed_hosts(address: str) -> None:
    assert not public(address)
    assert not forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "fe80::1", "fe80::1%eth0", "ff02::1", "ff0e::1", "fd00:ec2::254", "fd20:ce::254",
        "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "::ffff:0.0.0.0", "::169.254.169.254",
    ],
)  # fmt: skip
def test_no_setting_opens_metadata_and_multicast(address: str) -> None:
    assert not public(address)
    assert forbidden(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.slack.com/services/T", "Plain HTTP"),
        ("ftp://hooks.slack.com/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("//hooks.slack.com/", "https://"),
        ("https:///path", "https://"),
        ("https://user:pw@hooks.slack.com/", "user name"),
        ("https://hooks.slack.com@10.0.0.1/", "user name"),
        ("https://hooks.slack.com\\@10.0.0.1/", "characters"),
        ("https://hooks.slack.com/a b", "characters"),
        ("https://hooks.slack.com/\r\nX-Evil: 1", "characters"),
        ("https://hooks.slack.com/\0", "characters"),
        ("https://höoks.example/", "characters"),
        ("https://hooks.slack.com:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://hooks.slack.com/" + "a" * 2048, "too many"),
    ],
)
def test_a_url_that_is_none_or_tricks_is_refused_before_the_dns_is_asked(url: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        parsed(url)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "[::1]"]
)
def test_every_way_to_write_loopback_is_refused(host: str) -> None:
    with pytest.raises(RefusedError, match="IAMDASH_OUTGOING_HOSTS"):
        post(f"https://{host}:9/", b"{}", {})


@pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"]])
def test_one_inner_address_among_them_refuses_the_name(resolver: Any, found: list[str]) -> None:
    resolver(found)
    with pytest.raises(RefusedError, match="not a public address"):
        post(f"https://{NAME}/", b"{}", {})


def test_a_listed_host_still_never_leads_to_metadata(resolver: Any, settings: Any) -> None:
    settings.OUTGOING_HOSTS = frozenset({NAME})
    resolver(["169.254.169.254"])
    with pytest.raises(RefusedError, match=r"169\.254\.169\.254"):
        post(f"http://{NAME}/latest/meta-data/", b"", {})


def test_a_host_that_is_listed_with_a_port_is_closed_on_others(receiver: Receiver) -> None:
    with pytest.raises(RefusedError, match="Plain HTTP"):
        post("http://127.0.0.1:1/", b"", {})


def test_the_name_is_asked_for_once_and_that_address_is_used(receiver: Receiver, resolver: Any) -> None:
    """DNS rebinding: the second answer would be another machine's."""
    asked = resolver(["127.0.0.1"], ["10.255.255.1"])
    assert post(receiver.url(host=NAME), b"{}", {}).ok
    assert asked == [NAME]
    assert receiver.got[0].headers["host"] == f"{NAME}:{receiver.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(receiver: Receiver, resolver: Any) -> None:
    resolver(["127.0.0.2", "127.0.0.1"])
    assert post(receiver.url(host=NAME), b"{}", {}).ok


def test_a_signed_message_is_verified_by_its_raw_body(receiver: Receiver) -> None:
    body = '{"title": "Schlüssel"}'.encode()
    assert post_signed(receiver.url("/a?b=c"), body, secret=SECRET, message_id="msg_1", at=NOW) == Answer(200, "ok")
    (got,) = receiver.got
    assert (got.path, got.body, got.headers["content-type"]) == ("/a?b=c", body, "application/json")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))  # by hand, as a receiver without a library does it
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    assert (
        got.headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    )
    assert verified(SECRET, got.headers, got.body, NOW + timedelta(seconds=TOLERANCE))


def test_a_signature_of_the_specification_is_ours() -> None:
    """The example of Standard Webhooks' own libraries."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v2,none v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert verified("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, b'{"test": 2432232314}', at)


@pytest.mark.parametrize(
    ("change", "body", "now"),
    [
        ({}, b"{ }", NOW),
        ({"webhook-id": "msg_2"}, b"{}", NOW),
        ({"webhook-id": ""}, b"{}", NOW),
        ({"webhook-timestamp": "1"}, b"{}", NOW),
        ({"webhook-timestamp": "²"}, b"{}", NOW),
        ({"webhook-signature": ""}, b"{}", NOW),
        ({"webhook-signature": "v1,ü"}, b"{}", NOW),
        ({}, b"{}", NOW + timedelta(seconds=TOLERANCE + 1)),
        ({}, b"{}", NOW - timedelta(seconds=TOLERANCE + 1)),
    ],
)
def test_what_was_changed_or_is_old_is_not_verified(change: dict[str, str], body: bytes, now: datetime) -> None:
    headers = outgoing.signed(SECRET, "msg_1", NOW, b"{}")
    assert verified(SECRET, headers, b"{}", NOW)
    assert not verified(SECRET, headers | change, body, now)
    assert not verified(new_secret(), headers, b"{}", NOW)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [Told(status, {"location": receiver.url("/elsewhere")})]
    answer = post(receiver.url(), b"{}", {})
    assert (answer.status, answer.ok, len(receiver.got)) == (status, False, 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("Thu, 26 Nov 2026 12:01:30 GMT", 90),
        ("Wed, 25 Nov 2026 12:00:00 GMT", 0),
    ],
)
def test_a_receiver_may_ask_for_patience(receiver: Receiver, header: str, seconds: float) -> None:
    receiver.answers = [Told(429, {"retry-after": header} if header else {})]
    assert post(receiver.url(), b"{}", {}).wait(NOW) == seconds


def test_of_a_huge_answer_64_kb_are_read(receiver: Receiver) -> None:
    receiver.answers = [Told(body=b"x" * 5_000_000)]
    answer = post(receiver.url(), b"{}", {})
    assert (answer.ok, len(answer.text)) == (True, 64 * 1024)


def test_a_compressed_answer_is_not_unpacked_and_bytes_are_no_trap(receiver: Receiver) -> None:
    receiver.answers = [Told(headers={"content-encoding": "gzip"}, body=b"\x1f\x8b\0\xff")]
    assert post(receiver.url(), b"{}", {}).text == "\x1f" + "\N{REPLACEMENT CHARACTER}" * 3


def test_a_slow_body_is_cut_off_but_the_status_counts(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    receiver.answers = [Told(202, body=b"so far", stall="body")]
    assert post(receiver.url(), b"{}", {}) == Answer(202, "so far")


def test_a_receiver_that_never_answers_is_unreached(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.2)
    receiver.answers = [Told(stall="headers")]
    with pytest.raises(UnreachedError, match=r"no answer within 0\.2 seconds"):
        post(receiver.url(), b"{}", {})


def test_nobody_there_and_no_such_name(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    url = receiver.url()
    receiver.stop()
    with pytest.raises(UnreachedError, match="refused"):
        post(url, b"{}", {})
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=socket.gaierror(-2, "Name or service not known")))
    with pytest.raises(UnreachedError, match="no address"):
        post(f"https://{NAME}/", b"{}", {})


@pytest.fixture
def tls(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, resolver: Any) -> Iterator[Any]:
    """tls(name): a receiver with a certificate for the name, whose authority the system trusts."""
    settings.OUTGOING_HOSTS = frozenset({NAME})
    resolver(["127.0.0.1"])
    pem, context = certificate(tmp_path, NAME)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with receiving(context) as server:
        yield server


def test_tls_is_verified_for_the_name_though_the_address_is_dialled(tls: Receiver) -> None:
    assert post(tls.url(host=NAME), b"{}", {}).ok
    assert tls.got[0].headers["host"] == f"{NAME}:{tls.port}"


def test_a_certificate_for_another_name_is_refused(tls: Receiver, settings: Any) -> None:
    settings.OUTGOING_HOSTS = frozenset({"127.0.0.1"})
    with pytest.raises(UnreachedError, match=r"TLS failed: .*mismatch"):
        post(tls.url(), b"{}", {})
    assert not tls.got


def test_a_certificate_of_an_unknown_authority_is_refused(tls: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(UnreachedError, match=r"TLS failed: .*self.signed"):
        post(tls.url(host=NAME), b"{}", {})


def test_an_error_tells_the_host_and_keeps_the_path(receiver: Receiver) -> None:
    receiver.stop()
    for url in (receiver.url("/services/T0/B0/secret"), "https://127.0.0.1/services/T0/B0/secret"):
        with pytest.raises(outgoing.OutgoingError) as raised:
            post(url, b"{}", {})
        assert "secret" not in str(raised.value)
        assert "127.0.0.1" in str(raised.value)
