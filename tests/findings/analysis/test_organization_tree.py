"""The whole tree with what binds each node: what is plain first, then whom nothing binds, then what is wrong with a tree."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import DelegatedAdministrator, State
from findings.analysis.facts import Facts
from findings.analysis.organization_tree import BILLING, MANAGEMENT, Node, Standing, Tree, tree
from tests import builders as b
from tests.findings.worlds import EVERYTHING, allow, deny, document

DENY, SOME = document(deny("iam:*")), document(allow("s3:*"))
WHEN = document(allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
REST = document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})
LATER = document(deny("nextservice:Start*"))
NEWER = {**EVERYTHING, "Version": "2029-01-01"}
WHOM = document(deny("*", Principal={"AWS": "arn:aws:iam::1:role/x"}))
ALL = (EVERYTHING, DENY, SOME, WHEN, REST, LATER, NEWER, WHOM)
OURS = b.in_organization(management_account_id=b.ACCOUNT_ID)
OWN = b.org_account(parent="r-1", name="main")
WEB = b.org_account("000000000002", name="web", tags={"owner": "ada"}, state="SUSPENDED")
NODES = ("r-1", "ou-1", b.ACCOUNT_ID, "000000000002")


def full(*targets: str) -> Any:
    return b.org_policy("FullAWSAccess", *targets, document=EVERYTHING, aws_managed=True)


FULL = full(*NODES)
PLAIN = (b.unit("r-1", ""), b.unit(), OWN, WEB)


def drawn(*entities: Any, organization: Any = OURS, states: Any = None, **more: Any) -> Tree:
    coverage = b.tree_coverage(**(states or {}))
    return tree(Facts(b.snapshot(organization, *entities, trusts=ALL, coverage=coverage, **more)))


def node(found: Tree, one: str = "000000000002") -> Node:
    return next(node for node in found.nodes if node.id == one)


def scp(*policies: Any) -> tuple[Standing, tuple[str, ...]]:
    found = node(drawn(*PLAIN, *policies)).scp
    return found.standing, found.limiting


def test_nodes_stand_from_the_root_down_with_what_each_inherits() -> None:
    found = drawn(*PLAIN, FULL, b.org_policy("guard", "ou-1", document=DENY))
    assert [(n.name, n.kind.value, n.depth) for n in found.nodes] == [
        ("Root", "root", 0),
        ("main", "account", 1),
        ("prod (ou-1)", "ou", 1),
        ("web", "account", 2),
    ]
    web = node(found)
    assert (web.state, web.tags, web.parent_id, web.services) == ("SUSPENDED", {"owner": "ada"}, "ou-1", None)
    assert [policy.name for policy in web.scp.direct] == ["FullAWSAccess"]
    assert [(level.name, [p.name for p in level.policies]) for level in web.scp.inherited] == [
        ("Root", ["FullAWSAccess"]),
        ("prod (ou-1)", ["FullAWSAccess", "guard"]),
    ]
    assert (web.scp.standing, web.scp.limiting) == (Standing.LIMITED, ("guard at prod (ou-1)",))
    assert (found.organization_id, found.policy_types, found.features) == ("o-1", (b.SCP,), "ALL")


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((FULL,), (Standing.FULL_ACCESS, ())),
        ((FULL, b.org_policy("rest", "ou-1", document=REST)), (Standing.FULL_ACCESS, ())),
        ((FULL, b.org_policy("later", "ou-1", document=LATER)), (Standing.LIMITED, ("later at prod (ou-1)",))),
        (
            (full("r-1", "000000000002"), b.org_policy("some", "ou-1", document=SOME)),
            (Standing.LIMITED, ("some at prod (ou-1)",)),
        ),
        (
            (full("r-1", "ou-1"), b.org_policy("when", "000000000002", document=WHEN)),
            (Standing.LIMITED, ("when at 000000000002",)),
        ),
        (
            (b.org_policy("a", *NODES, document=SOME), b.org_policy("b", *NODES, document=REST)),
            (Standing.FULL_ACCESS, ()),
        ),
        (
            (full("r-1", "000000000002"),),
            (Standing.LIMITED, ("nothing attached, which allows nothing, at prod (ou-1)",)),
        ),
    ],
)
def test_what_limits(policies: Any, expected: Any) -> None:
    assert scp(*policies) == expected


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (NEWER, "SCP new could not be read."),
        (WHOM, "SCP new could not be read."),
        (None, "SCP new could not be read."),
    ],
)
def test_a_language_newer_than_ours_is_unknown_and_a_limit_that_is_sure_stays(document: Any, why: str) -> None:
    new = b.org_policy("new", "r-1", document=document)
    found = node(drawn(*PLAIN, FULL, new)).scp
    assert (found.standing, found.unread, found.why) == (Standing.UNKNOWN, ("new",), why)
    sure = node(drawn(*PLAIN, FULL, new, b.org_policy("guard", "ou-1", document=DENY))).scp
    assert (sure.standing, sure.unread) == (Standing.LIMITED, ("new",))


def test_whom_nothing_binds() -> None:
    own = node(drawn(*PLAIN, FULL), b.ACCOUNT_ID)
    assert (own.scp.standing, own.scp.why, own.management) == (Standing.EXEMPT, MANAGEMENT, True)
    assert [policy.name for policy in own.scp.direct] == ["FullAWSAccess"]
    assert node(drawn(*PLAIN, FULL)).rcp.standing is Standing.OFF
    billing = b.in_organization(management_account_id=b.ACCOUNT_ID, features="CONSOLIDATED_BILLING")
    assert {n.scp.why for n in drawn(*PLAIN, organization=billing).nodes} == {BILLING}


def test_rcps_and_delegates() -> None:
    root = b.unit("r-1", "", policy_types=(b.SCP, b.RCP))
    keep = document(deny("s3:*", Principal="*"))
    every = b.org_policy("RCPFullAWSAccess", *NODES, kind=b.RCP, document=EVERYTHING)
    rcps = every, b.org_policy("keep", "ou-1", kind=b.RCP, document=keep)
    delegate = DelegatedAdministrator(
        unique_id="000000000002", arn="", name="web", services=("guardduty.amazonaws.com",)
    )
    snapshot = b.snapshot(
        OURS, root, *PLAIN[1:], FULL, *rcps, delegate, trusts=(*ALL, keep), coverage=b.tree_coverage()
    )
    found = tree(Facts(snapshot))
    assert node(found).rcp.limiting == ("keep at prod (ou-1)",)
    assert node(found, "r-1").rcp.standing is Standing.FULL_ACCESS
    assert node(found).services == ("guardduty.amazonaws.com",)
    assert node(found, "ou-1").services == ()


def test_orphans_and_rings_are_told_and_bind_nobody_by_guess() -> None:
    lost, ring = b.unit("ou-3", "ou-9", name="lost"), [b.unit("ou-4", "ou-5"), b.unit("ou-5", "ou-4", name="b")]
    inside = b.org_account("000000000003", "ou-4", name="dizzy")
    moving = b.org_account("000000000004", "", name="moving")
    found = drawn(*PLAIN, FULL, lost, *ring, inside, moving)
    assert [n.id for n in found.nodes][:4] == ["r-1", b.ACCOUNT_ID, "ou-1", "000000000002"]
    assert {n.name: n.problem for n in found.nodes[4:]} == {
        "dizzy": "the tree goes in a circle at prod (ou-4)",
        "moving": "where account 000000000004 is in the tree was not read",
        "b (ou-5)": "the tree goes in a circle at b (ou-5)",
        "lost (ou-3)": "what is above lost (ou-3) was not read",
        "prod (ou-4)": "the tree goes in a circle at prod (ou-4)",
    }
    assert {n.scp.standing for n in found.nodes[4:]} == {Standing.UNKNOWN}
    assert "moving: where account 000000000004 is in the tree was not read." in found.problems


def test_a_tree_deeper_than_any_of_aws_ends() -> None:
    line = [b.unit(f"ou-{n}", f"ou-{n - 1}") for n in range(2, 200)]
    found = drawn(*PLAIN, FULL, *line)
    assert len(found.nodes) == 4 + len(line)
    assert node(found, "ou-199").scp.why == (
        "SCPs are not visible: account or OU ou-199 lies below more than 50 others."
    )


def test_what_is_told_of_a_tree_that_was_not_read_or_is_of_two_organizations() -> None:
    found = drawn(*PLAIN, FULL, states={"ListRoots": State.DENIED, "ListPolicies": State.THROTTLED})
    assert found.problems[:2] == (
        "organizations:ListRoots was denied; it needs the permission organizations:ListRoots.",
        "organizations:ListPolicies was throttled.",
    )
    two = drawn(*PLAIN, FULL, b.unit("r-2", ""))
    assert "There are 2 roots, r-1, r-2: an organization has one." in two.problems
    moved = drawn(*PLAIN, FULL, organization=b.in_organization(organization_id="o-2"))
    assert node(moved).scp.why == (
        "SCPs are not visible: 000000000002 was read of organization o-1, and the account is in o-2."
    )
    empty = drawn(organization=b.in_organization(organization_id="", management_account_id=""))
    assert (empty.nodes, empty.organization_id) == ((), "")
