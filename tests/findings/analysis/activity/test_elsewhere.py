"""Callers of other accounts: told by id only, and judged by what those accounts tell."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import Assumption, Session
from findings.analysis.activity.callers import NOTHING, Elsewhere, Foreigner
from findings.analysis.activity.verdict import Activity, Verdict
from findings.analysis.facts import Facts
from findings.analysis.kinds import Confidence, Kind
from tests.builders import facts, role
from tests.findings.sessions import OTHER, assumption, provider, read, session, sso

PROD = role("payments-prod")
DEPLOY = f"arn:aws:iam::{OTHER}:role/ci/deploy"
IDS = {
    "AROADEPLOY0000001": DEPLOY,
    "AROASSODEV0000001": sso(OTHER),
    "AIDAROBOT00000001": f"arn:aws:iam::{OTHER}:user/robot",
}
WORK = session(PROD, "botocore-session-*")


def told(unique_id: str, *, n: int = 1, **more: Any) -> Assumption:
    """As the role's own account records a caller of another one."""
    return assumption(PROD, "", "botocore-session-*", caller_id=unique_id, caller_account=OTHER, n=n, **more)


def there(role_id: str, caller: str, name: str = "", **more: Any) -> Assumption:
    """As the other account records what goes on in it."""
    return assumption(IDS[role_id], caller, name, role_id=role_id, **more)


def elsewhere(*rows: Assumption, **kinds: Kind) -> Elsewhere:
    known = {one: Foreigner(arn, kinds.get(one), Confidence.HIGH) for one, arn in IDS.items()}
    return Elsewhere(rows, known)


def activity(*own: Assumption, by: Elsewhere = NOTHING) -> Activity:
    known = facts(PROD, **read(assumptions=own, sessions=(WORK,)))
    return Facts(known.snapshot, elsewhere=by).activity


def judged(*own: Assumption, by: Elsewhere = NOTHING, one: Session = WORK) -> Verdict:
    return activity(*own, by=by).verdict(one)


CHAIN = (
    there("AROADEPLOY0000001", sso(OTHER), "alice", caller_id="AROASSODEV0000001"),
    there("AROASSODEV0000001", provider("saml", "AWSSSO_x"), "alice@example.com", day=4),
)
BUILDS = there("AROADEPLOY0000001", "codebuild.amazonaws.com", "AWSCodeBuild-*")


@pytest.mark.parametrize(
    "by",
    [
        NOTHING,
        elsewhere(),
        elsewhere(there("AROASSODEV0000001", provider("saml", "x"), "alice")),
        elsewhere(BUILDS, *CHAIN),
        elsewhere(there("AROADEPLOY0000001", sso(OTHER), "a", day=9), AROADEPLOY0000001=Kind.MIXED),
        elsewhere(there("AROADEPLOY0000001", sso(OTHER), "a", denied=1)),
    ],
    ids=["account not connected", "not judged", "behind another", "a build too", "long ago", "denied"],
)
def test_a_caller_of_whom_too_little_is_known_is_nobody(by: Elsewhere) -> None:
    assert judged(told("AROADEPLOY0000001"), by=by).human is None


@pytest.mark.parametrize(
    "by", [elsewhere(BUILDS), elsewhere(AROADEPLOY0000001=Kind.MACHINE_CI)], ids=["builds", "kind"]
)
def test_pipelines_of_another_account_are_programs(by: Elsewhere) -> None:
    found = judged(told("AROADEPLOY0000001"), by=by)
    assert found.human is False
    assert (
        "of account 000000000002 -> payments-prod, behind which another account's events show a program"
        in found.reasons[0]
    )


def test_a_person_behind_two_hops_of_another_account_is_a_person_and_not_named() -> None:
    seen = activity(told("AROADEPLOY0000001", n=3), by=elsewhere(*CHAIN))
    found = seen.verdict(WORK)
    assert (found.human, found.confidence) == (True, Confidence.HIGH)
    assert found.reasons[0] == (
        "was opened by AROADEPLOY0000001 of account 000000000002 -> payments-prod, 3 times, "
        "behind which another account's events show a person"
    )
    assert "alice" not in " ".join(found.reasons)
    behind = seen.whole.behind(WORK)
    assert behind is not None
    assert behind.said == "SSO user alice@example.com -> SSO-Dev -> deploy"


def test_a_user_of_another_account_is_what_that_account_says() -> None:
    row = told("AIDAROBOT00000001")
    assert judged(row, by=elsewhere(AIDAROBOT00000001=Kind.HUMAN_USER)).human is True
    assert judged(row, by=elsewhere(AIDAROBOT00000001=Kind.MACHINE_USER)).human is False


def test_a_chain_that_comes_back_and_a_circle_end() -> None:
    """Our own people go through another account's role and come back; two foreign roles assume each other."""
    out = assumption(DEPLOY, sso(), "alice", role_id="AROADEPLOY0000001")
    assert judged(told("AROADEPLOY0000001"), out, by=elsewhere()).human is True
    circle = (
        there("AROADEPLOY0000001", "", caller_id="AROASSODEV0000001"),
        there("AROASSODEV0000001", "", caller_id="AROADEPLOY0000001"),
    )
    assert judged(told("AROADEPLOY0000001"), by=Elsewhere(circle)).human is None
