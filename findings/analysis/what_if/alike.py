"""Many calls, few answers: what a candidate reads of a call, and one `decide` for all that are alike in it.

    decider = Decider(candidate); decider.outcome(row)      the same as decide(candidate, row)

A call is taken apart into who made it, what for, and where: of each part only that stays which the candidate's statements read.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from collectors.activity.evidence import SERVICE
from findings.analysis.what_if.circumstances import ELSEWHERE, caller, context, exempt
from findings.analysis.what_if.decide import decide, unmapped
from findings.analysis.what_if.model import Candidate, Kind, Outcome, UsedRow, Verdict
from findings.analysis.what_if.resources import ANYTHING, about_some, asked
from findings.policy.catalogue import catalogue
from findings.policy.conditions import holds
from findings.policy.document import Condition, Statement
from findings.policy.evaluate import ASSUMING, NEEDS_NO_PERMISSION
from findings.policy.request import PRINCIPAL_TAG, Context, Request, known_context
from findings.policy.statements import about
from findings.policy.variables import Variable, parse

REGION, OWNER = "aws:requestedregion", "aws:resourceaccount"
OF_CALLER = ("aws:principal", "aws:user", "ec2:")  # how the keys begin that follow from who calls
OF_SESSION = ("aws:viaawsservice", "aws:calledvia", "aws:multifactorauth", "aws:tokenissuetime")
Class = tuple[Hashable, ...]


class What(NamedTuple):
    """All that an action's part of the answer hangs on. about: numbers of the statements; whole: the same on a resource of which
    nothing is known. takes: what is asked for it then. by_resource: what its calls named can make a difference; by_owner: only
    if it is of another account; templates: by which it is read. ruled: RCPs bind it. unmapped: the outcome where no action is
    known."""

    about: tuple[int, ...] = ()
    whole: tuple[tuple[int, Statement], ...] = ()
    takes: tuple[str, ...] = ()
    by_resource: bool = False
    by_owner: bool = False
    templates: tuple[str, ...] = ()
    ruled: bool = True
    by_itself: str = ""
    unmapped: Outcome | None = None


class Decider:
    """One candidate. Answers are kept for all rows that follow."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self._outcomes: dict[Class, Outcome] = {}
        self._actions: dict[tuple[str, str | None], What] = {}

    def outcome(self, row: UsedRow) -> Outcome:
        return self.of_class(self.who(row), self.what(row.event, row.action), row)

    def of_class(self, who: Class, what: What, row: UsedRow) -> Outcome:
        """row: any of a principal and an action of these classes."""
        session = (row.session_kind, row.long_term) if self.reads_session else ()
        named = row.resources if what.by_resource or what.by_owner or (self.reads_region and not row.region) else ()
        owner = row.account if named and self.candidate.kind is Kind.RCP else ""
        key = who, what, row.region if self.reads_region else "", session, named, owner
        found = self._outcomes.get(key)
        if found is None:
            found = self._outcomes[key] = decide(self.candidate, replace(row, resources=named))
        return found

    # -- what the candidate reads

    @cached_property
    def keys(self) -> frozenset[str]:
        """Condition keys and variables, in lower case."""
        named = {condition.key.lower() for condition in self._conditions}
        return frozenset(named | {key for text in self._texts() for key in self._variables(text)})

    @property
    def reads_region(self) -> bool:
        return REGION in self.keys

    @cached_property
    def reads_session(self) -> bool:
        return any(key.startswith(OF_SESSION) for key in self.keys)

    @property
    def reads_tags(self) -> bool:
        return any(key.startswith(PRINCIPAL_TAG) for key in self.keys)

    @cached_property
    def _reads_caller(self) -> bool:
        return any(key.startswith(OF_CALLER) for key in self.keys)

    @property
    def _statements(self) -> tuple[Statement, ...]:
        return self.candidate.document.statements

    @cached_property
    def _conditions(self) -> tuple[Condition, ...]:
        return tuple(dict.fromkeys(c for statement in self._statements for c in statement.conditions))

    def _texts(self) -> Iterator[str]:
        for statement in self._statements:
            yield from (*(statement.resources or ()), *(statement.not_resources or ()))
            yield from (value for condition in statement.conditions for value in condition.values)

    def _variables(self, text: str) -> Iterator[str]:
        if self.candidate.document.has_variables and "${" in text:
            yield from (part.key.lower() for part in parse(text, True) if isinstance(part, Variable))

    # -- classes

    def who(self, row: UsedRow) -> Class:
        """All that the caller's part of the answer hangs on: what is exempt, conditions that only it has an answer to, and the
        values that variables stand for."""
        if why := exempt(self.candidate, row):
            return (why,)
        who = caller(self.candidate, row)
        if who is None:
            return (None,)
        if not self._reads_caller:
            return "", who.kind, row.actor
        told = context(replace(row, region="", session_kind=SERVICE, long_term=False))
        known = known_context(Request(who, "*", "*", told))
        answers = tuple(self._answer(condition, known) for condition in self._conditions)
        return "", who.kind, who.organization == ELSEWHERE, row.actor, answers, self._values(known)

    def _answer(self, condition: Condition, known: Context) -> Hashable:
        if condition.key.lower() not in known:
            return None
        return holds(condition, known, self.candidate.document.has_variables)

    def _values(self, known: Context) -> Hashable:
        return tuple((key, known[key]) for key in self._compared if key in known)

    @cached_property
    def _compared(self) -> tuple[str, ...]:
        """Keys whose values are read as they are: variables, and what is compared with some."""
        found = {key for text in self._texts() for key in self._variables(text)}
        for condition in self._conditions:
            if any(list(self._variables(value)) for value in condition.values):
                found.add(condition.key.lower())
        return tuple(sorted(found))

    def what(self, event: str, action: str | None) -> What:
        key = ("", action) if action is not None else (event.partition(" ")[0], None)
        if key not in self._actions:
            self._actions[key] = (
                What(unmapped=unmapped(self.candidate, event)) if action is None else self._class(action)
            )
        return self._actions[key]

    def _class(self, action: str) -> What:
        lower, known = action.lower(), catalogue()
        document = self.candidate.document
        spoken = about(document, lower)
        by_resource = OWNER in self.keys or any(_limits(statement) for _, statement in spoken)
        by_owner = self.candidate.kind is Kind.RCP
        return What(
            tuple(number for number, _ in spoken),
            about(about_some(document, action, ANYTHING, known), lower) if spoken else (),
            asked(action, (), known) if spoken else (),
            by_resource,
            by_owner,
            known.templates(action) if (by_resource or by_owner or self.reads_region) and known.match(action) else (),
            self.candidate.kind is not Kind.RCP or lower.partition(":")[0] in known.rcp_services,
            lower if lower in NEEDS_NO_PERMISSION or lower == ASSUMING else "",
        )

    def passes(self, what: What, region: str = "") -> bool:
        """Whether calls of the class in a region ("": anywhere) are surely let through, whoever makes them."""
        if what.unmapped:
            return what.unmapped.verdict is Verdict.NOT_BLOCKED
        if self.candidate.lists:
            return False
        told: Context = {REGION: (region,)} if region else {}
        return not what.ruled or all(
            statement.allows or self._elsewhere(statement, told) for _, statement in what.whole
        )

    def _elsewhere(self, statement: Statement, told: Context) -> bool:
        variables = self.candidate.document.has_variables
        return any(holds(c, told, variables) is False for c in statement.conditions if c.key.lower() == REGION)

    @property
    def regions(self) -> tuple[str, ...]:
        """Those that conditions name, without patterns."""
        values = (v for c in self._conditions if c.key.lower() == REGION for v in c.values)
        return tuple(dict.fromkeys(value for value in values if not set(value) & set("*?$")))


def _limits(statement: Statement) -> bool:
    named = statement.resources if statement.resources is not None else statement.not_resources
    return named is not None and "*" not in named
