"""CloudFormation as far as iamdash's own templates go: the lab deploys what an operator would copy, word for word."""

import json
import re
from hashlib import sha256
from typing import Any

from moto.iam.models import Role

from collectors.lab.enforcement import find_role
from collectors.lab.organization import hub_policy
from collectors.lab.world import World

VARIABLE = re.compile(r"\$\{([\w:]+)\}")
Template = dict[str, Any]
Known = dict[str, str]  # what Ref and ${...} mean in one stack


def resolve(value: Any, known: Known) -> Any:
    """The value without intrinsic functions; KeyError for a name that the template does not have."""
    if isinstance(value, list):
        return [resolve(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name}:
            return known[name]
        case {"Fn::Sub": str(text)}:
            return VARIABLE.sub(lambda found: known[found[1]], text)
        case {"Fn::Equals": [one, other]}:
            return resolve(one, known) == resolve(other, known)
    return {key: resolve(one, known) for key, one in value.items()}


def deploy(world: World, account: str, template: Template) -> list[str]:
    """Make, or change, the roles of the template in the account, with the default parameters; their ARNs."""
    if world.account(account) is None:
        raise ValueError(f"no active account {account}")
    known = {name: one["Default"] for name, one in template.get("Parameters", {}).items()}
    known["AWS::AccountId"] = account
    holds = {name: resolve(one, known) for name, one in template.get("Conditions", {}).items()}
    made: dict[str, Role] = {}
    for name, resource in template["Resources"].items():
        if not holds.get(resource.get("Condition"), True):
            continue
        properties = resolve(resource["Properties"], known)
        if resource["Type"] == "AWS::IAM::Role":
            made[name] = put_role(world, account, properties)
            known[name] = made[name].name
        elif resource["Type"] == "AWS::IAM::Policy":
            for role in made.values():
                if role.name in properties["Roles"]:
                    role.policies[properties["PolicyName"]] = json.dumps(properties["PolicyDocument"])
        else:
            raise ValueError(f"the lab makes no {resource['Type']}")
    return [role.arn for role in made.values()]


def put_role(world: World, account: str, given: dict[str, Any]) -> Role:
    """The role with these properties; one of that name is changed, as a stack's update would."""
    iam, name = world.iam(account), given["RoleName"]
    trust = json.dumps(given["AssumeRolePolicyDocument"])
    role = find_role(iam, name)
    if role is None:
        digest = sha256(f"{world.settings.seed}/{account}/{name}".encode()).hexdigest().upper()
        role_id = "AROA" + digest.translate(str.maketrans("0189", "WXYZ"))[:17]
        tags = [{"Key": "application", "Value": "iamdash"}]
        path, about = given.get("Path", "/"), given.get("Description", "")
        role = Role(account, "aws", role_id, name, trust, path, None, about, tags, "3600")
        role.create_date = world.settings.as_of  # the same after a restart on the same day
        iam.roles[role.id] = role
    role.assume_role_policy_document = trust
    role.policies = {one["PolicyName"]: json.dumps(one["PolicyDocument"]) for one in given.get("Policies", ())}
    return role


def let_assume(hub: Role, arns: list[str]) -> None:
    """The worker's role may assume roles of these names everywhere; whether it does, their trust policies say."""
    names = {arn.rpartition("/")[2] for arn in arns}
    hub.policies["assume-collector-roles"] = hub_policy(names, hub.policies)
