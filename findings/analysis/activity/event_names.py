"""CloudTrail's names of services and calls where IAM names them otherwise. Data; `event_actions` reads it.

Sources: the API references and the Service Authorization Reference of the services named. Compared in the tests with
iam-dataset's map, and by `manage.py event_actions` with the operations in AWS's service reference files; what those know beyond
this is kept in `service_reference.json`. A call that is named nowhere has an action of its own name.
"""

from __future__ import annotations

# eventSource without ".amazonaws.com" -> IAM prefixes, where it is none itself and none of its labels is one. The first
# that knows the call is taken.
PREFIXES: dict[str, tuple[str, ...]] = {
    "appconfigdata": ("appconfig",),
    "appstream2": ("appstream",),
    "awsmigrationhub": ("mgh",),
    "catalog.marketplace": ("aws-marketplace",),
    "cloudcontrolapi": ("cloudformation",),
    "cloudsearchdomain": ("cloudsearch",),
    "contact-lens": ("connect",),
    "email": ("ses",),
    "entitlement.marketplace": ("aws-marketplace",),
    "forecastquery": ("forecast",),
    "marketplace": ("aws-marketplace",),
    "memory-db": ("memorydb",),
    "metering.marketplace": ("aws-marketplace",),
    "migrationhub-config": ("mgh",),
    "models-v2-lex": ("lex",),
    "monitoring": ("cloudwatch",),
    "mturk-requester": ("mechanicalturk",),
    "personalize-events": ("personalize",),
    "personalize-runtime": ("personalize",),
    "pinpoint": ("mobiletargeting",),
    "runtime-v2-lex": ("lex",),
    "s3-control": ("s3", "s3-outposts"),
    "s3express": ("s3express", "s3"),
    "servicecatalog-appregistry": ("servicecatalog",),
    "sso": ("sso", "sso-directory", "identitystore"),
    "tagging": ("tag",),
}

# API Gateway's actions are HTTP verbs: by how the call's name begins, the longest beginning first.
VERBS: dict[str, dict[str, str]] = {
    "apigateway": {
        "Create": "POST",
        "Delete": "DELETE",
        "Export": "GET",
        "Flush": "DELETE",
        "Generate": "POST",
        "Get": "GET",
        "Import": "POST",
        "ImportApi": "PUT",
        "ImportApiKeys": "POST",
        "ImportDocumentationParts": "PUT",
        "Put": "PUT",
        "Reimport": "PUT",
        "Reset": "DELETE",
        "TagResource": "PUT",
        "TestInvoke": "POST",
        "UntagResource": "DELETE",
        "Update": "PATCH",
    }
}

