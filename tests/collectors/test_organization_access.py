"""The templates to copy, deployed word for word in the lab, which enforces trust, and gone through by the worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from collectors import organization_access, probe
from collectors.access_policy import read_only_policy
from collectors.aws.errors import AwsError
from collectors.aws.session import Target, connect
from collectors.lab.enforcement import find_role
from collectors.models import OrganizationConnection
from collectors.organization_access import Access
from collectors.records import State
from collectors.sources import permissions

MEMBER, HUB = "iamdash-of-templates", "iamdash-hub-of-templates"
ASK = ["sts:GetCallerIdentity"]
Deployed = Callable[..., Target]


@pytest.fixture
def deployed(aws: Any, lab: Any) -> Iterator[Deployed]:
    """Deploys the templates and says how the third account is reached by them; takes the roles away afterwards."""
    world = lab.world
    member = world.accounts[2].id

    def deploy(*, hub: bool = False, organization: str = "", management: bool = False) -> Target:
        hub_arn = f"arn:aws:iam::{world.security.id}:role/{HUB}" if hub else ""
        decided = OrganizationConnection(
            organization_id=organization or world.organization_id, role_name=MEMBER, hub_role_arn=hub_arn, units=["r-1"]
        )
        access = Access(decided, aws.credentials()["principal_arn"])
        if hub:
            aws.stack(organization_access.hub_template(access), [world.security.id])
        where = world.management.id if management else member
        aws.stack(organization_access.member_template(access), [where] if management else None)
        arn = f"arn:aws:iam::{where}:role/{MEMBER}"
        external_id = decided.external_id(where)
        return Target(where, "aws", arn, external_id, hub_arn, decided.hub_external_id if hub else "")

    yield deploy
    for account in world.accounts:
        roles = world.iam(account.id).roles
        for role in [r for r in roles.values() if r.name in {MEMBER, HUB}]:
            del roles[role.id]


def refusal(target: Target) -> AwsError:
    with pytest.raises(AwsError) as caught:
        connect(target, ASK)
    return caught.value


def test_the_stack_set_makes_every_member_but_the_management_account_readable(deployed: Deployed, lab: Any) -> None:
    there = deployed()
    connect(there, permissions()[:5])
    management = lab.world.iam(lab.world.management.id)
    assert find_role(management, MEMBER) is None
    role = find_role(lab.world.iam(there.account_id), MEMBER)
    assert role is not None
    assert json.loads(role.policies["iamdash-read"]) == read_only_policy()


def test_the_management_account_takes_the_same_template_as_its_own_stack(deployed: Deployed) -> None:
    connect(deployed(management=True), ASK)


@pytest.mark.parametrize("external_id", ["", "wrong", "<of another account>"])
def test_without_its_own_external_id_a_member_lets_nobody_in(deployed: Deployed, external_id: str, lab: Any) -> None:
    there = deployed()
    of_another = there.external_id.replace(there.account_id, lab.world.security.id)
    given = of_another if "another" in external_id else external_id
    assert refusal(replace(there, external_id=given)).state == State.DENIED


def test_a_principal_of_another_organization_is_let_in_nowhere(deployed: Deployed) -> None:
    assert refusal(deployed(organization="o-otherother")).state == State.DENIED


def test_through_the_hub_and_only_through_it(deployed: Deployed) -> None:
    there = deployed(hub=True)
    connect(there, ASK)
    assert refusal(replace(there, hub_arn="")).state == State.DENIED


def test_the_hop_that_was_denied_is_named_with_the_next_step(deployed: Deployed, lab: Any) -> None:
    there = deployed(hub=True)
    first = refusal(replace(there, hub_external_id="wrong"))
    assert first.message.startswith(f"The hub role {there.hub_arn} could not be assumed: AccessDenied")
    assert "the hub's external id" in first.message
    second = refusal(replace(there, external_id="wrong"))
    assert second.message.startswith(f"The hub role was assumed, but {there.role_arn} could not be assumed from it")
    assert "Deploy the organization's template there" in second.message
    assert {first.permission, second.permission} == {"sts:AssumeRole"}


def test_the_hub_s_session_may_assume_the_one_role_only(deployed: Deployed, lab: Any, aws: Any) -> None:
    """Its role's policy allows the name in every account; the session that we open with it does not."""
    there = deployed(hub=True)
    asked: list[str] = []
    connect(there, ASK, asked.append)
    assert asked == ["sts:AssumeRole", "sts:AssumeRole", "sts:GetCallerIdentity"]
    session = next(s for s in reversed(lab.world.sessions._by_key.values()) if s.role_name == HUB)
    (statement,) = json.loads(session.policy)["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["sts:AssumeRole"], there.role_arn)


def test_a_failure_that_is_no_refusal_gives_no_advice(deployed: Deployed, aws: Any) -> None:
    there = deployed(hub=True)
    aws.fault("html", service="sts", operation="AssumeRole")
    error = refusal(there)
    assert error.state == State.ERROR
    assert "deploy" not in error.message.lower()


def test_the_proof_tries_both_hops_without_their_external_ids(deployed: Deployed) -> None:
    there = deployed(hub=True)
    results = [probe._refused(replace(there, external_id=""), probe.ABSENT)]
    results.append(probe._refused(replace(there, hub_external_id=""), probe.HUB_ABSENT))
    assert [check.ok for check in results] == [True, True]


def test_the_reader_of_the_trail_and_no_other_account_may_read_its_bucket(
    deployed: Deployed, lab: Any, settings: Any
) -> None:
    settings.TRAIL_BUCKET, settings.TRAIL_ACCOUNT, settings.ATHENA_WORKGROUP = "trail", lab.world.accounts[2].id, ""
    deployed()
    reader, other = (find_role(lab.world.iam(lab.world.accounts[n].id), MEMBER) for n in (2, 1))
    assert reader is not None
    assert other is not None
    assert {"iamdash-read", "iamdash-read-trail"} == set(reader.policies)
    assert set(other.policies) == {"iamdash-read"}


def test_commands_and_terraform_name_the_same_things() -> None:
    decided = OrganizationConnection(organization_id="o-abcdefghij", units=["ou-b", "ou-a"], hub_role_arn="")
    for managing, call_as in ((True, "SELF"), (False, "DELEGATED_ADMIN")):
        access = Access(decided, "arn:aws:iam::000000000001:role/worker", managing=managing)
        commands, hcl = organization_access.stack_set_commands(access), organization_access.stack_set_terraform(access)
        assert ("DELEGATED_ADMIN" in commands) is not managing
        assert f'call_as          = "{call_as}"' in hcl
        assert "OrganizationalUnitIds=ou-a,ou-b" in commands
        assert '["ou-a", "ou-b"]' in hcl
        role = organization_access.member_terraform(access)
        assert decided.secret + "-${data.aws_caller_identity.here.account_id}" in role
        assert json.dumps(read_only_policy(), indent=2).replace("\n", "\n  ") in role
    assert len(organization_access.text(organization_access.member_template(access))) < 51_200  # of --template-body
