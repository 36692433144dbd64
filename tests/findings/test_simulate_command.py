"""`manage.py simulate`: batches, options and errors, on files and on collected data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from collectors import models
from collectors.records import digest
from tests.builders import role as one_role
from tests.collectors.bundles import make
from tests.collectors.test_organization_bundles import OWN
from tests.findings.engine.inventory import put
from tests.findings.simulating import FILES, OBJECT, arn, simulate, word
from tests.findings.worlds import allow, document

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("simulate") / "b", FILES)


# -- batches, options, errors


def test_a_bad_line_is_named_and_the_rest_is_answered(bundle: Path) -> None:
    good = {"principal": arn("role/app"), "action": "s3:GetObject", "resource": OBJECT, "note": 7}
    bad = ["{", "[1]", '{"principal": 1}', '{"principal": "x", "action": "nonsense"}', '{"a": NaN}']
    more = [
        {**good, "resource": "b/k"},
        {**good, "context": "x=y"},
        {**good, "context": {"a": {"b": 1}}},
        {**good, "resource": 4},
    ]
    given = "\n".join([*bad, "", *map(json.dumps, more), json.dumps(good)])
    answers, _, code = simulate("--bundle", bundle, given=given)
    assert code == 1
    assert [answer.get("line") for answer in answers] == [1, 2, 3, 4, 5, 7, 8, 9, 10, None]
    assert all(answer["decision"] is None and answer["error"] for answer in answers[:-1])
    assert answers[-1] == {**good, **answers[-1], "decision": "allowed", "ignored": ["note"]}
    assert simulate("--bundle", bundle, given=json.dumps(good))[2] == 0


def test_options(bundle: Path) -> None:
    question = ("--bundle", bundle, "--principal", arn("role/mfa"), "--action", "s3:GetObject")
    ((answer,), _, code) = simulate(*question, "--context", "aws:MultiFactorAuthPresent=true", "--context", "x:y=a=b")
    assert (answer["decision"], answer["resource"], code) == ("allowed", "*", 0)
    assert answer["context"] == {"aws:MultiFactorAuthPresent": ["true"], "x:y": ["a=b"]}
    assert word(simulate(*question, "--resource", OBJECT)[0][0]) == "aws:MultiFactorAuthPresent"


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("--principal", "x"), "--principal and --action go together", 1),
        (("--principal", "x", "--action", "a:B", "--context", "novalue"), "is no key=value", 1),
    ],
)
def test_options_that_make_no_question(bundle: Path, arguments: tuple[str, ...], said: str, code: int) -> None:
    _, error, left = simulate("--bundle", bundle, *arguments)
    assert said in error
    assert left == code


def test_settings_and_complaints_of_a_bundle_are_read(tmp_path: Path) -> None:
    odd = make(tmp_path / "b", {**FILES, "settings.json": {"unused_days": 30, "colour": 1}, "iam.list-users.json": "{"})
    question = ("--principal", arn("role/app"), "--action", "s3:GetObject", "--resource", OBJECT)
    ((answer,), said, code) = simulate("--bundle", odd, *question)
    assert (word(answer), code) == ("allowed", 0)
    assert "colour" in said


def test_no_bundle_at_all(tmp_path: Path) -> None:
    lines_, said, code = simulate("--bundle", tmp_path / "none", "--principal", "x", "--action", "a:B")
    assert (lines_, code) == ([], 2)
    assert "is not there" in said


def test_as_a_process_with_bytes_that_are_no_text(bundle: Path) -> None:
    good = json.dumps({"principal": arn("role/app"), "action": "s3:GetObject", "resource": OBJECT}).encode()
    ran = subprocess.run(
        [sys.executable, "manage.py", "simulate", "--bundle", str(bundle)],
        input=b"\xef\xbb\xbf" + good + b'\n{"principal": "\xff"}\n' + good,
        cwd=CHECKOUT,
        capture_output=True,
        check=False,
    )
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [answer["decision"] for answer in answers] == ["allowed", None, "allowed"]
    assert (ran.returncode, ran.stderr) == (1, b"")


# -- collected data


@pytest.fixture
def connected_account(account: models.Account) -> models.Account:
    body = document(allow("s3:GetObject", Sid="Read"))
    models.Document.objects.create(account=account, digest=digest(body), body=body)
    put(account, one_role("app", inline={"own": digest(body)}))
    return account


def test_a_connected_account(connected_account: models.Account) -> None:
    question = ("--principal", arn("role/app"), "--action", "s3:GetObject", "--resource", OBJECT)
    for chosen in ((), ("--account", OWN)):
        ((answer,), _, code) = simulate(*chosen, *question)
        assert (word(answer), answer["by"][0]["policy"], code) == ("allowed", "inline:own", 0)


def test_accounts_are_found_by_the_question(connected_account: models.Account, other_account: models.Account) -> None:
    role_arn = arn("role/app")
    questions = [
        {"principal": role_arn, "action": "s3:GetObject", "resource": OBJECT},
        {"principal": "ec2.amazonaws.com", "action": "sts:AssumeRole", "resource": role_arn},
        {"principal": "999999999999", "action": "sts:AssumeRole", "resource": role_arn},
        {"principal": arn("role/app").replace(OWN, other_account.aws_id), "action": "s3:GetObject"},
        {"principal": "999999999999", "action": "s3:GetObject"},
        {"principal": "ec2.amazonaws.com", "action": "s3:GetObject", "resource": OBJECT},
    ]
    answers, _, code = simulate(given="\n".join(map(json.dumps, questions)))
    assert code == 1
    assert [answer["decision"] for answer in answers] == ["allowed", "allowed", "denied", None, None, None]
    errors = [answer["error"] for answer in answers[3:]]
    assert "Account 000000000002 has no role" in errors[0]
    assert "line 5: Account 999999999999 is not connected." in errors[1]
    assert errors[2] == "line 6: The question names no account; write --account."


def test_an_account_that_is_not_connected(db: None) -> None:
    lines_, said, code = simulate("--account", OWN, "--principal", arn("root"), "--action", "s3:GetObject")
    assert (lines_, code) == ([], 1)
    assert f"Account {OWN} is not connected." in said
