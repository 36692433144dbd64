"""Days of the past: the same ids on each, nothing before its birth, and a present that does not notice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from collectors.lab.client import LabError
from tests.collectors.lab.aws import AS_OF, Aws, details

ROLE = {"role_name": "iamdash-past", "external_id": "given", "policy": {"Version": "2012-10-17", "Statement": []}}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
Entity = tuple[str, datetime]


def on(aws: Aws, back: int, account: str) -> Any:
    """An IAM client in the account, `back` days before the present (0: the present's own day)."""
    arn = aws.lab.deploy([ROLE | {"account": account, "policy": READ}])[0]
    hub = aws.lab.clock((AS_OF - timedelta(days=back)).isoformat())
    sts = boto3.client(
        "sts", **client(aws, hub["AWS_ACCESS_KEY_ID"], hub["AWS_SECRET_ACCESS_KEY"], hub["AWS_SESSION_TOKEN"])
    )
    given = sts.assume_role(RoleArn=arn, RoleSessionName="past", ExternalId="given")["Credentials"]
    return boto3.client("iam", **client(aws, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))


def client(aws: Aws, key: str, secret: str, token: str) -> dict[str, str]:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {
        "endpoint_url": aws.lab.url,
        "region_name": "us-east-1",
        **dict(zip(names, (key, secret, token), strict=True)),
    }


def born(snapshot: dict[str, Any]) -> dict[str, Entity]:
    """Unique id -> (name, creation) of roles and users."""
    rows = [(r["RoleId"], r["RoleName"], r["CreateDate"]) for r in snapshot["RoleDetailList"]]
    rows += [(u["UserId"], u["UserName"], u["CreateDate"]) for u in snapshot["UserDetailList"]]
    return {uid: (name, created) for uid, name, created in rows if not name.startswith("iamdash-")}


def keys(iam: Any) -> dict[str, list[dict[str, Any]]]:
    users = [user["UserName"] for user in iam.list_users(MaxItems=1000)["Users"]]
    return {name: iam.list_access_keys(UserName=name)["AccessKeyMetadata"] for name in users}


def test_nothing_is_there_before_its_birth_and_ids_stay(aws: Aws) -> None:
    account = aws.named("payments-prod")
    seen: dict[str, Entity] = {}
    for back in (180, 100, 77, 30, 7, 0):
        found = born(details(on(aws, back, account)))
        assert all(created <= AS_OF - timedelta(days=back) for _, created in found.values())
        assert all(seen.get(uid, entity) == entity for uid, entity in found.items())
        seen |= found
    present = born(details(aws.iam(account)))
    assert found == present
    assert set(seen) > set(present)  # somebody left, something was cleaned up


def test_keys_are_rotated_and_never_more_than_two(aws: Aws) -> None:
    account = aws.named("payments-prod")
    ids = set()
    for back in (120, 60, 30):
        some = keys(on(aws, back, account))
        assert max(len(found) for found in some.values()) <= 2
        ids |= {key["AccessKeyId"] for key in some["ci-artifacts"]}
        for found in some.values():
            assert all(key["CreateDate"] <= AS_OF - timedelta(days=back) for key in found)
    assert len(ids) >= 2


def test_no_use_lies_in_the_future(aws: Aws) -> None:
    day = AS_OF - timedelta(days=90)
    used = [role.get("RoleLastUsed", {}) for role in details(on(aws, 90, aws.named("web-prod")))["RoleDetailList"]]
    moments = [use["LastUsedDate"] for use in used if "LastUsedDate" in use]
    assert moments
    assert max(moments) <= day


def test_the_present_does_not_notice(aws: Aws) -> None:
    account = aws.named("payments-prod")
    before, expected = details(aws.iam(account)), aws.lab.expected()
    past = on(aws, 75, account)
    users = {user["UserName"] for user in details(past)["UserDetailList"]}
    assert "incident-lead" in users
    after = details(aws.iam(account))
    assert born(after) == born(before)
    assert "incident-lead" not in {user["UserName"] for user in after["UserDetailList"]}
    assert aws.lab.expected() == expected


def test_only_the_last_two_days_are_kept(aws: Aws) -> None:
    account = aws.named("web-prod")
    oldest, *_ = [on(aws, back, account) for back in (40, 41, 42)]
    with pytest.raises(ClientError, match="ExpiredToken"):
        oldest.list_account_aliases()


@pytest.mark.parametrize("back", [-1, 400])
def test_days_that_the_lab_does_not_know_are_refused(aws: Aws, back: int) -> None:
    with pytest.raises(LabError, match="the lab knows the 190 days before"):
        aws.lab.clock((AS_OF - timedelta(days=back)).isoformat())
