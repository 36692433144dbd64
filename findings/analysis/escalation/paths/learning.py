"""SageMaker and Bedrock AgentCore."""

from __future__ import annotations

from findings.analysis.escalation.forms import (
    INTERPRETER,
    LIFECYCLE,
    NOTEBOOK,
    PROCESSING_JOB,
    TRAINING_JOB,
    passing,
    taking_over,
)

SAGEMAKER, AGENTCORE = "sagemaker", "bedrock-agentcore"
SESSION = ("bedrock-agentcore:StartCodeInterpreterSession", INTERPRETER)
INVOKE = ("bedrock-agentcore:InvokeCodeInterpreter", INTERPRETER)

PATHS = (
    passing(
        "bedrock-001",
        AGENTCORE,
        "makes a code interpreter that runs as {target} and runs code in it",
        ("bedrock-agentcore:CreateCodeInterpreter", "*"),
        SESSION,
        INVOKE,
    ),
    taking_over("bedrock-002", AGENTCORE, "runs code in a code interpreter that runs as {target}", SESSION, INVOKE),
    passing(
        "sagemaker-001",
        SAGEMAKER,
        "makes a notebook that runs as {target}",
        ("sagemaker:CreateNotebookInstance", NOTEBOOK),
    ),
    passing(
        "sagemaker-002", SAGEMAKER, "runs a training job as {target}", ("sagemaker:CreateTrainingJob", TRAINING_JOB)
    ),
    passing(
        "sagemaker-003",
        SAGEMAKER,
        "runs a processing job as {target}",
        ("sagemaker:CreateProcessingJob", PROCESSING_JOB),
    ),
    taking_over(
        "sagemaker-004",
        SAGEMAKER,
        "opens a notebook that runs as {target}",
        ("sagemaker:CreatePresignedNotebookInstanceUrl", NOTEBOOK),
    ),
    taking_over(
        "sagemaker-005",
        SAGEMAKER,
        "puts a start script into a notebook that runs as {target}",
        ("sagemaker:CreateNotebookInstanceLifecycleConfig", LIFECYCLE),
        ("sagemaker:StopNotebookInstance", NOTEBOOK),
        ("sagemaker:UpdateNotebookInstance", NOTEBOOK),
        ("sagemaker:StartNotebookInstance", NOTEBOOK),
    ),
)
