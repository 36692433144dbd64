"""Lambda, Step Functions and the scheduler."""

from __future__ import annotations

from findings.analysis.escalation.forms import FUNCTION, SCHEDULE, STATE_MACHINE, passing, taking_over

CREATE, INVOKE = ("lambda:CreateFunction", FUNCTION), ("lambda:InvokeFunction", FUNCTION)
CODE, PERMIT = ("lambda:UpdateFunctionCode", FUNCTION), ("lambda:AddPermission", FUNCTION)

PATHS = (
    passing("lambda-001", "lambda", "makes a function that runs as {target} and invokes it", CREATE, INVOKE),
    passing(
        "lambda-002",
        "lambda",
        "makes a function that runs as {target} and has an event source start it",
        CREATE,
        ("lambda:CreateEventSourceMapping", "*"),
    ),
    passing("lambda-006", "lambda", "makes a function that runs as {target} and lets itself invoke it", CREATE, PERMIT),
    taking_over("lambda-003", "lambda", "replaces the code of a function that runs as {target}", CODE),
    taking_over(
        "lambda-004", "lambda", "replaces the code of a function that runs as {target}, invokes it", CODE, INVOKE
    ),
    taking_over(
        "lambda-005",
        "lambda",
        "replaces the code of a function that runs as {target}, lets itself invoke it",
        CODE,
        PERMIT,
    ),
    passing(
        "iamdash-011",
        "states",
        "makes a state machine that runs as {target} and starts it",
        ("states:CreateStateMachine", STATE_MACHINE),
        ("states:StartExecution", STATE_MACHINE),
    ),
    passing(
        "iamdash-012",
        "scheduler",
        "makes a schedule that calls any AWS API as {target}",
        ("scheduler:CreateSchedule", SCHEDULE),
    ),
)
