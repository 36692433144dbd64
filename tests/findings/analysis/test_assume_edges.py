"""Which roles the account's own principals can assume."""

from __future__ import annotations

from typing import Any

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.trust.assumable import may_assume
from findings.analysis.trust.edges import assume_edges
from findings.policy.request import Caller, CallerKind
from tests import builders as b

ROOT = f"arn:aws:iam::{b.ACCOUNT_ID}:root"


def policy(*resources: str, effect: str = "Allow", condition: Any = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": effect, "Action": "sts:AssumeRole", "Resource": list(resources)}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}


class World:
    """Collects documents beside the records that point at them."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        self.entities: list[records.Record] = []

    def keep(self, document: Any) -> str:
        self.documents.append(document)
        return records.digest(document)

    def role(self, name: str, trust: Any, **policies: Any) -> records.Role:
        inline = {key: self.keep(document) for key, document in policies.items()}
        made = b.role(name, trust=self.keep(trust), inline=inline)
        self.entities.append(made)
        return made

    def facts(self) -> Facts:
        return b.facts(*self.entities, trusts=self.documents)


def targets(facts: Facts, role: records.Role) -> list[tuple[str, str]]:
    return [(edge.target.rpartition("/")[2], edge.decision.verdict) for edge in assume_edges(facts)[role.arn]]


def test_nobody_without_permission_and_trust() -> None:
    w = World()
    w.role("trusting", b.trust(AWS=ROOT))
    plain = w.role("plain", b.trust(Service="ec2.amazonaws.com"))
    willing = w.role("willing", b.trust(Service="ec2.amazonaws.com"), a=policy(b.arn("role", "plain")))
    elsewhere = w.role("elsewhere", b.trust(Service="ec2.amazonaws.com"), a=policy("arn:aws:iam::000000000002:role/*"))
    denied = w.role(
        "denied", b.trust(Service="ec2.amazonaws.com"), a=policy("*"), d=policy(b.arn("role", "tr*"), effect="Deny")
    )
    facts = w.facts()
    assert [targets(facts, role) for role in (plain, willing, elsewhere, denied)] == [[], [], [], []]


def test_the_account_is_trusted_and_the_policy_allows() -> None:
    w = World()
    for name in ("app-1", "app-2", "db-1"):
        w.role(name, b.trust(AWS=ROOT))
    w.role("by-id", b.trust(AWS=b.ACCOUNT_ID))
    anyone = w.role("anyone", b.trust(Service="ec2.amazonaws.com"), a=policy("*"))
    some = w.role("some", b.trust(Service="ec2.amazonaws.com"), a=policy("arn:aws:iam::*:role/app-*"))
    one = w.role("one", b.trust(Service="ec2.amazonaws.com"), a=policy(b.arn("role", "db-1")))
    facts = w.facts()
    assert targets(facts, anyone) == [(name, "allowed") for name in ("app-1", "app-2", "by-id", "db-1")]
    assert targets(facts, some) == [("app-1", "allowed"), ("app-2", "allowed")]
    assert targets(facts, one) == [("db-1", "allowed")]


def test_a_trust_policy_that_names_the_principal_is_enough() -> None:
    w = World()
    caller = w.role("caller", b.trust(Service="ec2.amazonaws.com"))
    w.role("target", b.trust(AWS=caller.arn))
    facts = w.facts()
    assert targets(facts, caller) == [("target", "allowed")]
    assert list(assume_edges(facts)) == [role.arn for role in facts.snapshot.roles]


def test_conditions_of_the_trust_make_it_conditional() -> None:
    w = World()
    trust = b.trust(AWS=ROOT)
    trust["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    w.role("target", trust)
    caller = w.role("caller", b.trust(Service="ec2.amazonaws.com"), a=policy("*"))
    (edge,) = assume_edges(w.facts())[caller.arn]
    assert (edge.decision.verdict, edge.decision.keys) == ("conditional", ("aws:MultiFactorAuthPresent",))


def test_roles_with_one_trust_policy_are_told_apart_by_their_tags() -> None:
    w = World()
    trust = b.trust(AWS=ROOT)
    digest = w.keep(trust)
    red = b.role("red", trust=digest, tags={"team": "red"})
    blue = b.role("blue", trust=digest, tags={"team": "blue"})
    w.entities += [red, blue]
    tagged = policy("*", condition={"StringEquals": {"aws:ResourceTag/team": "red"}})
    caller = w.role("caller", b.trust(Service="ec2.amazonaws.com"), a=tagged)
    assert targets(w.facts(), caller) == [("red", "allowed")]


def test_outsiders_by_the_action_of_their_kind() -> None:
    w = World()
    provider = b.arn("saml-provider", "okta")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": provider}}
    people = w.role("people", b.trust(statement))
    app = w.role("app", b.trust(Service="lambda.amazonaws.com"))
    facts = w.facts()
    saml = Caller(CallerKind.ANYONE, provider, "")
    service = Caller(CallerKind.SERVICE, "lambda.amazonaws.com", "")
    assert [may_assume(c, r, facts).verdict for r in (people, app) for c in (saml, service)] == [
        "allowed",
        "denied",
        "denied",
        "allowed",
    ]
    assert may_assume(people, app, facts).verdict == "denied"
