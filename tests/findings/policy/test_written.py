from __future__ import annotations

import json
from typing import Any

import pytest

from findings.policy.document import Document, read
from findings.policy.written import POLICY_CHARACTERS, Written, document_json, size, split


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> Document:
    found = read({"Version": version, "Statement": list(statements)})
    assert isinstance(found, Document)
    return found


def written(*statements: dict[str, Any], version: str = "2012-10-17") -> list[Written]:
    found = document(*statements, version=version)
    return [Written(s, found.has_variables) for s in found.statements]


def allow(actions: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


@pytest.mark.parametrize(
    "raw",
    [
        {"Version": "2012-10-17", "Statement": [allow("s3:GetObject")]},
        {"Version": "2012-10-17", "Id": "x", "Statement": [{"Sid": "A", **allow(["a:B", "a:C"], ["x", "y"])}]},
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "NotAction": "iam:*",
                    "NotResource": ["a", "b"],
                    "Condition": {
                        "Bool": {"aws:SecureTransport": "false"},
                        "StringLike": {"a": ["x", "y"], "b": "z"},
                    },
                }
            ],
        },
        {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]},
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": ["*", "111122223333"], "Service": "ec2.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ]
        },
    ],
)
def test_what_was_read_is_written_back(raw: dict[str, Any]) -> None:
    found = read(raw)
    assert isinstance(found, Document)
    assert document_json(found) == raw


def test_white_space_is_not_counted() -> None:
    raw = {"Version": "2012-10-17", "Statement": [allow("s3:GetObject", "arn:aws:s3:::a b\u00e9")]}
    text = json.dumps(raw, indent=4, ensure_ascii=False)
    assert size(raw) == len("".join(text.split()))


def test_nothing_makes_no_document() -> None:
    assert split([]) == ()


def test_small_statements_share_a_document_in_their_order() -> None:
    (one,) = split(written(allow("s3:GetObject"), {"Effect": "Deny", "Action": "s3:*", "Resource": "x"}, allow("a:B")))
    assert [s["Action"] for s in one["Statement"]] == ["s3:GetObject", "s3:*", "a:B"]


def test_a_sid_is_unique_in_its_document() -> None:
    (one,) = split(written({"Sid": "Read", **allow("s3:GetObject")}, {"Sid": "Read", **allow("s3:PutObject")}))
    assert [s["Sid"] for s in one["Statement"]] == ["Read", "Read2"]


def test_the_limit_is_kept_to_the_character() -> None:
    statement = allow("s3:GetObject", "r")
    room = POLICY_CHARACTERS - size({"Version": "2012-10-17", "Statement": [statement]})
    fits = allow("s3:GetObject", "r" * (room + 1))
    assert size({"Version": "2012-10-17", "Statement": [fits]}) == POLICY_CHARACTERS
    assert len(split(written(fits))) == 1
    assert len(split(written(fits, allow("a:B")))) == 2


def test_a_long_statement_is_cut_along_its_actions() -> None:
    actions = [f"service{n}:Action{n}" for n in range(1_000)]
    found = split(written({"Sid": "Many", **allow(actions), "Condition": {"Bool": {"a": "true"}}}))
    assert all(size(one) <= POLICY_CHARACTERS for one in found)
    assert [a for one in found for s in one["Statement"] for a in s["Action"]] == actions
    assert {json.dumps(s["Condition"]) for one in found for s in one["Statement"]} == {'{"Bool": {"a": "true"}}'}
    assert len(found) == -(-sum(len(a) + 3 for a in actions) // (POLICY_CHARACTERS - 120))  # and filled to the brim


def test_then_along_its_resources() -> None:
    resources = [f"arn:aws:s3:::bucket-{n}" for n in range(1_000)]
    found = split(written(allow("s3:GetObject", resources)))
    assert all(size(one) <= POLICY_CHARACTERS for one in found)
    assert [r for one in found for s in one["Statement"] for r in s["Resource"]] == resources


def test_what_cannot_be_cut_stands_alone_and_over_the_limit() -> None:
    """NotAction is not a list of things to share out: each half would allow the other."""
    long = {"Effect": "Allow", "NotAction": [f"service{n}:*" for n in range(1_000)], "Resource": "*"}
    found = split(written(allow("a:B"), long, allow("c:D")))
    assert [size(one) > POLICY_CHARACTERS for one in found] == [False, True, False]


def test_old_documents_keep_their_version_where_it_matters() -> None:
    """In a document without the newer version, ${aws:username} is plain text."""
    home = allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}")
    found = split(
        [
            *written(allow("a:B"), version="2008-10-17"),
            *written(home, version="2008-10-17"),
            *written(home),
        ]
    )
    assert [one["Version"] for one in found] == ["2012-10-17", "2008-10-17", "2012-10-17"]
