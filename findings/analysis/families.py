"""Families: findings that one change closes, so that they are shown, assigned and accepted as one (RULES.md, conventions).

A family's name is "fix:" with the id of a place in the organization's tree, or "set:" with the ARN of a permission set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PLACE = re.compile(r"(r|ou)-[a-z0-9-]{1,64}|\d{12}", re.ASCII)
FIXED_HIGHER = (
    "GR104",
    "GR106",
    "MO101",
    "MO107",
    "MO109",
)  # findings of accounts that are fixed above them (RULES.md)
FIX, SET = "fix:", "set:"


def fixed_at(code: str, evidence: Mapping[str, Any]) -> str:
    """The id of the place where a finding is to be fixed, "" where its evidence tells none. It says "prod (ou-ab12-34567890)"."""
    told = evidence.get("fix_at")
    if code not in FIXED_HIGHER or not isinstance(told, str):
        return ""
    place = told.rpartition("(")[2].removesuffix(")")
    return place if PLACE.fullmatch(place) else ""


def family(code: str, evidence: Mapping[str, Any], permission_set: str = "") -> str:
    """permission_set: ARN of the one that makes the role that the finding is of. "": of no family."""
    if place := fixed_at(code, evidence):
        return f"{FIX}{place}"
    return f"{SET}{permission_set}" if permission_set else ""
