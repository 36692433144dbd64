"""How much one holder's permissions are worth to somebody who takes it over.

ADMIN: an effective administrator. GRANTS: may change permissions, trusts or credentials of anybody, on everything. BROAD: at
least half of all writes, on everything. What is below is not counted as an escalation: a role that writes to one bucket is
worth something too, but every pass-role would then be one.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache

from findings.analysis.admin import measure
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Compiled, Reach

GRANTING = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)
BROAD_SHARE = 0.5


class Strength(IntEnum):
    NONE = 0
    BROAD = 1
    GRANTS = 2
    ADMIN = 3


WORDS = {
    Strength.ADMIN: "an administrator",
    Strength.GRANTS: "one who can change the permissions of others",
    Strength.BROAD: "one with most of all writes",
    Strength.NONE: "nothing more",
}


@cache
def granting() -> int:
    """The mask of what gives rights to anybody."""
    return catalogue().mask(GRANTING)


@cache
def everything() -> Compiled:
    """`*` on `*`: what one who can change its own policies gives itself."""
    whole = catalogue().all
    return Compiled(allow=whole, allow_sure=whole, wide=whole)


def strength(reach: Reach) -> Strength:
    strong = measure().strong
    if measure().admin(reach.wide):
        return Strength.ADMIN
    if reach.wide & granting():
        return Strength.GRANTS
    if (reach.wide & strong).bit_count() >= BROAD_SHARE * strong.bit_count():
        return Strength.BROAD
    return Strength.NONE


def more(target: Reach, caller: Reach) -> Strength:
    """What the target is worth to the caller; NONE if that is no more than it has."""
    of, own = strength(target), strength(caller)
    if of > own or (of is own is Strength.GRANTS and target.wide & granting() & ~caller.upper):
        return of
    return Strength.NONE
