"""LP211 and AB109: one policy of AWS by name, and tags."""

from __future__ import annotations

import pytest

from collectors import records
from findings.analysis.facts import Settings
from tests.builders import aws_policy, group, policy, role, user
from tests.findings.rules.judging import denied, statuses, verdicts

SHELL = (aws_policy("AWSCloudShellFullAccess"),)
SSO, LINKED = "/aws-reserved/sso.amazonaws.com/eu-west-1/", "/aws-service-role/x.amazonaws.com/"
ALL = Settings(off=frozenset())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (role(), ["clear"]),
        (role(attached=(aws_policy("ReadOnlyAccess"),)), ["clear"]),
        (role(attached=(policy("AWSCloudShellFullAccess").arn,)), ["clear"]),
        (role(attached=SHELL, path=LINKED), []),
        (role(attached=SHELL), ["open"]),
        (role(attached=("arn:aws-cn:iam::aws:policy/AWSCloudShellFullAccess",)), ["open"]),
        (user(attached=SHELL), ["open"]),
        (group(attached=SHELL), ["open"]),
    ],
)
def test_cloudshell_full_access(given: records.Holder, expected: list[str]) -> None:
    assert statuses("LP211", given) == expected


def test_a_permission_set_is_changed_in_identity_center() -> None:
    (found,) = verdicts("LP211", role("AWSReservedSSO_Dev_0123456789abcdef", path=SSO, attached=SHELL))
    assert found.evidence["permission_set"] == "Dev"
    assert found.evidence["change_in"] == "IAM Identity Center: change its permission set"


def test_attachments_are_seen_on_partial_data() -> None:
    coverage = denied("GetAccountAuthorizationDetails")
    assert statuses("LP211", role(attached=SHELL), coverage=coverage) == ["unknown", "open"]
    assert statuses("LP211", role(), coverage=coverage)[-1] == "unknown"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (role(path=LINKED), []),
        (role(path=SSO), []),
        (role(tags={"owner": "orders"}), ["clear"]),
        (user(tags={"owner": ""}), ["clear"]),
        (role(), ["open"]),
        (role(tags={"aws:cloudformation:stack-name": "app"}), ["open"]),
        (role(path="/service-role/"), ["open"]),
        (user(), ["open"]),
    ],
)
def test_analyzer_role_user_tags_missing(given: records.Principal, expected: list[str]) -> None:
    assert statuses("AB109", given, settings=ALL) == expected


def test_tags_are_off_until_the_settings_ask_and_unknown_without_the_snapshot() -> None:
    assert statuses("AB109", role()) == []
    coverage = denied("GetAccountAuthorizationDetails")
    assert set(statuses("AB109", role(), settings=ALL, coverage=coverage)) == {"unknown"}
