"""The tree that is proposed for, and an account as it would be then."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.organization_tree import tree
from findings.analysis.proposed.closing import CODES, with_proposed
from findings.analysis.proposed.model import NodeProposal, Scp
from findings.analysis.proposed.places import enabled, places
from findings.rules import registry
from tests import builders as b
from tests.findings.worlds import EVERYTHING, deny, document

ONE, TWO = "000000000001", "000000000002"
FULL = b.org_policy("FullAWSAccess", "r-1", "ou-1", ONE, TWO, document=EVERYTHING)
TREE = (b.unit("r-1", ""), b.unit(), b.org_account(ONE), b.org_account(TWO), b.org_account(b.MANAGEMENT, "r-1"))
NO_TRAIL_STOPS = document(deny(["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]))
NODE = NodeProposal(
    id="ou-1", name="prod", accounts=(ONE, TWO), scps=(Scp(name="iamdash-prod-1", body=NO_TRAIL_STOPS, size=9),)
)


def _facts(*more: records.Record, entities: Any = (*TREE, FULL), **fields: Any) -> Facts:
    given = {"coverage": b.tree_coverage(), **fields}
    return Facts(b.snapshot(b.in_organization(), *entities, *more, trusts=[EVERYTHING], **given))


def test_places_hold_the_accounts_that_scps_bind() -> None:
    closed = b.org_account("000000000003", "ou-1", state="SUSPENDED")
    found = {place.id: place for place in places(tree(_facts(closed)))}
    assert (found["r-1"].accounts, found["ou-1"].accounts) == ((), (ONE, TWO))
    assert (found["ou-1"].parent, found["ou-1"].attached) == ("r-1", 1)


def test_what_hangs_on_nothing_is_no_place() -> None:
    lost, ring = b.unit("ou-8", "ou-7"), (b.unit("ou-5", "ou-6"), b.unit("ou-6", "ou-5"))
    found = tree(_facts(lost, *ring))
    assert {place.id for place in places(found)} == {"r-1", "ou-1"}
    assert len(found.problems) >= 3


@pytest.mark.parametrize(
    ("root", "features", "told", "attached"),
    [
        (b.unit("r-1", ""), "ALL", True, 1),
        (b.unit("r-1", "", policy_types=()), "ALL", False, 1),
        (b.unit("r-1", ""), "CONSOLIDATED_BILLING", False, 1),
    ],
)
def test_whether_scps_are_on(root: records.OrganizationalUnit, features: str, told: bool, attached: int) -> None:
    facts = Facts(b.snapshot(b.in_organization(features=features), root, *TREE[1:], FULL, coverage=b.tree_coverage()))
    found = tree(facts)
    assert enabled(found) is told
    assert {place.attached for place in places(found)} == {attached}


def test_where_attachments_were_not_read_the_room_is_not_known() -> None:
    part = b.org_policy("other", "ou-1", document=EVERYTHING, whole=False)
    denied = b.tree_coverage(ListTargetsForPolicy=records.State.DENIED)
    found = {place.id: place for place in places(tree(_facts(part, coverage=denied)))}
    assert found["ou-1"].attached is None


def test_with_it_applied_the_account_is_judged_by_it() -> None:
    before = _facts()
    after = with_proposed(before, [NODE])
    assert [p.name for p in (after.guardrails.scp or ())[1].policies] == ["FullAWSAccess", "iamdash-prod-1"]
    entry = registry.catalogue()["GR106"]
    was, then = ({v.part for v in registry.judge(f, [entry]) if v.part} for f in (before, after))
    assert was - then == {"trail"}


def test_the_rules_that_are_judged_exist() -> None:
    assert set(CODES) <= registry.catalogue().keys()
