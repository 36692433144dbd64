"""LP205 and LP206: where policies hang, whatever they allow."""

from __future__ import annotations

import pytest

from collectors import records
from findings.analysis.facts import Settings
from tests.builders import aws_policy, group, role, user
from tests.findings.rules.judging import denied, statuses, verdicts

INLINE = {"own": "digest"}
ALL = Settings(off=frozenset())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (user(), ["clear"]),
        (user(groups=("developers",), boundary="arn:aws:iam::000000000001:policy/edge"), ["clear"]),
        (user(attached=(aws_policy("AWSCompromisedKeyQuarantineV3"),)), ["clear"]),
        (user(attached=(aws_policy("ReadOnlyAccess"),)), ["open"]),
        (user(inline=INLINE), ["open"]),
    ],
)
def test_policy_on_user(given: records.User, expected: list[str]) -> None:
    assert statuses("LP205", given) == expected


def test_a_policy_is_seen_on_partial_data() -> None:
    coverage = denied("GetAccountAuthorizationDetails")
    assert statuses("LP205", user(inline=INLINE), coverage=coverage) == ["unknown", "open"]
    assert statuses("LP205", user(), coverage=coverage) == ["unknown", "unknown"]


def test_the_title_names_the_policies() -> None:
    (verdict,) = verdicts("LP205", user("bo", attached=(aws_policy("job-function/Billing"),), inline=INLINE))
    assert verdict.title == "bo has policies of its own: Billing, own"


def test_inline_policies_are_off_until_the_settings_ask() -> None:
    assert statuses("LP206", role(inline=INLINE)) == []
    assert statuses("LP206", role(inline=INLINE), settings=ALL) == ["open"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (role(path="/aws-service-role/x.amazonaws.com/", inline=INLINE), []),
        (role(path="/aws-reserved/sso.amazonaws.com/", inline=INLINE), []),
        (role(), ["clear"]),
        (role(inline=INLINE), ["open"]),
        (user(inline=INLINE), ["open"]),
        (group(inline=INLINE), ["open"]),
    ],
)
def test_inline_policy_of_every_holder(given: records.Holder, expected: list[str]) -> None:
    assert statuses("LP206", given, settings=ALL) == expected


def test_inline_policies_are_unknown_without_the_snapshot() -> None:
    coverage = denied("GetAccountAuthorizationDetails")
    assert statuses("LP206", group(), settings=ALL, coverage=coverage) == ["unknown", "unknown"]
