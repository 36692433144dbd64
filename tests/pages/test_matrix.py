"""Use by service and access level: what nobody can say comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collectors import records
from findings.analysis.right_sizing import window_of
from findings.analysis.usage import use
from iamdash.pages.matrix import CellUse, Matrix, matrix
from tests.builders import facts, last_accessed, role
from tests.findings.rules.policies import allow, document
from tests.findings.sessions import called, read

EC2 = document(allow(["ec2:RunInstances", "ec2:TerminateInstances", "ec2:DescribeHosts", "s3:PutObject"]))


def made(
    services: Mapping[str, float | None] | None, calls: Mapping[str, float] | None = None, body: Any = EC2, **more: Any
) -> Matrix:
    app = role("app", inline={"own": records.digest(body)})
    advised = [last_accessed(app, **services)] if services is not None else []
    events = tuple(called(app, name, used=days) for name, days in (calls or {}).items())
    trail = {} if calls is None else read(event_uses=events)
    told = facts(app, *advised, trusts=[body], **trail, **more)
    permissions = told.permissions
    window = window_of(app, told, use(app, told))
    return matrix(permissions.summary(app), permissions.catalogue, permissions.reach(app).upper, window)


def cells(found: Matrix, service: str) -> dict[str, CellUse | None]:
    (row,) = [one for one in found.rows if one.service == service]
    return {column: cell.use for column, cell in zip(found.columns, row.cells, strict=True) if cell.granted}


@pytest.mark.parametrize(
    ("services", "calls", "words", "said"),
    [
        (None, None, "unknown", "2 unknown: Access Advisor was not read for app"),
        ({"s3": 1}, None, "unknown", "2 unknown: no source tells of the use of this service"),
        ({"ec2": 3}, None, "unknown",
         "2 unknown: no CloudTrail events were read; the service was used, last on 2026-11-21 (Access Advisor)"),
        ({"ec2": 3}, {}, "unknown", "2 unknown: the service was used, and CloudTrail tells no call on it that is an action's"),
        ({"ec2": None}, {}, "unused", "2 not used: not since 2025-10-19 (Access Advisor)"),
        ({"ec2": 120}, None, "unused", "2 not used: the service was last on 2026-07-27 (Access Advisor)"),
        ({"ec2": 3}, {"ec2 DescribeHosts": 3}, "unused", "2 not used: no call since 2026-05-08 (CloudTrail)"),
        ({"ec2": 3}, {"ec2 RunInstances": 3}, "1 used",
         "1 used: ec2:RunInstances, 1 time, last on 2026-11-21 (CloudTrail); 1 not used: no call since 2026-05-08 (CloudTrail)"),
    ],
)  # fmt: skip
def test_each_cell_says_whether_it_is_used_and_who_says_so(
    services: dict[str, float | None] | None, calls: dict[str, float] | None, words: str, said: str
) -> None:
    cell = cells(made(services, calls), "ec2")["Write"]
    assert cell is not None
    assert cell.words == words
    assert cell.said.startswith(said)


def test_levels_of_one_service_differ() -> None:
    found = cells(
        made({"ec2": 3, "s3": 3}, {"ec2 RunInstances": 3, "ec2 TerminateInstances": 3, "s3 CreateBucket": 2}), "ec2"
    )
    assert {level: cell.words for level, cell in found.items() if cell} == {"Write": "all used", "List": "unknown"}


def test_data_events_are_unknown_and_say_so() -> None:
    cell = cells(made({"ec2": 3, "s3": 3}, {"s3 CreateBucket": 2}), "s3")["Write"]
    assert cell is not None
    assert cell.said.startswith(
        "1 unknown: is a data event, which a trail records only where it was told to for S3; the service"
    )


def test_what_is_not_in_effect_has_no_use_and_a_policy_has_none_at_all() -> None:
    told = made({"ec2": 3})
    assert told.with_use
    plain = matrix({}, facts().permissions.catalogue)
    assert (plain.with_use, plain.rows) == (False, ())
