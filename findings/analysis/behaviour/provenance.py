"""Who or what made a role, user or policy: by what tools leave on it, and by the call that made it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from collectors.records import AdminEvent, Group, Policy, Role, User
from findings.analysis.behaviour.changes import by_code, by_hand, told

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

Entity = Role | User | Policy


class Made(enum.StrEnum):
    """What made an entity. CALL: a recorded call of a program that is none of these tools."""

    CLOUDFORMATION = "cloudformation"
    STACK_SET = "stack-set"
    SERVICE_CATALOG = "service-catalog"
    CDK = "cdk"
    SAM = "sam"
    SERVERLESS = "serverless"
    TERRAFORM = "terraform"
    PULUMI = "pulumi"
    CODE = "code"
    AWS = "aws"
    CALL = "call"
    HAND = "hand"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return LABELS[self]

    @property
    def by_code(self) -> bool:
        return self not in (Made.AWS, Made.CALL, Made.HAND, Made.UNKNOWN)


LABELS = {
    Made.CLOUDFORMATION: "CloudFormation", Made.STACK_SET: "A StackSet", Made.SERVICE_CATALOG: "Service Catalog",
    Made.CDK: "CDK", Made.SAM: "SAM", Made.SERVERLESS: "Serverless Framework", Made.TERRAFORM: "Terraform",
    Made.PULUMI: "Pulumi", Made.CODE: "Another tool for code", Made.AWS: "AWS itself", Made.CALL: "A program's call",
    Made.HAND: "By hand", Made.UNKNOWN: "Nobody knows",
}  # fmt: skip
# Which go through a CloudFormation stack, so that its tags are no other answer than theirs.
THROUGH_STACKS = (Made.STACK_SET, Made.SERVICE_CATALOG, Made.CDK, Made.SAM, Made.SERVERLESS)
OF_NAMES = {label.lower(): made for made, label in LABELS.items()} | {"serverless": Made.SERVERLESS}


@dataclass(frozen=True, slots=True)
class Origin:
    """why: sentences without a subject, the strongest first. stack: the CloudFormation stack or StackSet's, "" for none."""

    made: Made
    why: tuple[str, ...]
    stack: str = ""


STACK_ID, STACK_NAME_TAG = "aws:cloudformation:stack-id", "aws:cloudformation:stack-name"
PRODUCT = "aws:servicecatalog:provisionedProductArn"
OF_STACK_SETS = "StackSet-"  # how the stacks of a StackSet are named in the accounts
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
    "lambdacreatedby": "SAM", "serverlessstage": "Serverless", "slsservice": "Serverless",
    "eksctlclusterk8sioclustername": "eksctl", "alphaeksctlioclustername": "eksctl",
    "crossplanename": "Crossplane", "crossplanekind": "Crossplane",
}  # fmt: skip
NO = frozenset({"false", "no", "none", "0", "manual", "console", "hand"})
# Names as CloudFormation makes them: stack, logical id, twelve or thirteen characters of chance, which no word looks like.
STACK_NAME = re.compile(
    r".+-.+-(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Z])(?:[A-Z0-9]{12,13}|(?=[A-Za-z0-9]*[a-z])[A-Za-z0-9]{12})\Z"
)
SERVERLESS_NAME = re.compile(r".+-[a-z]{2}(?:-[a-z]+){1,2}-\d-lambdaRole\Z")
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
OF_CONTROL_TOWER = ("StackSet-AWSControlTower", "AWSControlTower", "StackSet-AWS-QuickSetup")
MAKES = ("CreateRole", "CreatePolicy", "CreateUser")
KINDS: Mapping[type, str] = {Role: "role", User: "user", Policy: "policy", Group: "group"}


def provenance(entity: Entity, facts: Facts) -> str:
    """What shows that code made it, as a sentence without a subject; "" where nothing does."""
    return next((text for _, text in _signs(entity, facts)), "")


def origin(entity: Entity, facts: Facts) -> Origin:
    """What made it, with all that says so."""
    if by := _of_aws(entity):
        return Origin(Made.AWS, (by,), _stack(entity))
    if signs := list(_signs(entity, facts)):
        kinds = [made for made, _ in signs]
        through = next((one for one in kinds if one in THROUGH_STACKS), Made.CLOUDFORMATION)
        chosen = through if Made.CLOUDFORMATION in kinds else kinds[0]
        return Origin(chosen, tuple(dict.fromkeys(text for _, text in signs)), _stack(entity))
    if made := maker(entity, facts):
        return Origin(Made.HAND if by_hand(made, facts) else Made.CALL, (told(made, facts),))
    return Origin(Made.UNKNOWN, (_unread(entity, facts),))


