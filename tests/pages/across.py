"""A path across two accounts: an SSO user -> SSO-Dev -> deploy, all of the one, -> payments-prod of the other."""

from __future__ import annotations

from dataclasses import dataclass

from collectors import records
from collectors.models import Account, UsageSession
from collectors.records import Role
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.findings.sessions import SSO_ROLE
from tests.pages.acted import acted, assumed, watch

PATH = "SSO user alice@example.com -> SSO-Dev -> deploy -> payments-prod, 3 times"
HIDDEN = "AROADEPLOY0000001 of account 000000000002 -> payments-prod, 3 times"


@dataclass(frozen=True)
class Chain:
    """dev: where people work; prod: where deploy goes on to. session: of prod's role, in which nothing tells of a person."""

    prod: Account
    dev: Account
    deploy: Role
    target: Role
    session: UsageSession


def moved(one: Role, account: Account) -> Role:
    """The same role in another account."""
    arn = one.arn.replace("000000000001", account.aws_id)
    return records.from_json(Role, {**records.to_json(one), "arn": arn})


def chained(prod: Account, dev: Account) -> Chain:
    target = role("payments-prod")
    deploy = moved(role("deploy", unique_id="AROADEPLOY0000001"), dev)
    path, _, name = SSO_ROLE.rpartition("/")
    center = moved(role(name, path=f"/{path}/", unique_id="AROASSODEV0000001"), dev)
    put(prod, target)
    put(dev, deploy, center)
    watch(prod)
    watch(dev)
    ours = {"caller_account": dev.aws_id, "days": 3}
    saml = f"arn:aws:iam::{dev.aws_id}:saml-provider/AWSSSO_x"
    assumed(dev, center, saml, "alice@example.com", event="AssumeRoleWithSAML", **ours)
    assumed(dev, deploy, center.arn, "alice@example.com", caller_id=center.unique_id, **ours)
    assumed(prod, target, "", "botocore-session-*", caller_id=deploy.unique_id, n=3, **ours)
    session = acted(prod, target, "botocore-session-*", agents=[], networks=["8.8.8.8"])
    return Chain(prod, dev, deploy, target, session)
