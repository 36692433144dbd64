"""All verdicts on one account, sorted for those who write them down. Plain Python: `manage.py judge` needs no
database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from findings.analysis.facts import Facts
from findings.analysis.pace import few_collections
from findings.rules import registry
from findings.vocabulary import Rule, Status, SubjectType, Verdict

Identity = tuple[str, str, str]  # code, subject id, part


@dataclass(frozen=True)
class Judgement:
    """missing: rule code -> the sources it lacked, "" for none; such a rule resolves nothing."""

    facts: Facts
    rules: Mapping[str, Rule]
    verdicts: tuple[Verdict, ...]
    missing: Mapping[str, str]

    @cached_property
    def opens(self) -> Mapping[Identity, Verdict]:
        return {(v.rule.code, v.subject.id, v.part): v for v in self.verdicts if v.status is Status.OPEN}

    @cached_property
    def clears(self) -> Mapping[tuple[str, str], Verdict]:
        return {(v.rule.code, v.subject.id): v for v in self.verdicts if v.status is Status.CLEAR}

    @cached_property
    def unknowns(self) -> Mapping[Identity, Verdict]:
        return {(v.rule.code, v.subject.id, v.part): v for v in self.verdicts if v.status is Status.UNKNOWN}

    @cached_property
    def open_subjects(self) -> frozenset[tuple[str, str]]:
        return frozenset((code, subject) for code, subject, _ in self.opens)

    @cached_property
    def present(self) -> Mapping[SubjectType, frozenset[str]]:
        """Ids of all subjects there are, by type."""
        types = {kind for rule in self.rules.values() for kind in rule.subjects}
        return {t: frozenset(subject.id for _, subject in registry.subjects(t, self.facts)) for t in types}


def judge_facts(facts: Facts) -> Judgement:
    rules = {code: entry.rule for code, entry in registry.catalogue().items()}
    missing = {code: registry.missing(rule, facts) for code, rule in rules.items()}
    with few_collections():
        return Judgement(facts, rules, tuple(registry.judge(facts)), missing)
