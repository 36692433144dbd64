"""The only maker of boto3 clients: assume the account's role, prove where we are, narrow the session to one source."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from collectors.aws.call import LiveAws, at_once
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.records import State

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    max_pool_connections=16,  # as many as there are threads that read a trail
    connect_timeout=5,
    read_timeout=60,
    user_agent_extra="iamdash",
)
POLICY_LIMIT = 2_048  # characters of a session policy (AWS.md 31)
SECONDS = 3_600  # a chained session is capped at an hour whatever is asked (AWS.md 12)


@dataclass(frozen=True)
class Target:
    """An account and how it is reached. role_arn empty: the ambient credentials are the account's own."""

    account_id: str
    partition: str = "aws"
    role_arn: str = ""
    external_id: str = ""


_MAKING = threading.Lock()  # threads may share clients, not the making of them (boto3's guide)


class _Session:
    """Clients that share one loader (a fresh session costs 50 ms a client, a shared one 10) and one set of credentials."""

    def __init__(self, credentials: dict[str, str] | None = None) -> None:
        self._credentials = credentials or {}
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        key = service, region
        with _MAKING:
            if key not in self._made:
                self._made[key] = _boto().client(service, region_name=region, config=CONFIG, **self._credentials)
            return self._made[key]


@functools.cache
def _boto() -> boto3.Session:
    return boto3.Session()


@functools.cache
def _ambient() -> _Session:
    return _Session()


def session_policy(actions: Iterable[str]) -> str:
    """What one source may do, and nothing else. Raises ValueError over AWS's limit."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    if len(text) > POLICY_LIMIT:
        raise ValueError(f"The session policy has {len(text)} characters; AWS takes {POLICY_LIMIT}.")
    return text


def connect(
    target: Target,
    actions: Iterable[str],
    on_call: Callable[[str], None] = lambda api: None,
    wait: Callable[[str, str, str], float] = at_once,
) -> LiveAws:
    """A session that may do `actions` in the target account, proven to be there.

    Raises AwsError when the role cannot be assumed, or when the credentials belong to another account.
    """
    region = HOME[target.partition]
    aws = LiveAws(_ambient(), target.account_id, region, on_call, wait)
    if target.role_arn:
        answer = aws.ask(
            "sts:AssumeRole",
            require="Credentials",
            RoleArn=target.role_arn,
            RoleSessionName="iamdash",
            DurationSeconds=SECONDS,
            Policy=session_policy(actions),
            **({"ExternalId": target.external_id} if target.external_id else {}),
        )
        aws = _assumed(answer["Credentials"], aws)
    who = aws.ask("sts:GetCallerIdentity", require="Account")["Account"]
    if who != target.account_id:
        raise AwsError(
            "sts:GetCallerIdentity",
            State.ERROR,
            f"The credentials belong to account {who}, not to {target.account_id}. Nothing was collected.",
        )
    return aws


def _assumed(credentials: dict[str, str], before: LiveAws) -> LiveAws:
    session = _Session(
        {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
    )
    return before.through(session)


def forget() -> None:
    """Drop the ambient session, so that the next call reads the environment again."""
    _boto.cache_clear()
    _ambient.cache_clear()
