"""The APIs that tell of IAM Identity Center. boto3's sso-admin has IAM actions of the prefix sso."""

from __future__ import annotations

INSTANCES, SETS = "sso-admin:ListInstances", "sso-admin:ListPermissionSets"
DESCRIBE = "sso-admin:DescribePermissionSet"
MANAGED = "sso-admin:ListManagedPoliciesInPermissionSet"
CUSTOMER = "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet"
INLINE = "sso-admin:GetInlinePolicyForPermissionSet"
BOUNDARY = "sso-admin:GetPermissionsBoundaryForPermissionSet"
PROVISIONED = "sso-admin:ListAccountsForProvisionedPermissionSet"
ASSIGNMENTS = "sso-admin:ListAccountAssignments"
USERS, GROUPS = "identitystore:ListUsers", "identitystore:ListGroups"
MEMBERS = "identitystore:ListGroupMemberships"

# What is asked of each permission set, and the field of its record that tells whether it was.
FIELDS = {
    DESCRIBE: "session_seconds",
    MANAGED: "managed",
    CUSTOMER: "customer",
    INLINE: "inline",
    BOUNDARY: "boundary",
    PROVISIONED: "accounts",
}

REGIONS, ORGANIZATION = "account:ListRegions", "organizations:DescribeOrganization"


def action(api: str) -> str:
    """The IAM action of an API."""
    return api.replace("sso-admin:", "sso:")
