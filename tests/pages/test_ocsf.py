"""Each event against OCSF's published schema, as the package ocsf-json-schema brings it, and what we say in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from collectors.models import Account
from findings.models import Finding
from findings.vocabulary import Severity, SubjectType
from iamdash.pages.ocsf import TYPES, VERSION
from tests.findings.frameworks.test_standing import accept
from tests.pages.making import FORMULA, SCRIPT, ago, finding

Client = Callable[..., Any]


@cache
def schema() -> Any:
    """Of the class, with its objects below $defs; it allows no attribute that it does not name."""
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("compliance_finding", ["cloud"])


def events(client: Any, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"/findings/?export=ocsf{query}")
    assert response["Content-Disposition"].endswith('.ocsf.jsonl"')
    return [json.loads(line) for line in response.body.splitlines()]


def check(event: dict[str, Any]) -> None:
    errors = Draft202012Validator(schema()).iter_errors(event)
    assert [f"{one.json_path}: {one.message}" for one in errors] == []
    assert list(deprecated(event, schema())) == []
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["metadata"]["version"] == VERSION


def deprecated(value: Mapping[str, Any], of: Mapping[str, Any]) -> Iterator[str]:
    """Attributes in it that the schema keeps for older events alone."""
    for name, one in value.items():
        known = of["properties"].get(name, {})
        if known.get("deprecated"):
            yield name
        ref = known.get("$ref") or known.get("items", {}).get("$ref", "")
        if inner := schema()["$defs"].get(ref.removeprefix("#/$defs/")):
            for each in one if isinstance(one, list) else [one]:
                yield from (f"{name}.{said}" for said in deprecated(each, inner))


def test_the_check_sees_what_the_schema_does_not_allow(sign_in: Client, account: Account) -> None:
    finding(account)
    (event,) = events(sign_in())
    for spoilt in (
        {"cloud": {}}, {"severity_id": 7}, {"comments": "x"}, {"time": "2026-11-27"}, {"status": None},
        {"resources": [{"type": "AWS::IAM::Role"}]}, {"resource": {"name": "x"}}, {"compliance": {"status_detail": "x"}},
        {"metadata": {"version": "1.9.0", "product": {"name": "iamdash"}}},
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            check(event | spoilt)


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
