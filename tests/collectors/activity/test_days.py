"""What a principal called itself, day by day."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import PrincipalDay
from tests.collectors.activity.events import activity, event, role, user

DENIED = {"errorCode": "AccessDenied"}


def days(*events: dict[str, Any]) -> tuple[PrincipalDay, ...]:
    return activity(*events).principal_days


def test_days_credentials_and_counts() -> None:
    later = {"eventTime": "2026-11-21T00:00:01Z"}
    found = days(
        event(), event(**DENIED), event(**later), event(userIdentity=user()), event(userIdentity=role("other"))
    )
    assert [(one.actor.value, one.key_id, one.day.day, one.n, one.denied) for one in found] == [
        ("role", "", 20, 3, 1),
        ("user", "AKIA0000000000000001", 20, 1, 0),
        ("role", "", 21, 1, 0),
    ]


def test_what_a_service_does_on_its_behalf_is_not_its_own() -> None:
    behalf = role("app") | {"invokedBy": "athena.amazonaws.com"}
    assert days(event("GetTables", "glue", userIdentity=behalf)) == ()
    (one,) = days(event(), event("GetTables", "glue", userIdentity=behalf))
    assert (one.n, one.services) == (1, ("ec2.amazonaws.com",))


def test_regions_are_those_that_the_caller_chose() -> None:
    (one,) = days(
        event(),
        event("ListRoles", "iam", awsRegion="us-east-1"),
        event("GetCallerIdentity", "sts", awsRegion="us-east-1"),
    )
    assert one.regions == ("eu-west-1",)


@pytest.mark.parametrize(
    ("call", "more", "expected"),
    [
        (("GetCallerIdentity", "sts"), {}, ()),
        (("CreateRole", "iam"), {}, ()),
        (("ListBuckets", "s3"), {}, ()),
        (("ListRoles", "iam"), {"sessionCredentialFromConsole": "true"}, ()),
        (("ListRoles", "iam"), {}, ("iam:ListRoles",)),
        (("ListRoles", "iam"), DENIED, ("iam:ListRoles",)),
        (("DescribeOrganization", "organizations"), {}, ("organizations:DescribeOrganization",)),
        (("SimulatePrincipalPolicy", "iam"), {}, ("iam:SimulatePrincipalPolicy",)),
    ],
)
def test_what_looks_around(call: tuple[str, str], more: dict[str, Any], expected: tuple[str, ...]) -> None:
    (one,) = days(event(*call, **more))
    assert one.recon == expected
    assert bool(one.refused) == ("errorCode" in more)


def at(moment: str, name: str, day: int = 20) -> dict[str, Any]:
    return event(name, "iam", eventTime=f"2026-11-{day}T{moment}Z")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([at("01:00:00", "ListRoles"), at("02:00:01", "ListUsers")], [1]),  # all day long
        ([at("23:30:00", "ListRoles"), at("00:30:01", "ListUsers", 21)], [1, 1]),
        ([at("23:30:00", "ListRoles"), at("00:10:00", "ListUsers", 22)], [1, 1]),  # another night
        ([at("10:00:00", "ListRoles"), at("10:20:00", "ListRoles")], [1]),
        ([at("10:00:00", "ListRoles"), at("11:00:00", "ListUsers")], [2]),
        ([at("23:30:00", "ListRoles"), at("00:10:00", "ListUsers", 21)], [1, 2]),  # over midnight
        (  # the last call of a name counts too, and what comes before the most is not with it
            [at("01:00:00", "ListRoles"), at("20:00:00", "ListRoles"), at("20:10:00", "ListUsers"), at("20:50:00", "GetUser"),
             at("21:05:00", "GetRole")],
            [3],
        ),
    ],
)  # fmt: skip
def test_what_looks_around_does_so_within_an_hour(events: list[dict[str, Any]], expected: list[int]) -> None:
    assert [len(one.recon) for one in days(*events)] == expected
