"""Where accounts stand is stored in one pass for all that a tree lists, and each account's own judgement knows best."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.models import Account
from findings.engine.grouping import follow, standings
from findings.models import AccountGroup, AccountPlace
from tests.builders import ACCOUNT_ID, in_organization, org_account, snapshot, unit

pytestmark = pytest.mark.django_db
TREE = (in_organization(), unit("r-1", ""), unit("ou-1"), unit("ou-2", name="sandbox"))


def members(count: int) -> list[Account]:
    return Account.objects.bulk_create(Account(aws_id=f"{n:012d}", name=f"a{n}") for n in range(100, 100 + count))


def paths() -> dict[str, list[str]]:
    return dict(AccountPlace.objects.values_list("account__aws_id", "names"))


def test_an_account_that_nobody_lists_is_in_no_known_place(account: Account) -> None:
    follow(account, snapshot(in_organization()))
    (place,) = AccountPlace.objects.all()
    assert (place.ous, place.tags, place.told_by) == ([], None, "")
    assert place.unknown.startswith("no connected account may read organization o-1")
    follow(account, snapshot(in_organization(organization_id="")))
    (place,) = AccountPlace.objects.all()
    assert (place.unknown, place.tags) == ("", {})


def test_who_reads_the_tree_places_all_its_members_in_one_pass(
    account: Account, django_assert_num_queries: Any
) -> None:
    listed = [org_account(one.aws_id, f"ou-{1 + n % 2}", tags={"n": str(n)}) for n, one in enumerate(members(200))]
    whole = snapshot(*TREE, org_account(ACCOUNT_ID, "r-1"), org_account("000000000999", "ou-1"), *listed)
    with django_assert_num_queries(2):
        follow(account, whole)
    assert (len(paths()), paths()["000000000101"]) == (201, ["Root", "sandbox"])
    with django_assert_num_queries(1):
        follow(account, whole)
    AccountGroup.objects.create(name="even", ous=["ou-1"], tags=["n=1"], set_by="x")
    with django_assert_num_queries(3):
        found = standings()
    assert sum(bool(one.groups) for one in found.values()) == 101


def test_what_a_member_was_judged_by_is_not_another_tree_s_to_change(account: Account, other_account: Account) -> None:
    mine = (*TREE, org_account(ACCOUNT_ID, "ou-1"), org_account(other_account.aws_id, "ou-2"))
    follow(account, snapshot(*mine))
    follow(other_account, snapshot(*TREE, org_account(other_account.aws_id, "ou-1"), account_id=other_account.aws_id))
    follow(account, snapshot(*mine))
    assert paths() == {ACCOUNT_ID: ["Root", "prod"], other_account.aws_id: ["Root", "prod"]}
    moved = snapshot(
        *TREE, org_account(other_account.aws_id, "ou-2"), account_id=other_account.aws_id,
        organization_seen_by=ACCOUNT_ID,
    )  # fmt: skip
    follow(other_account, moved)
    assert AccountPlace.objects.get(account=other_account).told_by == ACCOUNT_ID
