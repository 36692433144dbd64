"""What policies allow at large, read by hand: AWS's own that the population attaches, and two of its own documents.

An attachment of one of AWS's policies is a fault of whom it is attached to. Administrators have LP201 in place of those
in ABSORBED (RULES.md, conventions).
"""

from collectors.lab.population import documents

ABSORBED = frozenset({"LP104", "LP203", "LP207", "LP208", "LP301", "LP302", "LP303", "LP304", "GR101"})
ONE_A_POLICY = frozenset({"LP202", "LP203", "LP204"})  # the others are one a role or user
ALLOWED_BY = {
    "AWSGlueServiceRole": ("LP202", "LP203", "LP207"),  # glue:*
    "AWSLambdaBasicExecutionRole": ("LP203",),  # log groups of everybody
    "AmazonECSTaskExecutionRolePolicy": ("LP203",),
    "AmazonSSMManagedInstanceCore": ("LP203", "LP208"),  # ssm:GetParameter
    "AmazonS3ReadOnlyAccess": ("LP208",),
    "PowerUserAccess": ("LP203", "LP204", "LP207", "LP208", "LP303"),  # NotAction: all but iam, organizations, account
    "ReadOnlyAccess": ("LP208",),  # s3:GetObject, dynamodb:Scan, ssm:GetParameter
}
INLINE = {
    documents.ASSUME_ANY_ROLE: ("LP203",),
    documents.PASS_ANY_ROLE: ("LP203",),
}
# Who has these within a boundary of s3, dynamodb, ssm:Get* and the like still has them on everything of that; what it blocks
# is a lesser fault.
BOUNDED = {documents.ADMINISTRATOR: ("LP207", "LP208", "LP302", "LP303")}
# Services that say for whom they act, of those that roles here trust.
SAY_FOR_WHOM = frozenset(
    f"{service}.amazonaws.com" for service in ("cloudformation", "codebuild", "ecs-tasks", "rolesanywhere", "states")
)
