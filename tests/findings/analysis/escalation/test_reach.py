"""Who ends at an administrator by hops."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from findings.analysis.escalation import Hop, reaches_admin
from findings.analysis.facts import Facts
from findings.analysis.trust.edges import assume_edges
from tests.builders import arn, instance_profile, trust
from tests.findings.analysis.escalation.accounts import ROOT, Account
from tests.findings.worlds import FULL_ACCESS, MFA, Document, allow, deny, document

OPEN = trust(AWS=ROOT)
ASSUME = "sts:AssumeRole"


def to(*names: str) -> Document:
    return allow(ASSUME, [arn("role", name) for name in names])


def shown(way: tuple[Hop, ...] | None) -> str:
    """ "sts-001 one > lambda-001 boss": each hop with its path, "?" behind a conditional one."""
    hops = [f"{hop.path} {hop.target.rpartition('/')[2]}{'?' if hop.keys else ''}" for hop in way or ()]
    return " > ".join(hops)


def ways(facts: Facts) -> dict[str, str]:
    principals = (*facts.snapshot.roles, *facts.snapshot.users)
    return {one.name: found for one in principals if (found := shown(reaches_admin(one, facts)))}


def chain(*names: str, **last: Any) -> Account:
    """Each may assume the next; the last one is an administrator."""
    made = Account()
    for name, target in pairwise(names):
        made.role(name, to(target), trusts=OPEN)
    made.role(names[-1], allow("*"), **{"trusts": OPEN, **last})
    return made


def test_an_administrator_has_nowhere_to_go() -> None:
    assert ways(chain("boss").told()) == {}


def test_nobody_without_a_door() -> None:
    made = chain("one", "boss", trusts=trust(Service="lambda.amazonaws.com"))
    made.role("two", to("gone"))
    made.user("alice", allow("s3:*"))
    assert ways(made.told()) == {}


def test_the_shortest_way() -> None:
    made = chain("one", "two", "three", "boss")
    made.user("alice", to("one", "three"))
    made.user("bob", to("one"))
    assert ways(made.told()) == {
        "one": "sts-001 two > sts-001 three > sts-001 boss",
        "two": "sts-001 three > sts-001 boss",
        "three": "sts-001 boss",
        "alice": "sts-001 three > sts-001 boss",
        "bob": "sts-001 one > sts-001 two > sts-001 three > sts-001 boss",
    }


def test_a_ring_that_leads_nowhere_ends() -> None:
    made = Account()
    made.role("one", to("two"), trusts=OPEN)
    made.role("two", to("one", "two"), trusts=OPEN)
    made.role("boss", allow("*"))
    assert ways(made.told()) == {}


def test_a_ring_with_a_way_out() -> None:
    made = Account()
    made.role("one", to("two"), trusts=OPEN)
    made.role("two", to("one", "boss"), trusts=OPEN)
    made.role("boss", allow("*"), trusts=OPEN)
    assert ways(made.told()) == {"one": "sts-001 two > sts-001 boss", "two": "sts-001 boss"}


def test_hops_by_services() -> None:
    made = Account()
    made.user("alice", to("builder"))
    made.role("builder", allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]), trusts=OPEN)
    made.role("boss", allow("*"), trusts=trust(Service="lambda.amazonaws.com"))
    assert ways(made.told()) == {"alice": "sts-001 builder > lambda-001 boss", "builder": "lambda-001 boss"}


def test_the_administration_of_stack_sets_is_one_hop_more() -> None:
    made = Account()
    made.user("alice", allow(["iam:PassRole", "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"]))
    admin = made.role("Administration", to("Execution"), trusts=trust(Service="cloudformation.amazonaws.com"))
    made.role("Execution", allow("*"), trusts=trust(AWS=admin.arn))
    assert ways(made.told()) == {
        "Administration": "sts-001 Execution",
        "alice": "cloudformation-003 Administration > sts-001 Execution",
    }


def test_a_role_needs_an_instance_profile_to_be_on_an_instance() -> None:
    for profiles, expected in (((), {}), ((instance_profile(),), {"alice": "ec2-001 boss"})):
        made = Account()
        made.user("alice", allow(["iam:PassRole", "ec2:RunInstances"]))
        made.role("boss", allow("*"), trusts=trust(Service="ec2.amazonaws.com"), instance_profiles=profiles)
        assert ways(made.told()) == expected


@pytest.mark.parametrize(
    "blocked",
    [
        {"scp": [FULL_ACCESS | {"stop": document(deny(ASSUME, arn("role", "boss")))}]},
        {"scp": [FULL_ACCESS, {"most": document(allow("s3:*"))}]},
        {"rcp": [{"stop": document({**deny(ASSUME), "Principal": "*"})}]},
    ],
)
def test_guardrails_block_a_hop(blocked: dict[str, Any]) -> None:
    assert ways(chain("one", "boss").told(**blocked)) == {}


def test_a_boundary_blocks_a_hop() -> None:
    made = Account()
    edge = made.managed("edge", document(allow("s3:*")))
    made.role("one", to("two"), trusts=OPEN)
    made.role("two", to("boss"), trusts=OPEN, boundary=edge)
    made.role("boss", allow("*"), trusts=OPEN)
    assert ways(made.told()) == {}


def test_the_trust_of_the_target_blocks_a_hop() -> None:
    for principal, expected in ((arn("role", "other"), {}), (arn("role", "one"), {"one": "sts-001 boss"})):
        assert ways(chain("one", "boss", trusts=trust(AWS=principal)).told()) == expected
    refused = trust(OPEN["Statement"][0], {**OPEN["Statement"][0], "Effect": "Deny"})
    assert ways(chain("one", "boss", trusts=refused).told()) == {}


def test_a_hop_may_be_conditional() -> None:
    asks = trust({**OPEN["Statement"][0], "Condition": MFA})
    made = chain("one", "boss", trusts=asks)
    made.user("alice", to("one"))
    assert ways(made.told()) == {"one": "sts-001 boss?", "alice": "sts-001 one > sts-001 boss?"}
    way = reaches_admin(made.entities[0], made.told())
    assert way
    assert (way[0].state, way[0].keys) == ("conditional", ("aws:MultiFactorAuthPresent",))


def test_an_administrator_whom_a_guardrail_holds_is_no_end() -> None:
    made = chain("one", "boss", boundary=arn("policy", "edge"))
    made.managed("edge", document(allow("s3:*")))
    assert ways(made.told()) == {}


def test_a_door_among_many() -> None:
    """The others ask for what the caller is not."""
    made = Account()
    made.user("alice", allow(ASSUME))
    for number in range(20):
        who = {"ArnLike": {"aws:PrincipalArn": arn("role", f"team-{number}")}}
        made.role(f"boss-{number:02}", allow("*"), trusts=trust({**OPEN["Statement"][0], "Condition": who}))
    made.role("boss-99", allow("*"), trusts=OPEN)
    assert ways(made.told()) == {"alice": "sts-001 boss-99"}


def test_it_agrees_with_the_edges() -> None:
    """Two roads to one answer: of those who assume an administrator the edges know each, and no other."""
    made = chain("one", "two", "boss")
    made.user("alice", to("one", "boss"))
    made.user("bob", allow(ASSUME, Condition=MFA))
    made.user("carol", allow(ASSUME), deny(ASSUME, arn("role", "b*")))
    facts = made.told()
    edges = assume_edges(facts)
    boss = arn("role", "boss")
    by_edges = {arn_ for arn_ in edges if any(edge.target == boss for edge in edges[arn_]) and arn_ != boss}
    first = facts.escalation.reaching.first
    assert by_edges == {arn_ for arn_, hop in first.items() if hop.target == boss}
