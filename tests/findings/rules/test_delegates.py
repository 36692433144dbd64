"""GR109: what the management account runs itself although others could. Judged with the management account."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import Coverage, DelegatedAdministrator, State, digest
from findings.analysis.guardrails import SCP
from findings.analysis.organization import DELEGATED, DELEGATES, RESOURCE_POLICY, TRUSTED
from tests.builders import ACCOUNT_ID, AS_OF, details, in_organization, tree_coverage, unit
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.worlds import document

SECURITY = "222233334444"
GUARDDUTY, TRAIL, BACKUP = "guardduty.amazonaws.com", "cloudtrail.amazonaws.com", "backup.amazonaws.com"


def manager(who: Any, *actions: str, effect: str = "Allow") -> dict[str, Any]:
    return document({"Effect": effect, "Principal": who, "Action": list(actions), "Resource": "*"})


MANAGES = manager({"AWS": f"arn:aws:iam::{SECURITY}:root"}, "organizations:AttachPolicy")
BROKEN = {"Statement": "no"}


def delegate(*services: str) -> DelegatedAdministrator:
    return DelegatedAdministrator(unique_id=SECURITY, arn="", name="security", services=services)


def judged(
    trusted: tuple[str, ...] | None,
    policy: Any,
    *entities: Any,
    types: tuple[str, ...] | None = (SCP,),
    **states: State,
) -> list[str]:
    return statuses("GR109", *world(trusted, policy, *entities, types=types), **more(policy, **states))


def world(trusted: Any, policy: Any, *entities: Any, types: Any = (SCP,)) -> tuple[Any, ...]:
    told = None if policy is None else digest(policy) if policy else ""
    lets = details(trusted_services=trusted, delegation=told)
    return in_organization(management_account_id=ACCOUNT_ID), lets, unit("r-1", "", policy_types=types), *entities


def more(policy: Any, **states: State) -> dict[str, Any]:
    apis = {"TRUSTED": TRUSTED, "DELEGATES": DELEGATES, "DELEGATED": DELEGATED, "POLICY": RESOURCE_POLICY}
    rows = (Coverage(api=api, state=states.get(name, State.COMPLETE), observed_at=AS_OF) for name, api in apis.items())
    return {"coverage": (*tree_coverage(), *rows), "trusts": (policy,) if policy else ()}


@pytest.mark.parametrize(
    ("trusted", "policy", "entities", "expected"),
    [
        ((GUARDDUTY,), MANAGES, (delegate(GUARDDUTY),), ["clear"]),
        ((BACKUP,), MANAGES, (), ["clear"]),
        ((), MANAGES, (), ["clear"]),
        ((GUARDDUTY, TRAIL), MANAGES, (delegate(GUARDDUTY),), ["open services"]),
        ((GUARDDUTY,), MANAGES, (), ["open services"]),
        ((), {}, (), ["open policies"]),
        ((), manager("*", "organizations:Describe*", "organizations:List*"), (), ["open policies"]),
        ((), manager({"AWS": SECURITY}, "organizations:*", effect="Deny"), (), ["open policies"]),
        ((TRAIL,), {}, (), ["open services", "open policies"]),
        ((), BROKEN, (), ["unknown"]),
        ((), None, (), ["unknown"]),
        ((TRAIL,), None, (), ["open services", "unknown"]),
    ],
)
def test_what_the_management_account_runs_itself(
    trusted: tuple[str, ...], policy: Any, entities: Any, expected: list[str]
) -> None:
    assert judged(trusted, policy, *entities) == expected


def test_what_was_not_read_is_unknown_and_a_member_is_not_asked() -> None:
    assert judged((GUARDDUTY,), MANAGES, DELEGATES=State.DENIED) == ["unknown"]
    assert judged((GUARDDUTY,), MANAGES, DELEGATED=State.THROTTLED) == ["unknown"]
    assert judged(None, {}, TRUSTED=State.DENIED) == ["open policies", "unknown"]
    assert judged((), MANAGES, POLICY=State.DENIED) == ["unknown"]
    assert judged((), {}, types=()) == ["clear"]
    assert judged((), {}, types=None) == ["unknown"]
    assert statuses("GR109", in_organization(), **more(None)) == []


def test_it_names_them() -> None:
    services, policies = verdicts("GR109", *world((TRAIL, GUARDDUTY), {}, delegate(GUARDDUTY)), **more(None))
    assert services.title == f"Management account {ACCOUNT_ID} runs CloudTrail itself"
    assert services.evidence["delegated"] == [GUARDDUTY]
    assert policies.title == f"Nobody but management account {ACCOUNT_ID} may manage the organization's policies"
