"""What a candidate would have blocked in the last 90 days: totals over all accounts, then the rows of those concerned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from findings.analysis.what_if import Candidate, Outcome, UsedRow, Verdict
from findings.analysis.what_if.alike import Class, Decider
from findings.engine import what_if_rows as rows
from findings.engine.what_if_rows import Named, Part, Scope, Used

DAYS = 90
AT_ONCE = 200  # principals whose rows are read together
ORDER = {Verdict.BLOCKED: 0, Verdict.UNDECIDABLE: 1, Verdict.NOT_BLOCKED: 2}
Told = Mapping[tuple[int, int], Named]


@dataclass
class Total:
    """calls: of each principal, row id -> how many."""

    calls: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def n(self) -> int:
        return sum(self.calls.values())

    def most(self) -> list[int]:
        return sorted(self.calls, key=lambda one: (-self.calls[one], one))


@dataclass(frozen=True)
class Concerned:
    """A used action that is blocked or cannot be decided. row.n: calls, the last on row.last."""

    row: UsedRow
    outcome: Outcome


@dataclass(frozen=True)
class Answer:
    """keys: key -> the calls that hang on it. used: principals that made any call that was not denied."""

    blocked: Total
    undecidable: Total
    keys: Mapping[str, int]
    principals: Mapping[int, UsedRow]
    used: int

    @property
    def untouched(self) -> int:
        return max(0, self.used - len(self.blocked.calls.keys() | self.undecidable.calls.keys()))

    def accounts(self, total: Total) -> int:
        return len({self.principals[one].account for one in total.calls})


class WhatIf:
    """One candidate over some accounts. accounts: row id -> AWS's id. until: the last day. whole: see Scope."""

    def __init__(self, candidate: Candidate, accounts: Mapping[int, str], until: date, whole: bool = False) -> None:
        self.scope = Scope(accounts, until - timedelta(days=DAYS - 1), whole)
        self.decider = Decider(candidate)
        self.spoken = rows.spoken(self.decider, self.scope)
        self.principals = rows.principals_of(self.decider, self.scope) if self.spoken.sources else {}
        self._who: dict[int, int] = {}
        self._classes: dict[Class, int] = {}
        self._alike: dict[tuple[object, ...], Outcome] = {}

    def answer(self) -> Answer:
        blocked, undecidable = Total(), Total()
        keys: defaultdict[str, int] = defaultdict(int)
        for used, outcome in self.outcomes():
            if outcome.verdict is Verdict.BLOCKED:
                blocked.calls[used.principal] += used.n
            elif outcome.verdict is Verdict.UNDECIDABLE:
                undecidable.calls[used.principal] += used.n
                for key in outcome.keys:
                    keys[key] += used.n
        return Answer(blocked, undecidable, keys, self.principals, rows.used_principals(self.scope))

    def outcomes(self) -> Iterator[tuple[Used, Outcome]]:
        """Of calls, which may each ask for several actions: the worst of theirs."""
        if not self.spoken.sources:
            return
        told = rows.named(self.spoken, self.scope)
        parts = {pk: rows.parts_of(self.decider, *one) for pk, one in rows.events_of({e for _, e in told}).items()}
        for used in rows.uses(self.decider, self.spoken, self.scope, told):
            if used.event is not None and (named := told.get((used.principal, used.event))):
                yield used, self._of_named(used, parts[used.event], named)
            else:
                yield used, self._of_class(used)

    def _of_named(self, used: Used, parts: tuple[Part, ...], named: Named) -> Outcome:
        resources = tuple(named.of(part.action) for part in parts)
        key = self._number(used.principal), parts[0].event, resources, used.region, used.session, used.long_term
        found = self._alike.get(key)
        if found is None:
            found = self._alike[key] = worst(outcome for _, outcome in self._by_part(used, parts, named))
        return found

    def _of_class(self, used: Used) -> Outcome:
        key = self._number(used.principal), used.what, used.region, used.session, used.long_term
        found = self._alike.get(key)
        if found is None:
            some = self._by_part(used, self.spoken.classes[used.what])
            found = self._alike[key] = worst(outcome for _, outcome in some)
        return found

    def _by_part(
        self, used: Used, parts: Sequence[Part], named: Named | None = None
    ) -> Iterator[tuple[UsedRow, Outcome]]:
        who = self.decider.who(self.principals[used.principal])
        for part in parts:
            row = replace(
                self.principals[used.principal],
                event=part.event,
                action=part.action,
                region=used.region,
                session_kind=used.session,
                long_term=used.long_term,
                resources=named.of(part.action) if named else (),
                n=used.n,
                last=used.last,
            )
            yield row, self.decider.of_class(who, part.what, row)

    def _number(self, principal: int) -> int:
        """Of the principal's class."""
        found = self._who.get(principal)
        if found is None:
            who = self.decider.who(self.principals[principal])
            found = self._who[principal] = self._classes.setdefault(who, len(self._classes))
        return found

    def concerned(self, principals: Sequence[int], verdict: Verdict) -> Iterator[Concerned]:
        """The used actions of these principals with this outcome; those of one principal together, most calls first."""
        for start in range(0, len(principals), AT_ONCE):
            some = principals[start : start + AT_ONCE]
            found = self._concerned(some, verdict)
            for principal in some:
                yield from found.get(principal, ())

    def _concerned(self, principals: Sequence[int], verdict: Verdict) -> dict[int, list[Concerned]]:
        told = rows.named(self.spoken, self.scope, principals)
        used = list(rows.uses(self.decider, self.spoken, self.scope, told, principals))
        events = rows.events_of({one.event for one in used if one.event is not None})
        found: dict[int, dict[tuple[object, ...], Concerned]] = {}
        for one in used:
            assert one.event is not None
            parts = rows.parts_of(self.decider, *events[one.event])
            for row, outcome in self._by_part(one, parts, told.get((one.principal, one.event))):
                if outcome.verdict is verdict:
                    _add(found.setdefault(one.principal, {}), row, outcome)
        return {pk: sorted(some.values(), key=_often) for pk, some in found.items()}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    return min(outcomes, key=lambda one: ORDER[one.verdict])


def _add(found: dict[tuple[object, ...], Concerned], row: UsedRow, outcome: Outcome) -> None:
    """What differs in the kind of session only is one row."""
    key = row.event, row.action, row.region, outcome
    if old := found.get(key):
        row = replace(row, n=row.n + old.row.n, last=max(row.last, old.row.last))
    found[key] = Concerned(row, outcome)


def _often(one: Concerned) -> tuple[int, str, str]:
    return -one.row.n, one.row.action or one.row.event, one.row.region
