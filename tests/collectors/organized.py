"""An organization as its management account told of it, in rows: for what follows from the tree alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors.models import Account, Connection, Membership, OrganizationAccount, OrganizationConnection
from collectors.models.inventory import store
from collectors.models.joining import Standing
from collectors.records import OrganizationAccount as Listed
from collectors.records import OrganizationalUnit, Part
from tests.builders import AS_OF, MANAGEMENT, in_organization, org_account, unit

ORGANIZATION = "o-abcdefghij"
TREE = (unit("r-1", ""), unit("ou-prod"), unit("ou-pay", "ou-prod"), unit("ou-dev"))
TREE = (
    TREE[0],
    *(unit(u.unique_id, "r-1" if u.parent_id == "r-1" else u.parent_id, name=u.unique_id) for u in TREE[1:]),
)


def number(n: int) -> str:
    return f"{n:012}"


def listed(n: int, parent: str = "ou-prod", **more: Any) -> Listed:
    """tags: as read; None: not read."""
    tags: dict[str, str] | None = more.pop("tags", {})
    return org_account(number(n), parent, name=more.pop("name", f"account-{n}"), tags=tags,
                       tags_at=None if tags is None else AS_OF, **more)  # fmt: skip


def tell(
    management: Account, *members: Listed, tree: Iterable[OrganizationalUnit] = TREE, organization: str = ORGANIZATION
) -> None:
    """What a whole collection of the management account stores; who is not among the members has left."""
    part = Part(
        details=(in_organization(organization_id=organization),),
        organizational_units=tuple(tree),
        organization_accounts=(listed(9, "r-1", name="management"), *members),
    )
    store(management, part, ["organizational_units", "organization_accounts"], AS_OF)


def manager(aws_id: str = MANAGEMENT) -> Account:
    """The management account, connected by hand."""
    account = Account.objects.create(aws_id=aws_id, name="management")
    Connection.objects.create(account=account)
    return account


def decide(management: Account, organization_id: str = ORGANIZATION, **more: Any) -> OrganizationConnection:
    given = {"units": ["r-1"], "set_by": "ann", **more}
    return OrganizationConnection.objects.create(account=management, organization_id=organization_id, **given)


def standings() -> dict[str, str]:
    """By account id, of those that joined."""
    rows = Membership.objects.order_by("account__aws_id").values_list("account__aws_id", "standing")
    return {aws_id.lstrip("0"): Standing(standing).value for aws_id, standing in rows}


def gone(n: int) -> None:
    OrganizationAccount.objects.filter(unique_id=number(n)).update(gone_at=AS_OF)
