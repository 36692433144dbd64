"""The catalogue of rules, and how each stands in the accounts one sees."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from iamdash.api import query
from iamdash.api.problems import Problem
from iamdash.pages import narrowed
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.findings import FILTERS as FINDINGS
from iamdash.pages.rules import Standing, standings

OF_RULES = ("severity", "practice", "account")
FILTERS = Filters(
    sorts={"code": Sort("Code", ("pk",))},
    facets=tuple(facet for facet in FINDINGS.facets if facet.name in OF_RULES),
)


def listed(request: HttpRequest) -> list[dict[str, Any]]:
    """Two queries, three for one account."""
    asked = query.narrow(FILTERS, request.GET)
    rows = [_row(one) for one in standings(request, narrowed.accounts(asked)).values()]
    return [row for row in rows if _within(row, asked.chosen)]


def _within(row: dict[str, Any], chosen: Any) -> bool:
    severity, practice = chosen["severity"], chosen["practice"]
    return (not severity or row["severity"] in severity) and (not practice or row["code"][:2] in practice)


def one(request: HttpRequest, code: str) -> dict[str, Any]:
    query.narrow(Filters(sorts=FILTERS.sorts), request.GET)
    standing = standings(request, None).get(code)
    if standing is None:
        raise Problem(404, f"There is no rule {code[:80]!r}.", parameter="code", hint="/api/v1/rules lists them.")
    return _row(standing)


def _row(standing: Standing) -> dict[str, Any]:
    rule = standing.rule
    return {
        "code": rule.code,
        "slug": rule.slug,
        "title": rule.title,
        "practice": rule.practice.slug,
        "severity": rule.severity.slug,
        "subject": rule.subject.value,
        "summary": rule.summary,
        "needs": [*rule.needs, *rule.each],
        "controls": {name: list(ids) for name, ids in sorted(rule.controls.items())},
        "findings": standing.findings,
        "subjects_open": standing.open,
        "subjects_clear": standing.clear,
        "subjects_unknown": standing.unknown,
        "accounts_unread": standing.unread,
        "judged": standing.judged,
    }
