"""AWS services that say for whom they act when they assume a role, so that its trust policy can ask for that.

Only services whose documentation shows aws:SourceArn or aws:SourceAccount in the trust policy of a role are here, each with
its page below docs.aws.amazon.com. EC2, Lambda (which RULES.md exempts), API Gateway, Backup, Glue and others are not: for
a service that does not send the keys the condition would lock it out. Gathered in 2026; a service that is missing is
not judged.
"""

from __future__ import annotations

from collections.abc import Mapping

DEPUTY = "cross-service-confused-deputy-prevention.html"
SAY_FOR_WHOM: Mapping[str, str] = {
    "appstream": "appstream2/latest/developerguide/example-fleet-machine.html",
    "appsync": f"appsync/latest/devguide/{DEPUTY}",
    "autoscaling": f"autoscaling/ec2/userguide/{DEPUTY}",
    "batch": f"batch/latest/userguide/{DEPUTY}",
    "bedrock": f"bedrock/latest/userguide/{DEPUTY}",
    "bedrock-agentcore": "bedrock-agentcore/latest/devguide/cross-service-confused-deputy-prevention.html",
    "cloudformation": "AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html",
    "cloudtrail": "awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html",
    "codebuild": f"codebuild/latest/userguide/{DEPUTY}",
    "codedeploy": f"codedeploy/latest/userguide/{DEPUTY}",
    "cognito-idp": "cognito/latest/developerguide/cognito-user-pool-settings-sms.html",
    "comprehend": f"comprehend/latest/dg/{DEPUTY}",
    "config": "config/latest/developerguide/iamrole-permissions.html",
    "databrew": f"databrew/latest/dg/{DEPUTY}",
    "datasync": f"datasync/latest/userguide/{DEPUTY}",
    "datazone": "datazone/latest/userguide/glue-manage-access-role.html",
    "dlm": "ebs/latest/userguide/dlm-service-roles.html",
    "dms": f"dms/latest/userguide/{DEPUTY}",
    "ecs-tasks": "AmazonECS/latest/developerguide/task-iam-roles.html",
    "eks": f"eks/latest/userguide/{DEPUTY}",
    "elasticmapreduce": "emr/latest/ManagementGuide/emr-iam-role.html",
    "emr-serverless": "emr/latest/EMR-Serverless-UserGuide/security-iam-runtime-role.html",
    "events": f"eventbridge/latest/userguide/{DEPUTY}",
    "fis": "fis/latest/userguide/getting-started-iam-service-role.html",
    "forecast": f"forecast/latest/dg/{DEPUTY}",
    "frauddetector": "frauddetector/latest/ug/confused-deputy-prevention.html",
    "grafana": f"grafana/latest/userguide/{DEPUTY}",
    "healthlake": f"healthlake/latest/devguide/{DEPUTY}",
    "iot": f"iot/latest/developerguide/{DEPUTY}",
    "kendra": f"kendra/latest/dg/{DEPUTY}",
    "kinesisanalytics": "managed-flink/latest/java/iam-cross-service-confused-deputy-prevention.html",
    "lexv2": f"lexv2/latest/dg/{DEPUTY}",
    "logs": "AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
    "mediaconvert": f"mediaconvert/latest/ug/{DEPUTY}",
    "monitoring.rds": "AmazonRDS/latest/UserGuide/USER_Monitoring.OS.html",
    "personalize": f"personalize/latest/dg/{DEPUTY}",
    "pipes": f"eventbridge/latest/userguide/{DEPUTY}",
    "rds": "AmazonRDS/latest/UserGuide/USER_PostgreSQL.S3Import.ARNRole.html",
    "rekognition": f"rekognition/latest/dg/{DEPUTY}",
    "resources.cloudformation": f"cloudformation-cli/latest/userguide/{DEPUTY}",
    "rolesanywhere": "rolesanywhere/latest/userguide/trust-model.html",
    "sagemaker": "sagemaker/latest/dg/security-confused-deputy-prevention.html",
    "scheduler": f"scheduler/latest/UserGuide/{DEPUTY}",
    "ses": "ses/latest/dg/event-publishing-add-event-destination-firehose.html",
    "ssm": f"systems-manager/latest/userguide/{DEPUTY}",
    "states": "step-functions/latest/dg/procedure-create-iam-role.html",
    "textract": f"textract/latest/dg/{DEPUTY}",
    "transcribe": f"transcribe/latest/dg/{DEPUTY}",
    "transfer": f"transfer/latest/userguide/{DEPUTY}",
    "translate": f"translate/latest/dg/{DEPUTY}",
    "vpc-flow-logs": "vpc/latest/userguide/flow-logs-iam-role.html",
}


def name_of(principal: str) -> str:
    """The service in a principal: "logs" of logs.eu-west-1.amazonaws.com, "monitoring.rds" of monitoring.rds.amazonaws.com."""
    host = principal.lower().removesuffix(".cn").removesuffix(".amazonaws.com")
    labels = host.split(".")
    regional = len(labels) > 1 and labels[-1].count("-") >= 2 and labels[-1][-1].isdigit()
    return ".".join(labels[:-1] if regional else labels)


def says_for_whom(principal: str) -> bool:
    return name_of(principal) in SAY_FOR_WHOM
