"""What an account is like, by what AWS answered of it."""

from __future__ import annotations

from typing import Any

from collectors.sources import Size, organizations, trails
from collectors.sources.access_analyzer import ANALYZERS
from collectors.sources.authorization_details import DETAILS
from collectors.sources.config import RECORDERS
from collectors.sources.credential_report import KEYS
from collectors.sources.identity_center import ask as center
from collectors.sources.s3_logging import BLOCK, LIST
from collectors.sources.user_credentials import USERS


def size_of(answers: dict[str, Any]) -> Size:
    """answers: of all sources of the account."""
    return Size(
        roles=len(answers[DETAILS]["RoleDetailList"]),
        users=len(answers[USERS]),
        keyed=len(answers[KEYS]),
        groups=len(answers[DETAILS]["GroupDetailList"]),
        policies=len(answers[DETAILS]["Policies"]),
        regions=len(answers[trails.REGIONS]),
        trails=len(trails.seen(answers)),
        analyzers=sum(len(some) for some in answers[ANALYZERS].values()),
        recorded=sum(bool(some) for some in answers[RECORDERS].values()),
        buckets=len(answers[LIST]),
        watched=len(answers[BLOCK]),
        tells=bool(answers.get(organizations.ACCOUNTS)),
        accounts=len(answers.get(organizations.ACCOUNTS, [1])),
        ous=len(answers.get(organizations.UNITS, ())),
        guardrails=len(answers.get(organizations.POLICIES, ())),
        sets=len(answers.get(center.SETS, ())),
        people=len(answers.get(center.USERS, ())),
    )
