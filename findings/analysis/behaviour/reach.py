"""Who of the people can bring a machine's role into the console: they may assume it, and nothing denies it the sign-in.

A role's credentials become a session in the console by SwitchRole or by a federated sign-in, which every holder of them may ask
for. What keeps a role out is an explicit deny of all that a session there needs, in its own policies, its boundary, an SCP or an
RCP (AWS.md 30); that it is nowhere allowed does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
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

# A session in the console is authorized by the first and gets its tokens by the second, once it is known who comes: only then are
# policies of identities read. BEFORE is asked for while nobody has said who he is, and whether it is of a role that a session
# switches to is not told (Sign-In User Guide, console-access-control). Those that a command line asks for on an
# oauth2/public-client are others.
SESSION = ("signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token")
BEFORE = "signin:Authenticate"
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
        """Those whom its trust policy names as people too; of this account's users the policy engine has said already whether
        they meet its conditions."""
        others = (one for one in self._facts.admitted(role) if one.principal not in self._facts.user_by_arn)
        named = (human_by(admission, self._facts) for admission in others)
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


def sign_in(role: Role, facts: Facts) -> dict[str, Decision]:
    """Of each action of the sign-in, whether anything denies it to the role: allowed where nothing does, conditional where that
    hangs on something."""
    permissions = facts.permissions
    policies = permissions.policies(role)
    denying = Policies(
        identity=(*policies.identity, *filter(None, (policies.boundary,)), ALL),
        scp=tuple((*level, replace(ALL, layer=Layer.SCP)) for level in policies.scp or ()),
        rcp=permissions.resource_control or (),
    )
    return {
        action: questions.decide(permissions, role, action, "*", {}, True, denying) for action in (BEFORE, *SESSION)
    }


def stopped(decisions: Mapping[str, Decision]) -> tuple[By, ...]:
    """The statements that keep the role out for sure: they deny all that a session needs; () where something of it is left."""
    of_session = [decisions[action] for action in SESSION]
    return tuple(by for one in of_session for by in one.by) if {one.verdict for one in of_session} == {"denied"} else ()


def denied(decisions: Mapping[str, Decision]) -> list[str]:
    """The actions of the sign-in that are denied, whatever the circumstances."""
    return [action for action, one in decisions.items() if one.verdict == "denied"]
