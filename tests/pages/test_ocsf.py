"""What OCSF 1.9.0 demands of a Compliance Finding, as facts taken from its schema, and what we say in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account
from findings.models import Finding
from findings.vocabulary import Severity, SubjectType
from iamdash.pages.ocsf import TYPES
from tests.findings.frameworks.test_standing import accept
from tests.pages.making import FORMULA, SCRIPT, ago, finding

Client = Callable[..., Any]
# Attribute -> what it may be: a type, or a set of values. Of ocsf/ocsf-schema: events/base_event.json, profiles/cloud.json,
# events/findings/finding.json and compliance_finding.json, and the objects that they require.
REQUIRED: dict[str, Any] = {
    "activity_id": {0, 1, 2, 3, 99},
    "category_uid": {2},
    "class_uid": {2003},
    "type_uid": {200300, 200301, 200302, 200303, 200399},
    "time": int,
    "severity_id": {0, 1, 2, 3, 4, 5, 6, 99},
    "metadata.version": str,
    "metadata.product": dict,
    "finding_info.uid": str,
    "finding_info.analytic.type_id": {0, 1, 2, 3, 4, 99},
    "compliance": dict,
    "remediation.desc": str,
    "cloud.provider": str,
}
ALLOWED: dict[str, Any] = {
    "status_id": {0, 1, 2, 3, 4, 5, 6, 99},
    "compliance.status_id": {0, 1, 2, 3, 99},
    "cloud.account.type_id": {*range(19), 99},
}
DEPRECATED = ("comment", "resource", "compliance.status_detail", "compliance.compliance_standards")
ATTRIBUTES = set(
    """
    activity_id activity_name category_uid category_name class_uid class_name type_uid type_name time end_time severity_id
    severity status_id status message metadata cloud finding_info compliance remediation resources unmapped
    """.split()  # noqa: SIM905
)


def events(client: Any, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"/findings/?export=ocsf{query}")
    assert response["Content-Disposition"].endswith('.ocsf.jsonl"')
    return [json.loads(line) for line in response.body.splitlines()]


def at(event: dict[str, Any], path: str) -> Any:
    found: Any = event
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def check(event: dict[str, Any]) -> None:
    assert event.keys() <= ATTRIBUTES
    for path, wanted in REQUIRED.items():
        value = at(event, path)
        assert value in wanted if isinstance(wanted, set) else isinstance(value, wanted), (path, value)
    for path, values in ALLOWED.items():
        assert at(event, path) in values, path
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    product = event["metadata"]["product"]
    assert product["name"] or product["uid"]
    assert all(one["name"] or one["uid"] for one in event["resources"])
    assert not [path for path in DEPRECATED if at(event, path) is not None]
    assert "null" not in json.dumps({k: v for k, v in event.items() if k != "unmapped"})


def test_an_empty_list_is_an_empty_file(sign_in: Client) -> None:
    assert events(sign_in()) == []


@pytest.mark.parametrize("severity", Severity)
def test_each_event_is_what_the_schema_demands(sign_in: Client, account: Account, severity: Severity) -> None:
    finding(account, "KY102", severity=severity, subject_type="key", subject_arn="")
    (event,) = events(sign_in())
    check(event)
    assert event["severity_id"] == severity.value
    assert event["severity"] == {1: "Informational"}.get(severity.value, severity.label)


def test_what_becomes_of_a_finding(sign_in: Client, account: Account) -> None:
    finding(account, subject_name="new")
    finding(account, subject_name="again", reopened=1)
    finding(account, subject_name="assigned", assignee="kim")
    accept(finding(account, subject_name="accepted"))
    finding(account, subject_name="gone", resolved_at=ago(days=1))
    finding(account, subject_name="deleted", resolved_at=ago(days=1), resolved_why=Finding.Why.SUBJECT_GONE)
    finding(account, subject_name="off", resolved_at=ago(days=1), resolved_why=Finding.Why.NOT_APPLICABLE)
    found = {event["resources"][0]["name"]: event for event in events(sign_in(), "&tab=all")}
    told = {name: (one["activity_id"], one["status_id"], one["compliance"]["status_id"]) for name, one in found.items()}
    assert told == {
        "new": (1, 1, 3),
        "again": (2, 1, 3),
        "assigned": (1, 2, 3),
        "accepted": (2, 3, 3),
        "gone": (3, 4, 1),
        "deleted": (3, 4, 99),
        "off": (3, 4, 99),
    }
    for one in found.values():
        check(one)
    assert found["accepted"]["compliance"]["status_details"] == ["accepted: until March"]
    assert found["off"]["compliance"]["status_details"] == ["ended: The rule no longer applies"]
    assert found["gone"]["end_time"] == found["gone"]["finding_info"]["modified_time"]
    assert len({one["finding_info"]["uid"] for one in found.values()}) == 7


def test_controls_are_those_that_the_finding_answers(sign_in: Client, account: Account) -> None:
    finding(account, "AB103", subject_type="account", part="reuse")
    (event,) = events(sign_in())
    checks = {(one["standards"][0], one["uid"]) for one in event["compliance"]["checks"]}
    assert ("CIS AWS Foundations Benchmark v5.0.0", "1.8") in checks
    assert ("CIS AWS Foundations Benchmark v5.0.0", "1.7") not in checks
    assert ("AWS Security Hub", "IAM.16") in checks
    assert set(event["compliance"]["standards"]) == {standard for standard, _ in checks}


def test_the_subject_is_named(sign_in: Client, account: Account) -> None:
    made = finding(account)
    (event,) = events(sign_in())
    (resource,) = event["resources"]
    assert (resource["uid"], resource["uid_alt"]) == (made.subject_arn, made.subject_id)
    assert resource["type"] == "AWS::IAM::Role"
    assert event["cloud"]["account"] == {
        "uid": account.aws_id, "name": "payments-prod", "type_id": 10, "type": "AWS Account"
    }  # fmt: skip
    assert event["unmapped"]["id"] == made.pk
    assert set(TYPES) == set(SubjectType)


def test_hostile_text_stays_in_its_line(sign_in: Client, account: Account) -> None:
    for name in (SCRIPT, FORMULA, "a\nb"):
        finding(account, subject_name=name, title=name, evidence={"said": name})
    assert {event["message"] for event in events(sign_in())} == {SCRIPT, FORMULA, "a\nb"}


def test_a_rule_that_nobody_knows_any_more_is_told(sign_in: Client, account: Account) -> None:
    finding(account, "LP999")
    (event,) = events(sign_in())
    assert event["compliance"]["control"] == "LP999"
    assert "remediation" not in event


def test_it_is_the_query_of_the_list(sign_in: Client, account: Account, other_account: Account) -> None:
    mine = finding(account, severity=Severity.HIGH)
    finding(account, severity=Severity.LOW)
    finding(other_account, severity=Severity.HIGH)
    (event,) = events(sign_in(accounts=[account]), "&severity=high")
    assert event["unmapped"]["id"] == mine.pk


def test_other_lists_have_no_such_format(sign_in: Client, account: Account) -> None:
    response = sign_in().get("/keys/?export=ocsf")
    assert "ignored" in response.content.decode()
    assert "export=ocsf" not in response.content.decode()


def test_queries_do_not_grow_with_rows(sign_in: Client, account: Account, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        finding(account)
    client = sign_in()
    with django_assert_max_num_queries(20):
        assert len(events(client)) == 30
