from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import models

from collectors import records
from collectors.models.account import Account

# States in which something is not known that should be.
TROUBLE = tuple(s.value for s in records.State if s not in {records.State.COMPLETE, records.State.NOT_APPLICABLE})

NAMED = 3  # regions that are called by their names
_SAYS = {
    records.State.COMPLETE: "is whole",
    records.State.PARTIAL: "was read in part",
    records.State.DENIED: "is denied",
    records.State.BLOCKED_BY_SCP: "is blocked by a service control policy",
    records.State.THROTTLED: "was throttled",
    records.State.ERROR: "gave no usable answer",
    records.State.NOT_APPLICABLE: "does not apply",
    records.State.ABSENT: "is not in the bundle",
}


def says(state: str, n: int = 1) -> str:
    """The rest of a sentence that begins with the API's name, or with those of n."""
    one = _SAYS[records.State(state)]
    return one if n == 1 else one.replace("is ", "are ", 1).replace("was ", "were ", 1)


def where(regions: Iterable[str]) -> str:
    """ "eu-west-1, us-east-1"; "17 regions" where there are many."""
    names = sorted({region for region in regions if region})
    return ", ".join(names) if len(names) <= NAMED else f"{len(names)} regions"


class Coverage(models.Model):
    """How the last attempt at one API of one account ended. Every number on a page rests on these rows."""

    State = models.TextChoices("State", {s.name: (s.value, s.value.replace("_", " ")) for s in records.State})

    account = models.ForeignKey(Account, models.CASCADE)
    source = models.CharField(max_length=40)
    api = models.CharField(max_length=80)
    region = models.CharField(max_length=32, default="", blank=True)
    state = models.CharField(max_length=16, choices=State)
    observed_at = models.DateTimeField()
    complete_at = models.DateTimeField(null=True)
    detail = models.TextField(default="", blank=True)
    permission = models.CharField(max_length=128, default="", blank=True)
    suspect = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint("account", "api", "region", name="coverage_identity")]
        indexes = [
            models.Index("account", "complete_at", name="coverage_newest", condition=~models.Q(complete_at=None)),
            models.Index("account", name="coverage_trouble", condition=models.Q(state__in=TROUBLE)),
            models.Index("api", "account", name="coverage_of_api"),
        ]

    def __str__(self) -> str:
        return f"{self.api}: {self.state}"

    @property
    def says(self) -> str:
        return says(self.state)

    @property
    def where(self) -> str:
        """The region, or regions that it stands for (`together`); "" for an API that is asked once."""
        return where(getattr(self, "regions", (self.region,)))

    @property
    def as_record(self) -> records.Coverage:
        return records.Coverage(
            api=self.api,
            region=self.region,
            state=records.State(self.state),
            observed_at=self.observed_at,
            detail=self.detail,
            permission=self.permission,
            complete_at=self.complete_at,
        )


def together(rows: Iterable[Coverage]) -> list[Coverage]:
    """Rows of one API that ended alike in several regions as one of them, the oldest, in the order of the first."""
    groups: defaultdict[tuple[str, ...], list[Coverage]] = defaultdict(list)
    for row in rows:
        groups[str(row.account_id), row.api, row.state, row.permission].append(row)
    found = []
    for group in groups.values():
        oldest = min(group, key=lambda row: row.complete_at or row.observed_at)
        oldest.regions = tuple(row.region for row in group)  # type: ignore[attr-defined]
        found.append(oldest)
    return found
