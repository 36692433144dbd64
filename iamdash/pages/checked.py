"""What the rules checked, and what they could not: what an empty or a partial list of findings has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest

from findings.models import RuleState
from findings.rules import registry
from findings.vocabulary import Rule
from iamdash.pages import show

REASONS = 5
OF_ACCOUNTS = ("account", "ou", "group", "owner")  # facets that choose accounts


@dataclass(frozen=True)
class Checked:
    """states: those of the rules that a list rests on. rule: the one that is asked for, if one is. What a page does not show is
    not asked for."""

    states: QuerySet[RuleState]
    rule: Rule | None
    request: HttpRequest
    chosen: Mapping[str, Sequence[str]]

    @property
    def unknown_url(self) -> str:
        """The list of what is unknown of just these."""
        return show.address(self.request, "rules-unknown", **self._asked("practice", "rule", *OF_ACCOUNTS))

    @property
    def accounts_url(self) -> str:
        return show.address(self.request, "accounts", **self._asked(*OF_ACCOUNTS))

    def _asked(self, *names: str) -> dict[str, Sequence[str]]:
        return {name: self.chosen.get(name, ()) for name in names}

    @cached_property
    def reasons(self) -> list[tuple[str, int]]:
        """Why things are unknown, with the accounts they hold in."""
        told = self.states.exclude(reason="").values_list("reason").annotate(n=Count("account", distinct=True))
        return list(told.order_by("-n", "reason")[:REASONS])

    @cached_property
    def unknown(self) -> int:
        return int(self.states.aggregate(n=Sum("n_unknown", default=0))["n"])

    @cached_property
    def sums(self) -> Mapping[str, int]:
        """rules, accounts, subjects, open, clear."""
        return self.states.aggregate(
            rules=Count("code", distinct=True),
            accounts=Count("account", distinct=True),
            subjects=Sum("n_subjects", default=0),
            open=Sum("n_open", default=0),
            clear=Sum("n_clear", default=0),
        )


def checked(request: HttpRequest, chosen: Mapping[str, Sequence[str]], accounts: Q | None = None) -> Checked:
    """chosen: the list's facets; account, rule and practice tell which rule states it rests on. accounts: a
    condition on their `account`."""
    codes = chosen.get("rule", ())
    entry = registry.catalogue().get(codes[0]) if len(codes) == 1 else None
    return Checked(
        RuleState.objects.filter(_scope(chosen), accounts or Q()), entry.rule if entry else None, request, chosen
    )


def _scope(chosen: Mapping[str, Sequence[str]]) -> Q:
    scope = Q()
    if accounts := chosen.get("account"):
        scope &= Q(account__aws_id__in=accounts)
    if codes := chosen.get("rule"):
        scope &= Q(code__in=codes)
    if practices := chosen.get("practice"):
        either = Q()
        for prefix in practices:
            either |= Q(code__startswith=prefix)
        scope &= either
    return scope
