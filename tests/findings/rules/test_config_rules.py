"""MO107: whether AWS Config records IAM. MO108: whether one of its rules judges it."""

from __future__ import annotations

import json
import re
from datetime import timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.records import EVERY_TYPE, IAM_TYPES, NAMED_TYPES, ConfigRecorder, ConfigRule, Coverage, State
from findings.analysis.config_recording import RECORDERS, RULES, STATUS
from findings.rules import registry
from tests.builders import AS_OF, unit
from tests.findings.rules.judging import statuses, verdicts

HOME, OTHER, THIRD = "us-east-1", "eu-west-1", "eu-north-1"
LINKED = "arn:aws:iam::000000000001:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
OWN = "arn:aws:iam::000000000001:role/config-recorder"
LEFT_OUT = "EXCLUSION_BY_RESOURCE_TYPES"


def recorder(region: str = HOME, **more: Any) -> ConfigRecorder:
    """On, of all types, IAM's among them, with the service-linked role."""
    told: dict[str, Any] = {
        "role_arn": LINKED, "strategy": EVERY_TYPE, "types": (), "global_types": True, "daily": False, "overrides": {},
        "recording": True, **more,
    }  # fmt: skip
    return ConfigRecorder(unique_id=f"{region}/default", region=region, name="default", **told)


def named(*types: str, region: str = HOME, **more: Any) -> ConfigRecorder:
    return recorder(region, strategy=NAMED_TYPES, types=types, global_types=False, **more)


def but(*types: str, **more: Any) -> ConfigRecorder:
    return recorder(strategy=LEFT_OUT, types=types, global_types=False, **more)


def rows(api: str, **states: State) -> tuple[Coverage, ...]:
    found = {HOME: State.COMPLETE, OTHER: State.COMPLETE} | {r.replace("_", "-"): s for r, s in states.items()}
    return tuple(Coverage(api=api, region=region, state=s, observed_at=AS_OF) for region, s in found.items())


def judged(
    *entities: Any, recorders: dict[str, State] | None = None, status: dict[str, State] | None = None
) -> list[str]:
    return statuses("MO107", *entities, coverage=(*rows(RECORDERS, **recorders or {}), *rows(STATUS, **status or {})))


GLOBAL, NOT_GLOBAL = recorder(), recorder(OTHER, global_types=False)
CLOSED = {"eu_north_1": State.BLOCKED_BY_SCP}


@pytest.mark.parametrize(
    ("entities", "more", "expected"),
    [
        ((GLOBAL, NOT_GLOBAL), {}, ["clear"]),
        ((recorder(global_types=False), recorder(OTHER)), {}, ["clear"]),  # another region records IAM
        ((named("AWS::EC2::Instance", *IAM_TYPES),), {}, ["clear"]),
        ((but("AWS::EC2::Volume"),), {}, ["clear"]),  # IAM is left out by name only
        ((named(*IAM_TYPES[:2]), named(*IAM_TYPES[2:], region=OTHER)), {}, ["clear"]),
        ((recorder(daily=True),), {}, ["clear"]),
        ((GLOBAL,), {"recorders": CLOSED}, ["clear"]),
        ((GLOBAL,), {"recorders": {"eu_north_1": State.THROTTLED}}, ["clear"]),  # what is seen suffices
        ((), {}, ["open recorder"]),
        ((), {"recorders": CLOSED}, ["open recorder"]),
        ((recorder(recording=False),), {}, ["open recorder"]),
        ((NOT_GLOBAL,), {}, ["open types"]),
        ((recorder(recording=False), NOT_GLOBAL), {}, ["open types"]),
        ((but("AWS::IAM::Role"),), {}, ["open types"]),
        ((named("AWS::IAM::Role"),), {}, ["open types"]),
        ((recorder(last_status="Success"),), {}, ["clear"]),
        ((recorder(last_status="Failure", error="AccessDenied"),), {}, ["unknown"]),
        ((recorder(last_status="Failure"), recorder(OTHER)), {}, ["clear"]),  # another one works
        ((recorder(recording=False, last_status="Failure"),), {}, ["open recorder"]),
        ((recorder(role_arn=OWN),), {}, ["open role"]),
        ((recorder(role_arn=OWN), recorder(OTHER)), {}, ["clear"]),
        ((), {"recorders": {"eu_north_1": State.THROTTLED}}, ["unknown"]),
        ((), {"recorders": {"us_east_1": State.DENIED, "eu_west_1": State.DENIED}}, ["unknown"]),
        ((), {"recorders": {"us_east_1": State.BLOCKED_BY_SCP, "eu_west_1": State.BLOCKED_BY_SCP}}, ["unknown"]),
        ((GLOBAL,), {"status": {"us_east_1": State.DENIED}}, ["unknown"]),  # it may be stopped
        ((recorder(recording=None),), {}, ["unknown"]),
        ((GLOBAL,), {"recorders": {"us_east_1": State.ERROR}}, ["unknown"]),  # as it was read some time ago
    ],
)  # fmt: skip
def test_config_has_to_record_iam_somewhere(
    entities: tuple[Any, ...], more: dict[str, Any], expected: list[str]
) -> None:
    assert judged(*entities, **more) == expected


def test_what_nobody_asked_is_unknown() -> None:
    assert statuses("MO107", GLOBAL) == statuses("MO108", GLOBAL) == ["unknown"]


