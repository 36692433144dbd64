"""A network with faults between a collector and the lab: each HTTP exchange passes here, and a script says what becomes of it.

On plain sockets, so that a reset is one, and a length that is announced need not come.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import EnvironBuilder

from collectors.lab import enforcement, wire
from collectors.lab.faults import HTML
from collectors.lab.wire import Call, RefusalError

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST
UPSTREAM_SECONDS = 60
OF_THE_WIRE = {"content-length", "connection", "transfer-encoding"}


@dataclass(frozen=True)
class Reply:
    """announced: what Content-Length says, where that is not the body's length."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    announced: int | None = None


Ask = Callable[[], Reply]
Fault = Callable[[Call, Ask], Reply | None]  # None: the connection is reset
Script = Callable[[Call], Fault | None]


def nothing(call: Call) -> None:
    """The script of a network without faults."""


class Proxy:
    """Serves until stop(). script may be set at any time; calls: the operations that came, in their order."""

    def __init__(self, lab_url: str, script: Script = nothing) -> None:
        self.lab, self.script = urlsplit(lab_url), script
        self.calls: list[str] = []
        self.on_call: Callable[[int], None] = lambda n: None
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def heal(self) -> None:
        self.script = nothing

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply | None:
        def ask() -> Reply:
            return self._upstream(method, path, headers, body)

        if path.startswith("/_lab/"):
            return ask()
        call = read(method, path, headers, body)
        with self._lock:
            self.calls.append(f"{call.service}:{call.operation}")
            n = len(self.calls)
            fault = self.script(call)
        self.on_call(n)
        return fault(call, ask) if fault else ask()

    def _upstream(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        lab = http.client.HTTPConnection(self.lab.hostname or "", self.lab.port, timeout=UPSTREAM_SECONDS)
        with contextlib.closing(lab):
            lab.request(method, path, body, {**headers, "Connection": "close"})
            answer = lab.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in OF_THE_WIRE]
            length = answer.getheader("Content-Length")
            found = answer.read()
        return Reply(answer.status, tuple(kept), found, int(length or 0) if method == "HEAD" else None)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 64
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who went away while he was answered: a killed worker."""


class _Handler(socketserver.StreamRequestHandler):
    """One exchange a connection."""

    server: _Server
    rfile: Any

    def handle(self) -> None:
        line = self.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return
        headers = dict(http.client.parse_headers(self.rfile).items())
        body = self.rfile.read(int(headers.get("Content-Length") or 0))
        reply = self.server.proxy.answer(line[0], line[1], headers, body)
        if reply is None:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            return
        length = len(reply.body) if reply.announced is None else reply.announced
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{k}: {v}" for k, v in reply.headers)]
        lines += [f"Content-Length: {length}", "Connection: close", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + reply.body)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()


def read(method: str, path: str, headers: dict[str, str], body: bytes) -> Call:
    """What is asked, as the lab reads it."""
    parts = urlsplit(path)
    made = EnvironBuilder(
        path=parts.path, query_string=parts.query, method=method, headers=list(headers.items()), data=body
    )
    return wire.read(made.get_environ())


# -- faults


def status(code: int) -> Fault:
    """An answer as a load balancer or proxy gives it: no word of AWS in it."""
    return lambda call, ask: Reply(code, (("Content-Type", "text/html"),), b"<html>busy</html>")


def refused(kind: str, message: str = "no") -> Fault:
    """AWS's own error in the call's protocol. kind: one of the lab's wire.CODES."""

    def fault(call: Call, ask: Ask) -> Reply:
        code, headers, body = wire.refuse(call, RefusalError(kind, message))
        return Reply(code, tuple(headers), body)

    return fault


def denied(call: Call, ask: Ask) -> Reply | None:
    return refused("denied", f"User: x is not authorized to perform: {call.service}:{call.operation}")(call, ask)


def reset(call: Call, ask: Ask) -> None:
    """Before the question went on."""


def lost(call: Call, ask: Ask) -> None:
    """The question was asked, and its answer never came."""
    ask()


def hang(seconds: float) -> Fault:
    def fault(call: Call, ask: Ask) -> Reply | None:
        threading.Event().wait(seconds)
        return None

    return fault


def spoiled(change: Callable[[Reply], Reply]) -> Fault:
    """Of a good answer; a refusal goes through as it is."""

    def fault(call: Call, ask: Ask) -> Reply:
        whole = ask()
        return change(whole) if whole.status == 200 else whole

    return fault


empty = spoiled(lambda whole: replace(whole, body=b""))


def html(call: Call, ask: Ask) -> Reply:
    return Reply(200, (("Content-Type", "text/html"),), HTML)


# Half of it as if it were all, and half of what is announced.
truncated = spoiled(lambda whole: replace(whole, body=whole.body[: len(whole.body) // 2]))
cut = spoiled(lambda whole: replace(whole, body=whole.body[: len(whole.body) // 2], announced=len(whole.body)))


def edited(change: Callable[[bytes], bytes]) -> Fault:
    """A whole answer that says something else."""

    return spoiled(lambda whole: replace(whole, body=change(whole.body)))


# -- scripts


def on(action: str, fault: Fault) -> Script:
    """For ever, on one operation, by the action that IAM is asked about."""
    return lambda call: fault if enforcement.action_of(call) == action else None


def at(n: int, fault: Fault) -> Script:
    """On the nth call from now on, once; 1 is the next."""
    left = [n]

    def script(call: Call) -> Fault | None:
        left[0] -= 1
        return fault if left[0] == 0 else None

    return script


def once_each(faults: list[Fault]) -> Script:
    """On the first call of each operation, the faults in turn."""
    seen: dict[tuple[str, str], None] = {}

    def script(call: Call) -> Fault | None:
        key = call.service, call.operation
        if key in seen:
            return None
        seen[key] = None
        return faults[len(seen) % len(faults)]

    return script
