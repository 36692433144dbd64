"""The public catalogue of escalation paths (https://pathfinding.cloud) as data: id -> the actions it takes, by kind."""

from __future__ import annotations

# iam:PassRole on a role, and something new that runs with it
PASSING: dict[str, str] = {
    "apprunner-001": "iam:PassRole apprunner:CreateService",
    "bedrock-001": "iam:PassRole bedrock-agentcore:CreateCodeInterpreter "
    "bedrock-agentcore:StartCodeInterpreterSession bedrock-agentcore:InvokeCodeInterpreter",
    "cloudformation-001": "iam:PassRole cloudformation:CreateStack",
    "cloudformation-003": "iam:PassRole cloudformation:CreateStackSet cloudformation:CreateStackInstances",
    "cloudformation-004": "iam:PassRole cloudformation:UpdateStackSet",
    "codebuild-001": "iam:PassRole codebuild:CreateProject codebuild:StartBuild",
    "codebuild-004": "iam:PassRole codebuild:CreateProject codebuild:StartBuildBatch",
    "datapipeline-001": "iam:PassRole datapipeline:CreatePipeline "
    "datapipeline:PutPipelineDefinition datapipeline:ActivatePipeline",
    "ec2-001": "iam:PassRole ec2:RunInstances",
    "ec2-003": "iam:PassRole ec2:RequestSpotInstances",
    "ecs-001": "iam:PassRole ecs:CreateCluster ecs:RegisterTaskDefinition ecs:CreateService",
    "ecs-002": "iam:PassRole ecs:CreateCluster ecs:RegisterTaskDefinition ecs:RunTask",
    "ecs-003": "iam:PassRole ecs:RegisterTaskDefinition ecs:CreateService",
    "ecs-004": "iam:PassRole ecs:RegisterTaskDefinition ecs:RunTask",
    "ecs-005": "iam:PassRole ecs:RegisterTaskDefinition ecs:StartTask",
    "glue-001": "iam:PassRole glue:CreateDevEndpoint",
    "glue-003": "iam:PassRole glue:CreateJob glue:StartJobRun",
    "glue-004": "iam:PassRole glue:CreateJob glue:CreateTrigger",
    "glue-005": "iam:PassRole glue:UpdateJob glue:StartJobRun",
    "glue-006": "iam:PassRole glue:UpdateJob glue:CreateTrigger",
    "lambda-001": "iam:PassRole lambda:CreateFunction lambda:InvokeFunction",
    "lambda-002": "iam:PassRole lambda:CreateFunction lambda:CreateEventSourceMapping",
    "lambda-006": "iam:PassRole lambda:CreateFunction lambda:AddPermission",
    "sagemaker-001": "iam:PassRole sagemaker:CreateNotebookInstance",
    "sagemaker-002": "iam:PassRole sagemaker:CreateTrainingJob",
    "sagemaker-003": "iam:PassRole sagemaker:CreateProcessingJob",
}

# something is taken over that runs with a role
TAKING: dict[str, str] = {
    "apprunner-002": "apprunner:UpdateService",
    "bedrock-002": "bedrock-agentcore:StartCodeInterpreterSession bedrock-agentcore:InvokeCodeInterpreter",
    "cloudformation-002": "cloudformation:UpdateStack",
    "cloudformation-005": "cloudformation:CreateChangeSet cloudformation:ExecuteChangeSet",
    "codebuild-002": "codebuild:StartBuild",
    "codebuild-003": "codebuild:StartBuildBatch",
    "ec2instanceconnect-003": "ec2-instance-connect:SendSSHPublicKey ec2:DescribeInstances",
    "ec2-002": "ec2:ModifyInstanceAttribute ec2:StopInstances ec2:StartInstances",
    "ec2-004": "ec2:CreateLaunchTemplateVersion ec2:ModifyLaunchTemplate",
    "glue-002": "glue:UpdateDevEndpoint",
    "lambda-003": "lambda:UpdateFunctionCode",
    "lambda-004": "lambda:UpdateFunctionCode lambda:InvokeFunction",
    "lambda-005": "lambda:UpdateFunctionCode lambda:AddPermission",
    "sagemaker-004": "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker-005": "sagemaker:CreateNotebookInstanceLifecycleConfig sagemaker:StopNotebookInstance "
    "sagemaker:UpdateNotebookInstance sagemaker:StartNotebookInstance",
    "ssm-001": "ssm:StartSession",
    "ssm-002": "ssm:SendCommand",
}

# through IAM and STS alone
IDENTITIES: dict[str, str] = {
    "iam-001": "iam:CreatePolicyVersion",
    "iam-002": "iam:CreateAccessKey",
    "iam-003": "iam:CreateAccessKey iam:DeleteAccessKey",
    "iam-004": "iam:CreateLoginProfile",
    "iam-005": "iam:PutRolePolicy",
    "iam-006": "iam:UpdateLoginProfile",
    "iam-007": "iam:PutUserPolicy",
    "iam-008": "iam:AttachUserPolicy",
    "iam-009": "iam:AttachRolePolicy",
    "iam-010": "iam:AttachGroupPolicy",
    "iam-011": "iam:PutGroupPolicy",
    "iam-012": "iam:UpdateAssumeRolePolicy",
    "iam-013": "iam:AddUserToGroup",
    "iam-014": "iam:AttachRolePolicy sts:AssumeRole",
    "iam-015": "iam:AttachUserPolicy iam:CreateAccessKey",
    "iam-016": "iam:CreatePolicyVersion sts:AssumeRole",
    "iam-017": "iam:PutRolePolicy sts:AssumeRole",
    "iam-018": "iam:PutUserPolicy iam:CreateAccessKey",
    "iam-019": "iam:AttachRolePolicy iam:UpdateAssumeRolePolicy",
    "iam-020": "iam:CreatePolicyVersion iam:UpdateAssumeRolePolicy",
    "iam-021": "iam:PutRolePolicy iam:UpdateAssumeRolePolicy",
    "sts-001": "sts:AssumeRole",
}

# id's first word -> the service that runs the role, where it is called otherwise
RUNNERS = {
    "apprunner": "tasks.apprunner",
    "bedrock": "bedrock-agentcore",
    "ec2instanceconnect": "ec2",
    "ecs": "ecs-tasks",
    "ssm": "ec2",
}


def runner(path: str) -> str:
    """ "lambda.amazonaws.com" of "lambda-001"."""
    word = path.partition("-")[0]
    return f"{RUNNERS.get(word, word)}.amazonaws.com"
