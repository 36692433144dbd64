"""What collecting costs at AWS, before anything is switched on: calls, CloudTrail's events, S3's requests, Athena's bytes.

The numbers of calls are what the sources say of themselves (Source.calls); a test compares them with what is asked in the lab.
Prices are AWS's, of the region us-east-1; each has its date and page. All of it is "about": for deciding, not for the books.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from django.conf import settings

from collectors.sources import Size, Source, athena, pages, sources

DAYS = 30  # of a month
SESSION = 2  # each run of a source assumes the role and asks whose it is
TYPICAL = (1, 50, 400)
TRAIL, ATHENA, LOOKUP = "trail_bucket", "athena", "event_lookup"
MEMBER, TELLING = Size(), Size(tells=True, ous=10, guardrails=15, sets=20, people=200)


@dataclass(frozen=True)
class Price:
    """dollars for so many of them. as_of: when a copy of AWS's page was read; whoever decides by it looks there."""

    dollars: float
    per: float
    of: str
    page: str
    as_of: str = "2026-11-26"

    def dollars_for(self, n: float) -> float:
        return n * self.dollars / self.per


_PRICES = {
    "event": Price(2.00, 100_000, "management events of a second trail", "https://aws.amazon.com/cloudtrail/pricing/"),
    "list": Price(0.005, 1_000, "LIST requests", "https://aws.amazon.com/s3/pricing/"),
    "get": Price(0.0004, 1_000, "GET requests", "https://aws.amazon.com/s3/pricing/"),
    "athena": Price(5.00, 1, "terabytes that Athena scans", "https://aws.amazon.com/athena/pricing/"),
}


def priced() -> dict[str, Price]:
    """Athena's as the settings say it, by which `manage.py athena --explain` counts too."""
    return _PRICES | {"athena": replace(_PRICES["athena"], dollars=settings.ATHENA_PRICE)}


class Events(StrEnum):
    """How CloudTrail's events are read."""

    NONE = "none"
    LOOKUP = "lookup"
    BUCKET = "bucket"
    ATHENA = "athena"

    @property
    def label(self) -> str:
        return {
            "none": "not read",
            "lookup": "looked up in each account (LookupEvents)",
            "bucket": "read from the trail's bucket",
            "athena": "read by Athena",
        }[self.value]


@dataclass(frozen=True)
class Assumed:
    """What the estimate takes for granted. hours: between collections. megabytes: of CloudTrail's files, a day and account,
    compressed. copies: of management events that AWS charges for (those beyond the first trail's)."""

    hours: float = 6
    megabytes: float = 20
    copies: int = 0
    member: Size = MEMBER
    telling: Size = TELLING


@dataclass(frozen=True)
class Line:
    """Calls of a source in all accounts together: those of the first day, and of each day after it."""

    source: Source
    first: float
    daily: float


@dataclass(frozen=True)
class Estimate:
    """A day's numbers, after the first day. recorded: calls that stand as events in CloudTrail, since all but S3's do."""

    accounts: int
    events: Events
    assumed: Assumed
    lines: tuple[Line, ...]

    @property
    def first(self) -> float:
        return sum(line.first for line in self.lines)

    @property
    def calls(self) -> float:
        return sum(line.daily for line in self.lines)

    @property
    def recorded(self) -> float:
        return sum(line.daily for line in self.lines if line.source.name != TRAIL)

    @property
    def gets(self) -> float:
        """Each file is read once, however often the bucket is listed."""
        return float(self.accounts * self.assumed.member.files) if self.events is Events.BUCKET else 0

    @property
    def lists(self) -> float:
        """LIST requests to the trail's bucket."""
        return sum(line.daily for line in self.lines if line.source.name == TRAIL) - self.gets

    @property
    def requests(self) -> float:
        return self.lists + self.gets

    @property
    def bytes(self) -> float:
        """That Athena scans: each day of an account once."""
        return self.accounts * self.assumed.megabytes * 1e6 if self.events is Events.ATHENA else 0

    @property
    def monthly(self) -> dict[str, float]:
        """Dollars a month, by what they are for."""
        return {
            "CloudTrail": DAYS * self.assumed.copies * _PRICES["event"].dollars_for(self.recorded),
            "S3": DAYS * (_PRICES["list"].dollars_for(self.lists) + _PRICES["get"].dollars_for(self.gets)),
            "Athena": DAYS * self._athena,
        }

    @property
    def _athena(self) -> float:
        statements = pages(self.accounts, settings.ATHENA_ACCOUNTS)
        return athena.cost(self.bytes, statements, settings.ATHENA_PRICE) if self.bytes else 0

    @property
    def dollars(self) -> float:
        return sum(self.monthly.values())


