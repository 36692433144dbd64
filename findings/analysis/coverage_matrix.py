"""What is recorded of an account, region by region: management events, data events of S3, configurations, access from outside;
and what of all this we could read ourselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from collectors.records import TRAIL, ConfigRecorder, Coverage, State
from collectors.records.config import EVERY_TYPE
from findings.analysis import recorded
from findings.analysis.analyzers import LIST as ANALYZERS
from findings.analysis.config_recording import RECORDERS
from findings.analysis.config_recording import STATUS as RUNNING
from findings.analysis.gaps import gap_of
from findings.analysis.recorded import Access, Recorded

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

READ = (State.COMPLETE, State.PARTIAL)
NAMED = 3  # trails that a cell names


class Log(StrEnum):
    MANAGEMENT = "management"
    DATA = "data"
    CONFIG = "config"
    ANALYZER = "analyzer"
    OURS = "ours"


class Is(StrEnum):
    """How far something is recorded."""

    YES = "yes"
    PART = "part"
    NO = "no"
    UNKNOWN = "unknown"


# How much the lack of it weighs where regions are sorted by what is missing: whoever lacks management events comes first.
WEIGHT = {Log.MANAGEMENT: 1_000, Log.OURS: 100, Log.CONFIG: 30, Log.ANALYZER: 30, Log.DATA: 1}
LACK = {Is.YES: 0, Is.PART: 1, Is.UNKNOWN: 2, Is.NO: 3}
OURS: Mapping[str, str] = {
    recorded.DESCRIBE: "trails",
    RECORDERS: "Config",
    ANALYZERS: "analyzers",
    TRAIL: "events",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """words: by what, or why not; of what is unknown also the permission that is missing."""

    state: Is
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """in_use: whether events show that somebody works there; None: nobody can tell."""

    region: str
    in_use: bool | None
    cells: Mapping[Log, Cell]

    @property
    def gap(self) -> int:
        return sum(WEIGHT[log] * LACK[cell.state] for log, cell in self.cells.items())


def rows(facts: Facts) -> Iterator[Row]:
    """A row for each enabled region, or each that was asked about; none where nobody was asked."""
    used = facts.analyzers.used
    for region in recorded.regions(facts) or facts.analyzers.enabled:
        yield Row(
            region,
            None if used is None else region in used,
            {
                Log.MANAGEMENT: _events(recorded.management, facts, region),
                Log.DATA: _events(recorded.data, facts, region),
                Log.CONFIG: _config(facts, region),
                Log.ANALYZER: _analyzer(facts, region),
                Log.OURS: _ours(facts, region),
            },
        )


def _events(of: Callable[[Facts, str, Access], Recorded], facts: Facts, region: str) -> Cell:
    """Reads and writes together."""
    found = {access: of(facts, region, access) for access in Access}
    states = {one.state for one in found.values()}
    if states == {"all"}:
        return Cell(Is.YES, _by(found.values()))
    if "unknown" in states:
        return Cell(Is.UNKNOWN, next(one.unread for one in found.values() if one.unread))
    if states == {"none"}:
        return Cell(Is.NO, "no trail records them")
    said = (f"{access.value}s: {_partly(one)}" for access, one in found.items())
    return Cell(Is.PART, "; ".join(said))


def _by(some: Iterable[Recorded]) -> str:
    names = list(dict.fromkeys(trail.name for one in some for trail in one.by))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"trail {', '.join(names[:NAMED])}{more}"


def _partly(one: Recorded) -> str:
    if one.by:
        return f"all, by {_by([one])}"
    if not one.partly:
        return "none"
    trail, selected = one.partly[0]
    return f"trail {trail.name} {selected.lacks}"


def _config(facts: Facts, region: str) -> Cell:
    if unread := _unread(facts, RECORDERS, region):
        return Cell(Is.UNKNOWN, unread)
    here = [one for one in facts.snapshot.recorders if one.region == region]
    if not here:
        return Cell(Is.NO, "no recorder")
    if any(one.recording is None for one in here):
        return Cell(Is.UNKNOWN, _unread(facts, RUNNING, region) or "whether its recorder runs was not told")
    working = [one for one in here if one.recording]
    if not working:
        return Cell(Is.NO, f"recorder {here[0].name} is stopped")
    if all(one.failing for one in working):
        return Cell(Is.UNKNOWN, f"recorder {working[0].name} is on, and what it did last failed")
    if not any(one.strategy == EVERY_TYPE for one in working):
        return Cell(Is.PART, f"recorder {working[0].name} records {_types(working[0])}")
    return Cell(Is.YES, f"recorder {working[0].name} records all types")


def _types(one: ConfigRecorder) -> str:
    return f"{len(one.types)} types" if one.strategy.startswith("INCLUSION") else f"all types but {len(one.types)}"


def _analyzer(facts: Facts, region: str) -> Cell:
    found = facts.analyzers.external(region)
    if found:
        own = found[0].owner == facts.snapshot.account_id
        return Cell(Is.YES, f"analyzer {found[0].name}{'' if own else f' of account {found[0].owner}'}")
    if unread := facts.analyzers.unread(region):
        return Cell(Is.UNKNOWN, unread)
    return Cell(Is.NO, "no analyzer for access from outside")


def _ours(facts: Facts, region: str) -> Cell:
    """What does not depend on the region counts in each."""
    lacking = {what: why for api, what in OURS.items() if (why := _unread(facts, api, region))}
    if not lacking:
        return Cell(Is.YES, ", ".join(OURS.values()))
    why = "; ".join(lacking.values())
    if len(lacking) == len(OURS):
        return Cell(Is.NO, why)
    return Cell(Is.PART, f"not {', '.join(lacking)}: {why}")


def _unread(facts: Facts, api: str, region: str) -> str:
    """Why the API's answer of the region is not known; "" when it is."""
    found: list[Coverage] = [row for row in facts.snapshot.coverage if row.api == api]
    row = next((row for row in found if row.region == region), None) or next(
        (row for row in found if not row.region), None
    )
    if row is not None and row.state in (*READ, State.NOT_APPLICABLE):
        return ""
    return str(gap_of(api, row))
