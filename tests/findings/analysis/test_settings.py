"""Pure: what is decided where, and what of it an account is judged by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from findings.analysis.facts import Settings
from findings.analysis.owners import Owning, owner_of
from findings.analysis.places import Group, Groups, Place, Scope, Standing, places_of
from findings.analysis.setting_fields import DECIDED, FIELDS
from findings.analysis.settings import Decision, as_settings, resolve
from tests.builders import ACCOUNT_ID, AS_OF, in_organization, org_account, snapshot, unit

PATH = (("r-1", "Root"), ("ou-1", "prod"), ("ou-2", "payments"))
HERE = Place(ACCOUNT_ID, PATH, {"team": "red"})
GROUPS = (
    Group("g1", "cards", ous=frozenset({"ou-2"})),
    Group("g2", "reds", tags=frozenset({"team=red"})),
    Group("g3", "blues", tags=frozenset({"team=blue"})),
)
OTHER = "000000000002"
OUR, THEIR = "123456789012", "210987654321"


def decided(scope: str, target: str, value: Any, name: str = "unused_days", later: int = 0) -> Decision:
    return Decision(Scope(scope), target, name, value, "anna", AS_OF + timedelta(days=later))


def held(*decisions: Decision, place: Place = HERE, environment: Any = None, name: str = "unused_days") -> Any:
    return resolve(decisions, Groups(GROUPS).standing(place), environment)[name]


def test_every_field_is_in_the_table_and_its_default_is_good() -> None:
    assert FIELDS.keys() == {field.name for field in msgspec.structs.fields(Settings)}
    for field in FIELDS.values():
        raw = msgspec.to_builtins(field.default)
        assert field.strict(raw) == field.default, field.name
        assert field.help.endswith(".")
    for field in DECIDED.values():
        assert field.typed(field.kind.text(field.default)) == field.default, field.name


def test_where_nothing_is_decided_the_product_s_defaults_hold() -> None:
    values = resolve((), Standing(HERE))
    assert as_settings(values) == Settings()
    assert str(values["unused_days"]) == "unused after 90 days: from product default"
    assert not any(value.decided for value in values.values())


@pytest.mark.parametrize(
    ("decisions", "expected", "source"),
    [
        ([("ou", "ou-9", 1), ("group", "g3", 2), ("account", OTHER, 3)], 90, "product default"),
        ([("all", "", 60)], 60, "all accounts"),
        ([("all", "", 60), ("ou", "r-1", 50)], 50, "root r-1"),
        ([("ou", "ou-1", 45), ("ou", "r-1", 50)], 45, "OU prod (ou-1)"),
        ([("ou", "ou-2", 40), ("ou", "ou-1", 45)], 40, "OU payments (ou-2)"),
        ([("group", "g1", 30), ("ou", "ou-2", 40)], 30, "group cards"),
        ([("group", "g1", 30, 0), ("group", "g2", 20, 1)], 20, "group reds"),
        ([("group", "g1", 30, 2), ("group", "g2", 20, 1)], 30, "group cards"),
        ([("account", ACCOUNT_ID, 10), ("group", "g2", 20)], 10, "this account"),
        ([("all", "", "many"), ("all", "", -1)], 90, "product default"),
    ],
)
def test_the_nearest_holds(decisions: list[Any], expected: int, source: str) -> None:
    found = held(*(decided(scope, target, value, later=sum(n)) for scope, target, value, *n in decisions))
    assert (found.value, found.source) == (expected, source)


def test_what_is_overruled_is_still_told() -> None:
    found = held(decided("all", "", 60), decided("ou", "ou-1", 45))
    assert str(found) == "unused after 45 days: from OU prod (ou-1)"
    assert [(one.value, one.source, one.by) for one in found.overruled] == [
        (90, "product default", ""), (60, "all accounts", "anna"),
    ]  # fmt: skip


def test_the_environment_is_below_all_that_operators_decide() -> None:
    env = {"allowed_regions": frozenset({"eu-west-1"})}
    assert held(environment=env, name="allowed_regions").source == "environment"
    found = held(decided("all", "", ["us-east-1"], "allowed_regions"), environment=env, name="allowed_regions")
    assert (found.value, found.source) == ({"us-east-1"}, "all accounts")


def test_what_adds_goes_together_key_by_key() -> None:
    found = held(
        decided("ou", "ou-1", {OUR: "Costwise"}, "known_vendors"),
        decided("account", ACCOUNT_ID, {THEIR: "Wiz", OUR: "Costwise Ltd"}, "known_vendors"),
        name="known_vendors",
    )
    assert found.value == {OUR: "Costwise Ltd", THEIR: "Wiz"}
    assert (found.source, found.overruled) == ("OU prod (ou-1) and this account", ())
    both = held(
        decided("all", "", [OUR], "trusted_accounts"), decided("group", "g1", [THEIR], "trusted_accounts"),
        name="trusted_accounts",
    )  # fmt: skip
    assert both.value == {OUR, THEIR}


def test_a_move_in_the_tree_changes_what_holds() -> None:
    said = decided("ou", "ou-1", 45)
    assert held(said).value == 45
    assert held(said, place=Place(ACCOUNT_ID, (("r-1", "Root"), ("ou-5", "sandbox")), {})).value == 90


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (HERE, True),
        (Place(ACCOUNT_ID, PATH[:2], {"team": "red"}), False),
        (Place(ACCOUNT_ID, (), {}, "not read"), None),
        (Place(ACCOUNT_ID, PATH, None, ""), True),
        (Place(OTHER, (), None, "not read"), True),
    ],
)
def test_membership_is_unknown_only_where_what_it_asks_was_not_read(place: Place, expected: bool | None) -> None:
    one = Group("g", "g", ous=frozenset({"ou-2"}), accounts=frozenset({OTHER}))
    stand = Groups([one]).standing(place)
    assert (None if stand.unsure else bool(stand.groups)) is expected


def test_a_group_by_tag_is_unknown_without_tags() -> None:
    stand = Groups(GROUPS).standing(Place(ACCOUNT_ID, PATH, None))
    assert (dict(stand.groups), list(stand.unsure.values())) == ({"g1": "cards"}, ["blues", "reds"])


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("unused_days", "", "Unused after (unused_days): it must be a whole number of days between 0 and 36,500"),
        ("unused_days", "-1", "whole number"),
        ("unused_days", "١", "whole number"),
        ("unused_days", "4.5", "whole number"),
        ("unused_days", "99999", "must lie between 0 and 36,500"),
        ("human_session_hours", "13", "between 0 and 12"),
        ("iam_by_code", "maybe", "yes or no"),
        ("allowed_regions", "eu-west-1 Ireland", "'Ireland' cannot be used. It must be a list: a region is written as eu-west-1"),
        ("trusted_accounts", "1234", "an account id is 12 digits"),
        ("known_vendors", "Costwise", "has no value; write 123456789012 = Costwise"),
        ("required_boundaries", "paths:/x = edge", "whom is written as"),
        ("required_boundaries", "* =", "'*' cannot be used"),
        ("sensitive_services", "bedrock = soon", "whole number of days"),
        ("off", "LP206 x", "the code of a rule"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_what_is_allowed(name: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".*") as told:
        DECIDED[name].typed(text)
    assert why in str(told.value)
    assert f"({name})" in str(told.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("unused_days", " 45 ", 45),
        ("iam_by_code", "Yes", True),
        ("allowed_regions", "eu-west-1, us-gov-west-1\neusc-de-east-1", {"eu-west-1", "us-gov-west-1", "eusc-de-east-1"}),
        ("allowed_regions", "", frozenset()),
        ("known_vendors", f"{OUR} = Costwise", {OUR: "Costwise"}),
        ("required_boundaries", "tag:team=red = edge\n* = wide", {"tag:team=red": "edge", "*": "wide"}),
        ("sensitive_services", "bedrock = 30", {"bedrock": 30}),
    ],
)  # fmt: skip
def test_a_good_value_is_read(name: str, text: str, value: Any) -> None:
    assert DECIDED[name].typed(text) == value


def test_places_come_from_the_tree() -> None:
    tree = (unit("r-1", ""), unit("ou-1"), unit("ou-2", "ou-1", name="payments"))
    found = {
        one.aws_id: one
        for one in places_of(
            snapshot(
                in_organization(), *tree, org_account(parent="ou-2", tags={"team": "red"}), org_account(OTHER, "r-1")
            )
        )
    }
    assert found[ACCOUNT_ID] == HERE
    assert (found[OTHER].ous, found[OTHER].tags) == (("r-1",), None)


@pytest.mark.parametrize(
    ("entities", "why"),
    [
        ((in_organization(organization_id=""),), ""),
        ((), "where account 000000000001 is in the tree was not read"),
        ((in_organization(), org_account(OTHER)), "no connected account may read organization o-1"),
        ((org_account(parent=""), unit("r-1", "")), "where account 000000000001 is in the tree was not read"),
        ((org_account(), unit("ou-1", "ou-8")), "what is above prod (ou-1) was not read"),
        ((org_account(), unit("ou-1", "ou-2"), unit("ou-2", "ou-1")), "the tree goes in a circle at prod (ou-1)"),
    ],
)
def test_half_a_path_is_none_and_says_why(entities: Any, why: str) -> None:
    found = next(one for one in places_of(snapshot(*entities)) if one.aws_id == ACCOUNT_ID)
    assert (found.path, found.unknown[: len(why)], bool(found.unknown)) == ((), why, bool(why))


OWNERS = [
    Owning(Scope.ALL, "", "platform"),
    Owning(Scope.OU, "r-1", "root owner"),
    Owning(Scope.OU, "ou-2", "payments", "pay@example.com"),
    Owning(Scope.TAG, "team=red", "red"),
    Owning(Scope.GROUP, "g1", "cards"),
    Owning(Scope.OWN_TAG, "team", ""),
    Owning(Scope.ACCOUNT, ACCOUNT_ID, "anna"),
]


@pytest.mark.parametrize(
    ("count", "expected", "source"),
    [
        (1, "platform", "all accounts"),
        (2, "root owner", "root r-1"),
        (3, "payments", "OU payments (ou-2)"),
        (4, "red", "tag team=red"),
        (5, "cards", "group cards"),
        (6, "red", "the account's tag team"),
        (7, "anna", "this account"),
    ],
)
def test_the_nearest_owner_counts(count: int, expected: str, source: str) -> None:
    found = owner_of(Groups(GROUPS).standing(HERE), OWNERS[:count])
    assert found is not None
    assert (found.name, found.source) == (expected, source)


def test_nobody_owns_what_nothing_reaches() -> None:
    assert owner_of(Groups(GROUPS).standing(Place(OTHER, unknown="not read")), OWNERS[1:]) is None
