"""GR112: central management of root users, judged with the management account."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import Coverage, State
from findings.rules import registry
from tests.builders import ACCOUNT_ID, AS_OF, coverage, details, facts, in_organization
from tests.findings.rules.judging import denied, statuses, verdicts

OURS = in_organization(management_account_id=ACCOUNT_ID)
BOTH, ONE = ("RootCredentialsManagement", "RootSessions"), ("RootCredentialsManagement",)


def judged(*entities: Any, state: State | None = State.COMPLETE) -> list[str]:
    asked = [] if state is None else [Coverage(api="iam:ListOrganizationsFeatures", state=state, observed_at=AS_OF)]
    return statuses("GR112", *entities, coverage=(*coverage(), *asked))


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        ((), []),
        ((in_organization(),), []),
        ((in_organization(organization_id="", management_account_id=""),), []),
        ((OURS, details(root_features=BOTH)), ["clear"]),
        ((OURS, details(root_features=ONE)), ["open"]),
        ((OURS, details(root_features=())), ["open"]),
    ],
)
def test_root_management(entities: Any, expected: list[str]) -> None:
    assert judged(*entities) == expected


def test_a_member_lacks_nothing() -> None:
    rule = registry.rule("GR112")
    assert registry.missing(rule, facts(in_organization())) == ""
    assert registry.missing(rule, facts(OURS)) == "iam:ListOrganizationsFeatures was not collected"


def test_unknown() -> None:
    assert judged(OURS, state=None) == ["unknown"]
    assert judged(OURS, details(root_features=()), state=State.DENIED) == ["unknown"]
    assert statuses("GR112", coverage=denied("DescribeOrganization")) == ["unknown"]


def test_the_title_names_what_is_off() -> None:
    asked = Coverage(api="iam:ListOrganizationsFeatures", state=State.COMPLETE, observed_at=AS_OF)
    (found,) = verdicts("GR112", OURS, details(root_features=ONE), coverage=(*coverage(), asked))
    assert found.title == "Organization o-1 does not manage root users centrally: no privileged root sessions"
    assert (found.subject.type, found.subject.id) == ("organization", "o-1")