def test_evidence_says_what_is_recorded_where_and_where_it_is_fixed() -> None:
    stopped = recorder(recording=False, stopped_at=AS_OF - timedelta(days=3))
    (found,) = verdicts(
        "MO107", stopped, named("AWS::IAM::Role", "AWS::S3::Bucket", region=OTHER, daily=True, delivery_error="AccessDenied"),
        unit("r-1", ""), coverage=(*rows(RECORDERS, eu_north_1=State.COMPLETE), *rows(STATUS)),
    )  # fmt: skip
    assert found.evidence == {
        "recorders": ["eu-west-1: 2 named types, of IAM AWS::IAM::Role", "us-east-1: all types, stopped"],
        "regions_without": [THIRD],
        "fix_at": "Root (r-1)",
        "delivery_failed": ["eu-west-1: AccessDenied"],
        "daily": ["AWS::IAM::Role"],
        "missing": ["AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy"],
    }
    assert found.title == (
        "AWS Config in payments-prod does not record AWS::IAM::User, AWS::IAM::Group and AWS::IAM::Policy"
    )


def test_what_is_recorded_once_a_day_only_is_said() -> None:
    mostly = recorder(daily=True, overrides={"AWS::IAM::Role": False})
    (clear,) = verdicts("MO107", mostly, coverage=(*rows(RECORDERS), *rows(STATUS)))
    assert (
        clear.reason == "IAM is recorded in us-east-1, AWS::IAM::User, AWS::IAM::Group and AWS::IAM::Policy once a day"
    )


def rule(name: str = "iam-password-policy", region: str = HOME, **more: Any) -> ConfigRule:
    told: dict[str, Any] = {
        "owner": "AWS", "identifier": "IAM_PASSWORD_POLICY", "origin": "account", "types": (), "vague": False,
        "state": "ACTIVE", **more,
    }  # fmt: skip
    return ConfigRule(unique_id=f"arn:aws:config:{region}:1:config-rule/{name}", region=region, name=name, **told)


VAGUE = rule("nightly", owner="CUSTOM_LAMBDA", vague=True)


@pytest.mark.parametrize(
    ("rules", "states", "expected"),
    [
        ((rule(),), {}, "clear judged by iam-password-policy"),
        (
            (rule(), rule(region=OTHER), rule("own", types=("AWS::IAM::Role",))),
            {},
            "clear judged by iam-password-policy and own",
        ),
        ((rule(), VAGUE), CLOSED, "clear judged by iam-password-policy"),
        ((rule(),), {"eu_west_1": State.DENIED}, "clear judged by iam-password-policy"),
        ((), {}, "open "),
        ((), CLOSED, "open "),
        ((rule(state="DELETING"),), {}, "open "),
        ((VAGUE,), {}, "unknown nightly names no scope, so that only its code tells what it judges"),
        ((), {"eu_west_1": State.THROTTLED}, "unknown config:DescribeConfigRules in eu-west-1 was throttled"),
        ((rule(),), {"us_east_1": State.ERROR}, "unknown config:DescribeConfigRules in us-east-1 failed"),
    ],
)
def test_some_rule_has_to_judge_iam(rules: tuple[Any, ...], states: dict[str, State], expected: str) -> None:
    (found,) = verdicts("MO108", *rules, coverage=rows(RULES, **states))
    assert f"{found.status} {found.reason}" == expected


class Iam:
    """Three roles, of which the first was never used and the last is of Identity Center. put: what was evaluated."""

    def __init__(self) -> None:
        paths = {"old": "/", "busy": "/", "sso": "/aws-reserved/sso.amazonaws.com/"}
        self.roles = {
            name: {"RoleName": name, "RoleId": f"AROA{name}", "Path": path, "CreateDate": AS_OF - timedelta(days=300)}
            for name, path in paths.items()
        }
        self.roles["busy"]["RoleLastUsed"] = {"LastUsedDate": AS_OF - timedelta(days=1)}
        self.put: dict[str, str] = {}

    def get_paginator(self, operation: str) -> Iam:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"Roles": [*self.roles.values()]}]

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Role": self.roles[RoleName]}

    def put_evaluations(self, Evaluations: list[dict[str, Any]], ResultToken: str) -> None:  # noqa: N803 - AWS's names
        self.put |= {one["ComplianceResourceId"]: one["ComplianceType"] for one in Evaluations}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, {"AROAold": "NON_COMPLIANT", "AROAbusy": "COMPLIANT", "AROAsso": "COMPLIANT"}),
        ({"configurationItem": {"resourceName": "busy", "configurationItemStatus": "OK"}}, {"AROAbusy": "COMPLIANT"}),
        ({"configurationItem": {"resourceName": "gone", "configurationItemStatus": "ResourceDeleted"}}, {}),
    ],
)
def test_the_rule_in_the_docs_tells_unused_roles(
    monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], expected: dict[str, str]
) -> None:
    text = registry.rule("MO108").sections["How to fix"]
    (code,) = re.findall(
        r"^    import datetime.*?^    }\n|^    import datetime.*?\n        }$", text, re.MULTILINE | re.DOTALL
    )
    source = "\n".join(line[4:] for line in code.split("\n"))
    made: dict[str, Any] = {}
    exec(compile(source, "docs", "exec"), made)
    iam = Iam()
    monkeypatch.setattr(made["boto3"], "client", lambda service: iam)
    made["datetime"] = SimpleNamespace(datetime=SimpleNamespace(now=lambda zone: AS_OF), timezone=timezone)
    made["handler"]({"invokingEvent": json.dumps(event), "resultToken": "t"}, None)
    assert iam.put == expected


def test_the_rule_in_the_docs_names_its_scope() -> None:
    text = registry.rule("MO108").sections["How to fix"]
    told = json.loads(text[text.rindex('{"ConfigRuleName"') :])
    assert told["Scope"] == {"ComplianceResourceTypes": ["AWS::IAM::Role"]}
