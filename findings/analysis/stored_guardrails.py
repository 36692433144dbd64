"""Guardrails as JSON, with their documents: what a page needs of another account's rows to show one account.

{"scp": levels | null, "rcp": levels | null, "unseen", "organization_id", "management", "documents": {digest: body}}
level: {"id", "name", "policies": [a records.OrganizationPolicy without its targets]}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from collectors.records import OrganizationPolicy, from_json, to_json
from findings.analysis.guardrails import GuardrailLevel, Guardrails, Levels

if TYPE_CHECKING:
    from findings.analysis.facts import Facts


class Stored(NamedTuple):
    """documents: by digest, as in records.Snapshot. Facts(snapshot with these documents, settings, guardrails) judges by them."""

    guardrails: Guardrails
    documents: Mapping[str, Any]


def to_stored(facts: Facts) -> dict[str, Any]:
    """The ids of the organization's other accounts are left out: whoever sees one account need not know them."""
    found = facts.guardrails
    levels = (*(found.scp or ()), *(found.rcp or ()))
    digests = {policy.document for level in levels for policy in level.policies}
    return {
        "scp": _plain(found.scp),
        "rcp": _plain(found.rcp),
        "unseen": found.unseen,
        "organization_id": found.organization_id,
        "management": found.management,
        "documents": {key: facts.snapshot.documents[key] for key in digests if key in facts.snapshot.documents},
    }


def _plain(levels: Levels | None) -> list[dict[str, Any]] | None:
    if levels is None:
        return None
    return [{"id": n.id, "name": n.name, "policies": [to_json(_untargeted(p)) for p in n.policies]} for n in levels]


def _untargeted(policy: OrganizationPolicy) -> OrganizationPolicy:
    return msgspec.structs.replace(policy, targets=())


def from_stored(data: Mapping[str, Any]) -> Stored:
    """members stays unknown."""
    found = Guardrails(
        _levels(data["scp"]), _levels(data["rcp"]), data["unseen"], data["organization_id"], data["management"]
    )
    return Stored(found, data["documents"])


def _levels(raw: list[dict[str, Any]] | None) -> Levels | None:
    if raw is None:
        return None
    return tuple(GuardrailLevel(n["id"], n["name"], tuple(map(_policy, n["policies"]))) for n in raw)


def _policy(raw: dict[str, Any]) -> OrganizationPolicy:
    return from_json(OrganizationPolicy, raw)
