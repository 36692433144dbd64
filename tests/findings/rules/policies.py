"""Policy documents for tests of rules, and the records that hold them."""

from __future__ import annotations

from typing import Any

from collectors import records
from findings.vocabulary import Verdict
from tests.builders import policy, role
from tests.findings.rules import judging


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """more: Condition, or elements in place of Action and Resource, which None leaves out."""
    return _statement("Allow", action, resource, more)


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return _statement("Deny", action, resource, more)


def _statement(effect: str, action: Any, resource: Any, more: dict[str, Any]) -> dict[str, Any]:
    whole = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {key: value for key, value in whole.items() if value is not None}


ADMINISTRATOR = document(allow("*"))
SESSION = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
TAGGED = {"StringEquals": {"aws:ResourceTag/team": "orders"}}


def of_policy(code: str, *statements: dict[str, Any], **more: Any) -> list[str]:
    """Statuses of one customer-managed policy that somebody has."""
    body = document(*statements)
    more = {"attachment_count": 1, **more}
    return judging.statuses(code, policy(document=records.digest(body), **more), trusts=[body])


def of_role(code: str, *statements: dict[str, Any], name: str = "own", **more: Any) -> list[str]:
    """Statuses of a role with an inline policy, as `statuses` shows them."""
    body = document(*statements)
    return judging.statuses(code, role(inline={name: records.digest(body)}, **more), trusts=[body])


def told(code: str, *statements: dict[str, Any], **more: Any) -> Verdict:
    """The one verdict on a role with an inline policy."""
    body = document(*statements)
    (verdict,) = judging.verdicts(code, role(inline={"own": records.digest(body)}, **more), trusts=[body])
    return verdict
