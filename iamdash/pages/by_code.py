"""How much of an account's IAM is made by code, and is it getting more? The account page's section."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest
from django.utils import timezone

from collectors.models import Account
from findings.analysis.behaviour.provenance import Made
from findings.models import ProvenanceDay
from iamdash.pages import acts, show
from iamdash.pages.charts import Chart, Series
from iamdash.pages.facets import Choices, Facet

DAYS = 180
MADE = {
    "by_code": [made.value for made in Made if made.by_code],
    "by_other": [Made.HAND.value, Made.CALL.value],
    "unknown": [Made.UNKNOWN.value],
}


def made_facet() -> Facet:
    """Of anything that has a provenance."""
    return Choices(
        name="made",
        title="Made by",
        column="provenance__made",
        values={m.value: (m.value, m.label) for m in Made},
        nothing="None is known here: an account's judgement tells who made what",
    )


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


def of_account(request: HttpRequest, account: Account) -> ByCode:
    """One query."""
    since = timezone.now().date() - timedelta(days=DAYS)
    newest = list(ProvenanceDay.objects.filter(account=account).order_by("-day")[:DAYS])
    days = [one for one in reversed(newest) if one.day > since]
    return ByCode(newest[0] if newest else None, chart(days, account, request) if len(days) > 1 else None)


def chart(days: list[ProvenanceDay], account: Account, request: HttpRequest) -> Chart:
    """Code at the baseline; a dot for each judged day."""
    series = tuple(
        Series(name, token, tuple(getattr(one, column) for one in days), _links(days, account, column, request))
        for name, token, column in (
            ("by code", "resolved", "by_code"),
            ("in another way", "medium", "by_other"),
            ("nobody recorded how", "unknown", "unknown"),
        )
    )
    labels = tuple(one.day.isoformat() for one in days)
    return Chart("by-code", sentence(days[0], days[-1]), labels, series, "area", (True,) * len(days))


def _links(days: list[ProvenanceDay], account: Account, column: str, request: HttpRequest) -> tuple[str, ...]:
    """Which ones they were on a day that is past is not kept: such a point leads to what was made and deleted since. The last one
    leads to the roles as they are."""
    since = tuple(_since(one.day, account, request) for one in days[:-1])
    return (*since, show.address(request, "principals", account=account.aws_id, type="role", made=MADE[column]))


def _since(day: date, account: Account, request: HttpRequest) -> str:
    """ "": longer ago than changes are shown."""
    ago = (timezone.now().date() - day).days
    period = next((slug for slug in acts.DAYS if ago < int(slug)), "")
    what = {"what": ["made", "deleted"], "target": ["role", "policy"]}
    return show.address(request, "activity-changes", account=account.aws_id, days=period, **what) if period else ""


def sentence(first: ProvenanceDay, last: ProvenanceDay) -> str:
    before, now = percent(first), percent(last)
    way = "stayed at" if before == now else f"{'rose' if now > before else 'fell'} from {before} to"
    return f"The share that is made by code {way} {now} % since {first.day:%-d %B %Y}."


def total(one: ProvenanceDay) -> int:
    return one.by_code + one.by_other + one.unknown


def percent(one: ProvenanceDay) -> int:
    return round(100 * one.by_code / total(one)) if total(one) else 100
