"""Accounts of a few principals: a caller, and somebody whose permissions are worth having."""

from __future__ import annotations

from typing import Any

from collectors import records
from findings.analysis.escalation import Escalation, escalations
from findings.analysis.facts import Facts
from tests.builders import ACCOUNT_ID, AS_OF, instance_profile, role, trust, user
from tests.findings.worlds import EVERYTHING, Document, World, allow, document

ROOT = f"arn:aws:iam::{ACCOUNT_ID}:root"
NOTHING = document(allow("s3:ListAllMyBuckets"))


class Account(World):
    """Entities are kept in the order in which they were made; the first is the caller."""

    def __init__(self) -> None:
        super().__init__()
        self.entities: list[Any] = []

    def role(self, name: str, *statements: Document, trusts: Document | None = None, **more: Any) -> records.Role:
        own = {"inline": self.inline(own=document(*statements))} if statements else {}
        made = role(name, trust=self.kept(trusts or trust(Service="batch.amazonaws.com")), **{**own, **more})
        self.entities.append(made)
        return made

    def user(self, name: str, *statements: Document, **more: Any) -> records.User:
        own = {"inline": self.inline(own=document(*statements))} if statements else {}
        made = user(name, **{**own, **more})
        self.entities.append(made)
        return made

    def boss(self, service: str, body: Any = EVERYTHING, **more: Any) -> records.Role:
        """An administrator that a service may act as, on an instance too."""
        more = {"instance_profiles": (instance_profile("boss"),), "inline": self.inline(all=body), **more}
        return self.role("boss", trusts=trust(Service=service), **more)

    def add(self, *entities: Any) -> None:
        self.entities.extend(entities)

    def told(self, **more: Any) -> Facts:
        return self.facts(*self.entities, **more)

    def found(self, path: str, **more: Any) -> Escalation | None:
        """What is said of the path on the caller."""
        every = escalations(self.entities[0], self.told(**more))
        return next((one for one in every if one.path.id == path), None)


def state(found: Escalation | None) -> str:
    """ "live", "conditional aws:SourceIp", "blocked scp:deny@Root#Stop"; "" when nothing is found."""
    if found is None:
        return ""
    by = [f"{one.layer}:{one.policy.rpartition('/')[2]}@{one.level}#{one.sid or one.statement}" for one in found.by]
    return " ".join([found.state, *found.keys, *by])


def versions(count: int) -> tuple[records.PolicyVersion, ...]:
    """v1 to v<count>, all the same."""
    return tuple(
        records.PolicyVersion(version_id=f"v{n}", created_at=AS_OF, document=records.digest(NOTHING))
        for n in range(1, count + 1)
    )
