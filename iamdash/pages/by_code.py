"""How much of an account's IAM is made by code, and is it getting more? The account page's section."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from collectors.models import Account
from findings.models import ProvenanceDay
from iamdash.pages.charts import Chart, Series

DAYS = 180


@dataclass(frozen=True)
class ByCode:
    """last None: not judged yet. chart None: until there are two judged days."""

    last: ProvenanceDay | None
    chart: Chart | None = None

    @property
    def total(self) -> int:
        return total(self.last) if self.last else 0

    @property
    def percent(self) -> int:
        return percent(self.last) if self.last else 0


def of_account(account: Account) -> ByCode:
    """One query."""
    since = timezone.now().date() - timedelta(days=DAYS)
    days = list(ProvenanceDay.objects.filter(account=account, day__gt=since).order_by("day"))
    if not days:
        return ByCode(ProvenanceDay.objects.filter(account=account).order_by("-day").first())
    return ByCode(days[-1], chart(days) if len(days) > 1 else None)


def chart(days: list[ProvenanceDay]) -> Chart:
    """Code at the baseline; a dot for each judged day."""
    series = (
        Series("by code", "resolved", tuple(one.by_code for one in days)),
        Series("in another way", "medium", tuple(one.by_other for one in days)),
        Series("nobody recorded how", "unknown", tuple(one.unknown for one in days)),
    )
    labels = tuple(one.day.isoformat() for one in days)
    return Chart("by-code", sentence(days[0], days[-1]), labels, series, "area", (True,) * len(days))


def sentence(first: ProvenanceDay, last: ProvenanceDay) -> str:
    before, now = percent(first), percent(last)
    way = "stayed at" if before == now else f"{'rose' if now > before else 'fell'} from {before} to"
    return f"The share that is made by code {way} {now} % since {first.day:%-d %B %Y}."


def total(one: ProvenanceDay) -> int:
    return one.by_code + one.by_other + one.unknown


def percent(one: ProvenanceDay) -> int:
    return round(100 * one.by_code / total(one)) if total(one) else 100
