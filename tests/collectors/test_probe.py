"""Test connection, against the lab over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from moto.s3.models import s3_backends

from collectors import probe, queue, schedule
from collectors.models import Account, ConnectionTest
from collectors.records import LOOKUP
from collectors.sources import athena, sources, trail_bucket
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
    assert found[f"Assume {probe.ABSENT}"] is True
    assert found[f"Assume {probe.WRONG}"] is True
    assert False not in found.values()
    assert {api.name for source in sources().values() for api in source.apis} <= set(found)


def test_a_role_that_anybody_may_assume_fails_the_test(connected: list[Account], aws: Any) -> None:
    account = connected[0]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws.deploy([{"account": account.aws_id, "role_name": "iamdash-readonly", "external_id": "", "policy": policy}])
    test = outcome(account)
    assert not test.good
    assert results(test)[f"Assume {probe.ABSENT}"] is False


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


def test_a_test_that_loses_each_worker_fails(account: Account) -> None:
    test = ConnectionTest.objects.create(account=account, requested_by="ann")
    for _ in range(queue.ATTEMPTS):
        probe.give_up()
        assert queue.begin(ConnectionTest, test.pk)
        ConnectionTest.objects.update(started_at=Now() - queue.LEASE)
    assert schedule.to_ring(ConnectionTest) == []
    probe.give_up()
    test.refresh_from_db()
    assert not test.good
    assert test.finished_at


def test_a_test_is_carried_out_once(connected: list[Account], aws: Any) -> None:
    test = outcome(connected[0])
    aws.clear_calls()
    probe.run(test.pk)
    assert aws.calls() == []


@pytest.fixture
def trail(connected: list[Account], lab: Any, settings: Any) -> Iterator[Callable[..., None]]:
    """The first account reads a bucket; trail() puts a file of today into it."""
    reader = connected[0].aws_id
    settings.TRAIL_BUCKET, settings.TRAIL_ACCOUNT, settings.TRAIL_ORGANIZATION = "probed-trail", reader, "o-1"
    call_command("lab_connect", lab_url=lab.url, stdout=StringIO())
    with lab.world.entered():
        s3 = s3_backends[reader]["aws"]
        s3.create_bucket("probed-trail", "us-east-1")

    def put() -> None:
        key = f"AWSLogs/o-1/{reader}/CloudTrail/eu-west-1/{datetime.now(UTC):%Y/%m/%d}/x.json.gz"
        with lab.world.entered():
            s3.put_object("probed-trail", key, b"x")

    yield put
    with lab.world.entered():
        s3.get_bucket("probed-trail").keys.clear()
        s3.delete_bucket("probed-trail")


def trail_checks(account: Account) -> list[dict[str, Any]]:
    return [check for check in outcome(account).checks if "(s3:" in check["what"]]


def test_the_trail_is_tried_where_it_is_read_and_nowhere_else(
    connected: list[Account], trail: Callable[..., None]
) -> None:
    trail()
    assert [check["ok"] for check in trail_checks(connected[0])] == [True, True]
    assert trail_checks(connected[1]) == []


def test_an_empty_folder_is_unknown_and_says_what_to_look_at(connected: list[Account], trail: Any) -> None:
    listed, read = trail_checks(connected[0])
    assert (listed["ok"], read["ok"]) == (True, None)
    assert "AWSLogs/o-1/<account>/CloudTrail/" in read["detail"]


@pytest.mark.parametrize(
    ("operation", "action", "permission"),
    [
        ("ListObjectsV2", "", "s3:ListBucket"),
        ("GetObject", "", "s3:GetObject"),
        ("GetObject", "kms:Decrypt", "kms:Decrypt"),
    ],
)
def test_the_permission_that_lacks_is_named(
    connected: list[Account], trail: Callable[..., None], aws: Any, operation: str, action: str, permission: str
) -> None:
    trail()
    aws.fault("deny", service="s3", operation=operation, action=action)
    (bad,) = [check for check in trail_checks(connected[0]) if check["ok"] is False]
    assert bad["permission"] == permission


def test_look_ups_are_tried_where_they_are_on(connected: list[Account], aws: Any, settings: Any) -> None:
    settings.LOOKUP_DAYS = 90
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    found = results(outcome(connected[0]))
    assert (found[LOOKUP], found["account:ListRegions"]) == (True, True)
    aws.fault("deny", service="cloudtrail", operation="LookupEvents")
    assert results(outcome(connected[0]))[LOOKUP] is False


def test_athena_is_tried_with_a_query_that_reads_nothing(
    connected: list[Account], trail: Any, lab: Any, settings: Any, aws: Any
) -> None:
    settings.ATHENA_WORKGROUP = "iamdash"
    (check,) = [check for check in outcome(connected[0]).checks if "Athena" in check["what"]]
    assert (check["ok"], check["permission"]) == (False, "sts:AssumeRole")
    policy = athena.permissions(trail_bucket.place(), athena.desk(), "aws", "us-east-1")
    role = {"role_name": "iamdash-athena", "external_id": connected[0].connection.external_id, "policy": policy}
    aws.deploy([{"account": connected[0].aws_id, **role}])
    lab.world.athena.polls = 0
    (check,) = [check for check in outcome(connected[0]).checks if "Athena" in check["what"]]
    assert check["ok"] is True
    assert [query.sql for query in lab.world.athena.queries.values()] == ["select 1"]
