"""Families: findings that one change closes, so that they are shown, assigned and accepted as one (RULES.md, conventions).

A family's name is "fix:" with the id of a place in the organization's tree, "set:" with the ARN of a permission set, or "role:"
with the path and name of a role that many accounts have, as StackSets and Control Tower make them.
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
FIX, SET, ROLE = "fix:", "set:", "role:"
IN_ARN, OF_SETS = ":role/", "aws-reserved/"  # the roles of permission sets: their names differ by account
LONGEST = 290  # characters of a role's path and name


def fixed_at(code: str, evidence: Mapping[str, Any]) -> str:
    """The id of the place where a finding is to be fixed, "" where its evidence tells none. It says "prod (ou-ab12-34567890)"."""
    told = evidence.get("fix_at")
    if code not in FIXED_HIGHER or not isinstance(told, str):
        return ""
    place = told.rpartition("(")[2].removesuffix(")")
    return place if PLACE.fullmatch(place) else ""


def role_of(arn: str) -> str:
    """The path and name by which a role is the same in other accounts; "" for what is no role, or one of a permission set."""
    name = arn.partition(IN_ARN)[2]
    return "" if name.startswith(OF_SETS) or len(name) > LONGEST else name


def family(code: str, evidence: Mapping[str, Any], permission_set: str = "", role: str = "") -> str:
    """permission_set: ARN of the one that makes the role that the finding is of. role: the role's own ARN, "" for findings of
    other subjects. "": of no family."""
    if place := fixed_at(code, evidence):
        return f"{FIX}{place}"
    if permission_set:
        return f"{SET}{permission_set}"
    return f"{ROLE}{name}" if (name := role_of(role)) else ""


def named(family: str) -> str:
    """What it is a family of, without the kind: "payments/deploy"."""
    return family.partition(":")[2]
