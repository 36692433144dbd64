"""LP213 on policies and holders; what is a fault stands in tests/findings/policy/test_lint.py."""

from __future__ import annotations

from collectors import records
from tests.builders import aws_policy, policy, role
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.rules.policies import allow, deny, document, of_policy, of_role


def test_silent() -> None:
    assert of_policy("LP213", allow("s3:*")) == ["clear"]
    assert statuses("LP213", role(attached=(aws_policy("ReadOnlyAccess"),))) == ["clear"]
    assert of_role("LP213", allow("s3:Frob"), path="/aws-service-role/x.amazonaws.com/") == []


def test_a_part_a_kind_of_fault() -> None:
    statements = allow(["s3:Frob", "sqs:Frob"]), deny("s3:DeleteBucket", "arn:aws:s3:::orders/*")
    assert of_policy("LP213", *statements) == ["open unknown action", "open deny never matches"]
    assert of_role("LP213", statements[0]) == ["open inline:own unknown action"]


def test_boundaries_and_unattached_policies_are_read_too() -> None:
    assert of_policy("LP213", allow("s3:Frob"), attachment_count=0, boundary_count=1) == ["open unknown action"]
    assert of_policy("LP213", allow("s3:Frob"), attachment_count=0) == ["open unknown action"]


def test_words() -> None:
    body = document(allow(["s3:Frob", "sqs:Frob"], Sid="Work"))
    (verdict,) = verdicts("LP213", policy(document=records.digest(body)), trusts=[body])
    assert verdict.title == "Policy app-access: unknown action, s3:Frob in statement 1 (Work) and 1 more"
    assert verdict.evidence["found"] == ["statement 1 (Work): s3:Frob", "statement 1 (Work): sqs:Frob"]


def test_unknown() -> None:
    assert statuses("LP213", policy(document="nowhere")) == ["unknown"]
