"""Of which actions CloudTrail's management events would show the use: only of those can anybody say that they were not used.

Named are the services whose writing calls are all management events; what they have besides (actions that are checked with
another call, or that only a console's own API calls) is named too, and tested against the operations in botocore's models. Of all
other services nothing is said: their calls are in part data events, or no events at all. Of KMS neither: a trail may leave
its events out. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
"""

from __future__ import annotations

from functools import cache

from findings.analysis.unseen import unseen
from findings.policy.catalogue import Catalogue, Level

SERVICES = (
    "access-analyzer", "acm", "acm-pca", "application-autoscaling", "autoscaling", "backup", "batch", "cloudformation",
    "cloudfront", "cloudtrail", "codebuild", "codedeploy", "codepipeline", "config", "dynamodb", "ec2", "ecr", "ecs", "eks",
    "elasticache", "elasticloadbalancing", "guardduty", "iam", "imagebuilder", "inspector2", "lambda", "organizations", "ram",
    "rds", "route53", "route53resolver", "s3", "scheduler", "secretsmanager", "shield", "sns", "sqs", "ssm", "states", "sts",
)  # fmt: skip
NO_CALL = (
    "*:AllowVendedLogDeliveryForResource", "acm:CreateTimeStamp", "acm:UpdateCertificate", "backup:*BackupVaultSharingPolicy",
    "backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:SearchRecoveryPoint",
    "backup:ListIndexedRecoveryPointsForSearch", "cloudformation:CreateUploadBucket", "cloudfront:*SavingsPlan",
    "cloudtrail:*ServiceLinkedChannel", "codebuild:*OAuthToken", "codebuild:*Report",
    "codebuild:BatchPut*", "codedeploy:CreateCloudFormationDeployment", "dynamodb:*Replica", "dynamodb:*Witness",
    "dynamodb:InjectError", "dynamodb:PurchaseReservedCapacityOfferings", "dynamodb:ReplicateSettings",
    "dynamodb:RestoreTableFromAwsBackup", "dynamodb:StartAwsBackupJob", "dynamodb:UpdateAbacStatus",
    "dynamodb:UpdateGlobalTableVersion", "dynamodb:WriteDataForReplication", "ec2:*CoipPoolPermission",
    "ec2:*LocalGatewayRouteTablePermission", "ec2:*OdbNetworkPeering", "ec2:*PlacementGroup", "ec2:*ResourcePolicy",
    "ec2:*ApplianceFromNatGateway", "ec2:*ApplianceToNatGateway", "ec2:*VerifiedAccessInstanceWebAcl",
    "ec2:ImportByoipCidrToIpam", "ec2:Inject*", "ec2:PauseVolumeIO", "ec2:SendSpotInstanceInterruptions",
    "ecr:BatchImportUpstreamImage", "ecr:ReplicateImage", "ecs:Poll", "ecs:PutSystemLogEvents", "ecs:StartTelemetrySession",
    "eks:MutateViaKubernetesApi", "elasticache:Connect", "elasticache:InterruptClusterAzPower", "elasticloadbalancing:*WebAcl",
    "elasticloadbalancing:*WebACLAssociation", "guardduty:SendSecurityTelemetry", "iam:*CloudFrontPublicKey",
    "iam:SetSTSRegionalEndpointStatus", "iam:UpdateAccountEmailAddress", "iam:UpdateAccountName", "lambda:*Replication",
    "lambda:ConnectMicrovm", "lambda:Invoke*", "lambda:Pass*", "lambda:UpdateFunctionCodeSigningConfig",
    "rds:CopyCustomDBEngineVersion", "rds:CrossRegionCommunication", "rds:ModifyRecommendation",
    "route53resolver:AssociateFirewallRuleGroupWithService", "s3:*AccessPointPublicAccessBlock", "s3:*Object*", "s3:*Replicat*",
    "s3:AbortMultipartUpload", "s3:BypassGovernanceRetention", "s3:PutAccountPublicAccessBlock",
    "sns:Publish*", "ssm:PutCalendar", "ssm:RegisterManagedInstance", "ssm:RequestManagedInstanceRoleToken",
    "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation", "ssm:UpdateManagedInstancePublicKey",
    "states:InvokeHTTPEndpoint", "sts:Set*",
)  # fmt: skip
# Each has data events of its own, and is not checked with others' calls, as those on tags, versions and ACLs of objects are.
DATA_CALLS = (
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:RestoreObject", "s3:AbortMultipartUpload", "s3:ListBucket",
    "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "dynamodb:GetItem",
    "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
    "dynamodb:Query", "dynamodb:Scan", "lambda:InvokeFunction", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility", "sns:Publish", "kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords",
    "kinesis:SubscribeToShard",
)  # fmt: skip
DATA_SERVICES = tuple(dict.fromkeys(action.partition(":")[0] for action in DATA_CALLS))
ACTIONS = (*NO_CALL, *DATA_CALLS)  # `manage.py catalogue --check` reads it


@cache
def recorded(catalogue: Catalogue, data: frozenset[str] = frozenset()) -> int:
    """Actions whose every call is a management event, or a data event of one of the services `data`, all of whose data events
    the trail records. Of those that only read, a trail may have been told to leave the calls out."""
    services = 0
    for service in SERVICES:
        services |= catalogue.services.get(service, 0)
    found = services & ~unseen(catalogue, by_service=False) & ~catalogue.mask(NO_CALL)
    return found | catalogue.mask(action for action in DATA_CALLS if action.partition(":")[0] in data)


@cache
def visible(catalogue: Catalogue, data: frozenset[str] = frozenset()) -> int:
    """Of `recorded` those whose silence counts: of level write or permissions management, and all data events."""
    changes = catalogue.levels[Level.WRITE] | catalogue.levels[Level.PERMISSIONS]
    read = catalogue.mask(action for action in DATA_CALLS if action.partition(":")[0] in data)
    return recorded(catalogue, data) & (changes | read)
