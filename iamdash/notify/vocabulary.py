"""What rules of alerts are about. Plain Python."""

from __future__ import annotations

import enum

# What tells that nobody watches any more: trails, recorders, Config; tampering; sources that lost a permission or are late.
WATCHING = frozenset({"MO101", "MO102", "MO107", "MO111", "MO116"})


class Kind(enum.StrEnum):
    NEW = "new"
    REOPENED = "reopened"
    WORSE = "worse"
    OVERDUE = "overdue"
    MONITORING = "monitoring"

    @property
    def word(self) -> str:
        return {"worse": "severity raised", "monitoring": "monitoring lost"}.get(self.value, self.value)

    @property
    def label(self) -> str:
        return _LABELS[self.value]


_LABELS = {
    "new": "New findings",
    "reopened": "Reopened findings, and acceptances that expired",
    "worse": "Severity raised",
    "overdue": "Overdue findings",
    "monitoring": "Monitoring lost: trails, Config, or what the collector may read",
}
