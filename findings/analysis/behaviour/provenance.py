"""Whether a role or policy was made by code: by what tools leave on it, and by the call that made it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from collectors.records import AdminEvent, Group, Policy, Role, User
from findings.analysis.behaviour.changes import by_code

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

Entity = Role | User | Policy

STACK_TAGS = (
    "aws:cloudformation:stack-id",
    "aws:cloudformation:stack-name",
    "aws:servicecatalog:provisionedProductArn",
)
# Tags by which tools and organizations say what manages a resource; compared without case and separators.
MANAGED_BY = frozenset(
    {"managedby", "createdby", "provisionedby", "provisioner", "deployedby", "iac", "iactool", "provisioning"}
)
TOOLS = {
    "terraform": "Terraform", "opentofu": "OpenTofu", "terragrunt": "Terragrunt", "cloudformation": "CloudFormation",
    "cdk": "CDK", "awscdk": "CDK", "pulumi": "Pulumi", "crossplane": "Crossplane", "serverless": "Serverless", "sam": "SAM",
    "ansible": "Ansible", "atlantis": "Terraform", "spacelift": "Terraform",
}  # fmt: skip
TAGS_OF_TOOLS = {
    "terraform": "Terraform", "terraformmodule": "Terraform", "terraformworkspace": "Terraform", "tfworkspace": "Terraform",
    "pulumiproject": "Pulumi", "pulumistack": "Pulumi", "awscdkid": "CDK", "cdk": "CDK", "serverlessservice": "Serverless",
    "lambdacreatedby": "SAM", "eksctlclusterk8sioclustername": "eksctl", "alphaeksctlioclustername": "eksctl",
    "crossplanename": "Crossplane", "crossplanekind": "Crossplane",
}  # fmt: skip
NO = frozenset({"false", "no", "none", "0", "manual", "console", "hand"})
# Names as CloudFormation makes them: stack, logical id, twelve or thirteen characters of chance, which no word looks like.
STACK_NAME = re.compile(
    r".+-.+-(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Z])(?:[A-Z0-9]{12,13}|(?=[A-Za-z0-9]*[a-z])[A-Za-z0-9]{12})\Z"
)
CDK_NAME = re.compile(r"cdk-[a-z0-9]+-[a-z-]+-\d{12}-[a-z0-9-]+\Z")
TERRAFORM_NAME = re.compile(
    r".*(?<!\d)20\d{2}(?:0[1-9]|1[0-2])\d{2}\d{10,}\w*\Z"
)  # name_prefix with its time and count
# Roles that AWS Organizations, Control Tower and StackSets make in an account.
OF_AWS = (
    "OrganizationAccountAccessRole",
    "AWSControlTower",
    "aws-controltower-",
    "stacksets-exec-",
    "AWSCloudFormationStackSet",
)
MAKES = ("CreateRole", "CreatePolicy", "CreateUser")
KINDS: Mapping[type, str] = {Role: "role", User: "user", Policy: "policy", Group: "group"}


def provenance(entity: Entity, facts: Facts) -> str:
    """What shows that code made it, as a sentence without a subject; "" where nothing does."""
    return next(_signs(entity, facts), "")


def _signs(entity: Entity, facts: Facts) -> Iterator[str]:
    yield from _tags({} if isinstance(entity, Policy) else entity.tags)  # AWS lists policies without their tags
    made = maker(entity, facts)
    if tool := made and by_code(made):
        yield f"made by {tool} on {made.at:%Y-%m-%d}"
    if CDK_NAME.match(entity.name):
        yield "named as CDK's bootstrap stack names it"
    elif STACK_NAME.match(entity.name):
        yield "named as CloudFormation names what a stack makes"
    elif TERRAFORM_NAME.match(entity.name):
        yield "named as Terraform's name_prefix does"


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    for key in STACK_TAGS:
        if key in tags:
            yield f"tagged {key}={tags[key]}"
    for key, value in sorted(tags.items()):
        plain, said = _plain(key), _plain(value)
        if (plain in TAGS_OF_TOOLS and said not in NO) or (
            plain in MANAGED_BY and any(said.startswith(tool) for tool in TOOLS)
        ):
            yield f"tagged {key}={value}"


def about(entity: Entity | Group, facts: Facts) -> tuple[AdminEvent, ...]:
    """The calls that changed it, oldest first; a policy is named by its ARN, and by its name when it is made."""
    names = (entity.arn, entity.name) if isinstance(entity, Policy) else (entity.name,)
    return facts.behaviour.about(KINDS[type(entity)], *names)


def expected(entity: Entity) -> bool:
    """Whether code could have made it: what AWS makes itself is nobody's."""
    if isinstance(entity, Policy):
        return not entity.aws_managed
    if isinstance(entity, Role) and (entity.service_linked or entity.reserved):
        return False
    return not entity.name.startswith(OF_AWS)


def share(facts: Facts) -> int:
    """Percent of the account's roles and policies that code made, as far as it shows."""
    some: list[Role | Policy] = [*facts.snapshot.roles, *facts.snapshot.policies]
    signs = [bool(provenance(one, facts)) for one in some if expected(one)]
    return round(100 * sum(signs) / len(signs)) if signs else 100


def maker(entity: Entity, facts: Facts) -> AdminEvent | None:
    """The call that made it, where it was read. One of the same name that was deleted since was made by another."""
    made = (
        one
        for one in about(entity, facts)
        if one.name in MAKES and abs((one.at - entity.created_at).total_seconds()) < 300
    )
    return next(made, None)


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
