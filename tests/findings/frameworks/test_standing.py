from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from findings.frameworks import Control, State, frameworks
from findings.frameworks.answering import where
from findings.frameworks.evidence import evidence
from findings.frameworks.standing import standings, tallies
from findings.models import Acceptance, DecidedSetting, Finding
from tests.pages.making import checked, covered, finding

pytestmark = pytest.mark.django_db


def control(slug: str, ref: str) -> Control:
    return frameworks()[slug].controls[ref]


def state(account: Account, slug: str, ref: str) -> State:
    return standings([account], [control(slug, ref)])[account.pk].of(control(slug, ref)).state


def accept(one: Finding) -> Acceptance:
    terms = {"reason": "until March", "owner": "kim", "set_by": "ada", "severity": 5}
    made = Acceptance.objects.create(
        scope="account", account=one.account, code=one.code, expires_at=timezone.now() + timedelta(days=9), **terms
    )
    Finding.objects.filter(pk=one.pk).update(status="accepted", acceptance=made, accepted_at=timezone.now())
    return made


def test_nothing_passes_before_it_was_judged(account: Account) -> None:
    every = list(frameworks()["cis-v5"].controls.values())
    found = standings([account], every)[account.pk]
    assert {found.of(one).state for one in every} == {State.UNKNOWN, State.NOT_COVERED, State.MANUAL}


def test_parts_of_a_rule_answer_different_controls(account: Account) -> None:
    checked(account, "AB103", n_subjects=1, n_open=1, n_clear=0)
    finding(account, "AB103", part="reuse")
    assert state(account, "cis-v5", "1.8") is State.FAILED
    assert state(account, "cis-v5", "1.7") is State.PASSED
    assert state(account, "security-hub", "IAM.7") is State.PASSED
    account.rulestate_set.update(n_in_doubt=1)
    assert state(account, "cis-v5", "1.7") is State.UNKNOWN


@pytest.mark.parametrize(
    ("code", "fields", "slug", "ref", "expected"),
    [
        ("MO109", {"part": "unused"}, "cis-v5", "1.19", State.PASSED),
        ("MO109", {"part": ""}, "cis-v5", "1.19", State.FAILED),
        ("LP408", {"part": "x", "evidence": {"public": False}}, "cis-v7", "2.21", State.PASSED),
        ("LP408", {"part": "x", "evidence": {}}, "cis-v7", "2.21", State.PASSED),
        ("LP408", {"part": "x", "evidence": {"public": True}}, "cis-v7", "2.21", State.FAILED),
        ("KY104", {"part": ""}, "cis-v5", "1.10", State.PASSED),
        ("KY104", {"part": "made with the user"}, "cis-v5", "1.10", State.FAILED),
    ],
)
def test_only_what_answers_fails_it(
    account: Account, code: str, fields: dict[str, Any], slug: str, ref: str, expected: State
) -> None:
    for answer in control(slug, ref).judging:
        checked(account, answer.code)
    made = finding(account, code, **fields)
    assert state(account, slug, ref) is expected
    answering = Finding.objects.filter(where(control(slug, ref).judging))
    assert list(answering) == ([made] if expected is State.FAILED else [])


def test_subjects_tell_roles_from_users(account: Account) -> None:
    DecidedSetting.objects.create(scope="all", name="off", value=[], reason="judge all", set_by="ada")
    checked(account, "AB109")
    finding(account, "AB109", subject_type="user")
    assert state(account, "security-hub", "IAM.24") is State.PASSED
    assert state(account, "security-hub", "IAM.25") is State.FAILED


def test_what_is_off_by_default_is_not_covered(account: Account) -> None:
    checked(account, "AB109", n_subjects=0, n_clear=0)
    assert state(account, "security-hub", "IAM.24") is State.NOT_COVERED


def test_accepted_and_resolved_findings(account: Account) -> None:
    checked(account, "KY102", n_open=1)
    finding(account, "KY102", subject_type="key", resolved_at=timezone.now())
    one = finding(account, "KY102", subject_type="key")
    asked = control("cis-v5", "1.13")
    assert standings([account], [asked])[account.pk].faults(asked) == (1, 0)
    accept(one)
    found = evidence([account], [asked])
    verdict = found.standings[account.pk].of(asked)
    assert (verdict.state, verdict.accepted) == (State.FAILED, True)
    (excepted,) = found.excepted(account.pk, asked)
    assert (excepted.reason, excepted.owner, excepted.by, excepted.n) == ("until March", "kim", "ada", 1)


def test_settings_of_the_account_count(account: Account, other_account: Account) -> None:
    for one in (account, other_account):
        checked(one, "KY102")
    DecidedSetting.objects.create(
        scope="account", account=account, name="rotation_days", value=180, reason="old", set_by="ada"
    )
    assert state(account, "cis-v5", "1.13") is State.UNKNOWN
    assert state(other_account, "cis-v5", "1.13") is State.PASSED


def test_over_accounts_the_worst_counts(account: Account, other_account: Account) -> None:
    checked(account, "KY102")
    checked(other_account, "KY102", n_open=2)
    for _ in range(2):
        finding(other_account, "KY102", subject_type="key")
    asked = control("cis-v5", "1.13")
    tally = tallies([account, other_account], [asked])[asked]
    assert tally.state is State.FAILED
    assert dict(tally.states) == {State.PASSED: 1, State.FAILED: 1}
    assert (tally.findings, tally.findings_accepted, tally.accepted) == (2, 0, 0)


def test_one_account_in_which_nobody_looks_keeps_it_from_passing(account: Account, other_account: Account) -> None:
    asked = control("cis-v5", "1.13")
    for one in (account, other_account):
        checked(one, "KY102")
    DecidedSetting.objects.create(
        scope="account", account=account, name="off", value=["KY102"], reason="x", set_by="ada"
    )
    assert tallies([account, other_account], [asked])[asked].state is State.NOT_COVERED
    assert tallies([other_account], [asked])[asked].state is State.PASSED


def test_evidence_tells_what_was_read_and_when(account: Account) -> None:
    asked = control("cis-v5", "1.13")
    read = covered(account, "iam:ListAccessKeys")
    found = evidence([account], [asked])
    assert [one.api for one in found.reads(account.pk, asked)] == ["iam:ListAccessKeys"]
    assert found.oldest(account.pk, asked) == read.complete_at
    assert evidence([account], [control("cis-v5", "1.11")]).oldest(account.pk, asked) == read.complete_at


def test_what_was_never_read_whole_has_no_age(account: Account) -> None:
    asked = control("cis-v5", "1.11")
    covered(account, "iam:ListAccessKeys")
    covered(account, "iam:GetCredentialReport", "denied")
    found = evidence([account], [asked])
    assert found.oldest(account.pk, asked) is None
    assert {one.api: one.whole for one in found.reads(account.pk, asked)} == {
        "iam:ListAccessKeys": True,
        "iam:GetCredentialReport": False,
    }


def test_as_many_queries_for_many_accounts(account: Account, django_assert_num_queries: Any) -> None:
    every = [one for framework in frameworks().values() for one in framework.controls.values()]
    many = [Account.objects.create(aws_id=f"{n:012}", name=f"account {n}") for n in range(10, 20)]
    for one in many:
        checked(one, "KY102")
        checked(one, "AB103")
    with django_assert_num_queries(9, exact=False) as one_account:
        tallies([account], every)
    with django_assert_num_queries(len(one_account), exact=False):
        tallies(many, every)
