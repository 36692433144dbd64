"""sts:AssumeRole with the trust policy enforced, and GetCallerIdentity from the lab's sessions."""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.sts.responses import TokenResponse

from collectors.lab.enforcement import Caller, context_of, find_role
from collectors.lab.policy_language import trusts
from collectors.lab.repairs.operation import operation
from collectors.lab.sessions import Session
from collectors.lab.wire import RefusalError
from collectors.lab.world import current

SHORTEST, LONGEST, CHAINED_LONGEST = 900, 43200, 3600
POLICY_LENGTH = 2048


def invalid(message: str) -> RefusalError:
    return RefusalError("invalid", message)


def rejected(name: str, constraint: str) -> RefusalError:
    said = f"Value at '{name}' failed to satisfy constraint: {constraint}"
    return invalid(f"1 validation error detected: {said}")


def denied(caller: Caller, role_arn: str) -> RefusalError:
    # AWS says the same of an unknown role, a wrong external id and an untrusted caller: nothing to probe with.
    said = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    return RefusalError("denied", said)


def check_parameters(params: dict[str, Any], caller: Caller) -> None:
    """What AWS checks before it looks at the role (STS API reference, AssumeRole)."""
    duration, policy = int(params["DurationSeconds"]), params["Policy"]
    if not SHORTEST <= duration <= LONGEST:
        raise rejected("durationSeconds", f"Member must have value between {SHORTEST} and {LONGEST}")
    if not 2 <= len(params["RoleSessionName"] or "") <= 64:
        raise rejected("roleSessionName", "Member must have length between 2 and 64")
    if policy is None:
        return
    if len(policy) > POLICY_LENGTH:
        raise rejected("policy", f"Member must have length less than or equal to {POLICY_LENGTH}")
    try:
        json.loads(policy)
    except ValueError:
        raise RefusalError("malformed-policy", "This policy contains invalid Json") from None


def assume(caller: Caller, params: dict[str, Any]) -> Session:
    """The new session, once the trust policy and the role's longest session allow it."""
    world, arn, seconds = current(), params["RoleArn"], int(params["DurationSeconds"])
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    role = find_role(world.iam(account), arn.rpartition("/")[2]) if world.account(account) else None
    if role is None or role.arn != arn:
        raise denied(caller, arn)
    context = context_of(world, caller) | {"sts:rolesessionname": params["RoleSessionName"]}
    if params["ExternalId"]:
        context["sts:externalid"] = params["ExternalId"]
    if not trusts(role.assume_role_policy_document, context):
        raise denied(caller, arn)
    if caller.session and seconds > CHAINED_LONGEST:
        limit = "the 1 hour session limit for roles assumed by role chaining."
        raise invalid(f"The requested DurationSeconds exceeds {limit}")
    if seconds > int(role.max_session_duration or CHAINED_LONGEST):
        raise invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    name = params["RoleSessionName"]
    day = caller.session.day if caller.session else None
    return world.sessions.open(account, role.arn, role.id, name, seconds, params["Policy"], day)


@operation(TokenResponse)
def assume_role(self: TokenResponse) -> ActionResult:
    caller: Caller = self.normalized_request.environ["lab.caller"]
    names = ("RoleArn", "RoleSessionName", "Policy", "ExternalId")
    params = {name: self._get_param(name) for name in names}
    params["DurationSeconds"] = self._get_param("DurationSeconds") or CHAINED_LONGEST
    check_parameters(params, caller)
    session = assume(caller, params)
    credentials = {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires,
    }
    result = {"Credentials": credentials, "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn}}
    if session.policy:
        result["PackedPolicySize"] = 100 * len(session.policy) // POLICY_LENGTH
    return ActionResult(result)


@operation(TokenResponse)
def get_caller_identity(self: TokenResponse) -> ActionResult:
    caller: Caller = self.normalized_request.environ["lab.caller"]
    return ActionResult({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn})
