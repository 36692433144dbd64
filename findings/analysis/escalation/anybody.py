"""Whether a principal may pass, or assume, any role at all: asked of a role that no policy means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation.answers import Answer
from findings.analysis.escalation.probes import ANY_NAME
from findings.policy.keys import of_session

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

PASS, ASSUME = "iam:PassRole", "sts:AssumeRole"
# No service is called so: a condition that names services does not mean it, "*.amazonaws.com" does.
NO_SERVICE = {
    "iam:passedtoservice": (f"{ANY_NAME}.amazonaws.com",),
    "iam:associatedresourcearn": (f"arn:aws:{ANY_NAME}:{ANY_NAME}:000000000000:{ANY_NAME}/{ANY_NAME}",),
}


def on_any_role(principal: Role | User, action: str, facts: Facts) -> Answer | None:
    """How it may do the action on a role that nobody named, to a service that nobody named. None: it may not, or a guardrail
    leaves it some. An answer that hangs on more than who, where and when the caller is, is narrowed: see `narrowed`."""
    asker, bit = facts.escalation.asker(principal), facts.permissions.catalogue.bit(action)
    if not asker.allow & bit:
        return None
    role = f"arn:{facts.snapshot.partition}:iam::{facts.snapshot.account_id}:role/{ANY_NAME}"
    answer = asker.may(action, role, NO_SERVICE if action == PASS else {})
    if answer and answer.state == "blocked" and (answer.refused or asker.reach.upper & bit):
        return None
    return answer


def narrowed(answer: Answer) -> tuple[str, ...]:
    """The keys that leave only some roles."""
    return tuple(key for key in answer.keys if not of_session(key))
