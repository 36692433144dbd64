"""What do AWS Config's rules say of the account's IAM, and what do ours? The account page's section."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from collectors import records
from collectors.models import Account, ConfigRecorder, ConfigRule, Coverage
from findings.analysis.config_recording import COMPLIANCE, RECORDERS, RULES, STATUS, described
from findings.models import Finding, RuleState
from findings.rules.counterparts import COUNTERPARTS

WORST = ("NON_COMPLIANT", "INSUFFICIENT_DATA", None, "COMPLIANT")  # of regions that say different things
SAID = {
    "COMPLIANT": ("resolved", "complies"),
    "NON_COMPLIANT": ("medium", "does not comply"),
    "INSUFFICIENT_DATA": ("unknown", "has evaluated nothing yet"),
    None: ("unknown", "was not read"),
}
MADE_BY = {"account": "this account", "organization": "the organization", "conformance pack": "a conformance pack"}


@dataclass(frozen=True)
class Shown:
    """A rule over its regions. ours: code of each rule of ours that asks the same, and what it says of the account."""

    name: str
    identifier: str
    origin: str
    regions: tuple[str, ...]
    compliance: str | None
    offending: int
    capped: bool
    vague: bool
    ours: tuple[tuple[str, str], ...]

    @property
    def mark(self) -> str:
        return SAID.get(self.compliance, SAID[None])[0]

    @property
    def says(self) -> str:
        return SAID.get(self.compliance, SAID[None])[1]


def of_account(account: Account, coverage: Iterable[Coverage]) -> dict[str, Any]:
    """Up to four queries. coverage: all of the account's. unread: APIs of which some region gave no whole answer; read False:
    nobody asked yet."""
    rules = [one.as_record for one in ConfigRule.present.filter(account=account).order_by("name", "region")]
    recorders = [one.as_record for one in ConfigRecorder.present.filter(account=account).order_by("region")]
    asked = [one for one in coverage if one.api in {RECORDERS, STATUS, RULES, COMPLIANCE}]
    whole = (Coverage.State.COMPLETE, Coverage.State.NOT_APPLICABLE)
    return {
        "rules": _shown(rules, _ours(account, rules)),
        "recorders": [described(one) for one in recorders],
        "unread": sorted({one.api for one in asked if one.state not in whole}),
        "read": bool(asked),
    }


def _ours(account: Account, rules: Iterable[records.ConfigRule]) -> Mapping[str, str]:
    """Code -> what our rule says, in words. Nothing open is told apart from nothing known."""
    codes = {code for one in rules for code in COUNTERPARTS.get(one.identifier, ())}
    found = Finding.objects.filter(account=account, resolved_at=None, code__in=codes)
    told = {code: f"{n:,} open" for code, n in found.values_list("code").annotate(n=Count("*"))}
    for code, unknown, reason in RuleState.objects.filter(account=account, code__in=codes).values_list(
        "code", "n_unknown", "reason"
    ):
        told.setdefault(code, "unknown" if unknown or reason else "nothing open")
    return {code: told.get(code, "not judged") for code in codes}


def _shown(rules: Iterable[records.ConfigRule], found: Mapping[str, str]) -> list[Shown]:
    """By name. A rule stands in each region by itself, and of IAM it says the same in all."""
    of_name: defaultdict[str, list[records.ConfigRule]] = defaultdict(list)
    for one in rules:
        of_name[one.name].append(one)
    return [_one(some, found) for some in of_name.values()]


def _one(some: list[records.ConfigRule], found: Mapping[str, str]) -> Shown:
    first = some[0]
    worst = min((one.compliance for one in some), key=lambda said: WORST.index(said) if said in WORST else 0)
    return Shown(
        name=first.name,
        identifier=first.identifier if first.owner == "AWS" else "",
        origin=MADE_BY.get(first.origin, first.origin),
        regions=tuple(one.region for one in some if one.region),
        compliance=worst,
        offending=max(one.offending or 0 for one in some),
        capped=any(one.capped for one in some),
        vague=first.vague,
        ours=tuple((code, found[code]) for code in COUNTERPARTS.get(first.identifier, ())),
    )
