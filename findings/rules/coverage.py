"""docs/coverage.md: what published catalogues ask, which rule answers, and what none does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from findings.rules.controls import CONTROLS, Asked
from findings.rules.markdown import file_name
from findings.rules.registry import rules
from findings.vocabulary import Rule

FILE = "coverage.md"
MADE = "<!-- Written by `manage.py rules_docs` from the rules' controls. Do not edit. -->"
FRAMEWORKS = {
    "Prowler": "Prowler 5.46.0: iam, cloudtrail, config, accessanalyzer, and cloudwatch's log metric filters",
    "CIS AWS v3": "CIS AWS Foundations 3.0.0, sections 1, 3 and 4",
    "CIS AWS v5": "CIS AWS Foundations 5.0.0, sections 1, 3 and 4",
    "CIS AWS v7": "CIS AWS Foundations 7.0.0, sections 2, 4 and 5",
    "Security Hub": "AWS Security Hub: IAM, Account, CloudTrail, Config, and CloudWatch's log metric filters",
    "AWS Well-Architected": "AWS Well-Architected Framework: the best practices of SEC 2 and SEC 3",
}


def answers() -> Mapping[tuple[str, str], tuple[Rule, ...]]:
    """(framework, control) -> the rules that name it, by code."""
    found: dict[tuple[str, str], tuple[Rule, ...]] = {}
    for rule in rules():
        for framework, ids in rule.controls.items():
            for control in ids:
                found[framework, control] = (*found.get((framework, control), ()), rule)
    return found


def problems() -> list[str]:
    """Where rules and catalogues do not agree: a control without rule or reason, with both, or that is in no catalogue."""
    answered = answers()
    asked = {(framework, control): one for framework, some in CONTROLS.items() for control, one in some.items()}
    complaints = [
        f"{framework} {control}: no rule answers it, and no reason is given"
        for (framework, control), one in asked.items()
        if not one.lacks and (framework, control) not in answered
    ]
    complaints += [
        f"{framework} {control}: {answered[framework, control][0].code} answers it, and a reason says that none does"
        for (framework, control), one in asked.items()
        if one.lacks and (framework, control) in answered
    ]
    complaints += [
        f"{framework} {control}: {some[0].code} names it, and it is in no catalogue"
        for (framework, control), some in answered.items()
        if (framework, control) not in asked
    ]
    return complaints


def page() -> str:
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    answered = answers()
    yield "# What is covered\n"
    yield f"{MADE}\n"
    yield "Each control of the catalogues below with the rules that answer it, or why none does. Where a rule answers, its"
    yield "page says what it does and what it cannot know; that may be more, or other, than the catalogue's own check. In"
    yield "brackets stands the part of the rule that answers, or where it differs.\n"
    for framework, title in FRAMEWORKS.items():
        controls = CONTROLS[framework]
        covered = sum((framework, control) in answered for control in controls)
        yield f"## {title}\n"
        yield f"{covered} of {len(controls)} are answered.\n"
        yield "| control | asks | answered by |"
        yield "|---|---|---|"
        for control, asked in controls.items():
            yield f"| {control} | {asked.what} | {_answer(asked, answered.get((framework, control), ()))} |"
        yield ""


def _answer(asked: Asked, some: tuple[Rule, ...]) -> str:
    if not some:
        return f"not covered: {asked.lacks}"
    links = ", ".join(f"[{rule.code} {rule.slug}](rules/{file_name(rule)})" for rule in some)
    words = "; ".join(one for one in (asked.part, asked.beyond and f"in part: {asked.beyond}") if one)
    return f"{links} ({words})" if words else links
