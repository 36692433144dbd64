"""Small organizations for proposals: accounts that were watched all the time, and what was used in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from collectors.records import Actor
from findings.analysis.proposed.choose import Chooser, Place
from findings.analysis.proposed.evidence import Evidence
from findings.analysis.proposed.groups import Atom
from findings.analysis.proposed.model import NodeProposal
from findings.analysis.proposed.use import added_up
from findings.analysis.proposed.watched import Watched
from findings.analysis.proposed.worth import Target
from findings.analysis.what_if.model import UsedRow
from tests.builders import AS_OF, ago

ONE, TWO, THREE = "000000000001", "000000000002", "000000000003"
ROOT_ID, PROD, DEV = "r-1", "ou-prod", "ou-dev"
PLACES = (
    Place(ROOT_ID, "Root"),
    Place(PROD, "prod (ou-prod)", ROOT_ID, (ONE, TWO)),
    Place(DEV, "dev", ROOT_ID, (THREE,)),
)


def known(**more: Any) -> Evidence:
    return Evidence(**{"since": ago(120), "until": AS_OF, **more})


def arn(name: str, account: str = ONE) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def row(action: str | None, account: str = ONE, by: str = "app", region: str = "eu-west-1", **more: Any) -> UsedRow:
    source = (action or "s3:New").partition(":")[0]
    given = {"actor": Actor.ROLE, "event": f"{source}.amazonaws.com X", "last": AS_OF.date(), **more}
    who = f"arn:aws:iam::{account}:root" if given["actor"] is Actor.ROOT else arn(by, account)
    return UsedRow(account, f"AROA{by}", who, action=action, region=region, **given)


# What every account does, so that its regions and its reads are known.
USUAL = ("ec2:DescribeInstances", "ec2:RunInstances")


def usual(account: str = ONE) -> list[UsedRow]:
    return [row(action, account, region=region) for action in USUAL for region in ("eu-west-1", "eu-central-1")]


def watched(account: str = ONE, rows: Iterable[UsedRow] = (), evidence: Evidence | None = None) -> Watched:
    return Watched(account, evidence or known(), added_up([*usual(account), *rows]), AS_OF)


def chooser(
    *accounts: Watched, targets: Iterable[Target] = (), places: Iterable[Place] = PLACES, **more: Any
) -> Chooser:
    """The accounts that are not given are watched ones that do the usual."""
    some = {one: watched(one) for one in (ONE, TWO, THREE)} | {one.id: one for one in accounts}
    return Chooser(tuple(places), some, tuple(targets), **more)


def by_id(nodes: Iterable[NodeProposal]) -> dict[str, NodeProposal]:
    return {node.id: node for node in nodes}


def groups(node: NodeProposal) -> set[str]:
    return {part.group for part in node.parts}


def denied(node: NodeProposal) -> set[str]:
    """The patterns that its documents name."""
    found: set[str] = set()
    for scp in node.scps:
        for statement in scp.body["Statement"]:
            named = statement.get("Action", [])
            found |= {named} if isinstance(named, str) else set(named)
    return found


def target(*atoms: Atom, account: str = ONE, weight: int = 9, **more: Any) -> Target:
    return Target(account, weight, frozenset(atoms), **more)


YESTERDAY = AS_OF - timedelta(days=1)
