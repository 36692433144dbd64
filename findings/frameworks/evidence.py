"""By what evidence a control is said to stand as it does: what was read and when, and which exceptions were made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count

from collectors.models import Account, Coverage
from collectors.models.coverage import TROUBLE
from findings.frameworks.answering import answered_by, bucket, where
from findings.frameworks.catalogue import Control
from findings.frameworks.past import Then
from findings.frameworks.standing import CHUNK, Standing, standings
from findings.models import Acceptance, Finding


@dataclass(frozen=True)
class Read:
    """An API in an account, over its regions: state is the worst, complete_at the oldest last whole answer, None: in some
    region there was none."""

    api: str
    state: str
    complete_at: datetime | None

    @property
    def whole(self) -> bool:
        return self.state not in TROUBLE


@dataclass(frozen=True)
class Excepted:
    """An acceptance, and how many findings of a control it hides in an account."""

    reason: str
    owner: str
    by: str
    until: datetime
    n: int


@dataclass(frozen=True)
class Evidence:
    """Of some accounts, by their keys. Of a past day what was read, and when, is not kept."""

    standings: Mapping[int, Standing]
    _reads: Mapping[int, Mapping[str, Read]]
    _excepted: Mapping[int, list[tuple[str, str, str, Excepted]]]

    def reads(self, pk: int, control: Control) -> list[Read]:
        """Of all that the control rests on; an API that was never asked is missing here, and is a reason of the verdict."""
        mine = self._reads.get(pk, {})
        return [mine[api] for api in control.apis if api in mine]

    def oldest(self, pk: int, control: Control) -> datetime | None:
        """The last whole answer of what was answered longest ago; None where something was never read whole, or nothing was."""
        read = self.reads(pk, control)
        ages = [one.complete_at for one in read if one.complete_at]
        return min(ages) if ages and len(ages) == len(read) else None

    def excepted(self, pk: int, control: Control) -> list[Excepted]:
        answers = {answer.code: answer for answer in control.judging}
        found: dict[tuple[str, str, str, datetime], int] = defaultdict(int)
        for code, part, subject, one in self._excepted.get(pk, ()):
            if code in answers and answered_by(answers[code], part, subject):
                found[one.reason, one.owner, one.by, one.until] += one.n
        return [Excepted(*key, n) for key, n in found.items()]


def evidence(accounts: Iterable[Account], controls: Iterable[Control], on: date | None = None) -> Evidence:
    """As many queries for many as for one; what it holds grows with the accounts, so give some at a time. on: at the end of a
    past day; None: now."""
    accounts, controls = list(accounts), list(controls)
    ids = [account.pk for account in accounts]
    then = Then(accounts, controls, on) if on else None
    stand = standings(accounts, controls, reasons=True, then=then)
    if then:
        return Evidence(stand, {}, _excepted_then(then))
    return Evidence(stand, _reads(ids, controls), _excepted(ids, controls))


def _reads(ids: list[int], controls: Iterable[Control]) -> Mapping[int, Mapping[str, Read]]:
    apis = {api for control in controls for api in control.apis}
    rows = Coverage.objects.filter(account__in=ids, api__in=apis).exclude(state=Coverage.State.NOT_APPLICABLE)
    found: defaultdict[int, dict[str, Read]] = defaultdict(dict)
    for pk, api, state, at in rows.values_list("account", "api", "state", "complete_at").iterator(CHUNK):
        found[pk][api] = _together(found[pk].get(api), Read(api, state, at))
    return found


def _together(one: Read | None, other: Read) -> Read:
    if one is None:
        return other
    at = min(one.complete_at, other.complete_at) if one.complete_at and other.complete_at else None
    return Read(one.api, other.state if one.whole else one.state, at)


def _excepted(ids: list[int], controls: Iterable[Control]) -> Mapping[int, list[tuple[str, str, str, Excepted]]]:
    answers = {answer for control in controls for answer in control.judging}
    rows = Finding.objects.filter(where(answers), account__in=ids, acceptance__isnull=False).order_by()
    by = [f"acceptance__{name}" for name in ("reason", "owner", "set_by", "expires_at")]
    found: defaultdict[int, list[tuple[str, str, str, Excepted]]] = defaultdict(list)
    grouped = rows.annotate(bucket=bucket(answers)).values("account", "code", "bucket", "subject_type", *by)
    for row in grouped.annotate(n=Count("pk")):
        reason, owner, set_by, until = (row[name] for name in by)
        one = Excepted(reason, owner, set_by, until, row["n"])
        found[row["account"]].append((row["code"], row["bucket"], row["subject_type"], one))
    return found


def _excepted_then(then: Then) -> Mapping[int, list[tuple[str, str, str, Excepted]]]:
    known = Acceptance.objects.in_bulk({by for *_, by in then.accepted})
    found: defaultdict[int, list[tuple[str, str, str, Excepted]]] = defaultdict(list)
    for (pk, code, part, subject, by), n in then.accepted.items():
        if one := known.get(by):
            excepted = Excepted(one.reason, one.owner, one.set_by, one.expires_at, n)
            found[pk].append((code, part, subject, excepted))
    return found
