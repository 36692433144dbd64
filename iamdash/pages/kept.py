"""Which of the tables of kept counts tells a page what it asks (findings/models/counted.py): the one with the fewest rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model, QuerySet, Sum
from django.http import HttpRequest

from findings.models import Finding, FindingCount, FindingTotal
from findings.vocabulary import Severity
from iamdash.access.database import OF_WHOLE
from iamdash.access.models import Operator

BY_RULE: Sequence[type[Model]] = (FindingTotal, FindingCount)
Open = Mapping[str, Mapping[Severity, int]]


def readable(tables: Sequence[type[Model]], operator: Operator) -> list[type[Model]]:
    """Those of the tables that the operator may read: sums of all accounts are for those who see all."""
    return [one for one in tables if operator.all_accounts or one._meta.label_lower not in OF_WHOLE]


def columns(table: type[Model]) -> set[str]:
    return {field.name for field in table._meta.concrete_fields}


def by_rule(request: HttpRequest, **mine: Any) -> QuerySet[Any]:
    """By rule and severity. mine: what narrows it to an account."""
    wanted = {path.partition("__")[0] for path in mine}
    table: Any = next(one for one in readable(BY_RULE, request.user) if wanted <= columns(one))
    return table.objects.filter(**mine).order_by()


def open_by_rule(request: HttpRequest, **mine: Any) -> Open:
    """Open findings, of rules that have some. One query."""
    found: defaultdict[str, dict[Severity, int]] = defaultdict(lambda: dict.fromkeys(Severity, 0))
    still_open = by_rule(request, **mine).filter(status=Finding.Status.OPEN)
    for code, severity, n in still_open.values_list("code", "severity").annotate(total=Sum("n")):
        if n:
            found[code][Severity(severity)] = n
    return dict(found)
