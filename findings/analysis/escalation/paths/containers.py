"""ECS tasks and App Runner services."""

from __future__ import annotations

from findings.analysis.escalation.forms import APP, CLUSTER, ECS_SERVICE, TASK_DEFINITION, passing, taking_over

TASKS = "ecs-tasks"
MAKE_CLUSTER, DEFINE = ("ecs:CreateCluster", CLUSTER), ("ecs:RegisterTaskDefinition", TASK_DEFINITION)
MAKE_SERVICE, RUN = ("ecs:CreateService", ECS_SERVICE), ("ecs:RunTask", TASK_DEFINITION)

PATHS = (
    passing(
        "apprunner-001", "tasks.apprunner", "makes an App Runner service as {target}", ("apprunner:CreateService", APP)
    ),
    taking_over(
        "apprunner-002",
        "tasks.apprunner",
        "changes what an App Runner service runs as {target}",
        ("apprunner:UpdateService", APP),
    ),
    passing("ecs-001", TASKS, "runs a service as {target} on a cluster of its own", MAKE_CLUSTER, DEFINE, MAKE_SERVICE),
    passing("ecs-002", TASKS, "runs a task as {target} on a cluster of its own", MAKE_CLUSTER, DEFINE, RUN),
    passing("ecs-003", TASKS, "runs a service as {target} on a cluster that is there", DEFINE, MAKE_SERVICE),
    passing("ecs-004", TASKS, "runs a task as {target} on a cluster that is there", DEFINE, RUN),
    passing(
        "ecs-005",
        TASKS,
        "starts a task as {target} on a container instance that is there",
        DEFINE,
        ("ecs:StartTask", TASK_DEFINITION),
    ),
)
