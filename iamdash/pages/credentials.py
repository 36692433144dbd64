"""What a user signs in with, and when it was last used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from collectors import records
from collectors.models import AccessKey, Credential, Principal
from iamdash.pages import show
from iamdash.pages.gaps import KEYS, REPORT, Gaps
from iamdash.pages.html import format_html


@dataclass(frozen=True)
class Held:
    """report None: no row of the credential report. no_report, no_keys: why it, or the list of keys, is unknown; "" if known."""

    report: records.Credential | None
    keys: tuple[AccessKey, ...]
    no_report: str
    no_keys: str

    @property
    def last_used_at(self) -> datetime | None:
        times = [k.last_used_at for k in self.keys]
        times += [self.report.password_last_used, *(s.last_used_at for s in self.report.slots)] if self.report else []
        return max((t for t in times if t), default=None)

    @property
    def active_keys(self) -> int:
        return sum(k.active for k in self.keys)

    def __str__(self) -> str:
        """With the reasons of what is unknown, for a file whose rows stand alone."""
        password = f"unknown: {self.no_report}" if self.report is None else _password(self.report)
        return f"{password}, keys unknown: {self.no_keys}" if self.no_keys else f"{password}, {self._keys}"

    @property
    def short(self) -> str:
        """Without the reasons, which a list gives once: `lacks`."""
        if self.report is None and self.no_keys:
            return "password and keys unknown"
        password = "password unknown" if self.report is None else _password(self.report)
        return f"{password}, {'keys unknown' if self.no_keys else self._keys}"

    @property
    def _keys(self) -> str:
        n = len(self.keys)
        return f"{self.active_keys} of {n} key{'' if n == 1 else 's'} active" if n else "no keys"

    @property
    def lacks(self) -> tuple[str, ...]:
        """Why something is unknown."""
        return tuple(filter(None, (self.no_report if self.report is None else "", self.no_keys)))


def _password(report: records.Credential) -> str:
    if report.password_enabled is None:
        return "password unknown"
    if not report.password_enabled:
        return "no password"
    return {True: "password with MFA", False: "password without MFA", None: "password, MFA unknown"}[report.mfa_active]


def held_by(users: Sequence[Principal]) -> dict[int, Held]:
    """Principal primary key -> what it holds. Three queries for any number of users."""
    accounts, arns = {u.account_id for u in users}, [u.arn for u in users]
    reports = {
        (row.account_id, row.unique_id): row.as_record
        for row in Credential.present.filter(account__in=accounts, unique_id__in=arns)
    }
    keys: defaultdict[tuple[int, str], list[AccessKey]] = defaultdict(list)
    for key in AccessKey.present.filter(account__in=accounts, user_arn__in=arns).order_by("created_at"):
        keys[key.account_id, key.user_arn].append(key)
    gaps = Gaps(accounts, REPORT, KEYS)
    return {
        user.pk: Held(
            report=reports.get((user.account_id, user.arn)),
            keys=tuple(keys.get((user.account_id, user.arn), ())),
            no_report=gaps.of(user.account_id, REPORT) or "the credential report is older than the user",
            no_keys=gaps.of(user.account_id, KEYS),
        )
        for user in users
    }


def used(principal: Principal, held: Held | None) -> SafeString:
    """When it was last used, and with what, for a cell."""
    if held is None:
        region = principal.data.get("last_used_region", "")
        under = f"in {region}" if region else ""
        none = "not in 400 days" if principal.type == Principal.Type.ROLE else "never"
        return format_html('{}<span class="under">{}</span>', show.ago(principal.last_used_at, none=none), under)
    return format_html(
        '{}<span class="under">{}</span>', show.ago(held.last_used_at, none="no use recorded"), held.short
    )
