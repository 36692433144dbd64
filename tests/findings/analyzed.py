"""Analyzers, what they find, and buckets, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors import records
from collectors.records import Coverage, State
from findings.analysis.analyzers import FINDINGS, LIST
from tests.builders import ACCOUNT_ID, AS_OF, ago, coverage

IRELAND, VIRGINIA = "eu-west-1", "us-east-1"
STRANGER = "999999999999"
_KINDS = {"external": "ACCOUNT", "unused": "ACCOUNT_UNUSED_ACCESS", "internal": "ACCOUNT_INTERNAL_ACCESS"}


def analyzer(kind: str = "external", region: str = IRELAND, owner: str = ACCOUNT_ID, **more: Any) -> records.Analyzer:
    """kind: external, unused or internal; another account's looks at the whole organization."""
    of = _KINDS[kind] if owner == ACCOUNT_ID else _KINDS[kind].replace("ACCOUNT", "ORGANIZATION")
    where = f"arn:aws:access-analyzer:{region}:{owner}:analyzer/{kind}"
    more = {"status": "ACTIVE", **more}
    return records.Analyzer(unique_id=where, name=kind, region=region, type=of, **more)


def found(resource: str, kind: str = records.EXTERNAL, n: int = 1, **more: Any) -> records.AnalyzerFinding:
    """What an analyzer says of a resource; from outside, by a stranger's account."""
    types = {"role": "AWS::IAM::Role", "user": "AWS::IAM::User"}
    service = resource.split(":")[2]
    of = (
        types.get(resource.split(":")[5].partition("/")[0], "")
        if service == "iam"
        else f"AWS::{service.upper()}::Thing"
    )
    external = {"principal": {"AWS": STRANGER}, "actions": ("s3:GetObject",), "conditions": (), "public": False}
    more = {"resource_type": of, **(external if kind == records.EXTERNAL else {}), **more}
    return records.AnalyzerFinding(
        unique_id=f"finding-{n}",
        analyzer=analyzer().arn,
        region=IRELAND,
        type=kind,
        resource=resource,
        owner=ACCOUNT_ID,
        created_at=ago(10),
        updated_at=ago(5),
        **more,
    )


def asked(states: dict[str, State] | Iterable[str] = (IRELAND,), *apis: str) -> tuple[Coverage, ...]:
    """coverage(), and that of Access Analyzer by region."""
    regions = states if isinstance(states, dict) else dict.fromkeys(states, State.COMPLETE)
    told = [
        Coverage(api=api, state=state, observed_at=AS_OF, region=region, permission=api)
        for api in (apis or (LIST, FINDINGS))
        for region, state in regions.items()
    ]
    return (*coverage(), *told)


def bucket(name: str = "logs", **more: Any) -> records.Bucket:
    """One that takes trails, closed, logged and locked, unless said otherwise."""
    good = {
        "delivers": True,
        "block": records.PublicAccessBlock(block_acls=True, ignore_acls=True, block_policy=True, restrict=True),
        "policy_public": False,
        "acl_public": (),
        "logs_to": "access-logs",
        "versioning": "Enabled",
        "mfa_delete": False,
        "object_lock": True,
        "tags": {},
        "unread": (),
        "region": IRELAND,
    }
    return records.Bucket(unique_id=name, arn=f"arn:aws:s3:::{name}", created_at=ago(500), **{**good, **more})
