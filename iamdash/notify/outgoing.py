"""The one way out: a POST to an address that was checked first (TRUST, SSRF).

The name is resolved once, all its addresses are checked, and the connection goes to one of these, so that a name which answers
otherwise the second time changes nothing. TLS and the Host header still have the name. No redirect is followed and no proxy
asked; all of it takes SECONDS at most, and of the answer ANSWER bytes are read. Hosts that OUTGOING_HOSTS lists may be inner
ones and speak plain HTTP.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection

from iamdash.notify import addresses
from iamdash.notify.signing import signed

SECONDS = 5.0
ANSWER = 64 * 1024
LONGEST_URL = 2048
AGENT = "iamdash"


class OutgoingError(Exception):
    """Nothing was sent, or no answer came. The text is ours: it names the host, and never the path, which may be a secret."""


class RefusedError(OutgoingError):
    """The URL or where it leads is not allowed: trying again helps only after somebody changed a setting or the DNS."""


class UnreachedError(OutgoingError):
    """No connection, no valid certificate, no answer in time: trying again may help."""


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """text: what came of the body, cut after ANSWER bytes or when the time was over. retry_after: as the header has it."""

    status: int
    text: str = ""
    retry_after: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def wait(self, now: datetime) -> float:
        """Seconds that the receiver asks for, 0 for none. Retry-After is a number or a date (RFC 9110, 10.2.3)."""
        if self.retry_after.isascii() and self.retry_after.isdigit():
            return float(self.retry_after[:9])
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return max(0.0, (parsedate_to_datetime(self.retry_after) - now).total_seconds())
        return 0.0


_PORTS = {"https": 443, "http": 80}


def parsed(url: str) -> Target:
    """Raises RefusedError with a reason for operators; asks no DNS. Forms check what they are given by it."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise RefusedError(
            "The URL has characters that URLs do not have, or too many. Names of hosts in xn-- form, please."
        )
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise RefusedError("This is not a URL.") from None
    if parts.scheme not in _PORTS or not host:
        raise RefusedError("The URL must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise RefusedError("The URL must not have a user name or password in it.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host, port or _PORTS[parts.scheme], path)
    if target.scheme == "http" and not _listed(target):
        raise RefusedError(f"Plain HTTP is for hosts that IAMDASH_OUTGOING_HOSTS lists; {host} is not one of them.")
    return target


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Raises RefusedError and UnreachedError. Any status is an answer, a redirect too."""
    exchange = _Exchange(parsed(url), body, {"user-agent": AGENT, **headers})
    worker = threading.Thread(target=exchange.run, name="outgoing", daemon=True)
    worker.start()
    worker.join(SECONDS)
    return exchange.end()


def post_signed(url: str, body: bytes, *, secret: str, message_id: str, at: datetime) -> Answer:
    """JSON with the headers of signing.py. message_id: the same for each attempt at this message."""
    headers = {"content-type": "application/json", **signed(secret, message_id, at, body)}
    return post(url, body, headers)


@dataclass
class _Exchange:
    """One POST in a thread of its own, since neither the resolver nor a trickle of headers keeps to a time-out."""

    target: Target
    body: bytes
    headers: Mapping[str, str]
    until: float = field(default_factory=lambda: time.monotonic() + SECONDS)
    status: int = 0
    retry_after: str = ""
    read: bytearray = field(default_factory=bytearray)
    error: OutgoingError | None = None
    ended: bool = False
    connection: HTTPConnection | None = None

    def run(self) -> None:
        try:
            self._send()
        except OutgoingError as error:
            self.error = error
        except ssl.SSLError as error:
            self.error = UnreachedError(f"{self.target.host}: TLS failed: {_tls_words(error)}")
        except (OSError, HTTPException, urllib3.exceptions.HTTPError, ValueError) as error:
            self.error = self._late() if _timed_out(error) else UnreachedError(f"{self.target.host}: {_words(error)}")
        finally:
            self._close()

    def end(self) -> Answer:
        """What came until now. The thread, if it still works, is cut off, and what it says of that is of no interest."""
        error, self.ended = self.error, True
        self._close()
        if self.status:
            text = bytes(self.read[:ANSWER]).decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
            return Answer(self.status, text, self.retry_after)
        raise error or self._late()

    def _late(self) -> UnreachedError:
        return UnreachedError(f"{self.target.host}: no answer within {SECONDS:g} seconds")

    def _send(self) -> None:
        self.connection = self._connected(list(resolved(self.target)))
        plain = {"host": self.target.netloc, "accept-encoding": "identity", "connection": "close"}
        self.connection.request(
            "POST", self.target.path, self.body, {**self.headers, **plain}, preload_content=False, decode_content=False
        )
        response = self.connection.getresponse()
        self.retry_after = response.headers.get("retry-after", "").strip()
        self.status = response.status
        while len(self.read) < ANSWER and not self.ended and (more := response.read1(ANSWER)):
            self.read += more

    def _connected(self, found: list[str]) -> HTTPConnection:
        """To the first of the checked addresses that answers."""
        for address in found:
            connection = self.connection = self._to(address)
            try:
                self._in_time()
                connection.connect()
                self._in_time()
            except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
                connection.close()
                if address == found[-1]:
                    raise
            else:
                return connection
        raise UnreachedError(f"{self.target.host}: no address")

    def _to(self, address: str) -> HTTPConnection:
        seconds = max(0.01, self.until - time.monotonic())
        if self.target.scheme == "http":
            return HTTPConnection(address, self.target.port, timeout=seconds)
        return HTTPSConnection(
            address,
            self.target.port,
            timeout=seconds,
            server_hostname=self.target.host,
            ssl_context=ssl.create_default_context(),  # of the system, or of SSL_CERT_FILE
        )

    def _in_time(self) -> None:
        if self.ended:
            raise self._late()

    def _close(self) -> None:
        """From either thread. shutdown wakes a read that waits; it is socket's own, since SSLSocket's forgets its keys."""
        sock = getattr(self.connection, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                sock.close()


def resolved(target: Target) -> Iterator[str]:
    """All addresses of the host. Raises RefusedError when one of them is not to be reached, UnreachedError when there is none."""
    try:
        rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnreachedError(f"{target.host}: this name has no address") from None
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    may_be_inner = _listed(target)
    for address in found:
        if addresses.forbidden(address) or not (may_be_inner or addresses.public(address)):
            raise RefusedError(
                f"{target.host} leads to {address}, which is not a public address. "
                "Inner hosts must stand in IAMDASH_OUTGOING_HOSTS."
            )
    yield from found


def _listed(target: Target) -> bool:
    return addresses.listed(settings.OUTGOING_HOSTS, target.host, target.port)


def _timed_out(error: Exception) -> bool:
    """urllib3 counts a refused connection among the time-outs."""
    late = isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError))
    return late and not isinstance(error, urllib3.exceptions.NewConnectionError)


def _words(error: Exception) -> str:
    """What happened, without what urllib3 says of the request."""
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(error).__name__


def _tls_words(error: ssl.SSLError) -> str:
    return str(getattr(error, "verify_message", "") or error.reason or "no reason given")
