"""Acceptances as the judgement of an account reads them, and which accounts each of them reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from collectors.models import Account
from collectors.records import Role
from findings.analysis.accepting import Accepting, Fault, Terms
from findings.analysis.facts import Facts
from findings.analysis.families import SET, family
from findings.analysis.places import Place, Scope, Standing, places_of
from findings.engine.grouping import standings
from findings.engine.stored import Row
from findings.models import Acceptance, Finding
from findings.models.decided import STANDS
from findings.vocabulary import SubjectType

# A judgement is as of when it began. What people decide while it runs counts, or it would undo what pages show already.
RUNNING = timedelta(minutes=10)
NARROW = frozenset({Scope.ALL, Scope.ACCOUNT})


class Held:
    """The acceptances of an account as of a moment, asked for its findings. known: by id, ended ones included that findings name.

    One query, and up to three more where OUs, tags or groups of accounts are accepted.
    """

    def __init__(self, account: Account, facts: Facts, named: Iterable[int]) -> None:
        asked = (STANDS | Q(ended_at__gt=facts.as_of)) & (Q(account=account) | Q(account=None))
        rows = Acceptance.objects.filter(asked | Q(pk__in=set(named))).order_by("pk")
        self.facts, self.known = facts, {one.pk: one for one in rows}
        mine = [one for one in self.known.values() if holds(one, facts.as_of)]
        if any(Scope(one.scope) not in NARROW for one in mine):
            standing = standings([account], {account.pk: _place(account, facts)})[account.pk]
        else:
            standing = Standing(Place(account.aws_id))
        self._accepting = Accepting(terms(one) for one in mine if reaches(one, account.pk, standing))
        self._asks = {
            "tag": any(one.tag for one in mine),
            "family": any(one.family for one in mine),
            "set": any(one.family.startswith(SET) for one in mine),
        }

    def best(self, finding: Finding | Row) -> Acceptance | None:
        if not self._accepting.named(finding.code, finding.subject_id):
            return None
        found = self._accepting.best(self._fault(finding))
        return self.known[found.id] if found else None

    def _fault(self, finding: Finding | Row) -> Fault:
        return Fault(
            finding.code,
            finding.subject_id,
            finding.part,
            int(finding.severity),
            self._tags(finding) if self._asks["tag"] else {},
            self._family(finding) if self._asks["family"] else "",
        )

    def _family(self, finding: Finding | Row) -> str:
        permission_set = self._permission_set(finding) if self._asks["set"] else ""
        role = finding.subject_arn if finding.subject_type == SubjectType.ROLE else ""
        return family(finding.code, finding.evidence, permission_set, role)

    def _tags(self, finding: Finding | Row) -> Mapping[str, str]:
        found = self.facts.principal_by_id.get(finding.subject_id)
        if finding.subject_type == SubjectType.KEY:
            key = next((one for one in self.facts.snapshot.keys if one.unique_id == finding.subject_id), None)
            found = self.facts.user_by_arn.get(key.user_arn) if key else None
        return found.tags if found else {}

    def _permission_set(self, finding: Finding | Row) -> str:
        role = self.facts.principal_by_id.get(finding.subject_id)
        behind = self.facts.center.behind(role) if isinstance(role, Role) else None
        return behind.permission_set.unique_id if behind else ""


def _place(account: Account, facts: Facts) -> Place:
    return next(place for place in places_of(facts.snapshot) if place.aws_id == account.aws_id)


def holds(one: Acceptance, at: datetime) -> bool:
    """Whether it is approved, begun, not ended and not expired. at: of the judgement."""
    begun = one.approved_at if one.needs_approval else one.set_at
    by = at + RUNNING
    return begun is not None and begun <= by and (one.ended_at is None or one.ended_at > by) and one.expires_at > at


def terms(one: Acceptance) -> Terms:
    return Terms(one.pk, one.severity, one.expires_at, one.code, one.subject_id, one.part, one.tag, one.family)


def reaches(one: Acceptance, account: int, standing: Standing) -> bool:
    """account: its key."""
    if one.account_id is not None:
        return one.account_id == account
    return standing.rank(Scope(one.scope), one.target) is not None


def reached(some: Iterable[Acceptance], stand: Mapping[int, Standing] | None = None) -> list[tuple[int, int]]:
    """Pairs of the keys of acceptances of no single account and of the accounts that may be seen and that they reach."""
    wide = [one for one in some if one.account_id is None]
    if not wide:
        return []
    stand = standings() if stand is None else stand
    return [(one.pk, pk) for one in wide for pk, standing in stand.items() if reaches(one, pk, standing)]
