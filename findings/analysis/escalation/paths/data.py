"""Glue and Data Pipeline."""

from __future__ import annotations

from findings.analysis.escalation.forms import DEV_ENDPOINT, JOB, PIPELINE, TRIGGER, passing, taking_over

MAKE, CHANGE = ("glue:CreateJob", JOB), ("glue:UpdateJob", JOB)
START, TRIGGERED = ("glue:StartJobRun", JOB), ("glue:CreateTrigger", TRIGGER)

PATHS = (
    passing(
        "datapipeline-001",
        ("datapipeline", "elasticmapreduce"),
        "runs commands as {target} by a data pipeline",
        ("datapipeline:CreatePipeline", "*"),
        ("datapipeline:PutPipelineDefinition", PIPELINE),
        ("datapipeline:ActivatePipeline", PIPELINE),
    ),
    passing("glue-001", "glue", "makes a development endpoint as {target}", ("glue:CreateDevEndpoint", "*")),
    taking_over(
        "glue-002",
        "glue",
        "puts its SSH key on a development endpoint that runs as {target}",
        ("glue:UpdateDevEndpoint", DEV_ENDPOINT),
    ),
    passing("glue-003", "glue", "makes a job as {target} and runs it", MAKE, START),
    passing("glue-004", "glue", "makes a job as {target} and a trigger that runs it", MAKE, TRIGGERED),
    passing("glue-005", "glue", "changes a job so that it runs as {target}, and runs it", CHANGE, START),
    passing(
        "glue-006", "glue", "changes a job so that it runs as {target}, and has a trigger run it", CHANGE, TRIGGERED
    ),
)
