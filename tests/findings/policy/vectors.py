"""One request put to a handful of statements, and its answer in a word: what the tables of test_evaluate_*.py are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from findings.policy.document import Document, Unreadable, read
from findings.policy.evaluate import Decision, Layer, Named, Policies, evaluate
from findings.policy.request import Caller, CallerKind, Request
from tests.findings.worlds import allow

HOME, AWAY = "111111111111", "222222222222"
OBJECT, QUEUE = "arn:aws:s3:::b/k", f"arn:aws:sqs:eu-west-1:{HOME}:q"
KEY, AWAY_QUEUE = f"arn:aws:kms:eu-west-1:{HOME}:key/1", f"arn:aws:sqs:eu-west-1:{AWAY}:q"
USER_ARN, ROLE_ARN = f"arn:aws:iam::{HOME}:user/team/bob", f"arn:aws:iam::{HOME}:role/app"
SESSION_ARN, ROOT_ARN = f"arn:aws:sts::{HOME}:assumed-role/app/s1", f"arn:aws:iam::{HOME}:root"
USER = Caller(CallerKind.USER, USER_ARN, HOME, unique_id="AIDA1", name="bob", tags={"Team": "red"}, organization="o-1")
ROLE = Caller(CallerKind.ROLE, ROLE_ARN, HOME, unique_id="AROA1", name="app", tags={"Team": "red"}, organization="o-1")
SESSION = Caller(CallerKind.SESSION, ROLE_ARN, HOME, unique_id="AROA1", name="app", tags={}, session_arn=SESSION_ARN)
LINKED = Caller(CallerKind.ROLE, f"arn:aws:iam::{HOME}:role/aws-service-role/x/y", HOME, service_linked=True)
ROOT = Caller(CallerKind.ROOT, ROOT_ARN, HOME, organization="o-1")
SERVICE = Caller(CallerKind.SERVICE, "lambda.amazonaws.com", "")
OUTSIDER = Caller(CallerKind.ANYONE, f"arn:aws:iam::{AWAY}:role/app", AWAY)
ANYBODY = Caller(CallerKind.ANYONE, "*", "")
ALL = allow("*")

Statements = Sequence[Mapping[str, Any]]
Levels = Sequence[Statements]


def document(statements: Statements, version: str = "2012-10-17") -> Document:
    found = read({**({"Version": version} if version else {}), "Statement": list(statements)})
    assert isinstance(found, Document), found
    return found


def given(context: Mapping[str, Any] | None) -> dict[str, tuple[str, ...] | None]:
    """A text stands for itself, a list for several values, None for a key that is absent."""
    values = (context or {}).items()
    return {key: (v,) if isinstance(v, str) else None if v is None else tuple(v) for key, v in values}


def asked(
    *identity: Mapping[str, Any],
    caller: Caller = ROLE,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    context: Mapping[str, Any] | None = None,
    boundary: Statements | None = None,
    session: Statements | None = None,
    scp: Levels | None = (),
    rcp: Levels | None = (),
    of_resource: Statements | None = None,
    must_allow: bool = False,
    trust: bool = False,
    version: str = "2012-10-17",
    account: str = "",
    unreadable: tuple[Layer, ...] = (),
) -> Decision:
    """scp, rcp: the statements of one policy a level, from the root down. unreadable: layers with one such policy more."""

    def named(layer: Layer, statements: Statements, level: str = "") -> Named:
        return Named(layer, f"a {layer} policy", document(statements, version), level)

    def levels(layer: Layer, some: Levels | None) -> tuple[tuple[Named, ...], ...] | None:
        if some is None:
            return None
        made = tuple((named(layer, one, f"level {n}"),) for n, one in enumerate(some))
        return (*made[:-1], (*made[-1], *dark(layer))) if made else made

    def dark(layer: Layer) -> tuple[Named, ...]:
        return (Named(layer, f"dark {layer}", Unreadable("a test says so")),) if layer in unreadable else ()

    of = Layer.TRUST if trust else Layer.RESOURCE
    policies = Policies(
        identity=(*([named(Layer.IDENTITY, identity)] if identity else []), *dark(Layer.IDENTITY)),
        boundary=next(iter(dark(Layer.BOUNDARY)), None) if boundary is None else named(Layer.BOUNDARY, boundary),
        session=None if session is None else (named(Layer.SESSION, session),),
        scp=levels(Layer.SCP, scp),
        rcp=levels(Layer.RCP, rcp),
        resource=next(iter(dark(of)), None) if of_resource is None else named(of, of_resource),
        resource_must_allow=must_allow,
    )
    return evaluate(Request(caller, action, resource, given(context), account), policies)


def said(decision: Decision) -> str:
    """allowed, explicit or implicit (denied so), or the keys on which it hangs."""
    return decision.kind or " ".join(decision.keys) or decision.verdict
