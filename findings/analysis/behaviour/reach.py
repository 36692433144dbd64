"""Who of the people can bring a machine's role into the console: they may assume it, and nothing denies it the sign-in.

A role's credentials become a session in the console by SwitchRole or by a federated sign-in, which every holder of them may ask
for. What keeps a role out is an explicit deny of the sign-in itself, in its own policies, its boundary, an SCP or an RCP
(AWS.md 30); that it is nowhere allowed does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis import questions
from findings.analysis.trust.edges import assume_edges
from findings.analysis.trust.people import human_by
from findings.policy.document import read
from findings.policy.evaluate import By, Decision
from findings.policy.layers import Layer, Named, Policies

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

# The console asks for all of them: before somebody has said who he is, then for the session, then for its tokens. Those that a
# command line asks for on an oauth2/public-client are others (Sign-In User Guide, console-access-control).
SIGN_IN = ("signin:Authenticate", "signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token")
# Condition keys that a person can meet by choosing how to call: MFA, a network, what AssumeRole is given.
AT_WILL = (
    "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:sourceip", "aws:currenttime", "aws:epochtime", "aws:useragent",
    "aws:securetransport", "aws:tokenissuetime", "aws:requestedregion", "sts:externalid", "sts:rolesessionname",
    "sts:sourceidentity", "sts:transitivetagkeys", "aws:tagkeys", "aws:requesttag/",
)  # fmt: skip
ALL = Named(Layer.IDENTITY, "all", read({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))


@dataclass(frozen=True, slots=True)
class Person:
    """name: "user alice", "role Admins". keys: condition keys that the assuming hangs on."""

    name: str
    keys: tuple[str, ...] = ()

    @property
    def at_will(self) -> bool:
        return all(key.lower().startswith(AT_WILL) for key in self.keys)


class Reach:
    """Of one account: machines' roles by ARN -> the people who can assume them. Asked once for all."""

    def __init__(self, facts: Facts, machines: frozenset[str]) -> None:
        self._facts = facts
        self._found = self._people(machines)

    def people(self, role: Role) -> tuple[Person, ...]:
        """Those whom its trust policy names as people too, of this account or another."""
        named = (human_by(admission, self._facts) for admission in self._facts.admitted(role))
        return (*self._found.get(role.arn, ()), *(Person(name) for name in dict.fromkeys(filter(None, named))))

    def _people(self, machines: frozenset[str]) -> Mapping[str, list[Person]]:
        found: defaultdict[str, list[Person]] = defaultdict(list)
        edges = assume_edges(self._facts)
        principals: tuple[Role | User, ...] = (*self._facts.snapshot.users, *self._facts.snapshot.roles)
        for one in principals:
            if self._facts.kind(one).kind.human:
                for edge in edges.to(one, machines):
                    found[edge.target].append(Person(_name(one), edge.decision.keys))
        return found


def _name(one: Role | User) -> str:
    return f"user {one.name}" if isinstance(one, User) else f"role {one.name}"


def sign_in(role: Role, facts: Facts) -> tuple[Decision, ...]:
    """Of each action of SIGN_IN, whether anything denies it to the role: allowed where nothing does, conditional where it hangs
    on something."""
    permissions = facts.permissions
    policies = permissions.policies(role)
    denying = Policies(
        identity=(*policies.identity, *filter(None, (policies.boundary,)), ALL),
        scp=tuple((*level, replace(ALL, layer=Layer.SCP)) for level in policies.scp or ()),
        rcp=permissions.resource_control or (),
    )
    return tuple(questions.decide(permissions, role, action, "*", {}, True, denying) for action in SIGN_IN)


def stopped(decisions: Iterable[Decision]) -> tuple[By, ...]:
    """The statements that keep the role out; () where it can come in, or under some circumstances can."""
    return tuple(by for one in decisions if one.verdict == "denied" for by in one.by)
