"""The tags of the organization's accounts, through the lab over HTTP, and which of them a run reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.aws.errors import AwsError
from collectors.models import Account, Coverage, OrganizationAccount, Version
from collectors.models.account_tags import Tagging
from collectors.models.snapshot import read_snapshot
from collectors.records import State
from collectors.sources.organizations.account_tags import TAGGING, due, tags
from collectors.sources.organizations.names import ACCOUNTS, TAGS
from tests.collectors.running import run, states
from tests.collectors.test_organizations import Told, denied, gone
from tests.conftest import AS_OF


def collect(account: Account) -> Coverage:
    run(account, "organizations")
    return Coverage.objects.get(account=account, api=TAGS)


def known(account: Account) -> dict[str, dict[str, str] | None]:
    return {one.name: one.tags for one in read_snapshot(account, AS_OF).organization_accounts}


@pytest.mark.django_db
def test_the_management_account_reads_them_once_and_again_when_they_are_old(
    connected: list[Account], lab: Any, aws: Any
) -> None:
    management = connected[0]
    assert collect(management).state == "complete"
    found = known(management)
    assert found["security"] == {"owner": "security@halden.example", "environment": "security", "cost-centre": "cc-101"}
    assert None not in found.values()
    assert OrganizationAccount.objects.filter(tags_at=None).count() == 0
    aws.clear_calls()
    collect(management)
    asked = sum(call["n"] for call in aws.calls() if call["operation"] == "ListTagsForResource")
    assert (asked, known(management)) == (1, found)
    assert Version.objects.filter(kind="organization_account").count() == len(found)


@pytest.mark.django_db
def test_a_denial_is_named_and_what_was_read_stays(connected: list[Account], aws: Any) -> None:
    management = connected[0]
    aws.fault("deny", service="organizations", operation="ListTagsForResource")
    collect(management)
    assert set(known(management).values()) == {None}
    aws.clear_faults()
    collect(management)
    before = known(management)
    aws.fault("deny", service="organizations", operation="ListTagsForResource")
    row = collect(management)
    assert (row.state, row.permission, known(management)) == ("denied", TAGS, before)
    assert {state for api, state in states(management).items() if api != TAGS} == {"complete"}


def test_a_new_account_is_read_at_once_and_others_in_their_turn() -> None:
    read = {"1": AS_OF - timedelta(hours=2), "2": AS_OF - timedelta(days=9), "3": AS_OF - timedelta(days=3)}
    planned = Tagging(AS_OF, read, limit=1)
    assert due(planned, ["1", "2", "3", "4", "5"]) == ["4", "5", "2"]
    assert due(planned, ["1", "4"]) == ["4"]
    assert due(planned, ["1"]) == ["1"]
    assert due(planned, []) == []
    assert due(Tagging(AS_OF, first=1), ["1", "2"]) == ["1"]
    assert [planned.stale(one) for one in "1234"] == [False, True, False, True]


def asked(**answers: Any) -> Any:
    aws = Told({(TAGS, one): answer for one, answer in answers.items()})
    aws.clock = lambda: 0.0  # type: ignore[attr-defined]
    return tags(aws, {TAGGING: Tagging(AS_OF), ACCOUNTS: [{"Id": one} for one in answers]})  # type: ignore[arg-type]


def test_an_account_that_left_is_no_failure_and_a_failure_keeps_the_others() -> None:
    owner = [{"Key": "owner", "Value": "ada"}]
    assert asked(a=owner, b=gone("TargetNotFoundException"), c=[]).tags == {"a": {"owner": "ada"}, "c": {}}
    with pytest.raises(AwsError) as raised:
        asked(a=owner, b=denied(TAGS), c=owner)
    assert (raised.value.state, raised.value.kept.tags) == (State.DENIED, {"a": {"owner": "ada"}})