def estimate(accounts: int, events: Events = Events.NONE, assumed: Assumed | None = None) -> Estimate:
    """accounts: of which one tells of the organization, where there are several."""
    assumed = assumed or Assumed(hours=settings.COLLECT_EVERY_HOURS or 24)
    lines = (_line(source, accounts, events, assumed) for source in sources().values())
    return Estimate(accounts, events, assumed, tuple(line for line in lines if line.daily))


def _line(source: Source, accounts: int, events: Events, assumed: Assumed) -> Line:
    asked = list(_sizes(source, accounts, events, assumed))
    calls, sessions = sum(source.calls(size) * n for size, n in asked), sum(SESSION * n for _, n in asked)
    once = accounts * assumed.member.files if calls and source.name == TRAIL else 0
    due = 1 if source.name == ATHENA else 24 / (assumed.hours * source.every)  # Athena scans a day when it is over
    whole = 24 / source.renewed() if source.renewed else due
    return Line(source, calls + sessions, once + (calls - once) * whole + sessions * due)


def _sizes(source: Source, accounts: int, events: Events, assumed: Assumed) -> Iterator[tuple[Size, int]]:
    """Whom the source asks, and how many of them there are."""
    wanted = {TRAIL: Events.BUCKET, ATHENA: Events.ATHENA, LOOKUP: Events.LOOKUP}
    if wanted.get(source.name, events) is not events:
        return
    if source.name in (TRAIL, ATHENA):
        yield replace(assumed.member, accounts=accounts), 1
        return
    if accounts > 1:
        yield replace(assumed.telling, accounts=accounts), 1
    members = accounts - 1 if accounts > 1 else 1
    yield assumed.member, members


def scaled(number: float) -> str:
    """ "about 12,000": two digits, for none more are known."""
    whole = round(number)
    digits = max(0, len(str(abs(whole))) - 2)
    return f"{round(whole, -digits):,}"


def page() -> str:
    """The tables of docs/operate/cost.md."""
    tables = [_table(n) for n in TYPICAL]
    prices = "\n".join(
        f"| {one.of} | {one.dollars:g} USD for {one.per:,.0f} | {one.as_of}: <{one.page}> |"
        for one in priced().values()
    )
    return (
        "\n\n".join([*tables, _by_source(), f"### Prices\n\n| | us-east-1 | as of |\n|---|---|---|\n{prices}"]) + "\n"
    )


def _table(accounts: int) -> str:
    rows = []
    for events in Events:
        one = estimate(accounts, events, Assumed())
        twice = estimate(accounts, events, replace(Assumed(), copies=1)).dollars
        rows.append(
            f"| {events.label} | {scaled(one.first)} | {scaled(one.calls)} | {scaled(one.recorded)} | "
            f"{scaled(one.lists + one.gets)} | {one.bytes / 1e9:,.1f} GB | {one.dollars:,.2f} USD | {twice:,.2f} USD |"
        )
    head = (
        "| CloudTrail's events are | calls, first day | calls a day | events a day | S3 requests a day | Athena a day "
        "| a month | with a second trail |\n|---|---|---|---|---|---|---|---|"
    )
    return f"### {accounts} account{'s' if accounts > 1 else ''}\n\n{head}\n" + "\n".join(rows)


def _by_source() -> str:
    member = estimate(1, Events.LOOKUP, Assumed())
    rows = "\n".join(f"| {line.source.title} | {scaled(line.first)} | {scaled(line.daily)} |" for line in member.lines)
    return f"### One account, by source\n\n| | calls to ask all of it | calls a day |\n|---|---|---|\n{rows}"
