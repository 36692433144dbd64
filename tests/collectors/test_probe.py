"""Test connection, against the lab over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import probe, schedule
from collectors.models import Account, ConnectionTest
from collectors.sources import permissions
from tests.conftest import db_role

pytestmark = pytest.mark.django_db


def outcome(account: Account) -> ConnectionTest:
    test = ConnectionTest.objects.create(account=account, requested_by="ann")
    with db_role("iamdash_worker"):
        assert schedule.to_ring(ConnectionTest) == [test.pk]
        assert schedule.to_ring(ConnectionTest) == []
        probe.run(test.pk)
    test.refresh_from_db()
    assert test.finished_at is not None
    return test


def results(test: ConnectionTest) -> dict[str, Any]:
    return {check["what"]: check["ok"] for check in test.checks}


def test_a_good_connection_works_and_needs_its_external_id(connected: list[Account]) -> None:
    test = outcome(connected[0])
    assert test.good
    found = results(test)
    assert found[f"Assume the role {probe.ABSENT}"] is True
    assert found[f"Assume the role {probe.WRONG}"] is True
    assert False not in found.values()
    assert set(permissions()) <= set(found) | {"sts:AssumeRole"}


def test_a_role_that_anybody_may_assume_fails_the_test(connected: list[Account], aws: Any) -> None:
    account = connected[0]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws.deploy([{"account": account.aws_id, "role_name": "iamdash-readonly", "external_id": "", "policy": policy}])
    test = outcome(account)
    assert not test.good
    assert results(test)[f"Assume the role {probe.ABSENT}"] is False


def test_a_role_that_is_not_there_ends_the_test(connected: list[Account]) -> None:
    account = connected[0]
    account.connection.role_name = "elsewhere"
    account.connection.save()
    (check,) = outcome(account).checks
    assert check["ok"] is False
    assert check["permission"] == "sts:AssumeRole"


def test_a_missing_permission_is_named(connected: list[Account], aws: Any) -> None:
    aws.fault("deny", account=connected[0].aws_id, service="iam", operation="GetAccountSummary")
    test = outcome(connected[0])
    assert not test.good
    (bad,) = [check for check in test.checks if check["ok"] is False]
    assert (bad["what"], bad["permission"]) == ("iam:GetAccountSummary", "iam:GetAccountSummary")


def test_what_could_not_be_told_is_unknown(connected: list[Account], aws: Any) -> None:
    aws.fault("html", account=connected[0].aws_id, service="iam", operation="GetAccountSummary")
    test = outcome(connected[0])
    assert results(test)["iam:GetAccountSummary"] is None
    assert test.good


def test_a_test_is_carried_out_once(connected: list[Account], aws: Any) -> None:
    test = outcome(connected[0])
    aws.clear_calls()
    probe.run(test.pk)
    assert aws.calls() == []
