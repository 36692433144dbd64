"""How the paths of services are written down, and the ARNs of what they make or take over."""

from __future__ import annotations

from findings.analysis.escalation.model import Category, Needs, On, Path, Step

_REGIONAL = "{region}:{account}"
FUNCTION = f"arn:{{partition}}:lambda:{_REGIONAL}:function:{{name}}"
INSTANCE = f"arn:{{partition}}:ec2:{_REGIONAL}:instance/i-{{name}}"
LAUNCH_TEMPLATE = f"arn:{{partition}}:ec2:{_REGIONAL}:launch-template/lt-{{name}}"
SPOT_REQUEST = f"arn:{{partition}}:ec2:{_REGIONAL}:spot-instances-request/{{name}}"
CLUSTER = f"arn:{{partition}}:ecs:{_REGIONAL}:cluster/{{name}}"
ECS_SERVICE = f"arn:{{partition}}:ecs:{_REGIONAL}:service/{{name}}/{{name}}"
TASK_DEFINITION = f"arn:{{partition}}:ecs:{_REGIONAL}:task-definition/{{name}}:1"
APP = f"arn:{{partition}}:apprunner:{_REGIONAL}:service/{{name}}/{{name}}"
PROJECT = f"arn:{{partition}}:codebuild:{_REGIONAL}:project/{{name}}"
STACK = f"arn:{{partition}}:cloudformation:{_REGIONAL}:stack/{{name}}/{{name}}"
STACK_SET = f"arn:{{partition}}:cloudformation:{_REGIONAL}:stackset/{{name}}:{{name}}"
DEV_ENDPOINT = f"arn:{{partition}}:glue:{_REGIONAL}:devEndpoint/{{name}}"
JOB = f"arn:{{partition}}:glue:{_REGIONAL}:job/{{name}}"
TRIGGER = f"arn:{{partition}}:glue:{_REGIONAL}:trigger/{{name}}"
PIPELINE = f"arn:{{partition}}:datapipeline:{_REGIONAL}:pipeline/df-{{name}}"
NOTEBOOK = f"arn:{{partition}}:sagemaker:{_REGIONAL}:notebook-instance/{{name}}"
LIFECYCLE = f"arn:{{partition}}:sagemaker:{_REGIONAL}:notebook-instance-lifecycle-config/{{name}}"
TRAINING_JOB = f"arn:{{partition}}:sagemaker:{_REGIONAL}:training-job/{{name}}"
PROCESSING_JOB = f"arn:{{partition}}:sagemaker:{_REGIONAL}:processing-job/{{name}}"
INTERPRETER = f"arn:{{partition}}:bedrock-agentcore:{_REGIONAL}:code-interpreter-custom/{{name}}"
STATE_MACHINE = f"arn:{{partition}}:states:{_REGIONAL}:stateMachine:{{name}}"
SHELL_DOCUMENT = "arn:{partition}:ssm:{region}::document/AWS-RunShellScript"  # runs what the caller writes
SCHEDULE = f"arn:{{partition}}:scheduler:{_REGIONAL}:schedule/default/{{name}}"

Part = tuple[str, str]  # action, form of its resource's ARN


def passing(id_: str, services: str | tuple[str, ...], how: str, *parts: Part) -> Path:
    """iam:PassRole on a stronger role that trusts one of the services, and something new that runs with it."""
    steps = (Step("iam:PassRole", On.PASSED), *(Step(action, On.NEW, at) for action, at in parts))
    return Path(id_, Category.NEW, Needs.PASSED_ROLE, how, steps, _hosts(services))


def taking_over(
    id_: str, services: str | tuple[str, ...], how: str, *parts: Part, category: Category = Category.EXISTING
) -> Path:
    """Something that already runs with a stronger role is made to do what the caller wants."""
    steps = tuple(Step(action, On.NEW if at in ("*", LIFECYCLE) else On.EXISTING, at) for action, at in parts)
    return Path(id_, category, Needs.RUNNING_ROLE, how, steps, _hosts(services))


def _hosts(services: str | tuple[str, ...]) -> tuple[str, ...]:
    names = (services,) if isinstance(services, str) else services
    return tuple(f"{name}.amazonaws.com" for name in names)
