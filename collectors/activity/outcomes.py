"""What an event came to. Denials are spelled in many ways, and count as attempts, not as use (AWS.md 28)."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from collectors.activity import parts
from collectors.activity.events import Event


class Outcome(IntEnum):
    DONE = 0
    DENIED = 1
    FAILED = 2


DENIAL = re.compile(
    r"AccessDenied|Unauthori[sz]ed|NotAuthori[sz]ed|AuthorizationError|Forbidden|\A403\Z", re.IGNORECASE
)
TOLD = "not authorized to perform"  # some services answer a denial with a code of their own and IAM's sentence


@lru_cache(5_000)
def _denial(code: str) -> bool:
    return bool(DENIAL.search(code))


def outcome(event: Event) -> Outcome:
    """Of an event that has an error; sign-ins tell theirs elsewhere."""
    if _denial(event.error_code or "") or TOLD in (event.error_message or ""):
        return Outcome.DENIED
    return Outcome.FAILED


def signed_in(event: Event) -> Outcome:
    """Of ConsoleLogin and SwitchRole, which carry no error code: a sign-in that was refused is an attempt."""
    answer = parts.answer(event)
    word = answer.console_login or answer.switch_role
    return Outcome.DENIED if word == "Failure" or event.error_code or event.error_message else Outcome.DONE
