"""An organization for tests of guardrail pages: root, prod and sandbox, with an account in each of the OUs."""

from __future__ import annotations

from typing import Any

from collectors import records
from collectors.models import Account
from findings.models import AccountGuarding, GuardrailEffect
from tests import builders as b
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, allow, deny, document
from tests.pages.test_principals import store_documents

IN_EUROPE = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
SCPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "FullAWSAccess": (EVERYTHING, ("r-1", "ou-1", "ou-2", b.ACCOUNT_ID, "000000000002")),
    "keep-trails": (document(deny("cloudtrail:*", Sid="Keep")), ("ou-1",)),
    "europe": (document(deny("s3:*", Condition=IN_EUROPE)), ("r-1",)),
    "nobody-has-it": (document(deny("organizations:LeaveOrganization")), ("ou-1",)),
    "nowhere": (document(deny("ec2:*")), ()),
}
WRITER = document(allow(["cloudtrail:StopLogging", "s3:PutObject", "sqs:SendMessage"]))
BOUND = document(allow("s3:*"))


def organization(teller: Account, *more: Any, scps: Any = SCPS, **unit: Any) -> None:
    """The teller, which is in prod, told of all; it has a writer, and another one with a boundary."""
    store_documents(teller, WRITER, BOUND, *(body for body, _ in scps.values()))
    tree = (
        b.unit("r-1", ""),
        b.unit("ou-1", name="prod", **unit),
        b.unit("ou-2", name="sandbox"),
        b.org_account(b.ACCOUNT_ID, "ou-1"),
        b.org_account("000000000002", "ou-2"),
        b.org_account("000000000003", "ou-2"),
    )
    policies = (b.org_policy(name, *targets, document=body) for name, (body, targets) in scps.items())
    bound = b.policy("bound", unique_id="ANPABOUND", document=records.digest(BOUND), boundary_count=1)
    held = {"w": records.digest(WRITER)}
    roles = b.role("writer", unique_id="AROAWRITER", inline=held), b.role("bounded", inline=held, boundary=bound.arn)
    put(teller, b.in_organization(), *tree, *policies, *roles, bound, *more, covered=b.tree_coverage())
    judge(teller)


def member(account: Account) -> None:
    """In sandbox, by what the teller tells; without roles."""
    put(account, b.in_organization(), covered=b.tree_coverage(ListRoots=None, ListAccounts=None))
    judge(account)


def guarded_by(account: Account, name: str) -> str:
    """Rows without a judgement: an SCP of that name binds the account. Its id."""
    AccountGuarding.objects.create(
        account=account, organization_id="o-1", organization_known=True, management=False, holders=1, bounded=0, unread=0,
        path=[["r-1", "Root"], [f"ou-{name}", name]], unit=f"ou-{name}", limited=True, digest="d",
    )  # fmt: skip
    numbers = dict.fromkeys(("alone", "also", "conditional", "partly", "root", "outsiders", "outsiders_maybe"), 1)
    effect = GuardrailEffect.objects.create(
        account=account, layer="scp", policy=f"p-{name}", name=name, **numbers, binds=1, sure=1, maybe=0, open=False,
        idle=False, places=[[f"ou-{name}", name]], digest="d",
        data={"together": [], "keys": [name], "named": [["AROA", name]], "parts": [], "services": {}, "more": 0,
              "blocks": [name], "may_block": []},
    )  # fmt: skip
    return effect.policy
