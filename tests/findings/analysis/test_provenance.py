"""What made a role, user or policy: tags, the call that made it, names. What says nothing first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors import records
from findings.analysis.behaviour.provenance import Made, origin, share
from findings.analysis.facts import Facts
from tests.builders import ago, facts, policy, role, user
from tests.findings.behaviour import admin

STACK = "arn:aws:cloudformation:eu-west-1:000000000001:stack/{}/1a2b"


def stack(name: str) -> dict[str, str]:
    return {"aws:cloudformation:stack-id": STACK.format(name), "aws:cloudformation:stack-name": name}


SAID: tuple[tuple[Any, Made], ...] = (
    (role("app"), Made.UNKNOWN),
    (role("app", tags={"managed-by": "alice", "terraform": "false"}), Made.UNKNOWN),
    (role("app", path="/service-role/"), Made.UNKNOWN),
    (role("aws-cdk-lover"), Made.UNKNOWN),
    (role("x", path="/aws-service-role/x.amazonaws.com/", tags=stack("x")), Made.AWS),
    (role("AWSReservedSSO_Dev_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/"), Made.AWS),
    (role("AWSControlTowerExecution"), Made.AWS),
    (role("audit", tags=stack("StackSet-AWSControlTowerBP-BASELINE-ROLES-1a2b")), Made.AWS),
    (role("app", tags=stack("payments")), Made.CLOUDFORMATION),
    (role("app", tags={"aws:cloudformation:stack-id": STACK.format("payments")}), Made.CLOUDFORMATION),
    (role("app", tags=stack("payments") | {"managed-by": "terraform"}), Made.CLOUDFORMATION),
    (role("app", tags=stack("StackSet-baseline-1a2b")), Made.STACK_SET),
    (role("app", tags=stack("x") | {"lambda:createdBy": "SAM"}), Made.SAM),
    (role("app", tags=stack("x") | {"aws-cdk:bootstrap-role": "deploy"}), Made.CDK),
    (role("cdk-hnb659fds-deploy-role-000000000001-eu-west-1", tags=stack("CDKToolkit")), Made.CDK),
    (role("orders-prod-eu-west-1-lambdaRole", tags=stack("orders-prod")), Made.SERVERLESS),
    (role("app", tags={"aws:servicecatalog:provisionedProductArn": "x"} | stack("SC-1")), Made.SERVICE_CATALOG),
    (role("app", tags={"Managed-By": "Terraform/1.9"}), Made.TERRAFORM),
    (role("app", tags={"pulumi:project": "web"}), Made.PULUMI),
    (user("deploy", tags={"iac": "ansible"}), Made.CODE),
    (role("web-Handler-1QXA8BCD2EFG3"), Made.CLOUDFORMATION),
    (role("app-20260101120000000000000001"), Made.TERRAFORM),
    (policy("app"), Made.UNKNOWN),
    (msgspec.structs.replace(policy("X"), arn="arn:aws:iam::aws:policy/X"), Made.AWS),
)  # fmt: skip


@pytest.mark.parametrize(("entity", "made"), SAID, ids=lambda one: getattr(one, "name", one))
def test_what_is_left_on_it_says(entity: Any, made: Made) -> None:
    assert origin(entity, facts(entity)).made is made


CALLS = {
    Made.HAND: {"console": True, "agent": "browser"},
    Made.CALL: {"agent": "boto3"},
    Made.TERRAFORM: {"agent": "terraform on macOS"},
    Made.CLOUDFORMATION: {"invoked_by": "cloudformation.amazonaws.com", "agent": "aws-service"},
    Made.SERVICE_CATALOG: {"invoked_by": "servicecatalog.amazonaws.com"},
    Made.PULUMI: {"agent": "pulumi"},
}


@pytest.mark.parametrize("made", CALLS)
@pytest.mark.parametrize("kind", ["role", "user", "policy"])
def test_the_call_that_made_it_says(made: Made, kind: str) -> None:
    entity: Any = {"role": role, "user": user, "policy": policy}[kind]("app", created=3)
    call = admin(f"iam Create{kind.capitalize()}", user("bob"), 3, f"{kind} app", **CALLS[made])
    found = origin(entity, facts(entity, admin_events=(call,)))
    assert found.made is made
    assert "app" in found.why[0] or found.why[0].startswith("made by")


def test_a_stack_is_named_and_all_that_says_so_is_told() -> None:
    found = origin(one := role("app", tags=stack("payments")), facts(one))
    assert found.stack == "payments"
    assert found.why == (
        f"tagged aws:cloudformation:stack-id={STACK.format('payments')}",
        "tagged aws:cloudformation:stack-name=payments",
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (None, "nobody recorded its making on 2025-07-12: CloudTrail's events are not read"),
        (90, "nobody recorded its making on 2025-07-12: events are read since 2026-08-26"),
        (600, "its making on 2025-07-12 is not among the events that were read"),
    ],
)
def test_why_nobody_knows(since: float | None, said: str) -> None:
    entity = role("app")
    found = origin(entity, facts(entity, activity_since=None if since is None else ago(since)))
    assert (found.made, found.why) == (Made.UNKNOWN, (said,))


def test_hostile_tags_and_names_say_no_more_than_they_are() -> None:
    odd = {"aws:cloudformation:stack-id": "a/b", "": "", "\u202eterraform": "\ud83d", "managed-by": "terraform<script>"}
    found = origin(one := role("-" * 64, tags=odd), facts(one))
    assert (found.made, found.stack) == (Made.CLOUDFORMATION, "")


def test_coverage_counts_roles_and_policies_that_are_somebody_s() -> None:
    some = [
        role("a", tags=stack("x")),
        role("b", created=3),
        role("c"),
        policy("d"),
        role("AWSControlTowerExecution"),
        role("l", path="/aws-service-role/x.amazonaws.com/"),
        user("u", tags=stack("x")),
    ]
    by_hand = admin("iam CreateRole", user("bob"), 3, "role b", console=True)
    found = share(facts(*some, admin_events=(by_hand,)))
    assert (found.code, found.other, found.unknown, found.percent) == (1, 1, 2, 25)
    assert share(Facts(records.Snapshot(account_id="1", as_of=ago(0)))).percent == 100
