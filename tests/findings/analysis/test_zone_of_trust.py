from __future__ import annotations

from collectors.records import State
from findings.analysis.facts import Facts, Settings
from tests import builders as b

OTHER, STRANGER, FRIEND = "000000000002", "999999999999", "000000000005"
TRUSTING = Settings(trusted_accounts=frozenset({FRIEND}))


def zone(facts: Facts) -> set[str]:
    return {a for a in (b.ACCOUNT_ID, b.MANAGEMENT, OTHER, FRIEND, STRANGER) if facts.inside(a)}


def test_the_zone_is_the_organization_and_what_the_settings_add() -> None:
    tree = (b.in_organization(), b.unit("r-1", ""), b.org_account(), b.org_account(OTHER), b.org_account(b.MANAGEMENT))
    facts = b.facts(*tree, settings=TRUSTING, coverage=b.tree_coverage(), connected=(STRANGER,))
    assert (zone(facts), facts.zone_known) == ({b.ACCOUNT_ID, b.MANAGEMENT, OTHER, FRIEND}, True)


def test_members_that_another_account_tells_are_inside() -> None:
    rows = tuple(row for row in b.tree_coverage() if row.api.startswith("organizations:"))
    facts = b.facts(
        b.in_organization(),
        b.unit("r-1", ""),
        b.org_account(),
        organization_seen_by=b.MANAGEMENT,
        organization_members=(b.ACCOUNT_ID, OTHER),
        organization_coverage=rows,
    )
    assert (zone(facts), facts.zone_known) == ({b.ACCOUNT_ID, OTHER}, True)


def test_without_an_organization_the_zone_is_what_is_connected() -> None:
    alone = b.in_organization(organization_id="", management_account_id="")
    facts = b.facts(alone, settings=TRUSTING, connected=(b.ACCOUNT_ID, OTHER))
    assert (zone(facts), facts.zone_known) == ({b.ACCOUNT_ID, OTHER, FRIEND}, True)


def test_an_organization_that_nobody_lists_leaves_what_is_connected_and_says_so() -> None:
    facts = b.facts(b.in_organization(), connected=(OTHER,))
    assert (zone(facts), facts.zone_known) == ({b.ACCOUNT_ID, b.MANAGEMENT, OTHER}, False)
    unknown = b.facts(coverage=b.coverage(DescribeOrganization=State.DENIED), settings=TRUSTING)
    assert (zone(unknown), unknown.zone_known) == ({b.ACCOUNT_ID, FRIEND}, False)


def test_a_list_of_members_that_is_not_whole_shows_who_is_inside_but_not_who_is_not() -> None:
    coverage = b.tree_coverage(ListAccounts=State.PARTIAL, ListAccountsForParent=State.DENIED)
    facts = b.facts(b.in_organization(), b.org_account(), b.org_account(OTHER), coverage=coverage)
    assert (facts.inside(OTHER), facts.guardrails.members, facts.zone_known) == (True, None, False)


def test_members_in_every_part_of_the_tree_are_all_members() -> None:
    coverage = b.tree_coverage(ListAccounts=State.ABSENT)
    facts = b.facts(b.in_organization(), b.unit("r-1", ""), b.org_account(), coverage=coverage)
    assert facts.guardrails.members == {b.ACCOUNT_ID}
