"""The read-only policy that we ask for is exactly what we call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectors.access_policy import cloudformation, read_only_policy, terraform, trust_policy
from collectors.aws.session import POLICY_LIMIT, session_policy
from collectors.models import Account
from collectors.sources import sources
from tests.collectors.running import run

READS = (
    "Get",
    "List",
    "Describe",
    "GenerateCredentialReport",
    "GenerateOrganizationsAccessReport",
    "GenerateServiceLastAccessedDetails",
    "LookupEvents",
    "BatchGet",
    "Select",
)


@pytest.mark.django_db
def test_every_permission_is_used_and_every_call_is_permitted(
    connected: list[Account], aws: Any, settings: Any
) -> None:
    aws.clear_calls()
    run(connected[0], "identity_center")  # before any role tells in which region it is
    run(connected[0])
    settings.CONFIG_AGGREGATOR = f"{connected[1].aws_id}/eu-west-1/organization"
    run(connected[1], "config")
    run(connected[1], "config_history")
    made = {c["action"] for c in aws.calls() if c["service"] != "sts"}
    assert made == set(read_only_policy()["Statement"][0]["Action"])


def test_nothing_but_reads_is_asked_for() -> None:
    for action in read_only_policy()["Statement"][0]["Action"]:
        assert action.split(":")[1].startswith(READS)


@pytest.mark.parametrize("source", sources().values(), ids=lambda s: s.name)
def test_a_source_s_session_carries_its_own_actions_within_aws_s_limit(source: Any) -> None:
    text = session_policy(source.permissions)
    assert json.loads(text)["Statement"][0]["Action"] == sorted(source.permissions)
    assert len(text) <= POLICY_LIMIT


def test_a_session_policy_over_the_limit_is_refused_before_aws_does() -> None:
    with pytest.raises(ValueError, match="AWS takes 2048"):
        session_policy(f"iam:Action{n:040}" for n in range(100))


def test_the_trust_names_one_principal_and_the_external_id() -> None:
    (statement,) = trust_policy("arn:aws:iam::000000000009:role/hub", "secret-id")["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::000000000009:role/hub"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "secret-id"}}


def test_cloudformation_and_terraform_say_the_same_as_the_documents() -> None:
    of = ("iamdash-readonly", "arn:aws:iam::000000000009:role/hub", "secret-id")
    role = cloudformation(*of)["Resources"]["Role"]["Properties"]
    assert role["AssumeRolePolicyDocument"] == trust_policy(*of[1:])
    assert role["Policies"][0]["PolicyDocument"] == read_only_policy()
    text = terraform(*of)
    for document in (trust_policy(*of[1:]), read_only_policy()):
        assert json.dumps(document, indent=2).replace("\n", "\n  ") in text
