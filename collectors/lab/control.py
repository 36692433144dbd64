"""The control plane under /_lab/: what an operator, or a test, does outside of AWS's interfaces."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.iam.models import Role

from collectors.lab import past, stacks
from collectors.lab.enforcement import asked, find_role
from collectors.lab.organization import HUB_ROLE
from collectors.lab.population.trusts import role_trust
from collectors.lab.trail import bucket
from collectors.lab.wire import Answer, Environ
from collectors.lab.world import World

HUB_SESSION_SECONDS = 12 * 3600 + 600  # never less than 12 hours when handed out
Body = Any


def organization(world: World, body: Body) -> Any:
    accounts = [{"id": a.id, "name": a.name, "ou": a.ou, "email": a.email, "status": a.status} for a in world.accounts]
    return {
        "management": world.management.id,
        "security": world.security.id,
        "organization_id": world.organization_id,
        "as_of": world.settings.as_of.isoformat(),
        "trail": bucket.place(world),
        "accounts": accounts,
    }


def hub_role(world: World) -> Role:
    role = find_role(world.iam(world.security.id), HUB_ROLE)
    if role is None:
        raise LookupError("the hub role was deleted")
    return role


def credentials(world: World, body: Body) -> Any:
    """A fresh session of the hub role, as the collector's host would have it."""
    return hub_session(world, None)


def clock(world: World, body: Body) -> Any:
    """The same on a day of the past: the organization is answered to it as it was then, and to all others as it is."""
    return hub_session(world, past.go_to(world, datetime.fromisoformat(body["as_of"])))


def hub_session(world: World, day: datetime | None) -> dict[str, str]:
    role = hub_role(world)
    session = world.sessions.open(world.security.id, role.arn, role.id, "iamdash-worker", HUB_SESSION_SECONDS, day=day)
    return {
        "AWS_ACCESS_KEY_ID": session.access_key,
        "AWS_SECRET_ACCESS_KEY": session.secret,
        "AWS_SESSION_TOKEN": session.token,
        "principal_arn": role.arn,
    }


def deploy(world: World, body: Body) -> Any:
    """What the CloudFormation template does: the collector's role, trusting the hub role with an external id."""
    hub = hub_role(world)
    arns = []
    for item in body:
        if world.account(item["account"]) is None:
            raise ValueError(f"no active account {item['account']}")
        arns.append(put_role(world, item, hub.arn).arn)
    stacks.let_assume(hub, arns)
    return {"roles": arns}


def put_role(world: World, item: dict[str, Any], hub_arn: str) -> Role:
    """The role of one account's own template."""
    given = {
        "RoleName": item["role_name"],
        "Description": "Read by iamdash",
        "AssumeRolePolicyDocument": json.loads(role_trust(hub_arn, external_id=item["external_id"])),
        "Policies": [{"PolicyName": "iamdash-read", "PolicyDocument": item["policy"]}],
    }
    return stacks.put_role(world, item["account"], given)


def stack(world: World, body: Body) -> Any:
    """A template as a stack of each of these accounts; "accounts" None: of all members, as a StackSet deploys it, which
    leaves the management account out."""
    members = [a.id for a in world.accounts if a.status == "ACTIVE" and a.id != world.management.id]
    chosen = members if body["accounts"] is None else body["accounts"]
    arns = [arn for account in chosen for arn in stacks.deploy(world, account, body["template"])]
    stacks.let_assume(hub_role(world), arns)
    return {"roles": arns}


def expected(world: World, body: Body) -> Any:
    return world.labels.as_json()


def list_faults(world: World, body: Body) -> Any:
    return world.faults.as_json()


def add_fault(world: World, body: Body) -> Any:
    world.faults.add(body)
    return {}


def clear_faults(world: World, body: Body) -> Any:
    world.faults.clear()
    return {}


def calls(world: World, body: Body) -> Any:
    with world.lock:
        counted = sorted(world.calls.items())
    return [{"account": a, "service": s, "operation": o, "action": asked(s, o), "n": n} for (a, s, o), n in counted]


def clear_calls(world: World, body: Body) -> Any:
    with world.lock:
        world.calls.clear()
    return {}


def expire(world: World, body: Body) -> Any:
    """End sessions before their time, so that the next call meets ExpiredToken."""
    return {"expired": world.sessions.expire((body or {}).get("account", "*"))}


ROUTES: dict[tuple[str, str], Callable[[World, Body], Any]] = {
    ("GET", "organization"): organization,
    ("GET", "credentials"): credentials,
    ("POST", "clock"): clock,
    ("POST", "deploy"): deploy,
    ("POST", "stack"): stack,
    ("GET", "expected"): expected,
    ("GET", "faults"): list_faults,
    ("POST", "faults"): add_fault,
    ("DELETE", "faults"): clear_faults,
    ("GET", "calls"): calls,
    ("DELETE", "calls"): clear_calls,
    ("POST", "expire"): expire,
}


def answer(world: World, environ: Environ) -> Answer:
    """The JSON answer of a route; a wrong request is told what is wrong with it."""
    headers = [("Content-Type", "application/json")]
    if environ["REMOTE_ADDR"] not in ("127.0.0.1", "::1"):
        return 403, headers, b'{"error": "the control plane answers the local host only"}'
    route = ROUTES.get((environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_lab/").strip("/")))
    if route is None:
        return 404, headers, b'{"error": "no such route"}'
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        found = route(world, json.loads(raw) if raw else None)
    except (KeyError, TypeError, ValueError) as error:
        return 400, headers, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode()
    return 200, headers, json.dumps(found).encode()
