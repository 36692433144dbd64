"""KY102, KY103 and KY104 on the same keys: what one reports, another must not repeat."""

from __future__ import annotations

import pytest

from collectors import records
from tests.builders import credential, key, user
from tests.findings.rules.judging import denied, statuses, verdicts


@pytest.mark.parametrize(
    ("given", "rotation", "unused", "never"),
    [
        (key(active=False, created=900, used=800), [], [], []),
        (key(active=False, created=900), [], [], []),
        (key(created=3), ["clear"], [], []),
        (key(created=7), ["clear"], [], []),
        (key(created=3, used=1), ["clear"], ["clear"], []),
        (key(created=90, used=45), ["clear"], ["clear"], ["clear"]),
        (key(created=91, used=45), ["open"], ["clear"], ["clear"]),
        (key(created=80, used=46), ["clear"], ["open"], ["clear"]),
        (key(created=80), ["clear"], [], ["open"]),
        (key(created=8), ["clear"], [], ["open"]),
        (key(created=366, used=200), ["open high"], ["open"], ["clear"]),
        (key(created=365, used=1), ["open"], ["clear"], ["clear"]),
        (key(created=80, use_known=False), ["clear"], ["unknown"], ["unknown"]),
        (key(created=3, use_known=False), ["clear"], ["unknown"], []),
    ],
)
def test_status(given: records.AccessKey, rotation: list[str], unused: list[str], never: list[str]) -> None:
    assert statuses("KY102", given) == rotation
    assert statuses("KY103", given) == unused
    assert statuses("KY104", given) == never


def test_a_key_made_with_its_user_is_a_part() -> None:
    made_together = key("bob", created=100), user("bob", created=100), credential("bob", created=100)
    assert statuses("KY104", *made_together) == ["open made with the user"]
    without_user = made_together[0], made_together[2]
    assert statuses("KY104", *without_user, coverage=denied("GetAccountAuthorizationDetails")) == [
        "open made with the user"
    ]
    assert statuses("KY104", key("bob", created=80), credential("bob", created=100)) == ["open"]


def test_titles_hold_dates() -> None:
    old = key("ci-deploy", created=412, used=100, unique_id="AKIAEXAMPLE")
    assert verdicts("KY102", old)[0].title == "Key AKIAEXAMPLE of ci-deploy has not been rotated since 2025-10-08"
    assert verdicts("KY103", old)[0].title == "Key AKIAEXAMPLE of ci-deploy has not been used since 2026-08-16"
    never = key("ci-deploy", created=412, unique_id="AKIAEXAMPLE")
    assert verdicts("KY104", never)[0].title == "Key AKIAEXAMPLE of ci-deploy, made on 2025-10-08, was never used"


def test_without_the_report_age_is_seen_and_use_is_unknown() -> None:
    coverage = denied("GetCredentialReport")
    given = key(created=100, used=60)
    assert statuses("KY102", given, coverage=coverage) == ["open"]
    assert statuses("KY103", given, coverage=coverage) == ["unknown"]
    assert statuses("KY104", key(created=100), coverage=coverage) == ["unknown"]
    assert statuses("KY103", key(used=3), coverage=coverage) == ["clear"]


def test_without_the_list_old_keys_still_open_and_young_ones_are_unknown() -> None:
    coverage = denied("ListAccessKeys")
    assert statuses("KY102", key(created=100), coverage=coverage) == ["unknown", "open"]
    assert statuses("KY102", key(created=1), coverage=coverage) == ["unknown", "unknown"]
