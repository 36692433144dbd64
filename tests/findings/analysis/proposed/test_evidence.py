from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import Actor, State
from findings.analysis.facts import Facts
from findings.analysis.guardrails import Guardrails
from findings.analysis.proposed.evidence import evidence
from tests import builders as b
from tests.builders import AS_OF, ago, coverage, last_accessed, role, root
from tests.findings.worlds import FULL_ACCESS, World, allow, deny, document

TRAIL = records.Coverage(api=records.TRAIL, state=State.COMPLETE, observed_at=AS_OF)
BOTH = document(allow(["bedrock:*", "s3:*"]))


def _facts(*more: records.Record, scp: Any = (), known: Any = None, **fields: Any) -> Facts:
    """An app with two services that it was granted long ago."""
    world = World()
    app = role("app", unique_id="AROA1", inline=world.inline(own=BOTH))
    advised = () if known is None else (last_accessed(app, **known),)
    given = {"coverage": (*coverage(), TRAIL), "activity_since": ago(120), **fields}
    return world.facts(app, *advised, *more, scp=scp, **given)


@pytest.mark.parametrize(
    ("known", "used", "unknown", "every"),
    [
        ({"s3": 3, "bedrock": None}, ("s3",), set(), False),
        ({"s3": None, "bedrock": 300}, (), set(), False),
        ({"s3": 3}, ("s3",), {"bedrock"}, False),
        (None, (), set(), True),
    ],
)
def test_services_are_used_or_unknown_or_else_nobody_uses_them(
    known: dict[str, float | None] | None, used: tuple[str, ...], unknown: set[str], every: bool
) -> None:
    found = evidence(_facts(known=known))
    assert found
    others = {name for name in found.unknown if not name.startswith("s3")}
    assert ([name for name in found.used if name == "s3"], others, bool(found.every)) == ([*used], unknown, every)


def test_a_service_that_one_uses_and_another_may_not_have_needed_is_used() -> None:
    other = role("batch", unique_id="AROA2", created=10, inline={"own": records.digest(BOTH)})
    found = evidence(_facts(other, last_accessed(other, s3=None, bedrock=2), known={"s3": 1, "bedrock": None}))
    assert found
    assert {"s3", "bedrock"} <= set(found.used)


@pytest.mark.parametrize(
    ("entities", "fields", "said"),
    [
        ((root(),), {}, ""),
        ((root(password_last_used=200),), {}, ""),
        ((root(password_last_used=20),), {}, "signed in on 2026-11-04"),
        ((root(slots=(b.slot(used=3),)),), {}, "signed in on 2026-11-21"),
        ((), {}, "the credential report was not read"),
        ((root(),), {"coverage": coverage(GetCredentialReport=State.DENIED)}, "the credential report was not read"),
    ],
)
def test_root_was_surely_not_used_only_by_its_credentials(entities: Any, fields: dict[str, Any], said: str) -> None:
    found = evidence(_facts(*entities, **fields))
    assert found
    assert (said in found.root) if said else found.root == ""


def _event(name: str, agent: str, arn: str, **more: Any) -> records.AdminEvent:
    given = {
        "principal_id": "AROA1",
        "event_id": f"{name}{agent}",
        "actor": Actor.ROLE,
        "source": "iam.amazonaws.com",
        **more,
    }
    return records.AdminEvent(account_id=b.ACCOUNT_ID, at=ago(5), principal_arn=arn, name=name, agent=agent, **given)


APP = b.arn("role", "app")


@pytest.mark.parametrize(
    ("events", "makers"),
    [
        ((), ()),
        ((_event("CreateRole", "terraform", APP),), (APP,)),
        ((_event("CreateRole", "terraform", APP), _event("CreateRole", "cli", APP)), ()),
        ((_event("CreateRole", "terraform", b.arn("role", "deleted")),), ()),
        ((_event("CreateRole", "terraform", APP, error="AccessDenied"),), ()),
    ],
    ids=["none", "code", "also by hand", "gone", "refused"],
)
def test_who_changes_iam_by_code_and_never_by_hand(events: Any, makers: tuple[str, ...]) -> None:
    found = evidence(_facts(admin_events=events))
    assert found
    assert found.makers == makers


def test_how_long_events_were_read() -> None:
    whole, never = evidence(_facts()), evidence(_facts(activity_since=None))
    assert whole
    assert never
    assert (whole.since, whole.until, whole.unread) == (ago(120), AS_OF, "")
    assert (never.since, never.unread) == (None, "no CloudTrail events were read")


def test_what_scps_deny_already() -> None:
    denies = document(
        deny(["cloudtrail:StopLogging", "iam:CreateUser"]), deny("iam:AddUserToGroup", "arn:aws:iam::*:group/x")
    )
    root_deny = document(deny("*", Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}))
    levels = [{**FULL_ACCESS, "one": denies, "root": root_deny}, FULL_ACCESS, FULL_ACCESS]
    bound, free = evidence(_facts(scp=levels)), evidence(_facts(scp=[FULL_ACCESS] * 3))
    assert bound
    assert free
    assert (set(bound.denied), bound.root_denied) == ({"cloudtrail:StopLogging", "iam:CreateUser"}, True)
    assert (free.denied, free.root_denied) == ((), False)


@pytest.mark.parametrize(
    "guardrails", [Guardrails((), (), organization_id="o-1", management=True), Guardrails((), (), organization_id="")]
)
def test_an_account_that_no_scp_can_bind_tells_nothing(guardrails: Guardrails) -> None:
    assert evidence(Facts(b.snapshot(), known_guardrails=guardrails)) is None
