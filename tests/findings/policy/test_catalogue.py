from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from findings.policy.catalogue import LONGEST, Catalogue, Level, catalogue

C = catalogue()
INDEX = st.integers(0, len(C.names) - 1)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """A name with some of it taken for wildcards, in any case."""
    text = draw(st.sampled_from(C.names))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        text = (
            text[:start]
            + draw(st.sampled_from(["*", "?", "**", "[", "e", ""]))
            + text[draw(st.integers(start, len(text))) :]
        )
    return draw(st.sampled_from([str, str.lower, str.upper]))(text)


@pytest.mark.parametrize(
    "pattern", ["", "s3", "s3:", "s3:Get", "s3:NoSuchAction", "nosuch:*", "[*", "s3:[G]et*", "*" + "e" * LONGEST + "*"]
)
def test_matches_nothing(pattern: str) -> None:
    assert C.match(pattern) == 0


@given(patterns())
@settings(max_examples=60, deadline=None)
def test_match_is_what_fnmatch_says_of_every_name(pattern: str) -> None:
    plain = pattern.lower().replace("[", "[[]")
    assert C.members(C.match(pattern)) == [name for name in C.names if fnmatchcase(name.lower(), plain)]


@pytest.mark.parametrize("pattern", ["*", "**", "*:*"])
def test_a_star_is_everything(pattern: str) -> None:
    assert C.match(pattern) == C.all


def test_a_pattern_of_many_stars_is_answered() -> None:
    assert C.match("*e" * 90 + "*") == 0
    assert C.match("*" * 100_000 + "GetObject") == C.bit("s3:GetObject") | C.match("*:GetObject")


@given(st.sets(INDEX, max_size=50))
def test_members_and_bits_are_inverse(some: set[int]) -> None:
    names = [C.names[i] for i in sorted(some)]
    mask = sum(C.bit(name.upper()) for name in names)
    assert C.members(mask) == names
    assert C.mask(names) == mask


def test_names_are_sorted_and_distinct() -> None:
    lower = [name.lower() for name in C.names]
    assert lower == sorted(set(lower))
    assert max(map(len, lower)) < LONGEST


def test_levels_are_disjoint_and_complete() -> None:
    assert sum(mask.bit_count() for mask in C.levels.values()) == len(C.names)
    assert sum(C.levels.values()) == C.all


def test_services_are_disjoint_and_complete() -> None:
    assert sum(C.services.values()) == C.all
    assert all(C.match(f"{service}:*") == mask for service, mask in C.services.items())
    assert all(C.levels[level] for level in Level)


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("s3:ListBucket", Level.LIST),
        ("S3:getobject", Level.READ),
        ("iam:PassRole", Level.WRITE),
        ("iam:TagRole", Level.TAGGING),
        ("iam:PutRolePolicy", Level.PERMISSIONS),
        ("s3:NoSuchAction", Level.UNKNOWN),
        ("nonsense", Level.UNKNOWN),
    ],
)
def test_level_of(action: str, level: Level) -> None:
    assert C.level_of(action) is level


def test_a_name_that_is_not_there_has_no_bit() -> None:
    with pytest.raises(KeyError, match="s3:NoSuchAction"):
        C.bit("s3:NoSuchAction")


def test_what_only_botocore_knows_is_unknown_and_takes_no_known_resource(named_by_botocore: Catalogue) -> None:
    made = named_by_botocore
    new = made.members(made.levels[Level.UNKNOWN])
    assert new == ["nosuch:Frobnicate", "s3:FrobnicateBucket"]
    assert [made.templates(name) for name in new] == [(), ()]
    assert made.level_of("s3:GetObject") is Level.READ


def test_services_have_names() -> None:
    assert C.service_names["s3"] == "Amazon S3"
    assert "s3" in C.rcp_services
    assert "ec2" not in C.rcp_services


def test_a_name_that_left_is_told() -> None:
    assert C.check(["s3:GetObject", "iam:*Role", "s3:Left", "gone:*"]) == ["gone:*", "s3:Left"]


@pytest.fixture
def named_by_botocore(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    from findings.policy import catalogue_contents

    others = catalogue_contents.Operations(
        "test 1", lambda known: ["s3:GetObject", "s3:FrobnicateBucket", "nosuch:Frobnicate"]
    )
    monkeypatch.setattr(catalogue_contents, "_others", [others])
    return Catalogue(catalogue_contents.build())
