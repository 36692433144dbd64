"""Steers a lab over its control plane: `LabClient(url)`. Needs nothing but the standard library."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 60


class LabError(Exception):
    """The control plane refused a request."""


class LabClient:
    """One lab's control plane."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, method: str, route: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_lab/{route}", data=data, method=method)  # noqa: S310 - the lab's own address
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                return json.load(response)
        except HTTPError as error:
            raise LabError(f"{method} {route}: {error.code} {error.read().decode()}") from error

    def organization(self) -> dict[str, Any]:
        return dict(self.ask("GET", "organization"))

    def credentials(self) -> dict[str, str]:
        """A fresh hub session: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, principal_arn."""
        return dict(self.ask("GET", "credentials"))

    def clock(self, as_of: str) -> dict[str, str]:
        """A hub session on a day of the past (ISO 8601): what it asks is answered as of that day."""
        return dict(self.ask("POST", "clock", {"as_of": as_of}))

    def deploy(self, items: list[dict[str, Any]]) -> list[str]:
        """Items {account, role_name, external_id, policy}; returns the ARNs of the roles."""
        return list(self.ask("POST", "deploy", items)["roles"])

    def stack(self, template: dict[str, Any], accounts: list[str] | None = None) -> list[str]:
        """Deploy a CloudFormation template in these accounts, or as a StackSet in all members; returns the ARNs of the roles."""
        return list(self.ask("POST", "stack", {"template": template, "accounts": accounts})["roles"])

    def expected(self) -> list[dict[str, str]]:
        return list(self.ask("GET", "expected"))

    def fault(self, kind: str, **where: Any) -> None:
        """Fields of collectors.lab.faults.Fault: account, service, operation, times, rate, status, seconds."""
        self.ask("POST", "faults", {"kind": kind, **where})

    def faults(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "faults"))

    def clear_faults(self) -> None:
        self.ask("DELETE", "faults")

    def calls(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "calls"))

    def clear_calls(self) -> None:
        self.ask("DELETE", "calls")

    def expire_sessions(self, account: str = "*") -> int:
        """End the sessions in an account (or all) now; returns how many there were."""
        return int(self.ask("POST", "expire", {"account": account})["expired"])
