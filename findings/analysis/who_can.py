"""Who can do an action on a resource? All roles and users of an account, without asking each.

A document that does not allow the action there lets nobody in, and one document is held by many; so the question is put to
the documents first. Principals of which the same documents speak of the action there get the same answer, unless these ask who
the caller is: then those who give the same answers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from findings.analysis import questions
from findings.analysis.facts import Facts
from findings.analysis.groups import Group, Holder, grouped, with_variables
from findings.policy.compiled import Compiled, without_variables
from findings.policy.document import Document, Statement, Unreadable
from findings.policy.evaluate import Decision, Named
from findings.policy.keys import of_caller
from findings.policy.patterns import covers, overlaps, whole_arn
from findings.policy.principals import is_account
from findings.policy.request import Context, Request
from findings.policy.statements import about
from findings.policy.variables import parse, resolve

__all__ = ["Can", "Holder", "Index", "may_allow", "touches"]


@dataclass(frozen=True, slots=True)
class Can:
    """decision: allowed or conditional. unknown: why the holder's permissions are not fully known."""

    holder: Holder
    decision: Decision
    unknown: str


class Index:
    """The principals of one account by the documents that give them something. Kept as long as the account is as it was."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.holders: tuple[Holder, ...] = (*facts.snapshot.roles, *facts.snapshot.users)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return grouped(self.holders, self.facts.permissions)

    @cached_property
    def by_digest(self) -> Mapping[str, tuple[Compiled, list[int]]]:
        """Digest -> the document and which groups hold it, as numbers of `groups`. Only those that allow something, if only
        what no catalogue knows."""
        found: dict[str, tuple[Compiled, list[int]]] = {}
        for number, group in enumerate(self.groups):
            for one in group.held:
                if one.compiled.allow or (one.compiled.unknown_actions and _allows(one.compiled)):
                    found.setdefault(one.digest, (one.compiled, []))[1].append(number)
        return found

    @cached_property
    def dark(self) -> tuple[int, ...]:
        """Numbers of the groups with a policy or group that could not be read: nobody knows what it allows."""
        return tuple(number for number, group in enumerate(self.groups) if group.lacking)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """ARN of a holder -> its number."""
        return {holder.arn: number for number, holder in enumerate(self.holders)}

    @cached_property
    def _group_of(self) -> Mapping[int, int]:
        return {number: place for place, group in enumerate(self.groups) for number in group.numbers}

    def who_can(self, action: str, resource: str, context: Context | None = None) -> Iterator[Can]:
        """Those allowed, for sure or conditionally, in the order of the snapshot: roles, then users."""
        asked = _Asked(self, action, resource, context or {})
        found = [
            (number, decision, group.lacking)
            for group in map(self.groups.__getitem__, self.candidates(action, resource))
            for number, decision in asked.decisions(group)
            if decision.verdict != "denied"
        ]
        unknown = self.facts.permissions.unknown
        for number, decision, lacking in sorted(found, key=lambda one: one[0]):
            holder = self.holders[number]
            yield Can(holder, decision, unknown(holder) if lacking else "")

    def candidates(self, action: str, resource: str) -> set[int]:
        """Numbers of the groups that some document may allow it, or whose permissions are not fully known."""
        wanted = self.facts.permissions.catalogue.match(action)
        found = set(self.dark)
        for compiled, groups in self.by_digest.values():
            if (compiled.allow & wanted or not wanted) and may_allow(compiled, wanted, resource):
                found.update(groups)
        if trust := self.trust(action, resource):
            named = None if _lets_anyone(trust) else self.named_in(trust)
            everybody = range(len(self.groups))
            found.update(everybody if named is None else (self._group_of[number] for number in named))
        return found

    def trust(self, action: str, resource: str) -> Document | Unreadable | None:
        """The trust policy, where one has a say."""
        role = self.facts.role_by_arn.get(resource) if questions.by_trust(action) else None
        return self.facts.document(role.trust) if role else None

    def named_in(self, trust: Document | Unreadable) -> set[int] | None:
        """Numbers of the holders that a trust policy names: it says other things to them than to everybody else. None: it asks
        who calls in another way."""
        found: set[int] = set()
        if isinstance(trust, Unreadable):
            return found
        for statement in trust.statements:
            asks = any(of_caller(condition.key) for condition in statement.conditions)
            if asks or statement.not_principals or with_variables(trust, statement):
                return None
            for named in statement.principals.aws if statement.principals else ():
                if named in self.numbers:
                    found.add(self.numbers[named])
                elif not is_account(named) and self._ours(named):
                    return None
        return found

    def _ours(self, named: str) -> bool:
        """Whether an entry that is no ARN of a holder may mean one all the same: by its id, or its session."""
        fields = named.split(":", 5)
        return len(fields) < 6 or (fields[2] == "sts" and fields[4] == self.facts.snapshot.account_id)


class _Asked:
    """One question; the answers are kept by what bears on it."""

    def __init__(self, index: Index, action: str, resource: str, context: Context) -> None:
        self.permissions = index.facts.permissions
        self.index, self.action, self.resource, self.context = index, action, resource, context
        self._lower = action.lower()
        self._bearing: dict[str, tuple[Statement, ...]] = {}
        self._answers: dict[object, Decision] = {}
        trust = index.trust(action, resource)
        self._named = index.named_in(trust) if trust else set()

    def decisions(self, group: Group) -> Iterator[tuple[int, Decision]]:
        """For each member, with its number."""
        if self._named is None:
            yield from ((number, self._decide(self.index.holders[number], group)) for number in group.numbers)
        elif texts := self._asking(group):
            yield from self._by_texts(group, texts, self._named)
        else:
            alone = self._named.intersection(group.numbers)
            yield from ((number, self._decide(self.index.holders[number], group)) for number in alone)
            rest = [number for number in group.numbers if number not in alone] if alone else group.numbers
            if rest:
                decision = self._shared(group)
                yield from ((number, decision) for number in rest)

    def _by_texts(self, group: Group, texts: tuple[str, ...], named: set[int]) -> Iterator[tuple[int, Decision]]:
        """Members for whom the variables come to the same get the same answer."""
        found: dict[object, Decision] = {}
        for number in group.numbers:
            holder = self.index.holders[number]
            known = Request(self.permissions.caller(holder), self.action, self.resource, self.context).known
            key = number if number in named else tuple(resolve(parse(text, True), known) for text in texts)
            if key not in found:
                found[key] = self._decide(holder, group)
            yield number, found[key]

    def _shared(self, group: Group) -> Decision:
        own = tuple(
            (one.named.name, one.named.via, one.digest) for one in group.held if self._bears(one.named, one.digest)
        )
        first = group.first
        lacking = group.lacking and first.unique_id  # what could not be read is named
        key = own, first.boundary, self.permissions.library.binds(first), group.answers, lacking
        if key not in self._answers:
            self._answers[key] = self._decide(first, group)
        return self._answers[key]

    def _decide(self, holder: Holder, group: Group) -> Decision:
        """Only what bears on the question is asked."""
        policies = self.permissions.policies_for(holder, self.action, self.resource)
        silent = {id(one.named) for one in group.held if not self._bears(one.named, one.digest)}
        left = replace(policies, identity=tuple(named for named in policies.identity if id(named) not in silent))
        return questions.decide(self.permissions, holder, self.action, self.resource, self.context, True, left)

    def _asking(self, group: Group) -> tuple[str, ...]:
        """The texts with variables in what bears on the question."""
        return tuple(
            text
            for one in group.guarded
            if isinstance(one.named.document, Document)
            for statement in self._statements(one.named, one.digest)
            for text in with_variables(one.named.document, statement)
        )

    def _bears(self, named: Named, digest: str) -> bool:
        return not isinstance(named.document, Document) or bool(self._statements(named, digest))

    def _statements(self, named: Named, digest: str) -> tuple[Statement, ...]:
        """The statements of a document that may apply."""
        if digest not in self._bearing:
            document = named.document
            found = (s for _, s in about(document, self._lower)) if isinstance(document, Document) else ()
            self._bearing[digest] = tuple(s for s in found if touches(s, self.resource))
        return self._bearing[digest]


def may_allow(document: Compiled, wanted: int, resource: str) -> bool:
    """Whether some statement may allow one of the actions on a resource that the pattern `resource` can be; "" is any."""
    return any(
        clause.statement.allows and (clause.mask & wanted or not wanted) and touches(clause.statement, resource)
        for clause in document.clauses
    )


def _allows(document: Compiled) -> bool:
    return any(clause.statement.allows for clause in document.clauses)


def _lets_anyone(trust: Document | Unreadable) -> bool:
    """One that cannot be read may."""
    if isinstance(trust, Unreadable):
        return True
    return any(s.allows and (s.principals is None or s.principals.anyone) for s in trust.statements)


def touches(statement: Statement, resource: str) -> bool:
    if not resource:
        return True
    if statement.resources is not None:
        meant = (one for pattern in statement.resources for one in (pattern, whole_arn(pattern)))
        return any(overlaps(without_variables(pattern), resource) for pattern in meant)
    if statement.not_resources is not None:
        return not any(covers(pattern, resource) for pattern in statement.not_resources)
    return True
