"""Actions whose use leaves no trace: none in Access Advisor, or none in a trail that records what trails record by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from findings.policy.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Unseen:
    """Actions whose use leaves no trace. by_service: not even in Access Advisor's answer on the service as a whole.
    data: a trail that records all data events of the service shows them."""

    patterns: tuple[str, ...]
    why: str
    source: str
    by_service: bool = False
    data: bool = False

    @property
    def service(self) -> str:
        return self.patterns[0].partition(":")[0]


_REFINE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html"
_DATA_EVENTS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html"
_DATA = "is a data event, which a trail records only where it was told to"


def _data(name: str, *patterns: str) -> Unseen:
    return Unseen(patterns, f"{_DATA} for {name}", _DATA_EVENTS, data=True)


# What the principal hands to another service, what only a trail with data events would show, and what is no call of AWS's API.
UNSEEN = (
    Unseen(
        ("iam:PassRole",),
        "is checked when a role is handed to a service; no record is ever written of it",
        _REFINE,
        by_service=True,
    ),
    Unseen(
        ("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"),
        "is checked with another call and has no record of its own",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
    ),
    _data(
        "S3", "s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:RestoreObject", "s3:AbortMultipartUpload",
        "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts",
    ),
    _data(
        "DynamoDB", "dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQL*", "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
    ),
    _data("Lambda", "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"),
    _data("SQS", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
    _data("SNS", "sns:Publish"),
    _data("Kinesis", "kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords", "kinesis:SubscribeToShard"),
    _data("EBS", "ebs:GetSnapshotBlock", "ebs:PutSnapshotBlock", "ebs:ListSnapshotBlocks", "ebs:ListChangedBlocks"),
    _data("SageMaker", "sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"),
    _data("Bedrock", "bedrock:InvokeAgent", "bedrock:Retrieve", "bedrock:RetrieveAndGenerate", "bedrock:ApplyGuardrail"),
    _data("RDS's Data API", "rds-data:ExecuteStatement", "rds-data:BatchExecuteStatement", "rds-data:*Transaction"),
    _data("AppConfig", "appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"),
    Unseen(
        ("logs:PutLogEvents", "logs:CreateLogStream", "cloudwatch:PutMetricData", "xray:PutTraceSegments"),
        "is recorded, if at all, as a data event",
        _DATA_EVENTS,
    ),
    Unseen(
        ("rds-db:connect", "elasticache:Connect"),
        "opens a connection to a database, which is no call that CloudTrail records",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html",
    ),
    Unseen(
        ("execute-api:Invoke", "execute-api:InvalidateCache", "execute-api:ManageConnections"),
        "calls an API of one's own, which CloudTrail does not record",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/cloudtrail.html",
    ),
)  # fmt: skip

ACTIONS = tuple(pattern for one in UNSEEN for pattern in one.patterns)  # `manage.py catalogue --check` reads it


def unseen(catalogue: Catalogue, by_service: bool = True) -> int:
    """Actions whose use cannot be seen, where what is known is known by service (or, if not, by action)."""
    return catalogue.mask(p for one in UNSEEN if one.by_service or not by_service for p in one.patterns)
