from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from collectors.models import Account, Coverage, Principal
from collectors.models.coverage import TROUBLE
from findings.models import Finding, RuleState
from findings.vocabulary import Practice, Severity

WORST_FIRST = sorted(Severity, reverse=True)


class Command(BaseCommand):
    help = "Print what is known: accounts, principals, open findings by practice and severity, and coverage."

    def handle(self, *args: Any, **options: Any) -> None:
        covered = Coverage.objects.exclude(complete_at=None).values("account").distinct().count()
        types = dict(Principal.present.values_list("type").annotate(n=Count("*")))
        self.line("accounts", f"{Account.objects.count()} connected, {covered} collected")
        self.line("principals", f"{types.get('role', 0)} roles, {types.get('user', 0)} users")
        self.stdout.write("")
        self.findings()
        self.stdout.write("")
        self.coverage()

    def line(self, name: str, text: str) -> None:
        self.stdout.write(f"{name:12}{text}")

    def findings(self) -> None:
        found: Counter[tuple[str, int]] = Counter()
        rows = Finding.objects.filter(resolved_at=None).values_list("practice", "severity")
        for practice, severity, n in rows.annotate(n=Count("*")):
            found[practice, severity] = n
        unknown: Counter[str] = Counter()
        for state in RuleState.objects.exclude(n_unknown=0):
            unknown[Practice.of(state.code).prefix] += state.n_unknown
        self.stdout.write(f"{'open findings':30}" + "".join(f"{s.label:>10}" for s in WORST_FIRST) + f"{'unknown':>10}")
        for practice in Practice:
            counts = "".join(f"{found[practice.prefix, s]:>10}" for s in WORST_FIRST)
            self.stdout.write(f"{practice.label:30}{counts}{unknown[practice.prefix]:>10}")
        total = "".join(f"{sum(found[p.prefix, s] for p in Practice):>10}" for s in WORST_FIRST)
        self.stdout.write(f"{'all':30}{total}{unknown.total():>10}")

    def coverage(self) -> None:
        states = dict(Coverage.objects.values_list("state").annotate(n=Count("*")).order_by("state"))
        self.line("coverage", ", ".join(f"{n} {state}" for state, n in states.items()) or "nothing collected")
        for gap in Coverage.objects.filter(state__in=TROUBLE).select_related("account"):
            self.line("", f"{gap.account}: {gap.api} is {gap.get_state_display()}: {gap.detail}")
