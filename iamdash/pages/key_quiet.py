"""Does a key go quiet, once somebody says that something else has taken its place?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from collectors.models import AccessKey, Coverage, TrailWatch, UsageSession
from findings.models import KeyReplacement
from iamdash.pages import acting
from iamdash.pages.gaps import REPORT


@dataclass(frozen=True)
class Quiet:
    """mark: the newest. used: the last use after it, None for none. until: up to when silence is known, None: nothing was read
    since the mark. origin, agents: of the use after the mark, "" where only the credential report tells of it."""

    mark: KeyReplacement
    used: datetime | None
    until: datetime | None
    origin: SafeString | str
    agents: SafeString | str

    @property
    def state(self) -> str:
        return "used" if self.used else "quiet" if self.until else "unknown"


def quiet(key: AccessKey, sessions: Sequence[UsageSession]) -> Quiet | None:
    """None: nobody marked it. sessions: of the key, one a day. At most three queries."""
    mark = KeyReplacement.objects.filter(account=key.account_id, key_id=key.unique_id).order_by("pk").last()
    if mark is None:
        return None
    after = [one for one in sessions if one.last_at and one.last_at > mark.marked_at]
    uses = [one.last_at for one in after]
    if key.last_used_at and key.last_used_at > mark.marked_at:
        uses.append(key.last_used_at)
    return Quiet(
        mark=mark,
        used=max(filter(None, uses), default=None),
        until=_until(key, mark.marked_at),
        origin=acting.places(_all(after, "networks"), account=key.account_id) if after else "",
        agents=acting.few(_all(after, "agents")) if after else "",
    )


def _all(sessions: Sequence[UsageSession], name: str) -> list[str]:
    return sorted({value for one in sessions for value in one.data.get(name, ())})


def _until(key: AccessKey, marked_at: datetime) -> datetime | None:
    """When the trail was last read as a whole, or AWS made the credential report that tells of the key, whichever is later."""
    report = Coverage.objects.filter(account=key.account_id, api=REPORT).values_list("complete_at", flat=True).first()
    trail = TrailWatch.objects.filter(account=key.account_id).values_list("until", flat=True).first()
    moments = [trail, report if key.data.get("use_known") else None]
    return max((moment for moment in moments if moment and moment > marked_at), default=None)
