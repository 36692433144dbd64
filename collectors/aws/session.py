"""The only maker of boto3 clients: assume the account's role, prove where we are, narrow the session to one source."""

from __future__ import annotations

import functools
import json
import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
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
ASSUME = "sts:AssumeRole"
HUB_REFUSED = "The hub role"  # how a failure of the first of the two hops begins
HUB_STEP = (
    "Its trust policy must name the worker's principal and the hub's external id; deploy the hub's template again."
)
MEMBER_STEP = (
    "Deploy the organization's template there, and see that the hub role's own policy allows sts:AssumeRole on it."
)
SECONDS = 3_600  # a chained session is capped at an hour whatever is asked (AWS.md 12)


@dataclass(frozen=True)
class Target:
    """An account and how it is reached. role_arn empty: the ambient credentials are the account's own. hub_arn: of a role
    that is assumed first, since only that one may assume the account's; empty: none."""

    account_id: str
    partition: str = "aws"
    role_arn: str = ""
    external_id: str = ""
    hub_arn: str = ""
    hub_external_id: str = ""


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
                if os.environ.get("AWS_ENDPOINT_URL"):
                    self._made[key].meta.events.register("before-call.s3-control", _own_host)
            return self._made[key]


def _own_host(params: dict[str, Any], **_: Any) -> None:
    """An endpoint that somebody names has a host name of its own, before which S3 Control's clients put the account's id."""
    params["url"] = re.sub(r"://\d{12}\.", "://", params["url"])


@functools.cache
def _boto() -> boto3.Session:
    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    return boto3.Session(botocore_session=core)


@functools.cache
def _loader() -> Any:
    """Of AWS's service models, which are the same whatever the environment says: those once read stay when it is read again."""
    return botocore.session.Session().get_component("data_loader")


@functools.cache
def _ambient() -> _Session:
    return _Session()


def session_policy(actions: Iterable[str], resource: str = "*") -> str:
    """What one source may do, and nothing else. Raises ValueError over AWS's limit."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
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

    Raises AwsError when a role cannot be assumed, or when the credentials belong to another account.
    """
    region = HOME[target.partition]
    aws = LiveAws(_ambient(), target.account_id, region, on_call, wait)
    if target.hub_arn:
        aws = _through_hub(aws, target)
    if target.role_arn:
        aws = _behind_hub(aws, target, actions) if target.hub_arn else _member(aws, target, actions)
    who = aws.ask("sts:GetCallerIdentity", require="Account")["Account"]
    if who != target.account_id:
        raise AwsError(
            "sts:GetCallerIdentity",
            State.ERROR,
            f"The credentials belong to account {who}, not to {target.account_id}. Nothing was collected.",
        )
    return aws


def _assume(aws: LiveAws, role_arn: str, external_id: str, policy: str) -> LiveAws:
    answer = aws.ask(
        ASSUME,
        require="Credentials",
        RoleArn=role_arn,
        RoleSessionName="iamdash",
        DurationSeconds=SECONDS,
        Policy=policy,
        **({"ExternalId": external_id} if external_id else {}),
    )
    return _assumed(answer["Credentials"], aws)


def _member(aws: LiveAws, target: Target, actions: Iterable[str]) -> LiveAws:
    return _assume(aws, target.role_arn, target.external_id, session_policy(actions))


def _through_hub(aws: LiveAws, target: Target) -> LiveAws:
    """The hub's session may assume the one role and nothing else."""
    try:
        return _assume(aws, target.hub_arn, target.hub_external_id, session_policy([ASSUME], target.role_arn))
    except AwsError as error:
        raise _at(error, f"{HUB_REFUSED} {target.hub_arn} could not be assumed", HUB_STEP) from error


def _behind_hub(aws: LiveAws, target: Target, actions: Iterable[str]) -> LiveAws:
    try:
        return _member(aws, target, actions)
    except AwsError as error:
        where = f"The hub role was assumed, but {target.role_arn} could not be assumed from it"
        raise _at(error, where, MEMBER_STEP) from error


def _at(error: AwsError, where: str, step: str) -> AwsError:
    """The same failure with the hop it was at; the next step, where AWS refused."""
    text = f"{where}: {error.message}" + (f" {step}" if error.state in {State.DENIED, State.BLOCKED_BY_SCP} else "")
    return AwsError(error.api, error.state, text, code=error.code, permission=error.permission)


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
