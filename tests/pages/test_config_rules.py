"""What AWS Config's rules say of an account's IAM, beside what ours say."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from collectors.models.inventory import store
from collectors.records import ConfigRecorder, ConfigRule, Part
from findings.analysis.config_recording import COMPLIANCE, RULES
from findings.rules import registry
from findings.rules.counterparts import COUNTERPARTS
from iamdash.pages.config_rules import of_account
from tests.findings.rules.test_config_rules import recorder, rule
from tests.pages.conftest import Made
from tests.pages.making import SCRIPT, covered, finding
from tests.pages.shown import text


def known(account: Account, *rules: ConfigRule, recorders: tuple[ConfigRecorder, ...] = ()) -> None:
    store(account, Part(config_rules=rules, recorders=recorders), (), timezone.now())
    covered(account, RULES)


def page(account: Account, sign_in: Any) -> str:
    return str(text(sign_in().get(f"/accounts/{account.aws_id}/")))


def test_what_nobody_asked_is_not_none(made: Made, sign_in: Any) -> None:
    assert "AWS Config was not asked yet" in page(made.account, sign_in)


def test_no_rule_and_no_recorder(made: Made, sign_in: Any) -> None:
    known(made.account)
    shown = page(made.account, sign_in)
    assert "No rule of AWS Config judges IAM here. Recorders: none." in shown


def test_what_they_say_stands_beside_what_ours_say(made: Made, sign_in: Any) -> None:
    mfa = {"identifier": "IAM_USER_MFA_ENABLED", "origin": "securityhub.amazonaws.com"}
    known(
        made.account,
        rule("mfa", compliance="COMPLIANT", **mfa),
        rule("mfa", "eu-west-1", compliance="NON_COMPLIANT", offending=25, capped=True, **mfa),
        rule("passwords", origin="organization", compliance="COMPLIANT"),
        rule("root", identifier="ROOT_ACCOUNT_MFA_ENABLED"),
        rule("inline", identifier="IAM_NO_INLINE_POLICY_CHECK"),
        rule("nightly", owner="CUSTOM_LAMBDA", identifier="arn:f", vague=True),
        recorders=(recorder(),),
    )
    for code, who in (("HM107", "ann"), ("HM107", "bob"), ("LP101", "app")):
        made.finding(code, subject=who)
    finding(made.account, "HM107", resolved_at=timezone.now())
    made.state("AB103")
    made.state("AB101", n_unknown=1)
    shown = page(made.account, sign_in)
    assert "mfa IAM_USER_MFA_ENABLED eu-west-1, us-east-1 securityhub.amazonaws.com" in shown
    assert "does not comply 25 or more resources HM107 2 open" in shown
    assert "the organization" in shown
    assert "complies AB103 nothing open" in shown
    assert "AB101 unknown" in shown
    assert "LP206 not judged" in shown
    assert "names no scope: only its code tells what it judges" in shown
    assert "Recorders: us-east-1: all types ." in shown.replace("types.", "types .")
    assert "Not everywhere could be read" not in shown


def test_names_are_text_and_what_could_not_be_read_is_said(made: Made, sign_in: Any) -> None:
    known(made.account, rule(SCRIPT, origin=SCRIPT))
    covered(made.account, COMPLIANCE, "denied")
    body = sign_in().get(f"/accounts/{made.account.aws_id}/").content.decode()
    assert SCRIPT not in body
    assert "&lt;script&gt;alert(1)" in body
    assert f"<code>{COMPLIANCE}</code>" in body
    assert "was not read" in body


def test_it_takes_as_many_queries_as_ever(made: Made, django_assert_num_queries: Any) -> None:
    known(made.account, *(rule(f"rule-{n}") for n in range(30)), recorders=(recorder(), recorder("eu-west-1")))
    with django_assert_num_queries(4):
        found = of_account(made.account, ())
    assert len(found["rules"]) == 30


@pytest.mark.parametrize("code", sorted({code for codes in COUNTERPARTS.values() for code in codes}))
def test_counterparts_are_rules(code: str) -> None:
    assert registry.rule(code)
