"""Faults told at run time, through boto3 as a collector meets them."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from collectors.lab.client import LabError
from tests.collectors.lab.aws import Aws, refused


@pytest.fixture
def iam(aws: Aws) -> Iterator[Any]:
    yield aws.iam(aws.accounts[3])
    aws.lab.clear_faults()


@pytest.fixture
def organizations(aws: Aws) -> Iterator[Any]:
    yield aws.client("organizations", aws.assume(aws.organization["management"]))
    aws.lab.clear_faults()


def test_nothing_elsewhere(aws: Aws, iam: Any) -> None:
    """Other accounts, services and operations stay well."""
    aws.lab.fault("error", account=aws.accounts[4], operation="GetAccountSummary")
    aws.lab.fault("error", account=aws.accounts[3], service="sts")
    aws.lab.fault("error", operation="ListUsers")
    aws.lab.fault("error", times=0)
    iam.get_account_summary()


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ({"kind": "deny"}, "AccessDenied", 403),
        ({"kind": "deny_scp"}, "AccessDenied", 403),
        ({"kind": "throttle"}, "Throttling", 400),
        ({"kind": "error"}, "InternalFailure", 500),
        ({"kind": "error", "status": 503}, "ServiceUnavailable", 503),
        ({"kind": "expired"}, "ExpiredToken", 403),
    ],
)
def test_query_protocol(aws: Aws, iam: Any, fault: dict[str, Any], code: str, status: int) -> None:
    aws.lab.fault(**fault, account=aws.accounts[3], service="iam", operation="GetAccountSummary", times=1)
    with pytest.raises(ClientError) as error:
        iam.get_account_summary()
    assert refused(error.value) == (code, status)
    iam.get_account_summary()


def test_scp_denial_says_so(aws: Aws, iam: Any) -> None:
    aws.lab.fault("deny_scp", operation="ListAccountAliases")
    with pytest.raises(ClientError, match="with an explicit deny in a service control policy"):
        iam.list_account_aliases()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("deny", ("AccessDeniedException", 400)), ("throttle", ("TooManyRequestsException", 400))],
)
def test_json_protocol(aws: Aws, organizations: Any, kind: str, expected: tuple[str, int]) -> None:
    aws.lab.fault(kind, service="organizations", times=1)
    with pytest.raises(ClientError) as error:
        organizations.list_accounts()
    assert refused(error.value) == expected


@pytest.mark.parametrize("kind", ["html", "truncate", "cut"])
def test_broken_xml_raises(aws: Aws, iam: Any, kind: str) -> None:
    aws.lab.fault(kind, operation="GetAccountSummary", times=1)
    with pytest.raises((ResponseParserError, IncompleteReadError)):
        iam.get_account_summary()


@pytest.mark.parametrize("kind", ["empty", "html", "truncate", "cut"])
def test_broken_json_is_an_answer_without_accounts(aws: Aws, organizations: Any, kind: str) -> None:
    """botocore does not raise here: the trap a collector has to know (TRUST.md)."""
    aws.lab.fault(kind, service="organizations", times=1)
    answer = organizations.list_accounts()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "Accounts" not in answer


def test_reset(aws: Aws, iam: Any) -> None:
    aws.lab.fault("reset", operation="GetAccountSummary", times=1)
    with pytest.raises(ConnectionClosedError):
        iam.get_account_summary()
    iam.get_account_summary()


def test_hang(aws: Aws, iam: Any) -> None:
    credentials = aws.assume(aws.accounts[3])
    aws.lab.fault("hang", operation="GetAccountSummary", seconds=5)
    hasty = aws.client("iam", credentials, timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        hasty.get_account_summary()


def test_rate(aws: Aws, iam: Any) -> None:
    """One call a minute: the second of an account is throttled, another account's first is not."""
    aws.lab.fault("throttle", service="iam", rate=1 / 60)
    iam.get_account_summary()
    with pytest.raises(ClientError, match="Rate exceeded"):
        iam.get_account_summary()
    aws.iam(aws.accounts[4]).get_account_summary()


def test_assume_role_lands_in_the_roles_account(aws: Aws, iam: Any) -> None:
    aws.lab.fault("deny", account=aws.accounts[3], operation="AssumeRole")
    aws.assume(aws.accounts[4])
    with pytest.raises(ClientError):
        aws.assume(aws.accounts[3])


def test_calls_are_counted(aws: Aws, iam: Any) -> None:
    aws.lab.clear_calls()
    iam.get_account_summary()
    iam.get_account_summary()
    aws.assume(aws.accounts[4])
    assert {tuple(call.values()) for call in aws.lab.calls()} == {
        (aws.accounts[3], "iam", "GetAccountSummary", "iam:GetAccountSummary", 2),
        (aws.accounts[4], "sts", "AssumeRole", "sts:AssumeRole", 1),
    }


def test_the_control_plane_says_what_is_wrong(aws: Aws) -> None:
    with pytest.raises(LabError, match="unknown fault kind 'sulk'"):
        aws.lab.fault("sulk")
    with pytest.raises(LabError, match="no active account 123456789012"):
        aws.deploy("123456789012")
    with pytest.raises(LabError, match="no such route"):
        aws.lab.ask("GET", "nothing")
    assert aws.lab.faults() == []
