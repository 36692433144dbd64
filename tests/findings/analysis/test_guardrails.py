"""What binds an account: what is silent first, then levels, then what nobody could read."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import State
from findings.analysis.facts import Facts
from findings.analysis.guardrails import Levels
from findings.analysis.stored_guardrails import from_stored, to_stored
from findings.policy.document import Unreadable
from tests import builders as b

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
FULL = b.org_policy("FullAWSAccess", "r-1", "ou-1", b.ACCOUNT_ID, document=ALLOW, aws_managed=True)
TREE = (b.unit("r-1", ""), b.unit())


def facts(*entities: records.Record, **more: Any) -> Facts:
    more.setdefault("coverage", b.tree_coverage())
    return b.facts(*entities, trusts=(ALLOW, DENY), **more)


def member(*entities: records.Record, **more: Any) -> Facts:
    return facts(b.in_organization(), *TREE, b.org_account(), FULL, *entities, **more)


def names(levels: Levels | None) -> list[tuple[str, list[str]]]:
    assert levels is not None
    return [(level.name, [policy.name for policy in level.policies]) for level in levels]


def test_no_organization_binds_nothing() -> None:
    found = facts(b.in_organization(organization_id="", management_account_id="")).guardrails
    assert (found.scp, found.rcp, found.unseen, found.organization_id) == ((), (), "", "")


def test_the_management_account_is_bound_by_nothing() -> None:
    found = member(b.in_organization(management_account_id=b.ACCOUNT_ID)).guardrails
    assert (found.scp, found.rcp, found.unseen, found.management) == ((), (), "", True)


def test_an_organization_for_billing_only_has_no_policies() -> None:
    found = facts(b.in_organization(features="CONSOLIDATED_BILLING"), coverage=b.coverage()).guardrails
    assert (found.scp, found.rcp, found.unseen) == ((), (), "")


def test_a_type_that_is_not_enabled_binds_nothing() -> None:
    found = member().guardrails
    assert (found.rcp, found.unseen) == ((), "")
    assert facts(b.in_organization(), b.unit("r-1", "", policy_types=())).guardrails.scp == ()


def test_levels_go_from_the_root_to_the_account() -> None:
    deep = b.unit("ou-2", "ou-1", name="payments")
    own = b.org_policy("own", b.ACCOUNT_ID, "000000000002", document=DENY)
    elsewhere = b.org_policy("elsewhere", "ou-9", document=DENY)
    found = facts(b.in_organization(), *TREE, deep, b.org_account(parent="ou-2"), FULL, own, elsewhere).guardrails
    assert names(found.scp) == [
        ("Root", ["FullAWSAccess"]),
        ("prod (ou-1)", ["FullAWSAccess"]),
        ("payments (ou-2)", []),  # read, and empty: it allows nothing
        (b.ACCOUNT_ID, ["FullAWSAccess", "own"]),
    ]
    assert (found.unseen, found.organization_id, found.management) == ("", "o-1", False)


def test_rcps_have_levels_of_their_own() -> None:
    root = b.unit("r-1", "", policy_types=(b.SCP, b.RCP))
    full = b.org_policy("RCPFullAWSAccess", "r-1", "ou-1", b.ACCOUNT_ID, kind=b.RCP, document=ALLOW)
    found = facts(b.in_organization(), root, b.unit(), b.org_account(), FULL, full).guardrails
    assert [names for _, names in names(found.rcp)] == [["RCPFullAWSAccess"]] * 3
    assert [names for _, names in names(found.scp)] == [["FullAWSAccess"]] * 3


def test_a_document_that_was_not_read_is_unreadable_and_not_empty() -> None:
    found = member(b.org_policy("guard", "ou-1", document=None))
    assert found.guardrails.scp is not None
    (policy,) = [p for p in found.guardrails.scp[1].policies if p.name == "guard"]
    assert isinstance(found.document(policy.document), Unreadable)


def test_the_organization_is_told_by_arns_where_the_account_could_not_ask() -> None:
    found = facts(*TREE, b.org_account(), FULL).guardrails
    assert (found.organization_id, len(found.scp or ())) == ("o-1", 3)
    assert facts(b.unit("r-1", ""), b.org_account(b.MANAGEMENT, "r-1"), account_id=b.MANAGEMENT).guardrails.management


UNSEEN = "SCPs and RCPs are not visible: "
HALF = b.unit("ou-1", attachments_of=(b.SCP,))


@pytest.mark.parametrize(
    ("entities", "states", "text"),
    [
        (
            (),
            {},
            UNSEEN + "no connected account may read organization o-1; connect its management account 000000000009.",
        ),
        (
            (b.unit("r-1", "", policy_types=None), HALF, FULL),
            {"ListAccounts": State.DENIED},
            "where account 000000000001 is in the tree was not read (organizations:ListAccounts was denied; it needs",
        ),
        ((*TREE, b.org_account(parent="")), {}, "SCPs are not visible: where account 000000000001 is in the tree"),
        ((b.unit("r-1", ""), b.org_account(parent="ou-7")), {}, "what is above 000000000001 was not read"),
        ((b.unit("r-1", ""), b.unit(parent=""), b.org_account()), {}, "what is above prod (ou-1) was not read"),
        (
            (b.unit("ou-1", "ou-2"), b.unit("ou-2", "ou-1"), b.org_account()),
            {},
            UNSEEN + "the tree goes in a circle at prod (ou-1).",
        ),
        (
            (*TREE, b.org_account()),
            {"ListTargetsForPolicy": State.DENIED},
            "SCPs are not visible: what is attached to Root was not read (organizations:ListTargetsForPolicy was denied",
        ),
        (
            (*TREE, b.org_account(), FULL, b.org_policy("half", "r-1", whole=False)),
            {"ListPolicies": State.PARTIAL},
            "what is attached to Root was not read (organizations:ListPolicies was read in part).",
        ),
    ],
)
def test_what_was_not_read_is_not_visible(
    entities: tuple[records.Record, ...], states: dict[str, State], text: str
) -> None:
    coverage = b.tree_coverage(**(states or {"ListRoots": None} if not entities else states))
    found = facts(b.in_organization(), *entities, coverage=coverage).guardrails
    assert found.scp is None
    assert text in found.unseen


def test_an_organization_nobody_asked_for_is_named() -> None:
    found = b.facts(coverage=b.coverage(DescribeOrganization=State.DENIED)).guardrails
    assert (found.scp, found.rcp, found.organization_id, found.members) == (None, None, None, None)
    assert found.unseen == (
        "SCPs and RCPs are not visible: organizations:DescribeOrganization was denied; "
        "it needs the permission organizations:DescribeOrganization."
    )


def test_the_other_account_that_was_refused_is_named() -> None:
    rows = tuple(r for r in b.tree_coverage(ListRoots=State.THROTTLED) if r.api.startswith("organizations:"))
    found = facts(
        b.in_organization(),
        b.unit(parent="ou-0"),
        b.org_account(),
        FULL,
        coverage=b.coverage(),
        organization_seen_by=b.MANAGEMENT,
        organization_coverage=rows,
    ).guardrails
    assert "(organizations:ListRoots was throttled in account 000000000009)" in found.unseen


def test_attachments_read_level_by_level_need_all_levels_of_the_way() -> None:
    read = {"attachments_of": (b.SCP,)}
    policy = b.org_policy("guard", "ou-1", document=DENY, whole=False)
    root, unit, own = b.unit("r-1", "", **read), b.unit(**read), b.org_account(**read)
    assert names(facts(b.in_organization(), root, unit, own, policy).guardrails.scp) == [
        ("Root", []),
        ("prod (ou-1)", ["guard"]),
        (b.ACCOUNT_ID, []),
    ]
    assert facts(b.in_organization(), root, b.unit(), own, policy).guardrails.scp is None


def test_levels_show_whether_a_type_is_enabled_where_nobody_listed_the_roots() -> None:
    read = {"attachments_of": (b.SCP, b.RCP)}
    root, own = b.unit("r-1", "", policy_types=None, **read), b.org_account(parent="r-1", **read)
    policy = b.org_policy("guard", "r-1", document=DENY, whole=False)
    found = facts(b.in_organization(), root, own, policy).guardrails
    assert names(found.scp) == [("Root", ["guard"]), (b.ACCOUNT_ID, [])]
    assert (found.rcp, found.unseen) == (None, "RCPs are not visible: whether RCPs are enabled was not read.")


def test_stored_guardrails_come_back_with_their_documents() -> None:
    before = member(b.org_policy("guard", "ou-1", document=DENY), b.org_account("000000000002"))
    stored = from_stored(to_stored(before))
    assert names(stored.guardrails.scp) == names(before.guardrails.scp)
    assert {records.digest(ALLOW): ALLOW, records.digest(DENY): DENY} == stored.documents
    assert "000000000002" not in repr(to_stored(before))
    again = Facts(b.snapshot(documents=dict(stored.documents)), None, stored.guardrails)
    assert again.guardrails is stored.guardrails
    unseen = from_stored(to_stored(facts(b.in_organization()))).guardrails
    assert (unseen.scp, unseen.unseen != "") == (None, True)
