"""Rows of use and candidates for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from collectors.records import Actor
from findings.analysis.what_if import Candidate, Kind, UsedRow
from findings.policy.document import Document, read
from tests.builders import ACCOUNT_ID, arn
from tests.findings.worlds import document

DAY = date(2026, 11, 20)
APP = {"principal_id": "AROAAPP", "arn": arn("role", "app"), "actor": Actor.ROLE}
ALICE = {"principal_id": "AIDAALICE", "arn": arn("user", "alice"), "actor": Actor.USER}
ROOT = {"principal_id": ACCOUNT_ID, "arn": f"arn:aws:iam::{ACCOUNT_ID}:root", "actor": Actor.ROOT}
SERVICE = {"principal_id": "config.amazonaws.com", "arn": "", "actor": Actor.SERVICE}
STRANGER = {"principal_id": "999999999999", "arn": "", "actor": Actor.ACCOUNT}
SIBLING = {"principal_id": "000000000002", "arn": "", "actor": Actor.ACCOUNT}
LINKED = {
    "principal_id": "AROALINKED",
    "arn": arn("role", "AWSServiceRoleForECS", "/aws-service-role/ecs.amazonaws.com/"),
    "actor": Actor.ROLE,
}
FEDERATED = {"principal_id": "AIDAALICE", "arn": "", "actor": Actor.FEDERATED}
SAML = {"principal_id": "idp", "arn": arn("saml-provider", "Okta"), "actor": Actor.FEDERATED}
NOBODY = {"principal_id": "", "arn": "", "actor": Actor.UNKNOWN}


def row(action: str | None = "ec2:RunInstances", who: dict[str, Any] | None = None, **more: Any) -> UsedRow:
    service, _, name = (action or "ec2:Unheard").partition(":")
    told = {"event": f"{service}.amazonaws.com {name}", "region": "eu-west-1", "last": DAY, "account": ACCOUNT_ID}
    return UsedRow(action=action, **{**told, **(who or APP), **more})


def scp(*statements: dict[str, Any], **more: Any) -> Candidate:
    return candidate(Kind.SCP, *statements, **more)


def rcp(*statements: dict[str, Any], **more: Any) -> Candidate:
    return candidate(Kind.RCP, *({"Principal": "*", **one} for one in statements), **more)


def candidate(kind: Kind, *statements: dict[str, Any], **more: Any) -> Candidate:
    made = read(document(*statements))
    assert isinstance(made, Document)
    return Candidate(kind, made, **more)
