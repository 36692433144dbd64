"""How the lab's tests speak to it: boto3 with plain credentials, no retries."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from collectors.lab.client import LabClient
from collectors.lab.settings import Settings

AS_OF = datetime(2026, 11, 24, tzinfo=UTC)
SETTINGS = Settings(as_of=AS_OF)
ROLE = "iamdash-read"
READ = ["iam:Get*", "iam:List*", "iam:Generate*", "organizations:*", "cloudtrail:LookupEvents", "access-analyzer:List*"]
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
SESSION = boto3.Session()  # one botocore loader for all clients


def policy(*actions: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


class Aws:
    """A lab with the collector's role deployed in every account."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lab = LabClient(url)
        self.organization = self.lab.organization()
        self.accounts = [a["id"] for a in self.organization["accounts"] if a["status"] == "ACTIVE"]
        self.hub = self.lab.credentials()
        self.deploy(*self.accounts)

    def deploy(self, *accounts: str, actions: list[str] = READ, role: str = ROLE) -> None:
        self.lab.deploy(
            [{"account": a, "role_name": role, "external_id": f"x-{a}", "policy": policy(*actions)} for a in accounts]
        )

    def client(self, service: str, credentials: dict[str, str], region: str = "eu-west-1", timeout: float = 10) -> Any:
        return SESSION.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials["AWS_SESSION_TOKEN"] or None,
            config=ONCE.merge(Config(read_timeout=timeout)),
        )

    def assume(self, account: str, role: str = ROLE, **more: Any) -> dict[str, str]:
        wanted = {"ExternalId": f"x-{account}", "RoleSessionName": "test"} | more
        arn = f"arn:aws:iam::{account}:role/{role}"
        given = self.client("sts", self.hub).assume_role(RoleArn=arn, **{k: v for k, v in wanted.items() if v})
        return {
            "AWS_ACCESS_KEY_ID": given["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["Credentials"]["SessionToken"],
        }

    def iam(self, account: str, **more: Any) -> Any:
        return self.client("iam", self.assume(account, **more))

    def named(self, name: str) -> str:
        return next(a["id"] for a in self.organization["accounts"] if a["name"] == name)


def details(iam: Any, **more: Any) -> dict[str, list[dict[str, Any]]]:
    """The whole snapshot of an account."""
    return dict(iam.get_paginator("get_account_authorization_details").paginate(**more).build_full_result())


def refused(error: ClientError) -> tuple[str, int]:
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def session_policy(*actions: str) -> str:
    return json.dumps(policy(*actions))
