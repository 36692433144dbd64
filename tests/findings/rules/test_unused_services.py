"""LP104 and LP106: services that are granted and not used."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import State
from findings.analysis.facts import Settings
from findings.rules import registry
from findings.rules.registry import CHANGE_IN
from findings.vocabulary import Verdict
from tests.builders import (
    ago,
    aws_policy,
    coverage,
    facts,
    in_organization,
    last_accessed,
    org_account,
    org_policy,
    policy,
    role,
    tree_coverage,
    unit,
    user,
)
from tests.findings.rules.judging import denied, statuses, verdicts
from tests.findings.rules.policies import ADMINISTRATOR, allow, deny, document

SSO = "/aws-reserved/sso.amazonaws.com/"
Services = dict[str, float | None]


def has(*statements: dict[str, Any]) -> dict[str, Any]:
    return document(*statements or (allow(["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "ec2:DescribeHosts"]),))


def judged(code: str, services: Services | None, body: dict[str, Any] | None = None, **more: Any) -> list[str]:
    """Statuses of a role with an inline policy of which Access Advisor says this; None: it was not read."""
    body = body or has()
    app = role(inline={"own": records.digest(body)}, **{"used": 1, **more})
    advised = [] if services is None else [last_accessed(app, **services)]
    return statuses(code, app, *advised, trusts=[body])


def told(code: str, services: Services, body: dict[str, Any] | None = None, **more: Any) -> Verdict:
    body = body or has()
    app = role("app", inline={"own": records.digest(body)}, **{"used": 1, **more})
    (verdict,) = verdicts(code, app, last_accessed(app, **services), trusts=[body])
    return verdict


@pytest.mark.parametrize(
    ("services", "more", "expected"),
    [
        ({"s3": 1, "ec2": 90}, {}, ["clear"]),
        ({"s3": 1, "ec2": None}, {"created": 90}, []),
        ({"s3": 1, "ec2": None}, {"path": "/aws-service-role/x.amazonaws.com/"}, []),
        ({"s3": 200, "ec2": None}, {"used": 200}, ["clear"]),
        ({"s3": None, "ec2": None}, {"used": None}, ["clear"]),
        ({"s3": 1, "ec2": None}, {}, ["open"]),
        ({"s3": 1, "ec2": 91}, {}, ["open"]),
        ({"s3": 200, "ec2": None}, {"used": 1}, ["open"]),
        ({"s3": 1, "ec2": None}, {"name": "AWSReservedSSO_Dev_0123456789abcdef", "path": SSO}, ["open"]),
        ({"s3": 1}, {}, ["unknown"]),
        (None, {}, ["unknown"]),
    ],
)
def test_unused_services(services: Services | None, more: dict[str, Any], expected: list[str]) -> None:
    assert judged("LP104", services, **more) == expected


def test_pass_role_is_never_called_unused() -> None:
    passing = has(allow("s3:GetObject"), allow("iam:PassRole", "arn:aws:iam::*:role/x"))
    assert judged("LP104", {"s3": 1, "iam": None}, passing) == ["clear"]
    both = has(allow(["s3:GetObject", "iam:PassRole", "iam:DeleteUser"]))
    verdict = told("LP104", {"s3": 1, "iam": None}, both)
    assert verdict.evidence["examples"] == ["iam:DeleteUser"]


def test_an_administrator_is_told_by_lp201() -> None:
    assert judged("LP104", {"s3": 1, "ec2": None}, ADMINISTRATOR) == ["clear"]


def test_what_is_denied_everywhere_is_not_granted() -> None:
    assert judged("LP104", {"s3": 1, "ec2": None}, has(*has()["Statement"], deny("ec2:*"))) == ["clear"]


def test_what_an_scp_takes_is_not_effective() -> None:
    body, limit = has(), document(allow("s3:*"))
    app = role(inline={"own": records.digest(body)}, used=1)
    tree = (
        unit("r-1", ""),
        unit("ou-1"),
        org_account(),
        org_policy("limit", "ou-1", "r-1", "000000000001", document=limit),
    )
    told = (app, last_accessed(app, s3=1, ec2=None), in_organization(), *tree)
    assert statuses("LP104", *told, trusts=[body, limit], coverage=tree_coverage()) == ["clear"]


def test_a_user_whose_key_is_idle_is_told_too() -> None:
    body = has()
    person = user(inline={"own": records.digest(body)})
    assert statuses("LP104", person, last_accessed(person, s3=200, ec2=None), trusts=[body]) == ["open"]


def test_services_that_access_advisor_does_not_name_are_unknown_and_do_not_hide_the_others() -> None:
    body = has(allow(["s3:GetObject", "ec2:RunInstances", "sqs:SendMessage"]))
    verdict = told("LP104", {"s3": 1, "ec2": None}, body)
    assert verdict.evidence["services"] == ["ec2"]
    assert verdict.evidence["not_judged"] == "sqs: no source tells of its use"


def test_of_many_that_nobody_speaks_of_a_few_are_named_and_the_evidence_has_all() -> None:
    names = ("sqs", "sns", "kms", "ec2", "iam", "rds", "ssm")
    body = has(allow(["s3:GetObject", *(f"{name}:*" for name in names)]))
    assert told("LP104", {"s3": 1}, body).reason == "ec2, iam, kms, rds, sns and 2 more: no source tells of its use"
    verdict = told("LP104", {"s3": 1, "ec2": None}, body)
    assert verdict.evidence["not_judged"] == "iam, kms, rds, sns, sqs and 1 more: no source tells of its use"
    assert verdict.evidence["not_judged_services"] == ["iam", "kms", "rds", "sns", "sqs", "ssm"]


def test_a_service_granted_last_month_is_not_yet_judged() -> None:
    held = policy("app-access", document=records.digest(has()), created=30)
    app = role(attached=(held.arn,), used=1)
    assert statuses("LP104", app, held, last_accessed(app, s3=1, ec2=None), trusts=[has()]) == ["unknown"]
    body = document(allow("s3:GetObject"))
    versions = tuple(
        records.PolicyVersion(version_id=v, created_at=ago(days), document=records.digest(text))
        for v, days, text in (("v1", 300, has()), ("v2", 200, body), ("v3", 30, has()))
    )
    again = policy("app-access", document=records.digest(has()), versions=versions)
    again = records.Policy(**{**{f: getattr(again, f) for f in again.__struct_fields__}, "default_version": "v3"})
    seen = last_accessed(app, s3=200, ec2=None)
    (verdict,) = verdicts("LP104", app, again, seen, trusts=[has(), body])
    assert (verdict.evidence["services"], verdict.evidence["used_services"]) == (["s3"], [])
    assert (
        verdict.evidence["not_judged"]
        == "ec2: was not granted for the whole window, or since when it is granted is not known"
    )


def test_the_evidence_tells_services_levels_and_dates_and_stays_the_same() -> None:
    verdict = told("LP104", {"s3": 1, "ec2": 200})
    assert verdict.title == "Role app may use ec2, and did not in 90 days"
    assert verdict.evidence == {
        "services": ["ec2"],
        "last_accessed": ["ec2: last on 2026-05-08"],
        "actions": 2,
        "by_level": ["Write: 1", "List: 1"],
        "examples": ["ec2:RunInstances"],
        "granted_by": ["own"],
        "used_services": ["s3"],
        "unused_days": 90,
        "guardrails": verdict.evidence["guardrails"],
    }
    (never,) = told("LP104", {"s3": 1, "ec2": None}).evidence["last_accessed"]
    (young,) = told("LP104", {"s3": 1, "ec2": None}, created=100).evidence["last_accessed"]
    assert (never, young) == ("ec2: not in the 400 days that AWS remembers", "ec2: never since 2026-08-16")


def test_a_permission_set_is_named() -> None:
    verdict = told("LP104", {"s3": 1, "ec2": None}, path=SSO)
    assert "AWSReservedSSO" not in verdict.title
    assert verdict.evidence["change_in"] == CHANGE_IN


def test_unreadable_policies_make_it_unknown() -> None:
    app = role(attached=(aws_policy("ReadOnlyAccess"),), used=1)
    (verdict,) = verdicts("LP104", app, last_accessed(app, s3=None))
    assert verdict.status == "unknown"
    assert "ReadOnlyAccess" in verdict.reason


def test_one_gap_is_one_reason_and_a_sighting_stands() -> None:
    body = has()
    app, idler = (role(name, inline={"own": records.digest(body)}, used=1) for name in ("app", "idler"))
    found = verdicts(
        "LP104",
        app,
        idler,
        last_accessed(app, read=3, s3=4, ec2=5),
        trusts=[body],
        coverage=denied("GenerateServiceLastAccessedDetails"),
    )
    assert [v.status for v in found] == ["clear", "unknown"]
    assert found[1].from_gap


@pytest.mark.parametrize(
    ("services", "more", "expected"),
    [
        ({"bedrock": 60, "sagemaker": 90}, {}, ["clear"]),
        ({"bedrock": None, "sagemaker": 1}, {"created": 60}, []),
        ({"bedrock": None, "sagemaker": None}, {"path": "/aws-service-role/x.amazonaws.com/"}, []),
        ({"bedrock": 61, "sagemaker": 61}, {}, ["open bedrock"]),
        ({"bedrock": None, "sagemaker": None}, {"created": 80}, ["open bedrock"]),
        ({"bedrock": None, "sagemaker": 91}, {}, ["open bedrock", "open sagemaker"]),
        ({"bedrock": None}, {}, ["open bedrock", "unknown"]),
        (None, {}, ["unknown"]),
    ],
)
def test_sensitive_services(services: Services | None, more: dict[str, Any], expected: list[str]) -> None:
    body = has(allow(["bedrock:InvokeModel", "sagemaker:CreateTrainingJob"]))
    assert judged("LP106", services, body, **more) == expected


def test_who_has_no_sensitive_service_is_not_judged() -> None:
    assert judged("LP106", {"s3": 1, "ec2": None}) == []
    assert judged("LP106", {"bedrock": None}, has(allow("bedrock:*"), deny("bedrock:*"))) == []


def test_an_administrator_is_asked_too() -> None:
    assert judged("LP106", {"bedrock": None, "sagemaker": 3}, ADMINISTRATOR) == ["open bedrock"]


def test_which_services_are_sensitive_is_a_setting() -> None:
    body = has()
    app = role(inline={"own": records.digest(body)})
    known = facts(app, last_accessed(app, s3=8, ec2=1), trusts=[body], settings=Settings(sensitive_services={"s3": 7}))
    found = registry.judge(known, [registry.catalogue()["LP106"]])
    assert [(v.status, v.part) for v in found] == [("open", "s3")]
    none = facts(app, coverage=coverage(), trusts=[body], settings=Settings(sensitive_services={}))
    assert not list(registry.judge(none, [registry.catalogue()["LP106"]]))


@pytest.mark.parametrize("state", [State.PARTIAL, State.THROTTLED, State.DENIED, State.ABSENT])
@pytest.mark.parametrize(
    ("code", "body", "services", "expected"),
    [
        ("LP104", has(), {"s3": 1, "ec2": 2}, "clear"),
        ("LP104", has(), {"s3": 1, "ec2": None}, "open"),
        ("LP106", has(allow("bedrock:InvokeModel")), {"bedrock": 2}, "clear"),
        ("LP106", has(allow("bedrock:InvokeModel")), {"bedrock": None}, "open bedrock"),
    ],
)
def test_what_was_read_of_one_counts_for_it_and_the_others_are_named(
    state: State, code: str, body: dict[str, Any], services: Services, expected: str
) -> None:
    app, late, other = (role(name, inline={"own": records.digest(body)}, used=1) for name in ("app", "late", "other"))
    read = (last_accessed(app, **services), last_accessed(late, read=3, **services))
    lacking = coverage(GenerateServiceLastAccessedDetails=state, GetServiceLastAccessedDetails=state)
    found = verdicts(code, app, late, other, *read, trusts=[body], coverage=lacking)
    assert [f"{v.status} {v.part}".strip() for v in found] == [
        expected,
        "clear" if expected == "clear" else "unknown",  # an old reading's attempts still happened
        "unknown",
    ]
    assert not any(v.from_gap for v in found)
    assert found[2].reason.startswith("Access Advisor was not read for other; iam:GenerateServiceLastAccessedDetails")
    if expected != "clear":
        assert "Access Advisor was read for late on 2026-11-21, more than 2 days ago" in found[1].reason
