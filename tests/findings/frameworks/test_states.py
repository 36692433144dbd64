from __future__ import annotations

from typing import Any

import pytest

from findings.frameworks import Control, State, frameworks
from findings.frameworks.states import NOT_JUDGED, Seen, Verdict, judge
from findings.rules.controls import CIS5, HUB, WELL

SETTINGS: dict[str, Any] = {
    "off": frozenset(),
    "rotation_days": 90,
    "credential_days": 45,
    "password_length": 14,
    "password_reuse": 24,
    "password_expiry_days": 0,
    "sensitive_buckets": frozenset(),
}
SLUGS = {one.name: slug for slug, one in frameworks().items()}
ALL_CLEAR = Seen(True, 5, 5)
NONE = Seen(True)


def control(framework: str, ref: str) -> Control:
    return frameworks()[SLUGS[framework]].controls[ref]


def verdict(one: Control, settings: dict[str, Any] | None = None, **seen: Seen) -> Verdict:
    """seen: by rule; the others of the control are clear."""
    sights = {answer: seen.get(answer.code, ALL_CLEAR) for answer in one.answers}
    return judge(one, sights, SETTINGS | (settings or {}))


@pytest.mark.parametrize(
    ("ref", "seen", "state"),
    [
        ("1.13", {}, State.PASSED),
        ("1.13", {"KY102": NONE}, State.NOT_APPLICABLE),
        ("1.13", {"KY102": Seen(True, 5, 4, open=1)}, State.FAILED),
        ("1.13", {"KY102": Seen(True, 5, 4, 1)}, State.UNKNOWN),
        ("1.13", {"KY102": Seen(True, 5, 5, reasons=("iam:ListAccessKeys was denied",))}, State.UNKNOWN),
        ("1.13", {"KY102": Seen(True, reasons=("iam:ListAccessKeys was denied",))}, State.UNKNOWN),
        ("1.13", {"KY102": Seen()}, State.UNKNOWN),
        # several rules: a fault of one fails it, what one does not know leaves it open, one may have nothing to judge
        ("1.11", {"LP103": Seen(True, 1, 0, open=1), "KY103": Seen(True, 1, 0, 1)}, State.FAILED),
        ("1.11", {"KY103": Seen(True, 1, 0, 1)}, State.UNKNOWN),
        ("1.11", {"KY103": NONE, "KY104": NONE}, State.PASSED),
        # AWS Config is judged where it records IAM, and the control asks for all regions
        ("3.3", {}, State.IN_PART),
        ("3.3", {"MO107": Seen(True, 1, 0, open=1)}, State.FAILED),
        # without a trail nobody can be told: MO101 tells that, and MO117 has nothing to judge
        ("4.4", {"MO117": NONE, "MO101": Seen(True, 1, 0, open=1)}, State.FAILED),
        ("4.4", {"MO117": NONE, "MO101": Seen(True, 1, 0, 1)}, State.UNKNOWN),
        ("4.4", {"MO117": NONE}, State.NOT_APPLICABLE),
        ("4.4", {"MO101": Seen(True, 1, 0, open=1)}, State.PASSED),
        # only the account that manages an organization has one to be told of
        ("4.15", {}, State.PASSED),
        ("4.15", {"GR105": NONE}, State.NOT_APPLICABLE),
        ("4.15", {"GR105": Seen(True, reasons=("organizations:DescribeOrganization was denied",))}, State.UNKNOWN),
        ("4.15", {"GR105": Seen()}, State.UNKNOWN),
        ("4.15", {"GR105": NONE, "MO117": Seen(True, 1, 0, open=1)}, State.FAILED),
        ("1.1", {}, State.MANUAL),
        ("1.17", {}, State.NOT_COVERED),
    ],
)
def test_what_is_seen(ref: str, seen: dict[str, Seen], state: State) -> None:
    assert verdict(control(CIS5, ref), **seen).state is state


@pytest.mark.parametrize(
    ("open_", "accepted", "all_accepted"),
    [(1, 0, False), (1, 1, False), (0, 2, True)],
    ids=["open", "both", "accepted"],
)
def test_an_accepted_fault_fails_it_and_is_said(open_: int, accepted: int, all_accepted: bool) -> None:
    found = verdict(control(CIS5, "1.13"), KY102=Seen(True, 5, 3, open=open_, accepted=accepted))
    assert (found.state, found.accepted) == (State.FAILED, all_accepted)


@pytest.mark.parametrize(
    ("of", "ref", "settings", "state"),
    [
        (CIS5, "1.13", {"rotation_days": 60}, State.PASSED),
        (CIS5, "1.13", {"rotation_days": 180}, State.UNKNOWN),
        (CIS5, "1.7", {"password_length": 16}, State.PASSED),
        (CIS5, "1.7", {"password_length": 8}, State.UNKNOWN),
        (HUB, "IAM.7", {"password_length": 8}, State.PASSED),
        (HUB, "IAM.17", {}, State.NOT_COVERED),
        (HUB, "IAM.17", {"password_expiry_days": 90}, State.PASSED),
        (HUB, "IAM.17", {"password_expiry_days": 365}, State.UNKNOWN),
        (CIS5, "3.8", {"sensitive_buckets": frozenset({"payroll"})}, State.UNKNOWN),
        (CIS5, "1.13", {"off": frozenset({"KY102"})}, State.NOT_COVERED),
        (CIS5, "1.11", {"off": frozenset({"LP102"})}, State.UNKNOWN),
        (CIS5, "1.13", {"off": frozenset({"LP206"})}, State.PASSED),
        (WELL, "SEC02-BP05", {"rotation_days": 180}, State.UNKNOWN),
    ],
)
def test_a_laxer_setting_proves_nothing(of: str, ref: str, settings: dict[str, Any], state: State) -> None:
    found = verdict(control(of, ref), settings)
    assert found.state is state
    assert bool(found.why) == (state is not State.PASSED)


def test_a_laxer_setting_hides_no_fault() -> None:
    seen = Seen(True, 5, 4, open=1)
    assert verdict(control(CIS5, "1.13"), {"rotation_days": 180}, KY102=seen).state is State.FAILED


def test_reasons_are_those_of_the_rules() -> None:
    why = ("iam:ListAccessKeys was denied; it needs the permission iam:ListAccessKeys",)
    assert verdict(control(CIS5, "1.13"), KY102=Seen(True, reasons=why)).why == why
    assert verdict(control(CIS5, "1.13"), KY102=Seen()).why == (NOT_JUDGED,)
    assert verdict(control(CIS5, "1.13"), KY102=Seen(True, 9, 7, 2)).why == ("KY102 cannot tell of 2",)
