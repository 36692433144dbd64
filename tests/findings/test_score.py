"""The score never rises by seeing less, never falls by putting something right, and is the same for the same data."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import records
from collectors.records import State
from findings.analysis.facts import Facts, Settings
from findings.rules import registry
from findings.rules.judgement import Judgement, judge_facts
from findings.score import WHOLE, Fault, Score, score, share, worth
from tests.builders import APIS, coverage, credential, facts, group, key, role, root, slot, snapshot, summary, user

FAULTY: tuple[records.Record, ...] = (
    role("old", used=400, unique_id="AROAOLD"),
    role("idle", used=200, unique_id="AROAIDLE"),
    role("busy", used=1, unique_id="AROABUSY"),
    user("alice", unique_id="AIDAALICE", attached=("arn:aws:iam::aws:policy/AdministratorAccess",)),
    credential("alice", password_enabled=True, mfa_active=False),
    key("alice", created=500, used=400, unique_id="AKIAOLD"),
    key("alice", created=400, used=1, unique_id="AKIAUSED"),
    group("empty", unique_id="AGPAEMPTY"),
    root(mfa_active=False, slots=(slot(used=10),)),
    summary(AccountMFAEnabled=0, AccountAccessKeysPresent=1),
)
CLEAN = tuple(role(f"clean-{n}", used=1, unique_id=f"AROACLEAN{n}") for n in range(100))


def of(*entities: records.Record, off: frozenset[str] = Settings().off, **more: object) -> Score:
    return score(judge_facts(facts(*entities, settings=Settings(off=off), **more)))


@pytest.fixture(scope="module")
def whole() -> Score:
    return of(*FAULTY)


def test_points_are_shared_out_and_a_rule_loses_more_with_each_subject() -> None:
    assert abs(sum(worth().values()) - WHOLE) <= len(worth())
    assert not {"LP206", "AB109"} & worth().keys()
    assert [round(share(n), 2) for n in (0, 1, 3, 15, 127)] == [0, 0.5, 0.67, 0.8, 0.88]


def test_the_lost_points_are_told_by_rule_and_add_up(whole: Score) -> None:
    assert 0 < whole.value < WHOLE
    assert whole.value + sum(map(sum, whole.lost.values())) == WHOLE
    assert whole.lost["AB101"].open == round(worth()["AB101"] / 2)


def test_same_data_same_score_in_any_order(whole: Score) -> None:
    shuffled = Random(1).sample(FAULTY, len(FAULTY))
    assert of(*shuffled) == whole


@pytest.mark.parametrize("state", [State.DENIED, None])
@pytest.mark.parametrize("api", APIS)
def test_dropping_a_source_never_raises_it(whole: Score, api: str, state: State | None) -> None:
    found = of(*FAULTY, coverage=coverage(**{api.partition(":")[2]: state}))
    assert found.value <= whole.value
    assert found.unknown >= whole.unknown


def test_of_an_account_of_which_nothing_was_read_all_is_unknown() -> None:
    found = of(coverage=())
    assert found.value + found.unknown == WHOLE
    assert found.value < WHOLE / 4


def test_a_hundred_clean_roles_never_raise_it(whole: Score) -> None:
    """They lose only what cannot be told of them yet: whether their access was widened (LP212)."""
    found = of(*FAULTY, *CLEAN)
    assert found.value <= whole.value
    assert {code for code in whole.lost if found.lost[code] != whole.lost[code]} <= {"LP212"}
    assert found.lost.keys() == whole.lost.keys()
    assert of(*CLEAN).value <= of().value


@pytest.mark.parametrize("n", [n for n, one in enumerate(FAULTY) if isinstance(one, records.Role | records.Group)])
def test_putting_something_right_never_lowers_it(whole: Score, n: int) -> None:
    assert of(*FAULTY[:n], *FAULTY[n + 1 :]).value >= whole.value


def test_switching_a_rule_off_never_raises_it(whole: Score) -> None:
    for code in sorted(whole.lost):
        found = score(_judged(off=Settings().off | {code}))
        assert found.value <= whole.value
        assert found.lost[code].decided > 0


def _judged(off: frozenset[str]) -> Judgement:
    """Without judging all again: a rule that is off says nothing."""
    known = _once()
    verdicts = tuple(v for v in known.verdicts if v.rule.code not in off)
    return Judgement(Facts(known.facts.snapshot, Settings(off=off)), known.rules, verdicts, known.missing)


def _once(kept: list[Judgement] = []) -> Judgement:  # noqa: B006 - judged once for all examples
    if not kept:
        kept.append(judge_facts(facts(*FAULTY)))
    return kept[0]


CODES = sorted(registry.catalogue())
FAULTS = st.lists(st.builds(Fault, st.sampled_from(CODES), st.sampled_from("abcdef"), st.booleans()), max_size=30)


@given(FAULTS, st.data())
@settings(deadline=None)
def test_resolving_never_lowers_and_accepting_never_changes_it(faults: list[Fault], data: st.DataObject) -> None:
    judged = Judgement(Facts(snapshot(), Settings()), {}, (), {})
    before = score(judged, faults)
    if faults:
        gone = data.draw(st.sampled_from(faults))
        assert score(judged, [one for one in faults if one[:2] != gone[:2]]).value >= before.value
    accepted = score(judged, [one._replace(accepted=True) for one in faults])
    assert accepted.value == before.value
    assert accepted.decided >= before.decided
    assert accepted.decided == WHOLE - accepted.value
