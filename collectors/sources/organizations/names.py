"""The APIs that tell of an organization."""

from __future__ import annotations

DESCRIBE, ROOTS = "organizations:DescribeOrganization", "organizations:ListRoots"
UNITS, MEMBERS = "organizations:ListOrganizationalUnitsForParent", "organizations:ListAccountsForParent"
ACCOUNTS = "organizations:ListAccounts"
POLICIES, CONTENT = "organizations:ListPolicies", "organizations:DescribePolicy"
TARGETS = "organizations:ListTargetsForPolicy"
TAGS = "organizations:ListTagsForResource"
TRUSTED = "organizations:ListAWSServiceAccessForOrganization"
DELEGATES = "organizations:ListDelegatedAdministrators"
DELEGATED = "organizations:ListDelegatedServicesForAccount"
RESOURCE_POLICY = "organizations:DescribeResourcePolicy"
GENERATE, READ = "iam:GenerateOrganizationsAccessReport", "iam:GetOrganizationsAccessReport"

# Never asked of AWS: the ones above tell the same with fewer calls. A bundle may hold these in their place.
PARENTS, CHILDREN = "organizations:ListParents", "organizations:ListChildren"
OF_TARGET = "organizations:ListPoliciesForTarget"

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
GUARDRAILS = (SCP, RCP)

# AWS's own two, which it attaches everywhere and nobody can change: their documents are known without asking.
FULL_ACCESS = {
    "p-FullAWSAccess": """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}""",
    "p-RCPFullAWSAccess": (
        """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"""
    ),
}
