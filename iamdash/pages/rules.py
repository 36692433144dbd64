"""What is judged, why, and how does each rule stand in the accounts one sees?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from findings.frameworks import frameworks
from findings.models import RuleState, Unknown
from findings.rules import registry
from findings.vocabulary import Rule
from iamdash.pages import narrowed
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.kept import open_by_rule

TOP = 10
SCOPE = Filters(sorts={"code": Sort("Code", ("pk",))}, facets=narrowed.facets())


@dataclass(frozen=True)
class Standing:
    """A rule and its numbers in scope. findings: open ones; open, clear and unknown count subjects. unread: accounts of which
    not all was read that it needs, so that there may be more subjects. judged: in at least one account."""

    rule: Rule
    findings: int = 0
    open: int = 0
    clear: int = 0
    unknown: int = 0
    unread: int = 0
    judged: bool = False


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    scope = narrowed.read(request, SCOPE)
    found = standings(request, scope.accounts)
    groups = [(p, [found[rule.code] for rule in rules]) for p, rules in registry.by_practice().items()]
    return render(request, "rules/page.html", {"groups": groups, "n_rules": len(found), "scope": scope})


@require_safe
def detail(request: HttpRequest, code: str) -> HttpResponse:
    entry = registry.catalogue().get(code)
    if entry is None:
        raise Http404(f"There is no rule {code}.")
    scope = narrowed.read(request, SCOPE)
    states = _of(RuleState.objects.filter(code=code), scope.accounts)
    context: dict[str, Any] = {
        "scope": scope,
        "rule": entry.rule,
        "standing": standings(request, scope.accounts)[code],
        "sections": list(entry.rule.sections.items()),
        "controls": controls(entry.rule),
        "settings": sorted(entry.rule.settings.items()),
        "worst": states.filter(n_open__gt=0).select_related("account").order_by("-n_open", "account__name")[:TOP],
        "unknown": _of(Unknown.objects.filter(code=code), scope.accounts)
        .values_list("reason")
        .annotate(accounts=Count("account", distinct=True))
        .order_by("-accounts", "reason"),
    }
    return render(request, "rules/detail.html", context)


def controls(rule: Rule) -> list[tuple[str, str, tuple[str, ...]]]:
    """Catalogue, the slug of its framework ("" for one that has no page), and the controls that the rule answers."""
    slugs = {one.name: slug for slug, one in frameworks().items()}
    return [(name, slugs.get(name, ""), ids) for name, ids in sorted(rule.controls.items())]


def standings(request: HttpRequest, accounts: list[int] | None) -> dict[str, Standing]:
    """Rule code -> standing, for every rule there is. accounts: keys, None for all that are seen. Two queries."""
    found = open_by_rule(request, **({} if accounts is None else {"account__in": accounts}))
    n_findings = {code: sum(counts.values()) for code, counts in found.items()}
    sums = (
        _of(RuleState.objects.all(), accounts)
        .values_list("code")
        .annotate(Sum("n_open"), Sum("n_clear"), Sum("n_unknown"), unread=Count("pk", filter=~Q(reason="")))
    )
    numbers = {code: rest for code, *rest in sums}
    return {
        rule.code: Standing(
            rule, n_findings.get(rule.code, 0), *numbers.get(rule.code, (0, 0, 0, 0)), judged=rule.code in numbers
        )
        for rule in registry.rules()
    }


def _of(rows: QuerySet[Any], accounts: list[int] | None) -> QuerySet[Any]:
    return rows if accounts is None else rows.filter(account__in=accounts)
