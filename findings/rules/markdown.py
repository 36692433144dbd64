"""The catalogue as Markdown, drawn from the rule files: one page a rule, and an index by practice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from findings.rules.registry import by_practice, rules
from findings.vocabulary import LISTED_BY, Rule, RuleKind

INDEX = "README.md"
MADE = "<!-- Written by `manage.py rules_docs` from the rule's file. Do not edit. -->"
KINDS = {
    RuleKind.SEES: "*sees*: opens on partial data, clears only when every source was read",
    RuleKind.LACKS: "*lacks*: unknown while a source it needs was not read in full",
}


def pages() -> dict[str, str]:
    """File name -> text."""
    return {INDEX: _index()} | {file_name(rule): _page(rule) for rule in rules()}


def file_name(rule: Rule) -> str:
    return f"{rule.code}-{rule.slug}.md"


def _page(rule: Rule) -> str:
    facts = [
        ("Practice", f"{rule.practice.prefix}: {rule.practice.title}"),
        ("Severity", rule.severity.label),
        ("Subject", ", ".join(rule.subjects)),
        ("Kind", KINDS[rule.kind]),
        ("Effort", f"{rule.effort.word}: {rule.effort.means}"),
        ("Needs", _needs(rule)),
        ("Surer with", _code(rule.helps, ", ")),
        ("Settings", ", ".join(_setting(name, value) for name, value in rule.settings.items())),
        ("Controls", "; ".join(f"{framework} {', '.join(ids)}" for framework, ids in sorted(rule.controls.items()))),
    ]
    table = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts if value)]
    body = [f"## {heading}\n\n{text}" for heading, text in rule.sections.items()]
    return "\n\n".join([f"# {rule.code} {rule.slug}", MADE, "\n".join(table), *body]) + "\n"


def _setting(name: str, value: int) -> str:
    """The unit is the last word of a setting's name, where it has one."""
    unit = name.rpartition("_")[2]
    return f"`{name}` = {value} {unit}" if unit in ("days", "hours") else f"`{name}` = {value}"


def _needs(rule: Rule) -> str:
    listed = (LISTED_BY[kind] for kind in rule.subjects if kind in LISTED_BY)
    required = _code(dict.fromkeys((*listed, *rule.needs, *rule.each)), ", ")
    either = _code(rule.any_of, " or ")
    return ", ".join(part for part in (required, either) if part)


def _code(names: Iterable[str], separator: str) -> str:
    return separator.join(f"`{name}`" for name in names)


def _index() -> str:
    return "\n".join(_index_lines())


def _index_lines() -> Iterator[str]:
    yield "# Rules\n"
    yield f"{MADE}\n"
    for practice, some in by_practice().items():
        if some:
            yield f"## {practice.title}\n"
            yield "| rule | severity | subject | what it does |"
            yield "|---|---|---|---|"
            for rule in some:
                link = f"[{rule.code} {rule.slug}]({file_name(rule)})"
                yield f"| {link} | {rule.severity.label} | {', '.join(rule.subjects)} | {rule.summary} |"
            yield ""
