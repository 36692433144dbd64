"""Who can do an action on a resource: directly, and by roles that are assumed on the way."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.analysis.through import through
from findings.analysis.who_can import Can, Index
from tests.builders import ACCOUNT_ID, arn, aws_policy, group, role, trust, user
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, READER, World, allow, deny, document

OBJECT, OTHER = "arn:aws:s3:::b/k", "arn:aws:s3:::other/k"
READ_B = document(allow("s3:GetObject", "arn:aws:s3:::b/*"))
ROOT = f"arn:aws:iam::{ACCOUNT_ID}:root"
TRUSTS_ACCOUNT, TRUSTS_NOBODY = trust(AWS=ROOT), trust(Service="ec2.amazonaws.com")


def direct(facts: Facts, action: str = "s3:GetObject", resource: str = OBJECT, **context: Any) -> dict[str, Can]:
    return {can.holder.arn: can for can in Index(facts).who_can(action, resource, context)}


def words(found: dict[str, Can]) -> dict[str, str]:
    """Name -> allowed, or the keys that it hangs on, or what was not read."""
    return {
        can.holder.name: " ".join((*can.decision.keys, *can.decision.unseen)) or can.decision.verdict
        for can in found.values()
    }


class Account(World):
    """Holders with one inline policy each."""

    def __init__(self) -> None:
        super().__init__()
        self.holders: list[Any] = []

    def role(self, name: str, *bodies: Any, trusts: Any = TRUSTS_NOBODY, **more: Any) -> None:
        inline = self.inline(**{f"p{n}": body for n, body in enumerate(bodies)})
        self.holders.append(role(name, trust=self.kept(trusts), inline=inline, **more))

    def user(self, name: str, *bodies: Any, **more: Any) -> None:
        self.holders.append(user(name, inline=self.inline(**{f"p{n}": b for n, b in enumerate(bodies)}), **more))

    def made(self, *entities: Any, **more: Any) -> Facts:
        return self.facts(*self.holders, *entities, **more)


# -- nobody


@pytest.mark.parametrize(
    "bodies",
    [
        [],
        [document(allow("sqs:*"))],
        [document(allow("s3:*", "arn:aws:s3:::other/*"))],
        [document(allow("s3:PutObject"))],
        [EVERYTHING, document(deny("s3:*"))],
        [document({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"})],
        [document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})],
        [document(allow("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops"}}))],
    ],
)
def test_nobody(bodies: list[Any]) -> None:
    account = Account()
    account.role("app", *bodies)
    account.user("bob", *bodies)
    assert direct(account.made()) == {}


def test_guardrails_keep_them_out() -> None:
    account = Account()
    account.role("app", EVERYTHING, boundary=account.managed("edge", document(allow("sqs:*"))))
    account.role("ops", EVERYTHING)
    assert words(direct(account.made())) == {"ops": "allowed"}
    assert direct(account.made(scp=[FULL_ACCESS, {"none": document(allow("sqs:*"))}])) == {}
    assert direct(account.made(rcp=[{"none": document(deny("s3:*"))}])) == {}


# -- somebody


def test_in_order_with_the_reason() -> None:
    account = Account()
    account.user("bob", READ_B)
    account.role("sure", READ_B)
    account.role("mfa", document(allow("s3:*", Condition=MFA)))
    account.role("reader", READER)
    account.role("all", EVERYTHING)
    account.role("none", document(allow("s3:*", "arn:aws:s3:::other/*")))
    account.user("group", groups=("readers",))
    facts = account.made(group("readers", inline=account.inline(all=READER)))
    found = direct(facts)
    assert words(found) == {
        "sure": "allowed", "mfa": "aws:MultiFactorAuthPresent", "reader": "allowed", "all": "allowed", "bob": "allowed",
        "group": "allowed",
    }  # fmt: skip
    assert words(direct(facts, resource=OTHER)).keys() == {"mfa", "reader", "all", "none", "group"}
    assert words(direct(facts, "s3:getobject")) == words(found)
    assert "mfa" not in words(direct(facts, **{"aws:multifactorauthpresent": ("false",)}))


def test_answers_name_the_policies_of_each() -> None:
    """Though the documents are one."""
    account = Account()
    account.holders = [
        role("inline", inline=account.inline(own=READ_B)),
        role("other", inline=account.inline(alias=READ_B)),
    ]
    account.holders.append(role("managed", attached=(account.managed("read", READ_B),)))
    by = {can.holder.name: can.decision.by[0].policy for can in direct(account.made()).values()}
    assert by == {"inline": "inline:own", "other": "inline:alias", "managed": arn("policy", "read")}


def test_each_is_asked_by_itself_where_policies_ask_who_calls() -> None:
    account = Account()
    own = document(allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}/*"))
    account.role("red", own, tags={"team": "b"})
    account.role("blue", own, tags={"team": "other"})
    account.user("bob", document(allow("s3:*", "arn:aws:s3:::${aws:username}/*")))
    account.user("b", document(allow("s3:*", "arn:aws:s3:::${aws:username}/*")))
    assert words(direct(account.made())) == {"red": "allowed", "b": "allowed"}
    spare = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/red"}}
    scp = [FULL_ACCESS | {"ops": document(deny("s3:*", Condition=spare))}]
    assert words(direct(account.made(scp=scp))) == {"red": "allowed"}


def test_an_incomplete_arn_counts() -> None:
    account = Account()
    account.role("app", document(allow("sqs:*", "arn:aws:sqs")))
    assert direct(account.made(), "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT_ID}:q").keys() == {
        arn("role", "app")
    }


def test_an_action_that_no_catalogue_knows() -> None:
    account = Account()
    account.role("all", EVERYTHING)
    account.role("named", document(allow("nosuch:Frob*")))
    account.role("reader", READER)
    assert words(direct(account.made(), "nosuch:Frobnicate", "*")) == {"all": "allowed", "named": "allowed"}


# -- trust


def test_who_may_assume_a_role() -> None:
    account = Account()
    account.role("target", trusts=TRUSTS_ACCOUNT)
    account.role("named", trusts=trust(AWS=arn("role", "plain")))
    account.role("plain")
    account.role("assumer", document(allow("sts:AssumeRole")))
    facts = account.made()
    assert words(direct(facts, "sts:AssumeRole", arn("role", "target"))) == {"assumer": "allowed"}
    assert words(direct(facts, "sts:AssumeRole", arn("role", "named"))) == {"plain": "allowed"}
    assert direct(facts, "sts:AssumeRole", arn("role", "plain")) == {}


# -- what could not be read


def test_those_whose_policies_could_not_be_read_may() -> None:
    account = Account()
    account.role("broken", {"Statement": 7})
    account.role("gone", attached=(aws_policy("NotCollected"),))
    account.role("fenced", {"Statement": 7}, boundary=account.managed("edge", document(allow("sqs:*"))))
    account.user("ghost", groups=("ghosts",))
    account.user("spirit", groups=("spirits",))
    account.role("edge", EVERYTHING, boundary=arn("policy", "unread"))
    found = direct(account.made())
    assert words(found) == {
        "broken": "inline:p0",
        "gone": aws_policy("NotCollected"),
        "ghost": "group ghosts",
        "spirit": "group spirits",
        "edge": arn("policy", "unread"),
    }
    assert {can.decision.verdict for can in found.values()} == {"conditional"}
    assert "group ghosts of ghost was not collected" in found[arn("user", "ghost")].unknown


def test_scps_that_are_not_visible_are_named() -> None:
    account = Account()
    account.role("app", READ_B)
    (can,) = direct(account.made(scp=None)).values()
    assert (can.decision.verdict, can.decision.unseen) == ("allowed", ("scp",))


# -- by assuming roles


def ways(facts: Facts) -> dict[str, tuple[str, ...]]:
    """Name -> the roles on the way, and on what it hangs."""
    index = Index(facts)
    return {
        way.holder.name: (*(role.name for role in way.via), " ".join((*way.keys, *way.can.decision.keys)) or "allowed")
        for way in through(index, index.who_can("s3:GetObject", OBJECT))
    }


ASSUME = document(allow("sts:AssumeRole"))


def test_no_way_for_those_who_may_not_assume_or_need_not() -> None:
    account = Account()
    account.role("reader", READ_B)
    account.role("closed", READ_B)
    account.user("assumer", ASSUME)
    account.user("direct", ASSUME, READ_B)
    account.user("idle")
    assert ways(account.made()) == {}


def test_the_way_is_shown() -> None:
    account = Account()
    account.role("reader", READ_B, trusts=trust(AWS=arn("role", "middle")))
    account.role("middle", trusts=trust(AWS=arn("role", "first")))
    account.role("first", trusts=trust(AWS=arn("user", "bob")))
    account.role("far", trusts=trust(AWS=arn("user", "eve")))
    account.user("bob")
    account.user("eve")
    assert ways(account.made()) == {
        "middle": ("reader", "allowed"),
        "first": ("middle", "reader", "allowed"),
        "bob": ("first", "middle", "reader", "allowed"),
    }


def test_a_way_is_as_sure_as_its_least_sure_step() -> None:
    account = Account()
    asks_mfa = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": arn("user", "bob")},
        "Condition": MFA,
    }
    account.role("reader", READ_B, trusts=trust(asks_mfa))
    account.role("office", document(allow("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
                 trusts=trust(AWS=arn("user", "eve")))  # fmt: skip
    account.user("bob")
    account.user("eve")
    assert ways(account.made()) == {"bob": ("reader", "aws:MultiFactorAuthPresent"), "eve": ("office", "aws:SourceIp")}


def test_of_ways_of_a_length_the_surest_is_taken() -> None:
    account = Account()
    account.role("asking", document(allow("s3:*", Condition=MFA)), trusts=trust(AWS=arn("user", "bob")))
    account.role("plain", READ_B, trusts=trust(AWS=arn("user", "bob")))
    account.user("bob")
    assert ways(account.made())["bob"] == ("plain", "allowed")


def test_a_circle_ends() -> None:
    account = Account()
    account.role("one", trusts=trust(AWS=arn("role", "two")))
    account.role("two", READ_B, trusts=trust(AWS=[arn("role", "one"), arn("role", "two")]))
    assert ways(account.made()) == {"one": ("two", "allowed")}
