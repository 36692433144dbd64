"""Identity Center: one instance of the organization in one region, read by the management account only, in pages.

moto has an instance in every account and region, knows no accounts that a permission set is provisioned to, no boundary,
and answers with creation dates of today.
"""

import json
from typing import Any

from moto.identitystore.responses import IdentityStoreResponse
from moto.ssoadmin.exceptions import ResourceNotFoundException
from moto.ssoadmin.models import PermissionSet, SSOAdminBackend, ssoadmin_backends
from moto.ssoadmin.responses import SSOAdminResponse
from moto.ssoadmin.utils import PAGINATION_MODEL

from collectors.lab.repairs.operation import operation
from collectors.lab.wire import RefusalError
from collectors.lab.world import World, current

HOME = "eu-west-1"
NOT_FOR_MEMBERS = "You do not have sufficient access to perform this action."
FEW = 20  # a page, so that the collector has to ask for more
READS = (
    "list_permission_sets", "describe_permission_set", "list_managed_policies_in_permission_set",
    "list_customer_managed_policy_references_in_permission_set", "get_inline_policy_for_permission_set",
    "list_account_assignments",
)  # fmt: skip

for asked in ("list_permission_sets", "list_account_assignments"):
    PAGINATION_MODEL[asked] |= {"limit_default": FEW}


def center(world: World) -> SSOAdminBackend:
    with world.entered():
        return ssoadmin_backends[world.management.id][HOME]


def for_administrators(response: Any) -> None:
    """Members are refused, and so is everybody in another region, where there is nothing."""
    if response.current_account != current().management.id:
        raise RefusalError("denied", NOT_FOR_MEMBERS)


def guarded(cls: type, name: str) -> None:
    answer = getattr(cls, name)

    def only(self: Any) -> str:
        for_administrators(self)
        return answer(self)  # type: ignore[no-any-return]

    setattr(cls, name, only)


for read in READS:
    guarded(SSOAdminResponse, read)
for read in ("list_users", "list_groups", "list_group_memberships"):
    guarded(IdentityStoreResponse, read)


@operation(SSOAdminResponse)
def list_instances(self: SSOAdminResponse) -> str:
    """The organization's is shown to its members too."""
    found = center(current()).instances if self.region == HOME and center(current()).permission_sets else []
    return json.dumps({"Instances": [one.to_json() for one in found]})


def paged(response: SSOAdminResponse, name: str, items: list[Any]) -> str:
    first, size = int(response._get_param("NextToken") or 0), int(response._get_param("MaxResults") or FEW)
    more = {"NextToken": str(first + size)} if first + size < len(items) else {}
    return json.dumps({name: items[first : first + size], **more})


def asked_for(response: SSOAdminResponse) -> PermissionSet:
    for_administrators(response)
    wanted = response._get_param("InstanceArn"), response._get_param("PermissionSetArn")
    return response.ssoadmin_backend._find_permission_set(*wanted)


@operation(SSOAdminResponse)
def list_accounts_for_provisioned_permission_set(self: SSOAdminResponse) -> str:
    return paged(self, "AccountIds", asked_for(self).accounts)  # type: ignore[attr-defined]


@operation(SSOAdminResponse)
def get_permissions_boundary_for_permission_set(self: SSOAdminResponse) -> str:
    if not (found := asked_for(self).boundary):  # type: ignore[attr-defined]
        raise ResourceNotFoundException(message="The permission set has no permissions boundary")
    return json.dumps({"PermissionsBoundary": found})
