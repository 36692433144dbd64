"""Permission policies, good and bad, as JSON text; equal ones are one string."""

import json
from functools import lru_cache
from typing import Any


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@lru_cache(maxsize=1024)
def bucket(name: str) -> str:
    """Read and write objects of one bucket."""
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{name}/*")
    return policy(allow("s3:ListBucket", f"arn:aws:s3:::{name}"), objects)


def buckets(*names: str) -> str:
    """Read objects of some buckets."""
    return policy(allow("s3:GetObject", [f"arn:aws:s3:::{name}/*" for name in names]))


def table(account_id: str, name: str) -> str:
    """Items of one DynamoDB table."""
    actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    return policy(allow(actions, f"arn:aws:dynamodb:eu-west-1:{account_id}:table/{name}"))


def queue(account_id: str, name: str) -> str:
    """Consume one SQS queue."""
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    return policy(allow(actions, f"arn:aws:sqs:eu-west-1:{account_id}:{name}"))


def secret(account_id: str, name: str) -> str:
    """Read one secret."""
    return policy(
        allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{account_id}:secret:{name}-*")
    )


def ecs_deploy(account_id: str) -> str:
    """Deploy a service and pass its task roles to ECS only."""
    return policy(
        allow(["ecs:UpdateService", "ecs:DescribeServices"], f"arn:aws:ecs:eu-west-1:{account_id}:service/main/*"),
        allow(
            "iam:PassRole",
            f"arn:aws:iam::{account_id}:role/*-task",
            Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    )


def three_services(account_id: str, name: str) -> str:
    """A bucket, a table and a queue of one name."""
    return policy(
        allow("s3:PutObject", f"arn:aws:s3:::halden-{name}/*"),
        allow("dynamodb:PutItem", f"arn:aws:dynamodb:eu-west-1:{account_id}:table/{name}"),
        allow("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{account_id}:{name}"),
    )


def cloud_shell(account_id: str) -> str:
    """CloudShell without up- and downloads."""
    return policy(
        allow("cloudshell:CreateEnvironment"),
        allow(
            ["cloudshell:GetEnvironmentStatus", "cloudshell:StartEnvironment"],
            f"arn:aws:cloudshell:eu-west-1:{account_id}:environment/*",
        ),
    )


def assume(role_arn: str) -> str:
    return policy(allow("sts:AssumeRole", role_arn))


def function_deploy(account_id: str, role: str) -> str:
    """Make and call functions, as one role."""
    functions = f"arn:aws:lambda:eu-west-1:{account_id}:function:*"
    return policy(
        allow(["lambda:CreateFunction", "lambda:InvokeFunction"], functions),
        allow(
            "iam:PassRole",
            f"arn:aws:iam::{account_id}:role/{role}",
            Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
    )


MAKERS = ["iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"]


def make_bounded_roles(boundary_arn: str) -> str:
    """Make and change roles, all within a boundary."""
    return policy(allow(MAKERS, Condition={"StringEquals": {"iam:PermissionsBoundary": boundary_arn}}))


MAKE_ROLES = policy(allow(MAKERS))
ADMINISTRATOR = policy(allow("*"))
SERVICE_WILDCARD = policy(allow(["s3:*", "kms:*"]))
ALL_BUT_BILLING = policy({"Effect": "Allow", "NotAction": ["aws-portal:*", "billing:*"], "Resource": "*"})
DENY_WITH_NOT_ACTION = policy(
    allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::halden-shared", "arn:aws:s3:::halden-shared/*"]),
    {
        "Effect": "Deny",
        "NotAction": ["s3:GetObject", "s3:ListBucket"],
        "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    },
)
PASS_ANY_ROLE = policy(allow("iam:PassRole"), allow(["ec2:RunInstances", "ec2:CreateTags"]))
PASS_TO_LAMBDA = policy(
    allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})
)
ASSUME_ANY_ROLE = policy(allow("sts:AssumeRole"))
ASSUME_APP_ROLES = policy(allow("sts:AssumeRole", "arn:aws:iam::*:role/app-*"))
SUBSCRIBE = policy(allow(["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"]))
SUBSCRIBE_TO_SOME = policy(
    allow(
        "aws-marketplace:Subscribe",
        Condition={"ForAnyValue:StringEquals": {"aws-marketplace:ProductId": ["prod-4hzexample", "prod-7kwexample"]}},
    )
)
BUCKET_OWNER = policy(allow("s3:*", ["arn:aws:s3:::halden-media", "arn:aws:s3:::halden-media/*"]))
SEND_ANYWHERE = policy(allow("sqs:SendMessage"))
SEND_TO_OURS = policy(allow("sqs:SendMessage", Condition={"StringEquals": {"aws:ResourceTag/team": "invoicing"}}))
SHARE_ANY_BUCKET = policy(allow(["s3:GetBucketPolicy", "s3:PutBucketPolicy"]))
SHARE_WEB_BUCKETS = policy(allow(["s3:GetBucketPolicy", "s3:PutBucketPolicy"], "arn:aws:s3:::halden-web-*"))
READ_ANY_OBJECT = policy(allow(["s3:GetObject", "s3:ListBucket"]))
MISSPELT = policy(allow(["s3:GetObjects", "s3:PutObject"], "arn:aws:s3:::halden-avatars/*"))
LOWER_CASE = policy(allow(["s3:getobject", "s3:putobject"], "arn:aws:s3:::halden-banners/*"))
INVOKE_MODEL = policy(allow("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/*"))
SELF_SERVICE = policy(
    allow(
        ["iam:ChangePassword", "iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:EnableMFADevice", "iam:GetUser"],
        "arn:aws:iam::*:user/${aws:username}",
    ),
    allow(["iam:ListVirtualMFADevices", "iam:GetAccountPasswordPolicy"]),
)
BOUNDARY = policy(
    allow(["s3:*", "dynamodb:*", "sqs:*", "sns:*", "logs:*", "ecs:*", "ecr:*", "cloudwatch:*", "ssm:Get*"]),
    allow(["lambda:InvokeFunction", "lambda:Get*", "lambda:List*"]),  # no code that runs as another role
    {
        "Effect": "Deny",
        "Action": ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"],
        "Resource": "*",
    },
)
DEVELOPER = policy(
    allow(["ecs:Describe*", "ecs:List*", "logs:FilterLogEvents", "logs:Get*", "cloudwatch:Get*", "lambda:GetFunction"]),
    allow("s3:GetObject", "arn:aws:s3:::halden-artifacts/*"),
)
METRICS = policy(
    allow("cloudwatch:GetMetricData"),
    allow("cloudwatch:PutMetricData", Condition={"StringEquals": {"cloudwatch:namespace": "Halden"}}),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:*:*:log-group:/halden/*"),
)
COST_READ = policy(allow(["ce:GetCostAndUsage", "organizations:ListAccounts", "tag:GetResources"]))
