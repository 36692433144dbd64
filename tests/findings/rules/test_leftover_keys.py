"""KY105 and KY106: keys that a rotation left behind."""

from __future__ import annotations

import pytest

from collectors import records
from tests.builders import ago, key, user
from tests.findings.rules.judging import denied, statuses, verdicts


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], ["clear"]),
        ([key(created=400)], ["clear"]),
        ([key(created=400), key(created=300, active=False)], ["clear"]),
        ([key(created=400), key("bob", created=300)], ["clear"]),
        ([key(created=400), key(created=14)], ["clear"]),
        ([key(created=400), key(created=15)], ["open"]),
        ([key(created=15, used=1), key(created=15, use_known=False)], ["open"]),
    ],
)
def test_two_active_keys(keys: list[records.AccessKey], expected: list[str]) -> None:
    assert statuses("KY105", user(), *keys) == expected


def test_two_keys_are_seen_on_partial_data_and_one_key_is_not_fine_on_it() -> None:
    coverage = denied("ListAccessKeys")
    assert statuses("KY105", user(), key(created=400), key(created=300), coverage=coverage) == ["open"]
    assert statuses("KY105", user(), key(created=400), coverage=coverage) == ["unknown"]
    assert statuses("KY105", user(), coverage=coverage) == ["unknown"]


def test_the_title_dates_the_younger_key() -> None:
    (verdict,) = verdicts("KY105", user("bo"), key("bo", created=100), key("bo", created=400))
    assert verdict.title == "bo has two active access keys since 2026-08-16"


@pytest.mark.parametrize(("given", "expected"), [(key(created=900), []), (key(active=False), ["open"])])
def test_inactive_key_kept(given: records.AccessKey, expected: list[str]) -> None:
    assert statuses("KY106", given) == expected


def test_since_when_is_told_by_our_history_or_unknown() -> None:
    old = key("bo", active=False, unique_id="AKIAEXAMPLE")
    (without,) = verdicts("KY106", old)
    assert without.title == "Key AKIAEXAMPLE of bo is inactive and was kept, unknown since when"
    assert without.evidence["inactive_since_at_the_latest"] is None
    (verdict,) = verdicts("KY106", old, key_since={"AKIAEXAMPLE": ago(100)})
    assert verdict.title == "Key AKIAEXAMPLE of bo is inactive and was kept, since 2026-08-16 or before"


def test_inactive_keys_are_unknown_without_their_list() -> None:
    assert statuses("KY106", coverage=denied("ListAccessKeys")) == ["unknown"]
