"""How much one holder's permissions are worth to somebody who takes it over.

ADMIN: an effective administrator. GRANTS: may change permissions, trusts or credentials of anybody, on everything. BROAD: at
least half of all writes, on everything. What is below is not counted as an escalation: a role that writes to one bucket is
worth something too, but every pass-role would then be one.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, lru_cache

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
    """Most are worth nothing, which is seen sooner than that the same set was asked about before."""
    return _strength(reach.wide) if reach.wide & _counting() else Strength.NONE


@cache
def _counting() -> int:
    return granting() | measure().strong


@lru_cache(4096)
def _strength(wide: int) -> Strength:
    """Few sets are told apart, and each is asked about again and again."""
    if measure().admin(wide):
        return Strength.ADMIN
    if wide & granting():
        return Strength.GRANTS
    return Strength.BROAD if _broad(wide) else Strength.NONE


def _broad(wide: int) -> bool:
    strong = measure().strong
    return (wide & strong).bit_count() >= BROAD_SHARE * strong.bit_count()


def more(target: Reach, of: Strength, caller: Reach, own: Strength) -> Strength:
    """What a target of the strength `of` is worth to a caller of the strength `own`; NONE if that is no more than it has. One
    that changes everybody's permissions still gains by what changes others', or by most of all writes."""
    if of > own or (of is own is Strength.GRANTS and _others(target.wide & ~caller.upper)):
        return of
    return Strength.NONE


def _others(gained: int) -> bool:
    return bool(gained & granting()) or _broad(gained)


def counted(caller: Reach, own: Strength) -> int:
    """What of the caller's actions counts for `more`: two that have the same, and are equally strong, gain the same."""
    return caller.upper & _counting() if own is Strength.GRANTS else 0
