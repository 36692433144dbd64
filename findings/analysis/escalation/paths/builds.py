"""CloudFormation stacks and CodeBuild projects."""

from __future__ import annotations

from findings.analysis.escalation.forms import PROJECT, STACK, STACK_SET, passing, taking_over
from findings.analysis.escalation.model import Category

STACKS, BUILDS = "cloudformation", "codebuild"
MAKE_PROJECT = ("codebuild:CreateProject", PROJECT)
START, START_BATCH = ("codebuild:StartBuild", PROJECT), ("codebuild:StartBuildBatch", PROJECT)

PATHS = (
    passing("cloudformation-001", STACKS, "makes a stack as {target}", ("cloudformation:CreateStack", STACK)),
    taking_over(
        "cloudformation-002", STACKS, "changes a stack that acts as {target}", ("cloudformation:UpdateStack", STACK)
    ),
    passing(
        "cloudformation-003",
        STACKS,
        "makes a stack set that acts as {target}",
        ("cloudformation:CreateStackSet", "*"),
        ("cloudformation:CreateStackInstances", STACK_SET),
    ),
    passing(
        "cloudformation-004",
        STACKS,
        "changes a stack set so that it acts as {target}",
        ("cloudformation:UpdateStackSet", STACK_SET),
    ),
    taking_over(
        "cloudformation-005",
        STACKS,
        "changes a stack that acts as {target} by a change set",
        ("cloudformation:CreateChangeSet", STACK),
        ("cloudformation:ExecuteChangeSet", STACK),
        category=Category.NEW,
    ),
    passing("codebuild-001", BUILDS, "makes a build project as {target} and starts it", MAKE_PROJECT, START),
    taking_over("codebuild-002", BUILDS, "starts a build as {target} with commands of its own", START),
    taking_over("codebuild-003", BUILDS, "starts a batch build as {target} with commands of its own", START_BATCH),
    passing(
        "codebuild-004", BUILDS, "makes a build project as {target} and starts a batch of it", MAKE_PROJECT, START_BATCH
    ),
)