# prefix -> call -> names of actions, of the same prefix unless one is written whole. (): any caller may, no permission is asked
# for. Calls on several items at once are checked by the action on one.
EVENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "s3": {
        "CompleteMultipartUpload": ("PutObject",),
        "CopyObject": ("GetObject", "PutObject"),
        "CreateMultipartUpload": ("PutObject",),
        "DeleteBucketCors": ("PutBucketCORS",),
        "DeleteBucketEncryption": ("PutEncryptionConfiguration",),
        "DeleteBucketLifecycle": ("PutLifecycleConfiguration",),
        "DeleteBucketOwnershipControls": ("PutBucketOwnershipControls",),
        "DeleteBucketPublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "DeleteBucketReplication": ("PutReplicationConfiguration",),
        "DeleteBucketTagging": ("PutBucketTagging",),
        "DeleteObjects": ("DeleteObject",),
        "DeletePublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "GetBucketCors": ("GetBucketCORS",),
        "GetBucketNotificationConfiguration": ("GetBucketNotification",),
        "GetBucketReplication": ("GetReplicationConfiguration",),
        "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration",),
        "GetPublicAccessBlock": ("GetBucketPublicAccessBlock",),
        "HeadBucket": ("ListBucket",),
        "HeadObject": ("GetObject",),
        "ListBuckets": ("ListAllMyBuckets",),
        "ListDirectoryBuckets": ("s3express:ListAllMyDirectoryBuckets",),
        "ListMultipartUploads": ("ListBucketMultipartUploads",),
        "ListObjectVersions": ("ListBucketVersions",),
        "ListObjects": ("ListBucket",),
        "ListParts": ("ListMultipartUploadParts",),
        "PostObject": ("PutObject",),
        "PutBucketCors": ("PutBucketCORS",),
        "PutBucketNotificationConfiguration": ("PutBucketNotification",),
        "PutBucketReplication": ("PutReplicationConfiguration",),
        "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration",),
        "PutPublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "SelectObjectContent": ("GetObject",),
        "UploadPart": ("PutObject",),
        "UploadPartCopy": ("GetObject", "PutObject"),
        "WriteGetObjectResponse": ("s3-object-lambda:WriteGetObjectResponse",),
    },
    "lambda": {
        "GetLayerVersionByArn": ("GetLayerVersion",),
        "Invoke": ("InvokeFunction",),
        "InvokeWithResponseStream": ("InvokeFunction",),
    },
    "dynamodb": {
        "BatchExecuteStatement": ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
        "ExecuteStatement": ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
        "ExecuteTransaction": ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
        "TransactGetItems": ("GetItem",),
        "TransactWriteItems": ("ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"),
    },
    "kms": {"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")},
    "bedrock": {
        "Converse": ("InvokeModel",),
        "ConverseStream": ("InvokeModelWithResponseStream",),
        "InvokeModelWithBidirectionalStream": ("InvokeModel",),
        "RetrieveAndGenerateStream": ("RetrieveAndGenerate",),
        "StartAsyncInvoke": ("InvokeModel",),
    },
    "budgets": {
        "CreateBudget": ("ModifyBudget",),
        "CreateNotification": ("ModifyBudget",),
        "CreateSubscriber": ("ModifyBudget",),
        "DeleteBudget": ("ModifyBudget",),
        "DeleteNotification": ("ModifyBudget",),
        "DeleteSubscriber": ("ModifyBudget",),
        "DescribeBudget": ("ViewBudget",),
        "DescribeBudgetNotificationsForAccount": ("ViewBudget",),
        "DescribeBudgetPerformanceHistory": ("ViewBudget",),
        "DescribeBudgets": ("ViewBudget",),
        "DescribeNotificationsForBudget": ("ViewBudget",),
        "DescribeSubscribersForNotification": ("ViewBudget",),
        "UpdateBudget": ("ModifyBudget",),
        "UpdateNotification": ("ModifyBudget",),
        "UpdateSubscriber": ("ModifyBudget",),
    },
    "cloudfront": {"CreateDistributionWithTags": ("CreateDistribution", "TagResource")},
    "cloudsearch": {"UploadDocuments": ("document",)},
    "execute-api": {
        "DeleteConnection": ("ManageConnections",),
        "GetConnection": ("ManageConnections",),
        "PostToConnection": ("ManageConnections",),
    },
    "signin": {
        "ConsoleLogin": (),
        "CredentialChallenge": (),
        "CredentialVerification": (),
        "ExitRole": (),
        "GetSigninToken": (),
        "RenewRole": (),
        "SwitchRole": (),
        "UserAuthentication": (),
    },
    "sns": {"PublishBatch": ("Publish",)},
    "sqs": {
        "ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
        "DeleteMessageBatch": ("DeleteMessage",),
        "SendMessageBatch": ("SendMessage",),
    },
    "sts": {"GetCallerIdentity": (), "GetSessionToken": ()},
    "timestream": {"Query": ("Select",)},
}

ACTIONS = tuple(  # `manage.py catalogue --check` reads it
    sorted(
        {
            action if ":" in action else f"{prefix}:{action}"
            for prefix, calls in EVENTS.items()
            for actions in calls.values()
            for action in actions
        }
        | {f"{prefix}:{verb}" for prefix, verbs in VERBS.items() for verb in verbs.values()}
    )
)
