"""Faults told at run time: what AWS and the network between do to a collector on a bad day."""

import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from collectors.lab.wire import Answer, Call, RefusalError

REFUSALS = {
    "throttle": ("throttled", "Rate exceeded"),
    "expired": ("expired", "The security token included in the request is expired"),
}
BODY_KINDS = frozenset({"empty", "html", "truncate", "cut"})
KINDS = frozenset({"deny", "deny_scp", "error", "hang", "reset", *REFUSALS, *BODY_KINDS})
# As sloppy as real pages are: well-formed ones make botocore raise KeyError instead of ResponseParserError.
HTML = b"<!DOCTYPE html><html><head><meta charset=utf-8><title>Proxy</title></head><body>Sign in first.</body></html>"


@dataclass
class Fault:
    """`times` None means for ever. With `rate` (calls a second, per account) only the excess is throttled. action: what a denial
    names in place of the operation's own (KMS refuses what S3 was asked for)."""

    kind: str
    account: str = "*"
    service: str = "*"
    operation: str = "*"
    times: int | None = None
    rate: float | None = None
    status: int = 500
    seconds: float = 30.0
    action: str = ""
    _spent: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault kind {self.kind!r}, known: {', '.join(sorted(KINDS))}")

    def concerns(self, call: Call) -> bool:
        """An operation is named by itself, or by its action where that has another name."""
        meant = (self.service, self.operation) == tuple(call.action.split(":"))
        wanted = ((self.service, call.service), (self.operation, call.operation))
        named = meant or all(pattern in ("*", value) for pattern, value in wanted)
        return self.times != 0 and named and self.account in ("*", call.account)

    def strikes(self, call: Call) -> bool:
        """Spend one of the times, or a token of the account's bucket (one second deep)."""
        if self.rate is not None:
            now = time.monotonic()
            tokens, then = self._spent.get(call.account, (max(self.rate, 1.0), now))
            tokens = min(max(self.rate, 1.0), tokens + (now - then) * self.rate)
            self._spent[call.account] = (tokens - 1, now) if tokens >= 1 else (tokens, now)
            return tokens < 1
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults in force; the first that concerns a call strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, wanted: dict[str, Any]) -> None:
        fault = Fault(**wanted)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{k: v for k, v in asdict(fault).items() if k != "_spent"} for fault in self._faults]

    def take(self, call: Call) -> Fault | None:
        with self._lock:
            return next((fault for fault in self._faults if fault.concerns(call) and fault.strikes(call)), None)


def refusal(fault: Fault, caller_arn: str, action: str) -> RefusalError | None:
    """The error answer of a fault that is one."""
    action = fault.action or action
    said = f"User: {caller_arn} is not authorized to perform: {action} on resource: *"
    if fault.kind == "deny":
        return RefusalError("denied", f"{said} because no identity-based policy allows the {action} action")
    if fault.kind == "deny_scp":
        return RefusalError("denied", f"{said} with an explicit deny in a service control policy")
    if fault.kind == "error":
        kind = "unavailable" if fault.status == 503 else "failure"
        return RefusalError(kind, "We encountered an internal error. Please try again.")
    if fault.kind in REFUSALS:
        return RefusalError(*REFUSALS[fault.kind])
    return None


def spoiled(fault: Fault, answer: Answer) -> Answer:
    """A good answer with a bad body. `cut` announces the whole length and sends half."""
    status, headers, body = answer
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    if fault.kind == "html":
        kept = [(name, value) for name, value in kept if name.lower() != "content-type"]
        return 200, [*kept, ("Content-Type", "text/html"), ("Content-Length", str(len(HTML)))], HTML
    half = b"" if fault.kind == "empty" else body[: len(body) // 2]
    announced = len(body) if fault.kind == "cut" else len(half)
    return status, [*kept, ("Content-Length", str(announced))], half
