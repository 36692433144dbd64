from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from types import ModuleType

import msgspec
import pytest

from collectors.records import PasswordPolicy, State
from findings.analysis.facts import Facts, Settings
from findings.rules import markdown, registry
from findings.vocabulary import Clear, Open, Outcome, Practice, Rule, RuleKind, Severity, SubjectType, Unknown
from tests.builders import (
    coverage,
    credential,
    details,
    facts,
    group,
    instance_profile,
    key,
    policy,
    role,
    root,
    slot,
    snapshot,
    summary,
    user,
)


def judge_nothing(subject: object, facts: Facts) -> Iterator[Outcome]:
    yield from ()


def module(code: str = "KY102", slug: str = "key-not-rotated", **changes: object) -> ModuleType:
    """A rule file's module, with the real rule's other fields."""
    known = registry.rule("KY102")
    rule = Rule(**{**{f.name: getattr(known, f.name) for f in fields(known)}, "code": code, "slug": slug, **changes})
    made = ModuleType(f"findings.rules.{rule.practice.folder}.{slug.replace('-', '_')}")
    made.__dict__.update(RULE=rule, judge=judge_nothing)
    return made


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        (module("KY102", "other-slug"), "is taken by KY102"),
        (module("KY199", "key-not-rotated"), "is taken by KY102"),
    ],
)
def test_duplicates_fail(second: ModuleType, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        registry.catalogue_of([module(), second])


def test_a_file_in_the_wrong_folder_fails() -> None:
    wrong = module("LP199", "stray")
    wrong.__name__ = "findings.rules.keys.stray"
    with pytest.raises(ValueError, match="belongs in"):
        registry.catalogue_of([wrong])


@pytest.mark.parametrize("doc", [None, "", "## What it does\ntext\n", "text\n## Why it matters\nx\n"])
def test_missing_sections_fail(doc: str | None) -> None:
    with pytest.raises(ValueError, match="must have the sections"):
        registry.catalogue_of([module(doc=doc)])


def outcomes(kind: RuleKind, *given: Outcome, state: State) -> list[tuple[str, bool]]:
    """Verdicts of a rule that says this of one key while the report is in that state."""
    rule = module(kind=kind, needs=("iam:GetCredentialReport",)).RULE
    entry = registry.Entry(rule, lambda subject, facts: iter(given))
    judged = registry.judge(facts(key(), coverage=coverage(GetCredentialReport=state)), [entry])
    return [(v.status.value, v.from_gap) for v in judged]


OPEN, CLEAR, SEEN, UNKNOWN = Open("t", {}), Clear("w"), Clear("w", sighting=True), Unknown("r")


@pytest.mark.parametrize("state", [s for s in State if s is not State.COMPLETE])
def test_a_gap_makes_lacks_unknown_and_keeps_sees_from_clearing(state: State) -> None:
    gap = [("unknown", True)]
    assert outcomes(RuleKind.LACKS, state=state) == []
    assert outcomes(RuleKind.LACKS, OPEN, state=state) == gap
    assert outcomes(RuleKind.LACKS, CLEAR, state=state) == gap
    assert outcomes(RuleKind.LACKS, UNKNOWN, state=state) == gap
    assert outcomes(RuleKind.LACKS, SEEN, state=state) == [("clear", False)]
    assert outcomes(RuleKind.SEES, OPEN, state=state) == [("open", False)]
    assert outcomes(RuleKind.SEES, CLEAR, state=state) == gap
    assert outcomes(RuleKind.SEES, SEEN, state=state) == gap


@pytest.mark.parametrize("kind", RuleKind)
def test_with_all_sources_outcomes_stand(kind: RuleKind) -> None:
    assert outcomes(kind, OPEN, state=State.COMPLETE) == [("open", False)]
    assert outcomes(kind, CLEAR, state=State.COMPLETE) == [("clear", False)]
    assert outcomes(kind, UNKNOWN, state=State.COMPLETE) == [("unknown", False)]


def test_two_outcomes_of_one_identity_fail() -> None:
    with pytest.raises(ValueError, match="share an identity"):
        outcomes(RuleKind.SEES, OPEN, OPEN, state=State.COMPLETE)


def test_settings_of_rules_are_those_of_facts() -> None:
    defaults = msgspec.structs.asdict(Settings())
    for rule in registry.rules():
        assert rule.settings.items() <= defaults.items(), rule.code


def test_an_empty_account_is_unknown_never_fine() -> None:
    assert {v.status.value for v in registry.judge(facts(coverage=()))} == {"unknown"}


def test_another_day_gives_the_same_words() -> None:
    """Titles and evidence hold dates, so an unchanged account that is judged a day later rewrites nothing."""
    entities = (
        role(used=200),
        role(created=200),
        user(),
        credential(password_enabled=True, password_last_used=100),
        key(created=400),
        key(created=200, used=100),
        key(created=300, active=False),
        policy(),
        group(),
        root(slots=(slot(used=20),)),
        summary(AccountAccessKeysPresent=1),
        details(password_policy=PasswordPolicy(custom=False), empty_instance_profiles=(instance_profile(),)),
    )
    today = snapshot(*entities)
    tomorrow = msgspec.structs.replace(today, as_of=today.as_of + timedelta(days=1))
    first, second = (
        [(v.title, dict(v.evidence)) for v in registry.judge(Facts(s)) if v.title] for s in (today, tomorrow)
    )
    assert first == second
    assert len(first) > 20


def test_documents_are_drawn_for_every_rule() -> None:
    pages = markdown.pages()
    assert len(pages) == len(registry.rules()) + 1
    for rule in registry.rules():
        assert f"{rule.code}-{rule.slug}.md" in pages["README.md"]
        assert rule.summary.endswith(".")


def test_words() -> None:
    assert [s.label for s in Severity] == ["Info", "Low", "Medium", "High", "Critical"]
    assert Practice.of("HM107").title == "Prevent humans from using machine roles"
    assert [p.slug for p in Practice][1] == "least-privilege"
    assert registry.rule("KY101").subject is SubjectType.ACCOUNT
