"""What an acceptance hides, and the look-alikes that it must not. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from findings.analysis.accepting import Accepting, Fault, Terms
from findings.analysis.families import family
from findings.vocabulary import Severity
from tests.builders import AS_OF

APP = Fault(
    "LP201", "AROAAPP", "s3", Severity.HIGH, {"team": "pay", "url": "a=b"}, "set:arn:aws:sso:::permissionSet/a/b"
)
EVERYTHING: dict[str, Any] = {}


def terms(key: int = 1, days: int = 30, **said: Any) -> Terms:
    return Terms(key, said.pop("severity", Severity.CRITICAL), AS_OF + timedelta(days=days), **said)


@pytest.mark.parametrize(
    "said",
    [
        {"code": "LP20"},
        {"code": "LP2011"},
        {"code": "lp201"},
        {"code": "LP202"},
        {"subject_id": "AROAAP"},
        {"subject_id": "AROAAPP2"},
        {"subject_id": "aroaapp"},
        {"subject_id": "AROA*"},
        {"part": ""},
        {"part": "s"},
        {"part": "s3-outposts"},
        {"tag": "team"},
        {"tag": "team=pa"},
        {"tag": "team=payments"},
        {"tag": "Team=pay"},
        {"tag": "url=a"},
        {"tag": "eam=pay"},
        {"family": "set:arn:aws:sso:::permissionSet/a"},
        {"family": "fix:ou-1"},
        {"severity": Severity.MEDIUM},
        {"code": "LP201", "subject_id": "AROAOTHER"},
        {"code": "LP202", "subject_id": "AROAAPP"},
        {"code": "LP201", "tag": "team=x"},
    ],
    ids=str,
)
def test_what_looks_alike_is_not_accepted(said: dict[str, Any]) -> None:
    assert Accepting([terms(**said)]).best(APP) is None


@pytest.mark.parametrize(
    "said",
    [
        EVERYTHING,
        {"code": "LP201"},
        {"subject_id": "AROAAPP"},
        {"code": "LP201", "subject_id": "AROAAPP"},
        {"code": "LP201", "subject_id": "AROAAPP", "part": "s3"},
        {"tag": "team=pay"},
        {"tag": "url=a=b"},
        {"code": "LP201", "tag": "team=pay", "severity": Severity.HIGH},
        {"family": "set:arn:aws:sso:::permissionSet/a/b"},
    ],
    ids=str,
)
def test_what_it_says_it_hides(said: dict[str, Any]) -> None:
    assert Accepting([terms(**said)]).best(APP) == terms(**said)


def test_the_one_that_lasts_longest_counts_then_the_first() -> None:
    some = [terms(3, 10, code="LP201"), terms(1, 20), terms(2, 20, subject_id="AROAAPP"), terms(4, 90, code="LP202")]
    best = Accepting(some).best(APP)
    assert best is not None
    assert best.id == 1
    assert Accepting([]).best(APP) is None


@pytest.mark.parametrize(
    ("code", "evidence", "permission_set", "expected"),
    [
        ("GR104", {"fix_at": "prod (ou-ab12-34567890)"}, "", "fix:ou-ab12-34567890"),
        ("GR106", {"fix_at": "a (r-x) (ou-ab12-34567890)"}, "", "fix:ou-ab12-34567890"),
        ("GR104", {"fix_at": "123456789012"}, "", "fix:123456789012"),
        ("GR104", {"fix_at": ["ou-1"]}, "", ""),
        ("GR104", {}, "", ""),
        ("LP201", {"fix_at": "prod (ou-ab12-34567890)"}, "", ""),
        ("LP201", {}, "arn:s", "set:arn:s"),
    ],
)
def test_families(code: str, evidence: dict[str, Any], permission_set: str, expected: str) -> None:
    assert family(code, evidence, permission_set) == expected


@pytest.mark.parametrize(
    ("arn", "permission_set", "expected"),
    [
        ("", "", ""),
        ("arn:aws:iam::000000000001:user/deploy", "", ""),
        ("arn:aws:iam::000000000001:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef", "", ""),
        ("arn:aws:iam::000000000001:role/deploy", "arn:s", "set:arn:s"),
        (f"arn:aws:iam::000000000001:role/{'x' * 300}", "", ""),
        ("arn:aws:iam::000000000001:role/deploy", "", "role:deploy"),
        ("arn:aws-cn:iam::000000000001:role/platform/a:role/deploy", "", "role:platform/a:role/deploy"),
    ],
)
def test_one_role_in_many_accounts(arn: str, permission_set: str, expected: str) -> None:
    assert family("LP201", {}, permission_set, arn) == expected
