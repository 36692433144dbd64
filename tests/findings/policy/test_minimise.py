from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings.policy.catalogue import Level, catalogue
from findings.policy.minimise import pack, reads, writing_patterns

C = catalogue()
BITS = st.sets(st.integers(0, len(C.names) - 1), max_size=60).map(lambda some: sum(1 << i for i in some))
SERVICES = st.lists(st.sampled_from(sorted(C.services)), max_size=4).map(lambda some: C.mask(f"{s}:*" for s in some))


def test_nothing_is_written_for_nothing() -> None:
    assert pack(0, C.all, C) == ()


@pytest.mark.parametrize(
    ("actions", "written"),
    [
        (["s3:GetObject"], ("s3:GetObject",)),
        (["s3:PutObject", "s3:GetObject"], ("s3:GetObject", "s3:PutObject")),
        (["iam:*"], None),
        (["kms:Describe*", "kms:Get*"], None),
    ],
)
def test_patterns_match_what_was_asked(actions: list[str], written: tuple[str, ...] | None) -> None:
    wanted = C.mask(actions)
    found = pack(wanted, reads(C), C)
    assert C.mask(found) == wanted
    assert written in (None, found)


def test_reads_are_written_short_and_writes_in_full() -> None:
    found = pack(C.services["s3"], reads(C), C)
    assert "s3:Get*" in found
    assert "s3:PutObject" in found
    assert writing_patterns(found, C) == ()


def test_a_pattern_never_is_a_whole_service() -> None:
    """A service of reads only may get writes tomorrow."""
    found = pack(C.all, C.all, C)
    assert not [pattern for pattern in found if pattern.endswith(":*")]


def test_one_read_too_few_and_the_pattern_is_gone() -> None:
    all_but_one = C.match("s3:Get*") & ~C.bit("s3:GetObject")
    found = pack(all_but_one, reads(C), C)
    assert "s3:Get*" not in found
    assert C.mask(found) == all_but_one


def test_words_are_never_cut() -> None:
    """ "ec2:DescribeI*" would be shorter than what it stands for."""
    found = pack(C.match("ec2:DescribeI*"), reads(C), C)
    assert "ec2:DescribeI*" not in found
    assert C.mask(found) == C.match("ec2:DescribeI*")


@given(BITS, SERVICES)
def test_exactly_the_set_and_wildcards_for_reads_only(some: int, services: int) -> None:
    wanted = some | services
    found = pack(wanted, reads(C), C)
    assert C.mask(found) == wanted
    assert writing_patterns(found, C) == ()
    assert len(set(found)) == len(found)


def test_patterns_that_write() -> None:
    asked = ["s3:Get*", "s3:PutObject", "s3:Put*", "*", "iam:?etRole", "nosuchservice:*", "s3:NoSuchAction"]
    assert writing_patterns(asked, C) == ("s3:Put*", "*", "nosuchservice:*")


def test_an_action_of_unknown_level_is_no_read() -> None:
    assert reads(C) & C.levels.get(Level.UNKNOWN, 0) == 0
