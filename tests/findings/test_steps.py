"""What to do next, as relations between worlds: more to gain never ranks lower, more effort never ranks higher. Pure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from findings import steps
from findings.rules import registry
from findings.score import WEIGHTS
from findings.vocabulary import Effort, Severity

PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIZES = st.sampled_from(Effort)
COUNTS = st.dictionaries(st.sampled_from(Severity), st.integers(0, 5_000), max_size=5)


def test_nothing_to_close_is_worth_nothing() -> None:
    assert steps.worth(Effort.SMALL, {}) == 0
    assert steps.worth(Effort.SMALL, {Severity.INFO: 10_000}) == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((Effort.SMALL, {Severity.CRITICAL: 1}), (Effort.SMALL, {Severity.HIGH: 1})),
        ((Effort.SMALL, {Severity.HIGH: 1}), (Effort.MEDIUM, {Severity.HIGH: 1})),
        ((Effort.SMALL, {Severity.HIGH: 2}), (Effort.SMALL, {Severity.HIGH: 1})),
        ((Effort.SMALL, {Severity.CRITICAL: 1}), (Effort.SMALL, {Severity.LOW: 100_000})),
    ],
)
def test_what_is_worth_more(
    better: tuple[Effort, dict[Severity, int]], worse: tuple[Effort, dict[Severity, int]]
) -> None:
    assert steps.worth(*better) > steps.worth(*worse)


@PATIENT
@given(SIZES, COUNTS, st.sampled_from(Severity), st.booleans())
def test_one_more_finding_never_makes_an_action_worth_less(
    size: Effort, counts: dict[Severity, int], more: Severity, together: bool
) -> None:
    grown = {**counts, more: counts.get(more, 0) + 1}
    assert steps.worth(size, grown, together=together) >= steps.worth(size, counts, together=together) - 1e-9


@PATIENT
@given(SIZES, COUNTS, st.sampled_from([Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH]))
def test_a_worse_finding_never_makes_it_worth_less(size: Effort, counts: dict[Severity, int], of: Severity) -> None:
    counts = {**counts, of: counts.get(of, 0) + 1}
    raised = {**counts, of: counts[of] - 1, Severity(of + 1): counts.get(Severity(of + 1), 0) + 1}
    assert steps.worth(size, raised) >= steps.worth(size, counts) - 1e-9


@PATIENT
@given(COUNTS)
def test_one_change_for_all_is_never_worth_less_than_each_by_itself(counts: dict[Severity, int]) -> None:
    for size in Effort:
        assert steps.worth(size, counts, together=True) >= steps.worth(size, counts) - 1e-9


@PATIENT
@given(COUNTS)
def test_what_takes_more_effort_is_worth_less(counts: dict[Severity, int]) -> None:
    small, medium, large = (steps.worth(size, counts) for size in Effort)
    assert small >= medium >= large


@PATIENT
@given(SIZES, COUNTS)
def test_no_action_promises_more_than_its_worst_findings_allow(size: Effort, counts: dict[Severity, int]) -> None:
    worst = max((WEIGHTS[severity] for severity, n in counts.items() if n), default=0)
    assert steps.worth(size, counts) <= worst * steps.LIKE / size + 1e-9


def test_every_rule_says_its_effort_in_its_own_file() -> None:
    folder = Path(registry.findings.rules.__file__).parent
    for rule in registry.rules():
        text = (folder / rule.practice.folder / f"{rule.slug.replace('-', '_')}.py").read_text()
        assert f"effort=Effort.{rule.effort.name}" in text


def test_the_documentation_says_what_the_sizes_and_weights_are() -> None:
    text = Path("docs/operate/next.md").read_text()
    for size in Effort:
        assert f"| {size.word} | {size.value} | {size.means} |" in text
    assert ", ".join(f"{s.slug} {WEIGHTS[s]}" for s in steps.WORST_FIRST[:4]) in text
