"""What two sources together tell of the root user's credentials: the credential report's row and the account
summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.records import KeySlot
from findings.analysis.facts import Facts

REPORT, SUMMARY = "iam:GetCredentialReport", "iam:GetAccountSummary"


@dataclass(frozen=True, slots=True)
class RootCredentials:
    """None means that no source which is complete now told it.

    password, key_present: from the summary (live). active_key, slots: from the report. mfa: of either; one that shows
    it is enough.
    """

    password: bool | None
    key_present: bool | None
    active_key: bool | None
    mfa: bool | None
    slots: tuple[KeySlot, ...]

    @property
    def removed(self) -> bool:
        """Central root management took them away: neither password nor any access key is left."""
        return self.password is False and not self.key_present and not self.slots


def root_credentials(facts: Facts) -> RootCredentials:
    """A source that failed this time is not asked for its old answer: somebody may have changed root's credentials
    since."""
    summary: Mapping[str, int] = (facts.summary or {}) if facts.complete(SUMMARY) else {}
    row = facts.root_credential if facts.complete(REPORT) else None
    slots = tuple(slot for slot in row.slots if slot.active or slot.last_rotated) if row else ()
    mfa = [_flag(summary, "AccountMFAEnabled"), row.mfa_active if row else None]
    password = _flag(summary, "AccountPasswordPresent")
    return RootCredentials(
        password=row.password_enabled if password is None and row else password,
        key_present=_flag(summary, "AccountAccessKeysPresent"),
        active_key=any(slot.active for slot in slots) if row else None,
        mfa=True if True in mfa else False if False in mfa else None,
        slots=slots,
    )


def _flag(summary: Mapping[str, int], name: str) -> bool | None:
    value = summary.get(name)
    return None if value is None else value > 0
