"""Whether a policy's text lets anything be changed: a rough look, to ask more of those who may. findings.policy judges."""

from __future__ import annotations

import re
from typing import Any

READS = re.compile(
    r"[\w-]+:(?:BatchGet|Check|Describe|Estimate|Get|Head|List|Lookup|Query|Scan|Search|Select|Simulate|View)",
    re.IGNORECASE,
)


def may_write(document: Any) -> bool:
    """True where the text is no policy as AWS writes it: then more is asked than needed, and nothing is missed."""
    statements = document.get("Statement", ()) if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    return not isinstance(statements, list | tuple) or any(map(_writes, statements))


def _writes(statement: Any) -> bool:
    if not isinstance(statement, dict):
        return True
    if statement.get("Effect") != "Allow":
        return False
    actions = statement.get("Action")
    some = [actions] if isinstance(actions, str) else actions
    return not isinstance(some, list) or not all(isinstance(one, str) and READS.match(one) for one in some)
