"""The trail's files: where they lie, that they are read whole, and that they say nothing that the population denies."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from collectors.activity import Activity, beside, of_files
from collectors.lab import repairs
from collectors.lab.population import populate
from collectors.lab.settings import Settings
from collectors.lab.trail import bucket
from collectors.lab.trail.calls import CALLS
from collectors.lab.world import World
from collectors.records import Actor, SignIn
from findings.analysis.activity.event_actions import actions_of
from tests.collectors.lab.aws import AS_OF, Aws

assert repairs
READ = ["s3:ListBucket", "s3:GetObject"]


@pytest.fixture(scope="module")
def world() -> World:
    return populate(World(Settings(accounts=3, as_of=AS_OF)))


def activity(world: World, name: str) -> Activity:
    account = next(a.id for a in world.accounts if a.name == name)
    return of_files(bucket.files(world, account).items(), account, AS_OF)


def records(world: World, account: str) -> Iterator[dict[str, Any]]:
    for name, blob in bucket.files(world, account).items():
        if not beside(name):
            yield from json.loads(gzip.decompress(blob))["Records"]


def test_every_account_has_a_file_of_every_day_and_all_are_read(world: World) -> None:
    for account in world.accounts[:3]:
        files = bucket.files(world, account.id)
        days = {name.rsplit("/", 1)[0][-10:] for name in files if not beside(name)}
        assert {f"{AS_OF - timedelta(days=n):%Y/%m/%d}" for n in range(1, 34)} <= days
        assert sum(beside(name) == "CloudTrail-Digest" for name in files) == len(files) / 2
        found = of_files(files.items(), account.id, AS_OF)
        assert found.problems == ()
        assert Actor.UNKNOWN not in {one.actor for one in found.sessions}
        assert sum(1 for _ in records(world, account.id)) < 5_000


def test_the_same_organization_has_the_same_files(world: World) -> None:
    again = populate(World(Settings(accounts=3, as_of=AS_OF)))
    for account in world.accounts[:3]:
        assert bucket.files(world, account.id) == bucket.files(again, account.id)


def test_on_a_later_day_a_file_of_a_day_has_the_name_that_was_read(world: World) -> None:
    later = populate(World(Settings(accounts=3, as_of=AS_OF + timedelta(days=1))))
    account = world.management.id
    old, new = (
        {name.rpartition("/")[0]: name for name in bucket.files(one, account) if not beside(name)}
        for one in (world, later)
    )
    both = old.keys() & new.keys()
    assert len(both) > 30
    assert {folder: old[folder] for folder in both} == {folder: new[folder] for folder in both}


def test_nothing_is_used_after_its_last_use_or_before_it_was_made(world: World) -> None:
    for account in world.accounts[:3]:
        iam = world.iam(account.id)
        planted = {visit.principal for visit in world.visits}
        roles = {role.id: role for role in iam.roles.values() if role.name not in planted}
        for one in of_files(bucket.files(world, account.id).items(), account.id, AS_OF).sessions:
            if role := roles.get(one.principal_id):
                assert role.last_used is not None, role.name
                assert role.create_date <= one.first_at <= one.last_at <= role.last_used, role.name


def test_each_call_is_an_action_of_iam() -> None:
    for action, one in CALLS.items():
        assert actions_of(one.source, one.name) in ((action,), () if action == "sts:GetCallerIdentity" else None)


def test_a_call_across_accounts_is_in_both_files_under_one_id(world: World) -> None:
    both = [
        record["sharedEventID"]
        for account in world.accounts[:3]
        for record in records(world, account.id)
        if "sharedEventID" in record
    ]
    assert both
    assert set(Counter(both).values()) == {2}


def test_sessions_tell_how_they_came_about(world: World) -> None:
    sessions = activity(world, "security").sessions
    switched = [one for one in sessions if one.sign_in is SignIn.SWITCH]
    assert {one.principal_arn.rpartition("/")[2] for one in switched if one.principal_arn} == {"integration-tests"}
    assert all("AWSReservedSSO_Developer" in one.switched_from for one in switched)
    assert any(one.instance and one.name.startswith("i-") for one in sessions)
    assert any(":saml-provider/" in one.identity_provider and "@" in one.name for one in sessions)
    assert any("githubusercontent" in one.identity_provider for one in sessions)
    assert any(one.invoked_by == ("sso.amazonaws.com",) for one in sessions)
    without = {
        one.principal_arn.rpartition("/")[2] for one in sessions if one.sign_in is SignIn.LOGIN and one.mfa is False
    }
    assert without == {"tomas.novak"}


def test_only_the_archive_reads_the_bucket_and_digests_lie_beside(aws: Aws) -> None:
    where = aws.organization["trail"]
    assert where["account"] == aws.named("log-archive")
    other, prefix = aws.named("payments-prod"), f"AWSLogs/{where['organization']}/"
    aws.deploy(where["account"], other, actions=READ, role="trail-reader")
    s3 = aws.client("s3", aws.assume(where["account"], role="trail-reader"))
    listed = s3.list_objects_v2(Bucket=where["bucket"], Prefix=f"{prefix}{other}/", Delimiter="/")
    assert {one["Prefix"].split("/")[-2] for one in listed["CommonPrefixes"]} == {"CloudTrail", "CloudTrail-Digest"}
    listed = s3.list_objects_v2(Bucket=where["bucket"], Prefix=f"{prefix}{other}/CloudTrail/eu-west-1/2026/11/20/")
    blob = s3.get_object(Bucket=where["bucket"], Key=listed["Contents"][0]["Key"])["Body"].read()
    assert of_files([("log", blob)], other, AS_OF).sessions
    accounts = s3.list_objects_v2(Bucket=where["bucket"], Prefix=prefix, Delimiter="/")["CommonPrefixes"]
    assert {one["Prefix"].split("/")[-2] for one in accounts} == set(aws.accounts)


def test_without_permission_nothing_is_shown(aws: Aws) -> None:
    where = aws.organization["trail"]
    aws.deploy(where["account"], actions=["iam:Get*"], role="no-reader")
    with pytest.raises(ClientError, match="s3:ListBucket"):
        aws.client("s3", aws.assume(where["account"], role="no-reader")).list_objects_v2(Bucket=where["bucket"])
