"""Whether a person or a program was behind a session, with the reasons (RULES.md, HM)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

from collectors.records import EventUse, Role, Session, User
from findings.analysis.activity.callers import Elsewhere, OfAccount
from findings.analysis.activity.lineage import Lineage
from findings.analysis.activity.networks import Networks
from findings.analysis.activity.signs import Sign, refused, signs
from findings.analysis.keys.at_work import KeysAtWork
from findings.analysis.kinds import Confidence

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

HIGH, MEDIUM, LOW = Confidence
REFUSED = "tried to sign in to the console, was refused, and did nothing else"
NOTHING = "shows nothing that only people or only programs do"


@dataclass(frozen=True, slots=True)
class Verdict:
    """human None: the evidence does not tell. reasons: sentences about the session without a subject, never empty."""

    human: bool | None
    confidence: Confidence
    reasons: tuple[str, ...]


def verdict(session: Session, context: Activity) -> Verdict:
    found = list(signs(session, context.lineage, context.whole, context.networks))
    return weigh(found) if found or not refused(session) else Verdict(None, LOW, (REFUSED,))


def weigh(found: Iterable[Sign]) -> Verdict:
    """The strongest signs decide. A person's proof stands beside a program's: people use what programs began, such as an
    instance's role in a browser, and programs do not sign in. Weaker signs that differ leave it open, and so do weak ones
    that speak for a person."""
    some = list(found)
    for weight in (HIGH, MEDIUM):
        sides = {sign.human for sign in some if sign.weight is weight}
        if sides == {True, False} and weight is MEDIUM:
            return Verdict(None, LOW, _reasons(some))
        if sides:
            human = True in sides
            return Verdict(human, weight, _reasons(some, human))
    if some and not any(sign.human for sign in some):
        return Verdict(False, LOW, _reasons(some))
    return Verdict(None, LOW, _reasons(some) or (NOTHING,))


def _reasons(some: list[Sign], human: bool | None = None) -> tuple[str, ...]:
    """Those for the verdict, the strongest first, then what speaks against it."""
    told = [(human is not None and one.human is not human, list(Confidence).index(one.weight), one) for one in some]
    return tuple(
        dict.fromkeys(
            f"although it {one.reason}" if against else one.reason
            for against, _, one in sorted(told, key=itemgetter(0, 1))
        )
    )


class Activity:
    """An account's sessions, each with its verdict. since None: CloudTrail was not read, and all here says nothing.

    lineage: as the account's own events tell it, whose names may be shown with the account. whole: with what other accounts
    tell, by which it is judged.
    """

    def __init__(self, facts: Facts, elsewhere: Elsewhere) -> None:
        self._facts = facts
        self.since = facts.snapshot.activity_since
        own, account = OfAccount(facts), facts.snapshot.account_id
        self.lineage = self.whole = Lineage(facts.snapshot.assumptions, [own], account)
        if elsewhere.known or elsewhere.assumptions:
            both = (*facts.snapshot.assumptions, *elsewhere.assumptions)
            self.whole = Lineage(both, [own, elsewhere], account)
        self.networks = Networks(facts.settings.networks)
        self.keys = KeysAtWork(facts)
        self._verdicts: dict[int, Verdict] = {}

    def of(self, principal: Role | User, days: int) -> tuple[Session, ...]:
        """Its sessions of the last `days` days, the newest first."""
        start = (self._facts.as_of - timedelta(days=days)).date()
        return tuple(one for one in self._by_principal.get(principal.unique_id, ()) if one.day >= start)

    def uses(self, principal: Role | User) -> tuple[EventUse, ...]:
        """Its calls, each with when it was last made."""
        return self._uses.get(principal.unique_id, ())

    def verdict(self, session: Session) -> Verdict:
        """Of a session of the snapshot; judged once."""
        if id(session) not in self._verdicts:
            self._verdicts[id(session)] = verdict(session, self)
        return self._verdicts[id(session)]

    @cached_property
    def _by_principal(self) -> Mapping[str, tuple[Session, ...]]:
        found: dict[str, list[Session]] = {}
        for one in sorted(self._facts.snapshot.sessions, key=lambda s: (s.day, s.last_at, s.name), reverse=True):
            found.setdefault(one.principal_id, []).append(one)
        return {key: tuple(some) for key, some in found.items()}

    @cached_property
    def _uses(self) -> Mapping[str, tuple[EventUse, ...]]:
        found: dict[str, list[EventUse]] = {}
        for one in self._facts.snapshot.event_uses:
            found.setdefault(one.principal_id, []).append(one)
        return {key: tuple(some) for key, some in found.items()}
