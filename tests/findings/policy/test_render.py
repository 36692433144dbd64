from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from findings.policy.render import Change, Holding, NewPolicy, cli, rollback, terraform, to_json

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": 'arn:aws:s3:::home/${aws:username}/it\'s "quoted" \\ %{if} é',
        }
    ],
}
TWISTED = {"Version": "2012-10-17", "Statement": {"Resource": "$${aws:username} and 5% of %%{x}"}}


def change(kind: str = "role", name: str = "app", **more: Any) -> Change:
    given = {"new": (NewPolicy("app-right-sized-1", DOCUMENT),), **more}
    return Change(kind, (name,), "aws", "111122223333", **given)


def commands(script: str) -> list[list[str]]:
    head, *lines = script.splitlines()
    assert head == "set -euo pipefail"
    return [shlex.split(line) for line in lines]


def heredocs(hcl: str) -> list[Any]:
    """The documents as Terraform reads them."""
    bodies = re.findall(r"= <<POLICY\n(.*?)\nPOLICY\n", hcl, flags=re.DOTALL)
    assert all(not re.search(r"(?<!\$)\$\{|(?<!%)%\{", body) for body in bodies)
    return [json.loads(body.replace("$${", "${").replace("%%{", "%{")) for body in bodies]


def test_json_reads_back() -> None:
    assert json.loads(to_json(DOCUMENT)) == DOCUMENT


@pytest.mark.parametrize("document", [DOCUMENT, TWISTED])
def test_terraform_sees_no_template_of_its_own(document: dict[str, Any]) -> None:
    assert heredocs(terraform(change(new=(NewPolicy("p", document),)))) == [document]


def test_terraform_names_are_quoted_and_labels_are_identifiers() -> None:
    text = terraform(change(name='1=a"b', new=(NewPolicy('x"${y}', DOCUMENT), NewPolicy("z", DOCUMENT))))
    assert re.findall(r'"aws_iam_policy" "([^"]+)"', text) == ["right_sized_1_a_b_1", "right_sized_1_a_b_2"]
    assert 'name   = "x\\"$${y}"' in text
    assert 'role       = "1=a\\"b"' in text
    assert "policy_arn = aws_iam_policy.right_sized_1_a_b_2.arn" in text


def test_terraform_tells_what_to_take_out_and_stays_one_line_a_comment() -> None:
    old = Holding(managed=("arn:aws:iam::aws:policy/X",), inline={"a\nresource": DOCUMENT}, groups=("ops",))
    lines = terraform(change("user", old=old)).splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "# Take out: arn:aws:iam::aws:policy/X",
        "# Take out: inline policy a resource",
        "# Take out: membership in group ops",
    ]
    assert 'resource "aws_iam_user_policy_attachment" "right_sized_app_1" {' in lines


def test_commands_attach_before_they_detach() -> None:
    old = Holding(managed=("arn:aws:iam::aws:policy/X",), inline={"-own": {"Statement": []}})
    found = commands(cli(change(old=old)))
    assert [words[2] for words in found] == [
        "create-policy",
        "attach-role-policy",
        "detach-role-policy",
        "delete-role-policy",
    ]
    create = dict(option.removeprefix("--").split("=", 1) for option in found[0][3:])
    assert json.loads(create["policy-document"]) == DOCUMENT
    assert found[1][3:] == ["--role-name=app", "--policy-arn=arn:aws:iam::111122223333:policy/app-right-sized-1"]
    assert found[3][3:] == ["--role-name=app", "--policy-name=-own"]


def test_a_name_cannot_leave_its_quotes() -> None:
    evil = "x'; rm -rf / #"
    (_, attach) = commands(cli(change(name=evil)))
    assert attach[3] == f"--role-name={evil}"


def test_the_way_back_gives_first_and_takes_then() -> None:
    old = Holding(managed=("arn:aws:iam::aws:policy/X",), inline={"own": DOCUMENT}, groups=("ops",))
    found = commands(rollback(change("user", old=old)))
    assert [words[2] for words in found] == [
        "put-user-policy",
        "attach-user-policy",
        "add-user-to-group",
        "detach-user-policy",
    ]
    assert json.loads(found[0][-1].partition("=")[2]) == DOCUMENT


def test_a_boundary_is_set_on_each_and_takes_nothing_away() -> None:
    made = Change("role", ("a", "b"), "aws-cn", "111122223333", (NewPolicy("limit", DOCUMENT),), boundary=True)
    found = commands(cli(made))
    assert [words[2] for words in found] == ["create-policy", *["put-role-permissions-boundary"] * 2]
    assert found[2][3:] == ["--role-name=b", "--permissions-boundary=arn:aws-cn:iam::111122223333:policy/limit"]
    assert [words[2] for words in commands(rollback(made))] == ["delete-role-permissions-boundary"] * 2
    assert "attachment" not in terraform(made)
