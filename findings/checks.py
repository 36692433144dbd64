"""Configuration that can only be wrong by a slip of the pen, told before anything runs by it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from findings.analysis.setting_fields import BOUNDARIES, SELECTOR


def boundaries(**_: Any) -> list[CheckMessage]:
    """IAMDASH_REQUIRED_BOUNDARIES: a selector that nothing understands would ask nobody for anything."""
    wrong = sorted(
        whom for whom, name in settings.REQUIRED_BOUNDARIES.items() if not (SELECTOR.fullmatch(whom) and name)
    )
    return [
        Error(f"IAMDASH_REQUIRED_BOUNDARIES: {one[:80]!r} names nobody; {BOUNDARIES.what}.", id="findings.E001")
        for one in wrong
    ]
