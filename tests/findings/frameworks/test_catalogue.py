from __future__ import annotations

import pytest

from findings.analysis.alarming.families import FAMILIES
from findings.analysis.setting_fields import DECIDED
from findings.frameworks import Framework, frameworks
from findings.rules.account_basics.password_policy_weak import CLASSES
from findings.rules.controls import CONTROLS
from findings.rules.coverage import problems
from findings.rules.registry import catalogue

PARTS = {
    "AB103": {"length", "reuse", "expiry", *CLASSES},
    "GR109": {"services", "policies"},
    "KY104": {"made with the user"},
    "MO105": {"public", "logging"},
    "MO106": {"read", "write"},
    "MO107": {"recorder", "types"},
    "MO109": {""},
    "MO117": {family.part for family in FAMILIES},
}
EACH = pytest.mark.parametrize("one", frameworks().values(), ids=lambda one: one.slug)


def test_rules_and_catalogues_agree() -> None:
    assert problems() == []


@EACH
def test_each_control_is_in_one_section_and_says_who_answers_it(one: Framework) -> None:
    listed = [control.ref for _, some in one.by_section() for control in some]
    assert listed == list(one.controls)
    assert set(listed) == set(CONTROLS[one.name])
    for control in one.controls.values():
        assert bool(control.judging) != bool(control.asked.lacks), control.ref


@EACH
def test_what_narrows_an_answer_is_of_a_rule_that_answers(one: Framework) -> None:
    for control in one.controls.values():
        answering = {answer.code for answer in control.judging}
        assert control.asked.only.keys() <= answering, control.ref
        assert set(control.asked.guards) <= catalogue().keys()
        assert control.asked.limits.keys() <= DECIDED.keys(), control.ref
        for code, only in control.asked.only.items():
            assert set(only.parts) <= PARTS.get(code, set()), (control.ref, code)


@pytest.mark.parametrize(
    ("slug", "ref", "codes"),
    [
        ("cis-v3", "1.12", {"KY103", "KY104", "LP102", "LP103"}),
        ("cis-v5", "4.1", {"MO117"}),
        ("cis-v7", "2.21", {"LP401", "LP408"}),
        ("security-hub", "IAM.4", {"KY101"}),
        ("well-architected", "SEC03-BP09", {"LP402", "LP403", "LP405", "LP407"}),
        ("cis-v5", "1.1", set()),
    ],
)
def test_which_rules_answer(slug: str, ref: str, codes: set[str]) -> None:
    assert {answer.code for answer in frameworks()[slug].controls[ref].judging} == codes


def test_what_is_asked_alike_is_judged_once() -> None:
    old, new = frameworks()["cis-v3"].controls["1.14"], frameworks()["cis-v5"].controls["1.13"]
    assert old.question == new.question
    assert old.question != frameworks()["cis-v5"].controls["1.12"].question
