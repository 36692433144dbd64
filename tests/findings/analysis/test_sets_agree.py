"""The sets of actions against the answers to single questions, on documents made by chance."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from findings.analysis.permissions import Permissions
from findings.policy.catalogue import catalogue
from tests.builders import ACCOUNT_ID, role
from tests.findings.worlds import World, document

ASKED = (
    ("s3:GetObject", "arn:aws:s3:::a/x"),
    ("s3:GetObject", "arn:aws:s3:::b/y"),
    ("s3:PutObject", "arn:aws:s3:::a/x"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/app"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/other"),
    ("iam:ListUsers", "*"),
)
ACTIONS = st.lists(
    st.sampled_from(["*", "s3:*", "S3:get*", "s3:PutObject", "iam:*", "iam:Pass?ole", "iam:ListUsers"]),
    min_size=1,
    max_size=2,
)
RESOURCES = st.lists(
    st.sampled_from(
        [
            "*",
            "arn:aws:s3:::*",
            "arn:aws:s3:::a/*",
            "arn:aws:iam::*:role/*",
            f"arn:aws:iam::{ACCOUNT_ID}:*",
            "arn:aws:iam::*:role/${aws:PrincipalTag/team}",
        ]
    ),
    min_size=1,
    max_size=2,
)
CONDITIONS = st.sampled_from(
    [
        {},
        {},
        {},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"StringEquals": {"aws:ResourceTag/team": "red"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}},
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}},
        {"StringEquals": {"aws:PrincipalTag/team": "app"}},
    ]
)


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(effects)), "Condition": draw(CONDITIONS)}
    made[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(ACTIONS)
    made[draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))] = draw(RESOURCES)
    return made


BODIES = st.lists(statements(), min_size=1, max_size=3).map(lambda some: document(*some))
LEVELS = st.lists(st.dictionaries(st.sampled_from(["one", "two"]), BODIES, min_size=1), max_size=2)
ALLOWS = st.lists(statements(effects=("Allow",)), min_size=1, max_size=3).map(lambda some: document(*some))


def asked(world: World, scp: Any, boundary: Any, *bodies: Any) -> tuple[Permissions, Any]:
    """A role "app" of team "app" with these policies."""
    edge = None if boundary is None else world.managed("edge", boundary)
    inline = world.inline(**{f"p{n}": body for n, body in enumerate(bodies)})
    one = role(inline=inline, boundary=edge, tags={"team": "app"})
    return world.facts(one, scp=scp).permissions, one


@settings(max_examples=150, deadline=None)
@given(st.lists(BODIES, min_size=1, max_size=2), st.none() | BODIES, LEVELS)
def test_upper_and_lower_hold_for_every_question(bodies: list[Any], boundary: Any, scp: Any) -> None:
    permissions, one = asked(World(), scp, boundary, *bodies)
    reach = permissions.reach(one)
    for action, resource in ASKED:
        bit, verdict = catalogue().bit(action), permissions.decide(one, action, resource).verdict
        if verdict != "denied":
            assert reach.upper & bit
        if reach.lower & bit:
            assert verdict == "allowed"


@settings(max_examples=100, deadline=None)
@given(st.lists(ALLOWS, min_size=1, max_size=2), st.none() | ALLOWS)
def test_what_is_wide_is_never_flatly_denied(bodies: list[Any], boundary: Any) -> None:
    """NotResource apart: what it spares is denied, and still "nearly everything" is wide."""
    if "NotResource" in str([bodies, boundary]):
        return
    permissions, one = asked(World(), (), boundary, *bodies)
    wide = permissions.reach(one).wide
    for action, resource in ASKED:
        if wide & catalogue().bit(action):
            assert permissions.decide(one, action, resource).verdict != "denied"
