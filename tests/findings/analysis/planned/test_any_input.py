"""Whatever stands in a plan or template: it is read, or refused with a sentence."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from findings.analysis.planned import cloudformation, terraform
from findings.analysis.planned.changes import PlanError
from findings.analysis.planned.draft import apply
from findings.analysis.planned.intrinsics import NOTHING
from findings.analysis.planned.resources import READERS
from findings.analysis.planned.template_text import load
from tests.builders import ACCOUNT_ID, role, snapshot, user

TEXTS = st.sampled_from(
    [
        "",
        "app",
        "alice",
        "*",
        "a.b",
        "arn:aws:iam::1:role/x",
        "${A.B}",
        "\x00",
        "\ud800",
        "{",
        '{"Statement": {}}',
        "9" * 40,
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-2, 10**30) | st.floats() | TEXTS
NAMES = st.sampled_from(
    """
    name path policy role user group policy_arn users groups roles assume_role_policy inline_policy tags_all statement
    principals identifiers managed_policy_arns permissions_boundary max_session_duration actions condition values references
    Ref Fn::Sub Fn::Join Fn::If Fn::Select Fn::Split Fn::FindInMap Fn::GetAtt Statement Principal Roles Users Groups Policies
    PolicyDocument PolicyName RoleName UserName Tags ManagedPolicyArns AssumeRolePolicyDocument Key
    """.split()  # noqa: SIM905 - a list of words is read more easily
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
ROWS = st.fixed_dictionaries(
    {
        "address": st.sampled_from(["aws_iam_role.a", 'module.m["x"].aws_iam_role.a[0]']) | LEAVES,
        "type": st.sampled_from([*READERS, "aws_iam_policy_document"]),
        "mode": st.sampled_from(["managed", "data"]),
        "module_address": st.sampled_from(["module.m", 'module.m["x"]']) | LEAVES,
        "change": st.fixed_dictionaries(
            {
                "actions": st.just(["create"]) | st.just(["delete", "create"]) | st.just(["update"]) | ANYTHING,
                "before": st.dictionaries(NAMES, ANYTHING, max_size=6) | ANYTHING,
                "after": st.dictionaries(NAMES, ANYTHING, max_size=6) | ANYTHING,
                "after_unknown": st.dictionaries(NAMES, ANYTHING, max_size=6) | ANYTHING,
            }
        ),
    }
)
RESOURCES = st.fixed_dictionaries(
    {"Type": st.sampled_from(list(cloudformation.READERS)), "Properties": st.dictionaries(NAMES, ANYTHING, max_size=6)}
)
SNAPSHOT = snapshot(role("app"), user("alice"))


def mended(value: Any) -> Any:
    """As it would come from a file: json makes keys text, and NaN a float."""
    return json.loads(json.dumps(value))


@settings(max_examples=100, deadline=None)
@given(st.lists(ROWS | ANYTHING, max_size=4), ANYTHING)
def test_terraform(rows: Any, configuration: Any) -> None:
    raw = {"format_version": "1.2", "resource_changes": rows, "configuration": {"root_module": configuration}}
    with suppress(PlanError):
        apply(terraform.read(mended(raw), ACCOUNT_ID, "aws"), SNAPSHOT)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from("ABC"), RESOURCES | ANYTHING, max_size=3), ANYTHING, ANYTHING)
def test_cloudformation(resources: Any, parameters: Any, conditions: Any) -> None:
    raw = {"Resources": resources, "Parameters": parameters, "Conditions": conditions, "Mappings": parameters}
    with suppress(PlanError):
        plan = cloudformation.read(mended(raw), ACCOUNT_ID, "aws")
        assert str(NOTHING) not in str(plan)
        apply(plan, SNAPSHOT)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="aR:-[]{}!&*#'\"\n ~?1.", max_size=60))
def test_any_yaml(text: str) -> None:
    with suppress(PlanError):
        cloudformation.read(load(f"Resources:\n  {text}"), ACCOUNT_ID, "aws")
