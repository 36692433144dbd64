from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.declared import declared
from findings.analysis.facts import Settings

A, B = "000000000001", "123456789012"


@pytest.mark.parametrize(
    "given",
    [{A: "Datadog", B: "Datadog"}, {"Datadog": [A, B]}],
)
def test_vendors_are_named_by_id_or_by_name(given: Any) -> None:
    assert declared({"known_vendors": given}) == (Settings(known_vendors={A: "Datadog", B: "Datadog"}), ())


def test_accounts_may_be_one_or_many_and_vendors_without_names() -> None:
    found, complaints = declared({"known_vendors": [A], "trusted_accounts": B})
    assert (found.known_vendors, found.trusted_accounts, complaints) == ({A: ""}, {B}, ())
    assert declared({"known_vendors": {"Wiz": A}})[0].known_vendors == {A: "Wiz"}
    assert declared({"trusted_accounts": [A, B]})[0].trusted_accounts == {A, B}


@pytest.mark.parametrize("key", ["known_vendors", "trusted_accounts"])
def test_what_is_no_id_is_named_and_the_rest_stands(key: str) -> None:
    found, complaints = declared({key: [A, "arn:aws:iam::1:root", 1, "١" * 12]})
    assert set(getattr(found, key)) == {A}
    assert len(complaints) == 3
    assert complaints[1] == f"settings.json: {key}: '1' was passed over: an account id is 12 digits, as text."


def test_what_is_no_network_is_named_and_the_rest_stands() -> None:
    found, complaints = declared({"networks": {"192.0.2.0/24": "office", "2001:db8::/32": "vpn", "Berlin": "office"}})
    assert found.networks == {"192.0.2.0/24": "office", "2001:db8::/32": "vpn"}
    assert complaints == ("settings.json: networks: 'Berlin' was passed over: a network is written as 192.0.2.0/24.",)


@pytest.mark.parametrize("value", [3, None, [None], {"x": {"y": 1}}, {"x": None}])
@pytest.mark.parametrize("key", ["known_vendors", "trusted_accounts", "networks"])
def test_a_value_of_another_form_is_passed_over_as_a_whole(key: str, value: Any) -> None:
    found, complaints = declared({key: value, "unused_days": 30})
    assert found == Settings(unused_days=30)
    assert complaints[0].startswith(f"settings.json: {key} was passed over")
