"""Which of the tables of kept counts tells a page what it asks (findings/models/counted.py): the one with the fewest rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpRequest

from findings.models import Finding, FindingCount, FindingTotal
from findings.vocabulary import Severity

Open = Mapping[str, Mapping[Severity, int]]


def by_rule(request: HttpRequest, **mine: Any) -> QuerySet[Any]:
    """By rule and severity. mine: what narrows it to an account. Sums of all accounts are for those who see all."""
    whole = request.user.all_accounts and not mine
    return (FindingTotal if whole else FindingCount).objects.filter(**mine).order_by()


def open_by_rule(request: HttpRequest, **mine: Any) -> Open:
    """Open findings, of rules that have some. One query."""
    found: defaultdict[str, dict[Severity, int]] = defaultdict(lambda: dict.fromkeys(Severity, 0))
    still_open = by_rule(request, **mine).filter(status=Finding.Status.OPEN)
    for code, severity, n in still_open.values_list("code", "severity").annotate(total=Sum("n")):
        if n:
            found[code][Severity(severity)] = n
    return dict(found)
