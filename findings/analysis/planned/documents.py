"""The documents of a plan, by digest. Of one with a hole in it the statements without a hole count, and the rest is a document
that nobody can read: what is there must be seen, and what may be there must not look absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors import records
from findings.analysis.planned.changes import Later, hole


class Documents:
    """bodies: digest -> document. unreadable: digest -> why. holes: ARN of a managed policy -> what of it is not known."""

    def __init__(self, bodies: Mapping[str, Any]) -> None:
        self.bodies = dict(bodies)
        self.unreadable: dict[str, str] = {}
        self.holes: dict[str, Later] = {}

    def whole(self, body: Any) -> str:
        """Known or unknown as a whole."""
        if later := hole(body):
            return self._unknown(later)
        body = records.clean(body)
        key = records.digest(body)
        self.bodies[key] = body
        return key

    def inline(self, policies: Mapping[str, Any]) -> dict[str, str]:
        """Name -> digest. A document with a hole is there twice: what can be read, and what cannot."""
        found: dict[str, str] = {}
        for name, body in policies.items():
            later, rest = hole(body), _without_holes(body)
            found[name] = self.whole(body if rest is None else rest)
            if later and rest is not None:
                found[f"{name} (in part)"] = self._unknown(later)
        return found

    def managed(self, arn: str, body: Any) -> str:
        later, rest = hole(body), _without_holes(body)
        if later and rest is not None:
            self.holes[arn] = later
        return self.whole(body if rest is None else rest)

    def _unknown(self, later: Later) -> str:
        key = records.digest({"later": str(later)})
        self.unreadable[key] = str(later)
        return key


def _without_holes(body: Any) -> Any:
    """The document with the statements that are known. None: it has none, or no statements can be told apart."""
    if not hole(body):
        return body
    statements = body.get("Statement") if isinstance(body, Mapping) else None
    known = [one for one in statements if not hole(one)] if isinstance(statements, list) else []
    rest = {**body, "Statement": known} if known else None
    return None if hole(rest) else rest
