"""With which account an organization is judged: GR105, GR107, GR109, GR112, GR113, GR114. Who must say nothing first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collectors.records import Coverage, State
from findings.analysis.facts import Settings
from findings.analysis.organization import DELEGATED, DELEGATES, RESOURCE_POLICY, TRUSTED
from findings.rules import registry
from tests.builders import (
    ACCOUNT_ID,
    AS_OF,
    MANAGEMENT,
    details,
    facts,
    in_organization,
    org_account,
    tree_coverage,
    unit,
)
from tests.collectors.bundles import make
from tests.collectors.test_organization_bundles import DESCRIBED, roots
from tests.findings.test_judge_command import judge

CODES = ("GR105", "GR107", "GR109", "GR112", "GR113", "GR114")
ASKED = Settings(allowed_regions=frozenset({"eu-west-1"}), organization_policies=frozenset({"TAG_POLICY"}))
TOLD = (DELEGATES, DELEGATED, TRUSTED, RESOURCE_POLICY, "iam:ListOrganizationsFeatures")


def judged(by: str, refused: frozenset[str] = frozenset(), **more: Any) -> dict[str, set[str]]:
    """Code -> statuses, of an account that is not the management account and has the whole tree, with all switched off."""
    rows = (
        Coverage(api=api, state=State.DENIED if api in refused else State.COMPLETE, observed_at=AS_OF) for api in TOLD
    )
    told = details(trusted_services=("guardduty.amazonaws.com",), delegation="", root_features=())
    tree = (unit("r-1", "", policy_types=()), unit(), org_account(), in_organization(), *(() if refused else (told,)))
    known = facts(*tree, coverage=(*tree_coverage(), *rows), settings=ASKED, organization_judged_by=by, **more)
    found: dict[str, set[str]] = {}
    for verdict in registry.judge(known, [registry.catalogue()[code] for code in CODES]):
        assert (verdict.subject.type.value, verdict.subject.id) == ("organization", "o-1")
        found.setdefault(verdict.rule.code, set()).add(verdict.status.value)
    return found


@pytest.mark.parametrize("by", ["", MANAGEMENT, "000000000002"])
def test_a_member_says_nothing_of_its_organization(by: str) -> None:
    assert judged(by) == {}


def test_a_delegated_administrator_that_has_the_tree_is_judged_with_it() -> None:
    assert judged(ACCOUNT_ID) == {code: {"open"} for code in CODES}


def test_what_the_delegated_administrator_may_not_ask_is_unknown() -> None:
    found = judged(ACCOUNT_ID, frozenset(TOLD))
    assert found["GR109"] == found["GR112"] == {"unknown"}
    assert found["GR105"] == found["GR107"] == found["GR114"] == {"open"}


def told(folder: Path, account: str, **files: Any) -> Path:
    tree = {"organizations.list-roots.json": roots(), **DESCRIBED} | files
    return make(folder / account, {"account.json": {"AccountId": account}, **tree})


def spoken(*paths: Path) -> list[tuple[str, str]]:
    """(account, status) of GR105, bundle by bundle."""
    found, _, _ = judge(*paths)
    return [(one["account"], one["status"]) for one in found if one["rule"] == "GR105" and one["subject"]["id"]]


def test_of_several_bundles_one_speaks_for_the_organization(tmp_path: Path) -> None:
    delegated, other, managing = (told(tmp_path, one) for one in ("000000000001", "000000000002", MANAGEMENT))
    refused = {"organizations.list-roots.json": {"Error": {"Code": "AccessDeniedException", "Message": "no"}}}
    member = told(tmp_path, "000000000003", **refused)
    assert spoken(member) == []
    assert spoken(delegated) == [("000000000001", "open")]
    assert spoken(member, delegated, other) == [("000000000001", "open")]
    assert spoken(delegated, managing, other) == [(MANAGEMENT, "open")]
