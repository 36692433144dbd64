"""Organizations: read by the management account only, ListTargetsForPolicy and ListParents in AWS's form, a resource policy.

moto answers member accounts as if they had no organization, does not page targets, and knows no resource policy.
"""

import json
from typing import Any

from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import FakeAccount, FakeOrganization, OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse
from moto.organizations.utils import PAGINATION_MODEL

from collectors.lab.repairs.operation import operation
from collectors.lab.world import current


class NoResourcePolicyError(OrganizationsClientError):
    def __init__(self) -> None:
        super().__init__("ResourcePolicyNotFoundException", "We can't find a resource policy request.")


class Member(FakeAccount):
    """An account of a given id; moto's own makes a role in a random account."""

    def __init__(self, organization: FakeOrganization, **known: Any) -> None:
        self.type = "ACCOUNT"
        self.region = organization.region
        self.organization_id = organization.id
        self.master_account_id = organization.master_account_id
        self.create_account_status_id = "car-" + known["id"]
        self.joined_method = "CREATED"
        self.attached_policies = []
        self.__dict__.update(known)


PAGINATION_MODEL["list_accounts"] |= {"limit_default": 20, "unique_attribute": "Id"}  # AWS gives 20 a page
targets_of = OrganizationsBackend.list_targets_for_policy


@operation(OrganizationsResponse)
def list_targets_for_policy(self: OrganizationsResponse) -> str:
    targets = targets_of(self.organizations_backend, PolicyId=self._get_param("PolicyId"))["Targets"]
    first, size = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or 20)
    more = {"NextToken": str(first + size)} if first + size < len(targets) else {}
    return json.dumps({"Targets": targets[first : first + size], **more})


@operation(OrganizationsResponse)
def describe_resource_policy(self: OrganizationsResponse) -> str:
    text = current().resource_policy
    if not text:
        raise NoResourcePolicyError
    return json.dumps({"ResourcePolicy": {"ResourcePolicySummary": {}, "Content": text}})
