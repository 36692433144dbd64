"""All rules, and what they say of one account's facts. A rule is a file in a practice's folder; nothing lists them.

A rule file holds a docstring, `RULE`, and `judge(subject, facts)`, which yields outcomes. This module adds what all
rules share (RULES.md, conventions): a *lacks* rule is unknown while a source it needs is not complete, unless a
sighting clears the subject, or the source is asked about roles and users one by one and some were read; a *sees* rule
opens on partial data but is clear only when every source is complete; what is at fault with a role of Identity Center is
told for its permission set.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

import msgspec

import findings.rules
from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.gaps import Gap
from findings.analysis.identity_center import change_in
from findings.vocabulary import (
    IN_REGIONS,
    LISTED_BY,
    Clear,
    Open,
    Outcome,
    Practice,
    Rule,
    RuleKind,
    Status,
    Subject,
    SubjectType,
    Unknown,
    Verdict,
)

Judge = Callable[[Any, Facts], Iterator[Outcome]]
Lister = Callable[[SubjectType], Iterable[tuple[Any, Subject]]]
CHANGE_IN = "IAM Identity Center: change its permission set"


@dataclass(frozen=True, slots=True)
class Entry:
    rule: Rule
    judge: Judge


@cache
def catalogue() -> Mapping[str, Entry]:
    """Code -> entry, ordered by code."""
    return catalogue_of(_modules())


def rules() -> tuple[Rule, ...]:
    return tuple(entry.rule for entry in catalogue().values())


def rule(code: str) -> Rule:
    """KeyError for a code that no rule has."""
    return catalogue()[code].rule


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(findings.rules.__path__, "findings.rules."):
        if not found.ispkg and found.name.count(".") == 3:
            yield importlib.import_module(found.name)


def catalogue_of(modules: Iterable[ModuleType]) -> Mapping[str, Entry]:
    """ValueError when a code or slug is taken twice, a file stands in the wrong place, or its sections are not
    whole."""
    entries: dict[str, Entry] = {}
    slugs: dict[str, str] = {}
    for module in modules:
        rule: Rule = module.RULE
        place = f"findings.rules.{rule.practice.folder}.{rule.slug.replace('-', '_')}"
        if module.__name__ != place:
            raise ValueError(f"{rule.code} {rule.slug} stands in {module.__name__}; it belongs in {place}")
        if rule.code in entries or rule.slug in slugs:
            raise ValueError(f"{rule.code} {rule.slug} in {place} is taken by {slugs.get(rule.slug, rule.code)}")
        _ = rule.sections
        entries[rule.code] = Entry(rule, module.judge)
        slugs[rule.slug] = rule.code
    return MappingProxyType(dict(sorted(entries.items())))


def by_practice() -> Mapping[Practice, tuple[Rule, ...]]:
    return {p: tuple(r for r in rules() if r.practice is p) for p in Practice}


def judge(facts: Facts, entries: Iterable[Entry] | None = None) -> Iterator[Verdict]:
    """Every rule's verdicts on every subject it applies to, by code, then in the snapshot's order. Rules that the settings
    switch off say nothing."""
    listed = cache(lambda kind: tuple(subjects(kind, facts)))
    for entry in catalogue().values() if entries is None else entries:
        if entry.rule.code not in facts.settings.off:
            yield from _judge_rule(entry, facts, listed)


def _judge_rule(entry: Entry, facts: Facts, listed: Lister) -> Iterator[Verdict]:
    rule = entry.rule
    unread = "; ".join(map(str, _unread(rule, facts)))
    if unlisted := "; ".join(map(str, _unlisted(rule, facts))):
        everyone = Subject(rule.subject, "")
        yield Verdict(rule, everyone, Status.UNKNOWN, rule.severity, reason=unlisted, from_gap=True)
    for item, subject in (pair for kind in rule.subjects for pair in listed(kind)):
        parts: set[str] = set()
        for outcome in entry.judge(item, facts):
            verdict = _verdict(rule, subject, _placed(item, outcome, facts), unread)
            if verdict.part in parts:
                raise ValueError(f"{rule.code} said two things of {subject.id} {verdict.part}: they share an identity")
            parts.add(verdict.part)
            yield verdict


def missing(rule: Rule, facts: Facts) -> str:
    """The sources that this rule lacks, to judge or to list its subjects, as sentences; "" when it has all, and where the
    organization, its subject, is known to be judged elsewhere."""
    if rule.subjects == (SubjectType.ORGANIZATION,) and not _unlisted(rule, facts) and not [*_organization(facts)]:
        return ""
    return "; ".join(dict.fromkeys(str(gap) for gap in (*_unlisted(rule, facts), *_unread(rule, facts))))


def _unread(rule: Rule, facts: Facts) -> tuple[Gap, ...]:
    return facts.gaps(rule.needs, rule.any_of, rule.each)


def _unlisted(rule: Rule, facts: Facts) -> tuple[Gap, ...]:
    """Why we may not know all subjects of the rule."""
    apis = dict.fromkeys(LISTED_BY[kind] for kind in rule.subjects if kind in LISTED_BY)
    return facts.gaps(api for api in apis if not (api in IN_REGIONS and facts.somewhere(api)))


def _placed(item: Any, outcome: Outcome, facts: Facts) -> Outcome:
    """A role that Identity Center made is told for its permission set: whoever changes the role itself loses the change."""
    if not (isinstance(outcome, Open) and isinstance(item, Role) and item.reserved):
        return outcome
    told = {"permission_set": item.permission_set, "change_in": change_in(item, facts) or CHANGE_IN}
    return msgspec.structs.replace(outcome, evidence={**outcome.evidence, **told})


def _verdict(rule: Rule, subject: Subject, outcome: Outcome, unread: str) -> Verdict:
    match outcome:
        case Open(title, evidence, severity, part):
            if unread and rule.kind is RuleKind.LACKS:
                return Verdict(rule, subject, Status.UNKNOWN, rule.severity, part, reason=unread, from_gap=True)
            return Verdict(rule, subject, Status.OPEN, severity or rule.severity, part, title, evidence)
        case Clear(why, sighting):
            if unread and not (sighting and rule.kind is RuleKind.LACKS):
                return Verdict(rule, subject, Status.UNKNOWN, rule.severity, reason=unread, from_gap=True)
            return Verdict(rule, subject, Status.CLEAR, rule.severity, reason=why)
        case Unknown(reason):
            return Verdict(rule, subject, Status.UNKNOWN, rule.severity, reason=unread or reason, from_gap=bool(unread))


def subjects(kind: SubjectType, facts: Facts) -> Iterator[tuple[Any, Subject]]:
    """The records of a type with the subjects that name them; empty for a type that is not collected yet."""
    snapshot = facts.snapshot
    if kind is SubjectType.ACCOUNT:
        yield facts.account, Subject(kind, facts.account.unique_id, facts.account.name, facts.account.arn)
    elif kind is SubjectType.ORGANIZATION:
        yield from _organization(facts)
    elif kind is SubjectType.TRAIL:
        for trail in (one for one in snapshot.trails if one.owner == snapshot.account_id):
            yield trail, Subject(kind, trail.unique_id, trail.name, trail.arn)
    elif kind is SubjectType.KEY:
        for key in snapshot.keys:
            yield key, Subject(kind, key.unique_id, f"{key.unique_id} of {key.user_name}", key.user_arn)
    else:
        entities: dict[SubjectType, tuple[Any, ...]] = {
            SubjectType.ROLE: snapshot.roles,
            SubjectType.USER: snapshot.users,
            SubjectType.GROUP: snapshot.groups,
            SubjectType.POLICY: snapshot.policies,
            SubjectType.BUCKET: snapshot.buckets,
        }
        for entity in entities.get(kind, ()):
            yield entity, Subject(kind, entity.unique_id, entity.name, entity.arn)


def _organization(facts: Facts) -> Iterator[tuple[Any, Subject]]:
    """It is judged with one account: its management account, or a delegated administrator's where that one tells nothing."""
    found, own = facts.told.organization, facts.snapshot.account_id
    if (
        found
        and found.organization_id
        and own == (facts.snapshot.organization_judged_by or found.management_account_id)
    ):
        yield found, Subject(SubjectType.ORGANIZATION, found.organization_id, found.organization_id)
