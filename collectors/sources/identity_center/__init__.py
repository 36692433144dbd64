"""IAM Identity Center: its permission sets, who has them in which account, and how those people and groups are called.

The management account and delegated administrators may ask; elsewhere it does not apply. It takes seven questions a permission
set and one for each of its accounts, so it is asked seldom. Names need the identity store; where that is denied, ids stay.
"""

from __future__ import annotations

from collectors.models.identity_center_view import Plan, plan, regions
from collectors.sources import Api, Size, Source, pages
from collectors.sources.identity_center.ask import (
    PLAN,
    assignments,
    boundary,
    customer,
    described,
    groups,
    inline,
    instances,
    managed,
    members,
    provisioned,
    sets,
    users,
)
from collectors.sources.identity_center.names import (
    ASSIGNMENTS,
    BOUNDARY,
    CUSTOMER,
    DESCRIBE,
    GROUPS,
    INLINE,
    INSTANCES,
    MANAGED,
    MEMBERS,
    ORGANIZATION,
    PROVISIONED,
    REGIONS,
    SETS,
    USERS,
    action,
)
from collectors.sources.identity_center.understand import transform


def calls(size: Size) -> int:
    """Members see which there is, and no more. Assignments are told for each set and account, names for each group."""
    if not size.tells:
        return 2 + size.regions
    return 1 + pages(size.sets, 100) + size.sets * (6 + size.accounts) + 2 + pages(size.people, 100)


SOURCE = Source(
    name="identity_center",
    title="Identity Center",
    apis=(
        Api(INSTANCES, instances, actions=(action(INSTANCES), REGIONS, ORGANIZATION)),
        Api(SETS, sets, after=(INSTANCES,), actions=(action(SETS),)),
        Api(DESCRIBE, described, after=(SETS,), actions=(action(DESCRIBE),)),
        Api(MANAGED, managed, after=(SETS,), actions=(action(MANAGED),)),
        Api(CUSTOMER, customer, after=(SETS,), actions=(action(CUSTOMER),)),
        Api(INLINE, inline, after=(SETS,), actions=(action(INLINE),)),
        Api(BOUNDARY, boundary, after=(SETS,), actions=(action(BOUNDARY),)),
        Api(PROVISIONED, provisioned, after=(SETS,), actions=(action(PROVISIONED),)),
        Api(ASSIGNMENTS, assignments, after=(PROVISIONED,), actions=(action(ASSIGNMENTS),)),
        Api(USERS, users, after=(INSTANCES, SETS)),
        Api(GROUPS, groups, after=(INSTANCES, SETS)),
        Api(MEMBERS, members, after=(ASSIGNMENTS,)),
    ),
    transform=transform,
    every=4,
    queue="activity",
    known=lambda account_id: {PLAN: plan(account_id)},
    fresh=lambda at: {PLAN: Plan(at)},
    trial=lambda at: {PLAN: Plan(at, regions(), limit=1)},
    sweeps={
        "permission_sets": (INSTANCES, SETS, DESCRIBE, PROVISIONED),
        "center_principals": (ASSIGNMENTS, USERS, GROUPS, MEMBERS),
    },
    calls=calls,
)
