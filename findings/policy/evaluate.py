"""What AWS would answer to a request (AWS.md 15-21; IAM user guide, "Policy evaluation logic").

An explicit deny anywhere wins. Else every level of the RCPs and SCPs has to allow, and then the policies of the caller
and of the resource. What is not known makes the answer conditional, unless it comes to the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from findings.policy.document import Document, Statement, Unreadable
from findings.policy.layers import By, Decision, Layer, Level, Named, Policies
from findings.policy.principals import Naming, naming
from findings.policy.request import CallerKind, Request
from findings.policy.statements import about, matches
from findings.policy.truth import Maybe
from findings.policy.votes import YES, Vote, all_votes, any_vote, opposite

__all__ = ["By", "Decision", "Layer", "Named", "Policies", "evaluate", "matches", "stopped"]

# "No permissions are required ... If an administrator attaches a policy that explicitly denies access ... you can still
# perform this operation"; GetSessionToken: "No permissions are required for users ... You cannot use policies to control
# authentication operations" (STS API reference)
NEEDS_NO_PERMISSION = {
    "sts:GetCallerIdentity".lower(): frozenset(CallerKind),
    "sts:GetSessionToken".lower(): frozenset({CallerKind.USER, CallerKind.ROOT}),
}
ASSUMING = "sts:AssumeRole".lower()

Filter = Callable[[Statement], bool]


def evaluate(request: Request, policies: Policies) -> Decision:
    kind = request.caller.kind
    if kind in NEEDS_NO_PERMISSION.get(request.lower_action, ()):
        return Decision("allowed", None, (), (), ())
    if kind is CallerKind.ROOT and request.lower_action == ASSUMING:  # "Roles may not be assumed by root accounts."
        return Decision("denied", "implicit", (By(Layer.IDENTITY, "", ""),), (), ())
    return _Evaluation(request, policies).decision()


def stopped(request: Request, guardrails: Policies) -> tuple[By, ...]:
    """What of levels of SCPs or RCPs denies a request that everything else lets through: what `evaluate` would name, asked of
    them alone. (): they let it through, or it hangs on keys."""
    if request.caller.kind in NEEDS_NO_PERMISSION.get(request.lower_action, ()):
        return ()
    return _Evaluation(request, guardrails).stopped()


class _Evaluation:
    """One request on its policies; the layers that do not bind this caller are taken out first."""

    def __init__(self, request: Request, policies: Policies) -> None:
        caller = request.caller
        self.request = request
        own = caller.in_iam and caller.kind is not CallerKind.ROOT  # no policy can be attached to the root user
        self.identity = policies.identity if own else ()
        self.boundary = policies.boundary if own else None
        self.session = policies.session or () if own else ()
        self.scp = policies.scp if caller.in_iam and not caller.service_linked else ()
        self.rcp = policies.rcp if not caller.service_linked else ()
        self.resource = policies.resource
        self.must_allow = policies.resource_must_allow or _is_trust(policies.resource)

    def decision(self) -> Decision:
        unseen = tuple(layer for layer, seen in (("scp", self.scp), ("rcp", self.rcp)) if seen is None)
        denies = any_vote(self._denies())
        if denies.truth is True:
            return Decision("denied", "explicit", denies.by, (), unseen)
        guards = [*self._levels(self.rcp, Layer.RCP), *self._levels(self.scp, Layer.SCP)]
        permission = self._permission()
        answer = all_votes((*guards, permission, opposite(denies)))
        if answer.truth is True:
            return Decision("allowed", None, permission.by, (), unseen)
        if answer.truth is False:
            return Decision("denied", "implicit", answer.by, (), unseen)
        return Decision("conditional", None, answer.by, _spelled(answer.truth), (*answer.unseen, *unseen))

    def stopped(self) -> tuple[By, ...]:
        denies = any_vote(self._denies())
        if denies.truth is True:
            return denies.by
        guards = all_votes((*self._levels(self.rcp, Layer.RCP), *self._levels(self.scp, Layer.SCP)))
        return guards.by if guards.truth is False else ()

    # -- explicit denies

    def _denies(self) -> Iterator[Vote]:
        for policy in self._policies():
            yield from self._votes(policy, lambda statement: not statement.allows)

    def _policies(self) -> Iterator[Named]:
        for levels in (self.rcp, self.scp):
            for level in levels or ():
                yield from level
        if self.resource:
            yield self.resource
        yield from self.identity
        if self.boundary:
            yield self.boundary
        yield from self.session

    # -- what has to allow

    def _levels(self, levels: tuple[Level, ...] | None, layer: Layer) -> Iterator[Vote]:
        for number, level in enumerate(levels or (), 1):
            if layer is Layer.RCP and not any(_has_allow(policy) for policy in level):
                continue  # RCPFullAWSAccess stands beside every RCP and cannot be detached (AWS.md 17)
            name = level[0].level if level else f"level {number}"
            yield self._allows(level, By(layer, "", "", name))

    def _permission(self) -> Vote:
        """What the policies of the caller and of the resource come to together. No vote stands in it twice, so that
        what hangs on nothing that matters is sure."""
        itself = self._resource_allows(Naming.ITSELF, Naming.EVERYONE)
        role = self._resource_allows(Naming.ROLE)
        account = self._resource_allows(Naming.ACCOUNT)
        missing = Vote(False, (self._no_resource_policy(),))
        caller = self.request.caller
        if not caller.in_iam:
            return any_vote((itself, role, account, missing))
        identity = self._identity_allows()
        within = (self._boundary_allows(), self._session_allows())
        if not self.request.same_account:
            return all_votes((any_vote((itself, role, account, missing)), identity, *within))
        if self.must_allow:
            identity = all_votes((any_vote((account, missing)), identity))
        return any_vote((itself, all_votes((any_vote((identity, role)), *within))))

    def _identity_allows(self) -> Vote:
        if self.request.caller.kind is CallerKind.ROOT:
            return YES
        return self._allows(self.identity, By(Layer.IDENTITY, "", ""))

    def _boundary_allows(self) -> Vote:
        return _limit(self._allows((self.boundary,), By(Layer.BOUNDARY, "", ""))) if self.boundary else YES

    def _session_allows(self) -> Vote:
        return _limit(self._allows(self.session, By(Layer.SESSION, "", ""))) if self.session else YES

    def _resource_allows(self, *how: Naming) -> Vote:
        """The statements of the resource's policy that allow and name the caller in one of these ways."""
        if not self.resource:
            return Vote(False)

        def named(statement: Statement) -> bool:
            return statement.allows and _naming(statement, self.request) in how

        return any_vote(self._votes(self.resource, named))

    def _no_resource_policy(self) -> By:
        if self.resource:
            return By(self.resource.layer, "", "")
        return By(Layer.TRUST if self.request.lower_action.startswith(ASSUMING) else Layer.RESOURCE, "", "")

    def _allows(self, policies: Iterable[Named], else_: By) -> Vote:
        """Whether one of the policies allows; if none does, else_ is to blame."""
        votes = (vote for policy in policies for vote in self._votes(policy, lambda statement: statement.allows))
        found = any_vote(votes)
        return Vote(False, (else_,)) if found.truth is False else found

    def _votes(self, policy: Named, wanted: Filter) -> Iterator[Vote]:
        """A vote for each wanted statement that applies or may. A policy that cannot be read may hold any statement."""
        document = policy.document
        if isinstance(document, Unreadable):
            yield Vote(Maybe(frozenset()), unseen=(policy.name or policy.layer,))
            return
        for number, statement in about(document, self.request.lower_action):
            if wanted(statement):
                truth = self._matches(statement, policy, document)
                if truth is not False:
                    yield Vote(truth, (By(policy.layer, policy.name, statement.sid, policy.level, number),))

    def _matches(self, statement: Statement, policy: Named, document: Document) -> bool | Maybe:
        if policy is self.resource and statement.principals is None and statement.not_principals is None:
            return False  # AWS takes no such statement in a policy of a resource; it names nobody
        return matches(statement, self.request, document, bounded=self.boundary is not None)


def _naming(statement: Statement, request: Request) -> Naming:
    """NotPrincipal with Allow lets everyone else in."""
    return Naming.EVERYONE if statement.principals is None else naming(statement.principals, request.caller)


def _is_trust(policy: Named | None) -> bool:
    return policy is not None and policy.layer is Layer.TRUST


def _has_allow(policy: Named) -> bool:
    return isinstance(policy.document, Document) and any(s.allows for s in policy.document.statements)


def _limit(vote: Vote) -> Vote:
    """A layer that only limits does not count among those that allow."""
    return YES if vote.truth is True else vote


def _spelled(truth: bool | Maybe) -> tuple[str, ...]:
    """The keys, each once: two policies may spell one in different case."""
    keys = sorted(truth.keys) if isinstance(truth, Maybe) else []
    return tuple(
        {key.lower(): key for key in reversed(keys)}[lower] for lower in dict.fromkeys(k.lower() for k in keys)
    )
