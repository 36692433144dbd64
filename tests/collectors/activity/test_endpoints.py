"""VPC endpoints that calls came through: evidence of whose network a key or session is in."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from collectors.records import Session
from tests.collectors.activity.events import ACCOUNT, OTHER, activity, event, user


def session(*events: dict[str, Any]) -> Session:
    (found,) = activity(*events).sessions
    return found


def through(endpoint: Any, owner: Any = None, **more: Any) -> dict[str, Any]:
    given = {"userIdentity": user(), "sourceIPAddress": "10.0.0.7", "vpcEndpointId": endpoint, **more}
    return event(**given) if owner is None else event(vpcEndpointAccountId=owner, **given)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event()], ()),
        ([through(None)], ()),
        ([through("")], ()),
        ([through("vpce-1", vpcEndpointAccountId="")], ("vpce-1",)),
        ([through("vpce-1")], ("vpce-1",)),
        ([through("vpce-1", ACCOUNT)], (f"vpce-1 of {ACCOUNT}",)),
        ([through("vpce-1", 111122223333)], ("vpce-1 of 111122223333",)),
        ([through("vpce-2", OTHER), through("vpce-1", ACCOUNT)], (f"vpce-1 of {ACCOUNT}", f"vpce-2 of {OTHER}")),
    ],
)
def test_a_session_s_endpoints(events: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    assert session(*events).endpoints == expected


def test_endpoints_are_bounded_and_their_order_makes_no_difference() -> None:
    events = [through("vpce-1", ACCOUNT), through("vpce-2"), through("vpce-2", OTHER)]
    assert len({session(*order).endpoints for order in itertools.permutations(events)}) == 1
    many = session(*(through(f"vpce-{n:03}") for n in range(500)))
    assert (len(many.endpoints), many.cut) == (20, ("endpoints",))