def _of_aws(entity: Entity) -> str:
    """Why nobody of the organization made it; "" where somebody did."""
    if isinstance(entity, Policy):
        return "AWS's own policy" if entity.aws_managed else ""
    if isinstance(entity, Role) and entity.service_linked:
        return "a service-linked role"
    if isinstance(entity, Role) and entity.reserved:
        return "made by Identity Center of its permission set"
    if found := next((name for name in OF_AWS if entity.name.startswith(name)), ""):
        return f"named {found}, as AWS Organizations, Control Tower and StackSets name theirs"
    stack = _stack(entity)
    return f"made by AWS Control Tower's stack {stack}" if stack.startswith(OF_CONTROL_TOWER) else ""


def _stack(entity: Entity) -> str:
    tags = {} if isinstance(entity, Policy) else entity.tags
    parts = tags.get(STACK_ID, "").split("/")
    return tags.get(STACK_NAME_TAG) or (parts[1] if len(parts) > 2 else "")


def _unread(entity: Entity, facts: Facts) -> str:
    day, since = f"{entity.created_at:%Y-%m-%d}", facts.snapshot.activity_since
    if since is None:
        return f"nobody recorded its making on {day}: CloudTrail's events are not read"
    if entity.created_at < since:
        return f"nobody recorded its making on {day}: events are read since {since:%Y-%m-%d}"
    return f"its making on {day} is not among the events that were read"


def _signs(entity: Entity, facts: Facts) -> Iterator[tuple[Made, str]]:
    yield from _tags({} if isinstance(entity, Policy) else entity.tags)  # AWS lists policies without their tags
    made = maker(entity, facts)
    if tool := made and by_code(made):
        yield _of(tool), f"made by {tool} on {made.at:%Y-%m-%d}"
    if CDK_NAME.match(entity.name):
        yield Made.CDK, "named as CDK's bootstrap stack names it"
    elif SERVERLESS_NAME.match(entity.name):
        yield Made.SERVERLESS, "named as the Serverless Framework names a service's role"
    elif STACK_NAME.match(entity.name):
        yield Made.CLOUDFORMATION, "named as CloudFormation names what a stack makes"
    elif TERRAFORM_NAME.match(entity.name):
        yield Made.TERRAFORM, "named as Terraform's name_prefix does"


def _of(tool: str) -> Made:
    return OF_NAMES.get(tool.lower(), Made.CODE)


def _tags(tags: Mapping[str, str]) -> Iterator[tuple[Made, str]]:
    if PRODUCT in tags:
        yield Made.SERVICE_CATALOG, f"tagged {PRODUCT}={tags[PRODUCT]}"
    for key in (STACK_ID, STACK_NAME_TAG):
        if key in tags:
            of_set = f"/{OF_STACK_SETS}" in tags[key] or tags[key].startswith(OF_STACK_SETS)
            yield Made.STACK_SET if of_set else Made.CLOUDFORMATION, f"tagged {key}={tags[key]}"
    for key, value in sorted(tags.items()):
        plain, said = _plain(key), _plain(value)
        if plain in TAGS_OF_TOOLS and said not in NO:
            yield _of(TAGS_OF_TOOLS[plain]), f"tagged {key}={value}"
        elif key.startswith(("aws:cdk", "aws-cdk:")):
            yield Made.CDK, f"tagged {key}={value}"
        elif plain in MANAGED_BY and (tool := next((TOOLS[one] for one in TOOLS if said.startswith(one)), "")):
            yield _of(tool), f"tagged {key}={value}"


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


class Share(NamedTuple):
    """How many of the account's roles and policies were made by code, in another way that was recorded, or in one that nobody
    knows. AWS's own are not counted."""

    code: int
    other: int
    unknown: int

    @property
    def percent(self) -> int:
        """By code, as far as it shows."""
        total = sum(self)
        return round(100 * self.code / total) if total else 100


def share(facts: Facts) -> Share:
    some: list[Role | Policy] = [*facts.snapshot.roles, *facts.snapshot.policies]
    kinds = [facts.behaviour.origins[one.unique_id].made for one in some if expected(one)]
    code = sum(made.by_code for made in kinds)
    unknown = kinds.count(Made.UNKNOWN)
    return Share(code, len(kinds) - code - unknown - kinds.count(Made.AWS), unknown)


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
