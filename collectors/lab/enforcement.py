"""Who calls, and whether he may: by access key, identity policies and session policy."""

from dataclasses import dataclass

from moto.iam.models import IAMBackend, Role, User

from collectors.lab.policy_language import Context, decide
from collectors.lab.sessions import Session
from collectors.lab.wire import Call, RefusalError
from collectors.lab.world import World

# Operations whose IAM action has another name (service authorization reference).
ACTIONS = {
    ("access-analyzer", "ListFindingsV2"): "access-analyzer:ListFindings",
    ("access-analyzer", "GetFindingV2"): "access-analyzer:GetFinding",
    ("monitoring", "DescribeAlarms"): "cloudwatch:DescribeAlarms",
    ("s3", "ControlGetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
    ("s3", "GetObjectLockConfiguration"): "s3:GetBucketObjectLockConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
}
FREE = frozenset({"sts:GetCallerIdentity"})  # needs no permission, and no deny stops it
# Messages name these IAM resources by their kind ("user bob"), and lists by the root of their kind.
NAMED = {"UserName": "user", "RoleName": "role", "GroupName": "group"}


@dataclass(frozen=True)
class Caller:
    """The principal behind an access key."""

    arn: str
    account: str
    principal_arn: str  # aws:PrincipalArn: the role or user, never the session
    user_id: str
    entity: Role | User
    session: Session | None = None


def action_of(call: Call) -> str:
    return asked(call.service, call.operation)


def asked(service: str, operation: str) -> str:
    """The action that IAM is asked about."""
    return ACTIONS.get((service, operation), f"{service}:{operation}")


def world_of(present: World, call: Call) -> World:
    """The present, or the day that the caller's session lives on. Of the past only the last few days are kept."""
    session = present.sessions.get(call.access_key) if call.access_key else None
    if session is None or session.day is None:
        return present
    if session.day not in present.past:
        raise RefusalError("expired", "The security token included in the request is expired")
    return present.past[session.day]


def identify(world: World, call: Call) -> Caller:
    """The caller, or the refusal AWS gives to an unknown key, a wrong token or an expired session."""
    if not call.access_key:
        raise RefusalError("unsigned", "Request is missing Authentication Token")
    session = world.sessions.get(call.access_key)
    if session is None:
        return identify_user(world, call)
    if session.token != call.token:
        raise RefusalError("unknown-key", "The security token included in the request is invalid.")
    if session.expired:
        raise RefusalError("expired", "The security token included in the request is expired")
    role = find_role(world.iam(session.account), session.role_name)
    if role is None:
        raise RefusalError("unknown-key", "The security token included in the request is invalid.")
    return Caller(session.arn, session.account, session.role_arn, session.user_id, role, session)


def identify_user(world: World, call: Call) -> Caller:
    """An IAM user by an active long-term key, new ones included."""
    for account in world.accounts:
        for user in world.iam(account.id).users.values() if account.status == "ACTIVE" else ():
            if any(k.access_key_id == call.access_key and k.status == "Active" for k in user.access_keys):
                return Caller(user.arn, account.id, user.arn, user.id, user)
    raise RefusalError("unknown-key", "The security token included in the request is invalid.")


def find_role(iam: IAMBackend, name: str) -> Role | None:
    return next((role for role in iam.roles.values() if role.name == name), None)


def documents_of(iam: IAMBackend, entity: Role | User) -> list[str]:
    """The identity policies of a role or user, those of its groups included."""
    holders = [entity]
    if isinstance(entity, User):
        holders += [group for group in iam.groups.values() if entity in group.users]
    return [
        document
        for holder in holders
        for document in (
            *holder.policies.values(),
            *(v.document for p in holder.managed_policies.values() for v in p.versions if v.is_default),
        )
    ]


def context_of(world: World, caller: Caller) -> Context:
    """The request context of the condition keys the lab's policies use."""
    return {
        "aws:principalaccount": caller.account,
        "aws:principalarn": caller.principal_arn,
        "aws:principalorgid": world.organization_id,
        "aws:multifactorauthpresent": "false",
        "lab:callerarn": caller.arn,
    }


def resources_of(world: World, call: Call, account: str) -> tuple[str, str]:
    """The resource as policies match it, and as the refusal names it."""
    if call.service == "athena":
        query = world.athena.queries.get(call.params.get("QueryExecutionId", ""))
        group = query.asked["WorkGroup"] if query else call.params.get("WorkGroup", "primary")
        arn = f"arn:aws:athena:{call.region}:{account}:workgroup/{group}"
        return arn, arn
    if call.operation == "AssumeRole":
        arn = call.params.get("RoleArn", "")
        return arn, arn
    if bucket := call.params.get("Bucket") if call.service == "s3" else None:
        arn = "/".join(part for part in (f"arn:aws:s3:::{bucket}", call.params["Key"]) if part)
        return arn, f'"{arn}"'
    for parameter, kind in NAMED.items():
        if call.service == "iam" and (name := call.params.get(parameter)):
            return f"arn:aws:iam::{account}:{kind}/{name}", f"{kind} {name}"
    return "*", "*"


def authorize(world: World, caller: Caller, call: Call) -> None:
    """Raise the refusal AWS gives unless the identity policies and the session policy allow the action."""
    action = action_of(call)
    if action in FREE:
        return
    resource, shown = resources_of(world, call, caller.account)
    context = context_of(world, caller) | {"aws:requestedregion": call.region}
    context |= {"s3:prefix": call.params["prefix"]} if call.params.get("prefix") else {}
    said = f"User: {caller.arn} is not authorized to perform: {action} on resource: {shown}"
    kinds = [("identity-based", documents_of(world.iam(caller.account), caller.entity))]
    if caller.session and caller.session.policy:
        kinds.append(("session", [caller.session.policy]))
    for kind, documents in kinds:
        decision = decide(documents, action, resource, context)
        if decision == "deny":
            article = "an" if kind == "identity-based" else "a"
            raise RefusalError("denied", f"{said} with an explicit deny in {article} {kind} policy")
        if decision == "none":
            raise RefusalError("denied", f"{said} because no {kind} policy allows the {action} action")
