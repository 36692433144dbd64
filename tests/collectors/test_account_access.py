"""The organization's report on each of its accounts, through the lab over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from collectors.aws.call import LiveAws
from collectors.models import Account, AccountAccess, Coverage
from collectors.models.last_accessed import Reports
from collectors.models.snapshot import read_snapshot
from collectors.sources.organizations import GENERATE, MEMBERS, READ, ROOTS, UNITS
from collectors.sources.organizations.access import due, paths
from collectors.sources.organizations.names import DESCRIBE
from tests.collectors.running import run
from tests.conftest import AS_OF

pytestmark = pytest.mark.django_db


@pytest.fixture
def management(connected: list[Account], monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(LiveAws, "pause", lambda aws, seconds: None)
    return connected[0]


@pytest.fixture
def jobs(lab: Any) -> Iterator[dict[str, str | int]]:
    """Account id -> how its report ends in the lab."""
    yield lab.world.last_accessed_jobs
    lab.world.last_accessed_jobs.clear()


def collect(account: Account) -> Coverage:
    run(account, "organizations")
    return Coverage.objects.get(account=account, api=READ)


def test_every_account_of_the_organization_is_read_connected_or_not(management: Account, lab: Any) -> None:
    Account.objects.exclude(pk=management.pk).last().delete()  # type: ignore[union-attr]
    assert collect(management).state == "complete"
    found = read_snapshot(management, AS_OF).account_access
    assert {one.unique_id for one in found} == {account.id for account in lab.world.accounts}
    first = next(one for one in found if one.unique_id == management.aws_id)
    assert first.path.startswith(f"{lab.world.organization_id}/r-")
    used = {service.namespace: service for service in first.services if service.last_at is not None}
    assert used["iam"].region == "eu-west-1"


def test_a_member_has_no_such_records(connected: list[Account]) -> None:
    run(connected[2], "organizations")
    assert Coverage.objects.get(account=connected[2], api=GENERATE).state == "not_applicable"
    assert read_snapshot(connected[2], AS_OF).account_access == ()


@pytest.mark.parametrize(
    ("fate", "says"), [("FAILED", "The report could not be made."), (10**6, "the report was not done in time.")]
)
def test_a_report_that_is_not_made_is_told(
    management: Account, jobs: dict[str, Any], fate: str | int, says: str
) -> None:
    jobs[management.aws_id] = fate
    row, total = collect(management), AccountAccess.objects.count() + 1
    assert (row.state, row.detail) == (
        "partial",
        f"{total - 1} of {total} accounts were read within 7 days. {management.aws_id}: {says}",
    )


@pytest.mark.parametrize("api", [GENERATE, READ])
def test_a_denial_is_named_and_what_was_read_stays(management: Account, aws: Any, api: str) -> None:
    collect(management)
    before = AccountAccess.objects.count()
    aws.fault("deny", service="iam", operation=api.partition(":")[2])
    collect(management)
    row = Coverage.objects.get(account=management, api=api)
    assert (row.state, row.permission, AccountAccess.objects.count()) == ("denied", api, before)


def test_the_stalest_are_read_first_and_one_always() -> None:
    read = {"1": AS_OF - timedelta(hours=2), "2": AS_OF - timedelta(days=9), "3": AS_OF - timedelta(days=3)}
    planned = Reports(AS_OF, read)
    assert due(planned, ["1", "2", "3", "4"]) == ["4", "2", "3"]
    assert due(planned, ["1"]) == ["1"]
    assert due(planned, []) == []
    assert [planned.stale(one) for one in "1234"] == [False, True, False, True]


def test_an_account_of_no_known_place_is_left_out_and_a_ring_ends() -> None:
    answers = {
        DESCRIBE: {"Id": "o-1"},
        ROOTS: [{"Id": "r-1"}],
        UNITS: [
            {"Id": "ou-1", "ParentId": "r-1"},
            {"Id": "ou-2", "ParentId": "ou-3"},
            {"Id": "ou-3", "ParentId": "ou-2"},
        ],
        MEMBERS: {"1": "r-1", "2": "ou-1", "3": "ou-2", "4": "", "5": "ou-9"},
    }
    assert paths(answers) == {"1": "o-1/r-1/1", "2": "o-1/r-1/ou-1/2"}
