"""Days of calls and administrative calls for tests, as CloudTrail's events become them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors import records
from collectors.records import Actor, AdminEvent, PrincipalDay, Session
from tests.builders import ACCOUNT_ID, ago
from tests.findings.sessions import OUTSIDE, session

Owner = records.Role | records.User
HABIT = ("s3", "sqs")


def on(owner: Owner, days: float, *services: str, regions: Iterable[str] = ("eu-west-1",), **more: Any) -> PrincipalDay:
    """One day of a principal, so many days before AS_OF: 100 calls unless said otherwise."""
    actor = Actor.ROLE if isinstance(owner, records.Role) else Actor.USER
    return PrincipalDay(
        account_id=ACCOUNT_ID,
        day=ago(days).date(),
        services=tuple(sorted(f"{name}.amazonaws.com" for name in services or HABIT)),
        regions=tuple(regions),
        **{"n": 100, "actor": actor, "principal_id": owner.unique_id, **more},
    )


def daily(owner: Owner, oldest: int = 60, newest: int = 2, *, every: int = 1, **more: Any) -> list[PrincipalDay]:
    """The same each day, or each n-th."""
    return [on(owner, number, **more) for number in range(oldest, newest - 1, -every)]


def from_everywhere(owner: Owner, networks: Iterable[str], *, oldest: int = 60, **more: Any) -> list[Session]:
    """A session a day, each from the next of the networks."""
    some = list(networks)
    return [session(owner, "s", day=n, networks=(some[n % len(some)],), **more) for n in range(oldest, 1, -1)]


def admin(call: str, by: Owner | None, day: float = 3, about: str = "", **more: Any) -> AdminEvent:
    """call: "iam AttachRolePolicy"; about: "role app"; by None: root."""
    source, _, name = call.partition(" ")
    kind, _, target = about.partition(" ")
    actor = Actor.ROOT if by is None else Actor.ROLE if isinstance(by, records.Role) else Actor.USER
    given: dict[str, Any] = {
        "account_id": ACCOUNT_ID,
        "event_id": f"{call} {about} {day}",
        "at": ago(day),
        "actor": actor,
        "principal_id": ACCOUNT_ID if by is None else by.unique_id,
        "principal_arn": "" if by is None else by.arn,
        "source": f"{source}.amazonaws.com",
        "name": name,
        "region": "us-east-1",
        "target_type": kind,
        "target_name": target,
        "network": OUTSIDE,
        "agent": "cli",
    }
    return AdminEvent(**{**given, **more})
