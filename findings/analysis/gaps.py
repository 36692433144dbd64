"""What a source did not give, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.records import Coverage, State


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


def gap_of(api: str, row: Coverage | None) -> Gap:
    """row None: there is no coverage of it."""
    if row is None:
        return Gap(api, None)
    return Gap(api, row.state, row.region, row.permission, row.detail if row.state is State.ABSENT else "")
