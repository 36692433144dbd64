"""AssumeRole and what a caller may do, over HTTP."""

import pytest
from botocore.exceptions import ClientError

from tests.collectors.lab.aws import Aws, refused, session_policy


@pytest.fixture
def account(aws: Aws) -> str:
    return aws.named("payments-prod")


@pytest.mark.parametrize("external_id", [None, "wrong", "X-"])
def test_external_id_is_required(aws: Aws, account: str, external_id: str | None) -> None:
    with pytest.raises(ClientError) as error:
        aws.assume(account, ExternalId=external_id)
    assert refused(error.value) == ("AccessDenied", 403)
    hub = aws.client("sts", aws.hub).get_caller_identity()["Arn"]
    arn = f"arn:aws:iam::{account}:role/iamdash-read"
    said = f"User: {hub} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    assert error.value.response["Error"]["Message"] == said


def test_leading_zeros_of_an_account_survive(aws: Aws, account: str) -> None:
    assert account.startswith("00")
    assert len(account) == 12
    identity = aws.client("sts", aws.assume(account)).get_caller_identity()
    assert identity["Account"] == account
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/iamdash-read/test"
    assert identity["UserId"].startswith("AROA")
    assert identity["UserId"].endswith(":test")


def test_regional_and_global_endpoints_are_one(aws: Aws, account: str) -> None:
    credentials = aws.assume(account)
    found = {
        aws.client("sts", credentials, region).get_caller_identity()["Arn"] for region in ("eu-west-1", "us-east-1")
    }
    assert len(found) == 1


def test_a_role_not_in_the_hubs_policy_is_denied(aws: Aws, account: str) -> None:
    with pytest.raises(ClientError, match="because no identity-based policy allows the sts:AssumeRole action"):
        aws.assume(account, "github-deploy")


@pytest.mark.parametrize("where", ["unknown role", "suspended account", "no account"])
def test_what_is_not_there_is_denied(aws: Aws, account: str, where: str) -> None:
    suspended = next(a["id"] for a in aws.organization["accounts"] if a["status"] == "SUSPENDED")
    place = {"unknown role": account, "suspended account": suspended, "no account": "123456789012"}[where]
    with pytest.raises(ClientError) as error:
        aws.assume(place, "iamdash-nothing" if where == "unknown role" else "iamdash-read")
    assert refused(error.value) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"DurationSeconds": 3601}, "role chaining"),
        ({"DurationSeconds": 43201}, "durationSeconds"),
        ({"Policy": session_policy(*["iam:GetAccountSummary"] * 90)}, "2048"),
    ],
)
def test_limits(aws: Aws, account: str, more: dict[str, object], message: str) -> None:
    with pytest.raises(ClientError, match=message) as error:
        aws.assume(account, **more)
    assert refused(error.value) == ("ValidationError", 400)


def test_session_policy_narrows(aws: Aws, account: str) -> None:
    iam = aws.iam(account, Policy=session_policy("iam:GetAccountSummary", "iam:CreateUser"))
    iam.get_account_summary()
    with pytest.raises(ClientError, match=r"because no session policy allows the iam:ListAccessKeys action"):
        iam.list_access_keys(UserName="ci-artifacts")
    with pytest.raises(ClientError, match=r"because no identity-based policy allows the iam:CreateUser action"):
        iam.create_user(UserName="mallory")


def test_denial_names_session_and_resource(aws: Aws, account: str) -> None:
    aws.deploy(account, actions=["iam:GetAccountSummary"], role="iamdash-small")
    iam = aws.client("iam", aws.assume(account, "iamdash-small"))
    with pytest.raises(ClientError) as error:
        iam.list_access_keys(UserName="ci-artifacts")
    assert refused(error.value) == ("AccessDenied", 403)
    assert error.value.response["Error"]["Message"] == (
        f"User: arn:aws:sts::{account}:assumed-role/iamdash-small/test is not authorized to perform: "
        "iam:ListAccessKeys on resource: user ci-artifacts because no identity-based policy allows the "
        "iam:ListAccessKeys action"
    )


def test_redeployment_changes_the_policy_of_running_sessions(aws: Aws, account: str) -> None:
    aws.deploy(account, actions=["iam:Get*"], role="iamdash-later")
    iam = aws.client("iam", aws.assume(account, "iamdash-later"))
    iam.get_account_summary()
    aws.deploy(account, actions=["s3:Get*"], role="iamdash-later")
    with pytest.raises(ClientError, match="GetAccountSummary"):
        iam.get_account_summary()


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("iam", "list_users", ("InvalidClientTokenId", 403)),
        ("organizations", "list_accounts", ("UnrecognizedClientException", 400)),
        ("accessanalyzer", "list_analyzers", ("UnrecognizedClientException", 403)),
    ],
)
@pytest.mark.parametrize("change", [{"AWS_ACCESS_KEY_ID": "A" * 20}, {"AWS_SESSION_TOKEN": "another"}])
def test_unknown_credentials(
    aws: Aws, account: str, change: dict[str, str], service: str, operation: str, expected: tuple[str, int]
) -> None:
    client = aws.client(service, aws.assume(account) | change)
    with pytest.raises(ClientError) as error:
        getattr(client, operation)()
    assert refused(error.value) == expected


def test_expired_sessions(aws: Aws, account: str) -> None:
    iam = aws.iam(account)
    assert aws.lab.expire_sessions(account) >= 1
    with pytest.raises(ClientError) as error:
        iam.get_account_summary()
    assert refused(error.value) == ("ExpiredToken", 403)
    aws.iam(account).get_account_summary()


def test_a_user_of_an_account_calls_with_his_key(aws: Aws, account: str) -> None:
    aws.deploy(account, actions=["iam:CreateAccessKey"], role="iamdash-maker")
    key = aws.client("iam", aws.assume(account, "iamdash-maker")).create_access_key(UserName="ci-artifacts")[
        "AccessKey"
    ]
    credentials = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_SESSION_TOKEN": "",
    }
    identity = aws.client("sts", credentials).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{account}:user/ci-artifacts"
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        aws.client("iam", credentials).list_users()
