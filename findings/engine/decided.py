"""What operators decided, as the settings that an account is judged by, and that pages read by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from collectors import queue
from collectors.models import Account
from collectors.sources import sources
from findings.analysis.activity import aws_ranges
from findings.analysis.activity.networks import Networks
from findings.analysis.facts import Settings
from findings.analysis.places import Place, Scope, Standing
from findings.analysis.settings import Decision, Value, as_settings, resolve
from findings.engine.grouping import standings
from findings.models import AwsRanges, DecidedSetting, JudgementRequest, KindOverride, NamedNetwork
from findings.models.decided import STANDS

KEPT = 4  # lists of AWS's networks in a process's memory


def settings_of(
    account: Account, place: Place | None = None, names: Names | None = None, kinds: Mapping[str, str] | None = None
) -> Settings:
    """place: where the account is now; None: as of its last judgement. names, kinds: of networks, and those that operators set of
    the principals that are asked about, where they are at hand.

    Four queries, two of them for names; up to two more when OUs or groups decide, one when AWS's list is another than before.
    """
    seldom = {api.name: source.every for source in sources().values() for api in source.apis if source.every > 1}
    return as_settings(
        values_of([account], {} if place is None else {account.pk: place})[account.pk],
        collect_every_hours=django_settings.COLLECT_EVERY_HOURS,
        seldom=seldom,
        networks=(names or Names([account.pk])).named(account.pk),
        kinds=kinds_of(account) if kinds is None else kinds,
        lookup_days=min(django_settings.LOOKUP_DAYS, 90),
    )


def values_of(
    accounts: Iterable[Account], places: Mapping[int, Place] | None = None, at: datetime | None = None
) -> dict[int, dict[str, Value]]:
    """By account's key and setting's name: what holds, and who said so. places: those that are known better than what is stored.
    at: what operators had decided by then, of the accounts where they are now; None: by now.

    As many queries for all as for one.
    """
    accounts = list(accounts)
    made = decisions(accounts, at)
    if any(one.scope is not Scope.ALL for one in made):
        stand = standings(accounts, places)
    else:
        stand = {account.pk: Standing(Place(account.aws_id)) for account in accounts}
    return {account.pk: resolve(made, stand[account.pk], environment(account.aws_id)) for account in accounts}


def allowed_regions(accounts: Iterable[Account]) -> frozenset[str]:
    """Those that any of the accounts may use by its settings; none: nothing is said of regions."""
    return frozenset(
        region for values in values_of(accounts).values() for region in as_settings(values).allowed_regions
    )


def decisions(accounts: Iterable[Account], at: datetime | None = None) -> list[Decision]:
    """Those that stand, or stood at a moment, for all, for OUs and groups, and for these accounts."""
    stood = STANDS if at is None else Q(set_at__lt=at) & (STANDS | Q(ended_at__gte=at))
    rows = DecidedSetting.objects.filter(stood, Q(account=None) | Q(account__in=list(accounts)))
    return [
        Decision(
            Scope(one.scope),
            one.account.aws_id if one.account else one.target,
            one.name,
            one.value,
            one.set_by,
            one.set_at,
        )
        for one in rows.select_related("account").order_by("pk")
    ]


def environment(aws_id: str) -> dict[str, Any]:
    """What the worker's environment says of an account; what it leaves open is left out."""
    said = {
        "allowed_regions": django_settings.ALLOWED_REGIONS,
        "organization_policies": django_settings.ORGANIZATION_POLICIES,
        "required_boundaries": django_settings.REQUIRED_BOUNDARIES,
        "iam_by_code": bool(django_settings.IAM_BY_CODE & {"*", aws_id}),
    }
    return {name: value for name, value in said.items() if value}


def kinds_of(account: Account) -> dict[str, str]:
    """Unique id -> kind."""
    return dict(KindOverride.objects.filter(STANDS, account=account).values_list("principal_id", "kind"))


class Names:
    """The networks that were named. accounts: whose own names are read; None: those of all that may be seen. Two queries."""

    def __init__(self, accounts: Iterable[int] | None = None) -> None:
        rows = NamedNetwork.objects.filter(STANDS).order_by("cidr")
        if accounts is not None:
            rows = rows.filter(Q(account=None) | Q(account__in=list(accounts)))
        self._own: defaultdict[int | None, dict[str, str]] = defaultdict(dict)
        for account, cidr, name in rows.values_list("account", "cidr", "name"):
            self._own[account][cidr] = name
        self._shared = _aws() | self._own[None]
        self._made: dict[int | None, Networks] = {}

    def named(self, account: int | None) -> dict[str, str]:
        """CIDR -> name: AWS's own list, under what operators say of all accounts, under what they say of the one."""
        return self._shared | self._own.get(account, {})

    def of(self, account: int | None) -> Networks:
        """account: primary key; None: what holds for all."""
        key = account if account in self._own else None
        if key not in self._made:
            self._made[key] = Networks(self.named(key))
        return self._made[key]


def _aws() -> dict[str, str]:
    newest = AwsRanges.objects.order_by("-pk").values_list("pk", "set_at").first()
    return _ranges(*newest) if newest else {}


@lru_cache(KEPT)
def _ranges(pk: int, _set_at: object) -> dict[str, str]:
    """A row never changes. The moment tells rows of two databases apart."""
    return AwsRanges.objects.values_list("named", flat=True).get(pk=pk)


def take_ranges(blob: bytes, by: str) -> AwsRanges | None:
    """Keep AWS's list, and ask for judgements by it; None when it is the one that is kept. Raises RangesError."""
    found = aws_ranges.read(blob)
    if found.named == _aws():
        return None
    kept = AwsRanges.objects.create(published=found.published, named=found.named, set_by=by)
    JudgementRequest.ask(Account.objects.values_list("pk", flat=True), by)
    return kept


def judge_as_asked() -> None:
    """Queue the judgements that operators' decisions ask for."""
    with transaction.atomic():
        open_requests = JudgementRequest.objects.filter(taken_at=None).select_for_update(skip_locked=True)
        wanted = dict(open_requests.values_list("pk", "account"))
        queue.ask_judgements(wanted.values())
        JudgementRequest.objects.filter(pk__in=wanted).update(taken_at=Now())
