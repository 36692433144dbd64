"""What a source did not give, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collectors.records import Coverage, State

NAMED = 3  # regions that are called by their names


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that did not give its full answer. state None: it was never asked. why: for what a bundle lacks, the file."""

    api: str
    state: State | None
    region: str = ""
    permission: str = ""
    why: str = ""

    def __str__(self) -> str:
        """A sentence that stays the same while the gap does, so error texts and times are not in it."""
        where = f" in {self.region}" if self.region else ""
        words = _STATE_WORDS[self.state].format(permission=self.permission or self.api, why=self.why)
        return f"{self.api}{where} {words}"


_STATE_WORDS: Mapping[State | None, str] = {
    None: "was not collected",
    State.COMPLETE: "is complete",
    State.PARTIAL: "was read in part",
    State.DENIED: "was denied; it needs the permission {permission}",
    State.BLOCKED_BY_SCP: "was blocked by a service control policy, although {permission} may be granted",
    State.THROTTLED: "was throttled",
    State.ERROR: "failed",
    State.NOT_APPLICABLE: "does not apply here",
    State.ABSENT: "was not collected: {why}",
}


def together(gaps: Iterable[Gap]) -> list[Gap]:
    """Those of several regions that are alike as one: "in eu-west-1, us-east-1", "in 15 regions"."""
    alike: dict[tuple[str, State | None, str], list[Gap]] = {}
    for gap in gaps:
        alike.setdefault((gap.api, gap.state, gap.permission), []).append(gap)
    return [replace(some[0], region=_where([gap.region for gap in some])) for some in alike.values()]


def _where(regions: list[str]) -> str:
    known = sorted({region for region in regions if region})
    return ", ".join(known) if len(known) <= NAMED else f"{len(known)} regions"


def gap_of(api: str, row: Coverage | None) -> Gap:
    """row None: there is no coverage of it."""
    if row is None:
        return Gap(api, None)
    return Gap(api, row.state, row.region, row.permission, row.detail if row.state is State.ABSENT else "")
