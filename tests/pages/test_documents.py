"""Documents side by side: statement by statement where they have some."""

from __future__ import annotations

from typing import Any

import pytest

from iamdash.pages.documents import compared


def document(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Statement": list(statements), **more}


ONE = {"Sid": "One", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
TWO = {"Effect": "Allow", "Action": ["ec2:Describe*", "ec2:List*"], "Resource": "*"}
DENY = {"Effect": "Deny", "NotAction": "iam:*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}


@pytest.mark.parametrize(
    ("before", "after", "states"),
    [
        (document(), document(), []),
        (document(ONE), document(ONE), ["same"]),
        (document(ONE, TWO), document(TWO, ONE), ["same", "same"]),  # their order says nothing
        ({"Statement": ONE}, document(ONE), ["same"]),  # nor does a list of one
        (document(ONE), document(ONE, DENY), ["same", "added"]),
        (document(ONE, DENY), document(ONE), ["removed", "same"]),
        (document(ONE), document({**ONE, "Action": "*"}), ["changed"]),
        (document(ONE, TWO), document({**TWO, "Sid": "One"}), ["removed", "changed"]),
        (document(TWO), document({**TWO, "Resource": "arn:aws:ec2:::x"}), ["changed"]),
        (document(DENY), document(TWO), ["removed", "added"]),
        (None, document(ONE), ["added"]),
        (document(ONE), None, ["removed"]),
        (None, None, []),
        (document(ONE, Version="2008-10-17"), document(ONE, Version="2012-10-17"), ["changed", "same"]),
        ("no policy", document(ONE), ["changed"]),
        ("no policy", "no policy", ["same"]),
        (document("x", 3), document("x"), ["removed", "same"]),
        (document(*[{"Sid": f"s{n}"} for n in range(70)]), document(), ["changed"]),
        ([1], {"Statement": "x"}, ["changed"]),
    ],
)
def test_compared(before: Any, after: Any, states: list[str]) -> None:
    assert [row.state for row in compared(before, after)] == states


def test_a_changed_statement_shows_its_lines() -> None:
    (row,) = compared(document(ONE), document({**ONE, "Action": "s3:*"}))
    assert [line for line in row.diff.lines if line.state != "same"] == [
        ("changed", '  "Action": "s3:Get*",', '  "Action": "s3:*",')
    ]
