"""One request: who asks for which action on which resource, and what is known of the circumstances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

# Condition key in lower case -> its values. None: known to be absent. A key that is not in the mapping is unknown.
Context = Mapping[str, tuple[str, ...] | None]

PRINCIPAL_TAG = "aws:principaltag/"
PROVIDERS = (":oidc-provider/", ":saml-provider/")
NO_RESOURCE = "*"


class CallerKind(StrEnum):
    USER = "user"
    ROLE = "role"
    SESSION = "session"  # one session of a role was named
    ROOT = "root"
    SERVICE = "service"  # arn is the service principal, "lambda.amazonaws.com"
    ANYONE = "anyone"  # an outsider of whom nothing is known but, perhaps, the account or identity provider


IAM_KINDS = (CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION, CallerKind.ROOT)
# aws:PrincipalType, as AWS lists its values for these
PRINCIPAL_TYPES = {
    CallerKind.USER: "User",
    CallerKind.ROLE: "AssumedRole",
    CallerKind.SESSION: "AssumedRole",
    CallerKind.ROOT: "Account",
}

# Absent where the caller is a service or comes with an identity provider: it is of no account, so of no organization either.
OF_ACCOUNT = ("aws:principalarn", "aws:principalaccount", "aws:username")
OF_ORGANIZATION = ("aws:principalorgid", "aws:principalorgpaths")


@dataclass(frozen=True)
class Caller:
    """arn: of the user, the role (also for a session; its own where the role's path is not known), the root user, the
    identity provider; or the service principal.

    tags None: not known. organization: its id; "" known to be in none; None not known.
    """

    kind: CallerKind
    arn: str
    account: str
    unique_id: str = ""
    name: str = ""
    session_arn: str = ""
    service_linked: bool = False
    tags: Mapping[str, str] | None = None
    organization: str | None = None

    @property
    def in_iam(self) -> bool:
        """A user, role, session or root: one that has policies of its own, where service and outsider have none."""
        return self.kind in IAM_KINDS

    @property
    def federated(self) -> bool:
        """An identity provider, by its ARN or, as accounts.google.com, its host: who comes with it is nobody in IAM yet."""
        host = "." in self.arn and ":" not in self.arn
        return self.kind is CallerKind.ANYONE and (host or any(kind in self.arn for kind in PROVIDERS))

    @property
    def session(self) -> str:
        """The ARN of the session that asks, "" when none was named."""
        return self.session_arn or (self.arn if ":assumed-role/" in self.arn else "")


@dataclass(frozen=True)
class Request:
    """resource: an ARN; "*" or "" for an action that takes none. resource_account "": read from the ARN, else the
    caller's own."""

    caller: Caller
    action: str
    resource: str
    context: Context = field(default_factory=dict)
    resource_account: str = ""

    @cached_property
    def known(self) -> Context:
        return known_context(self)

    @cached_property
    def lower_action(self) -> str:
        return self.action.lower()

    @cached_property
    def asked_resource(self) -> str:
        return self.resource or NO_RESOURCE

    @cached_property
    def told_account(self) -> str:
        """The account of the resource as far as the question tells it; many ARNs, such as those of S3, name none."""
        account = _part(self.resource, 4)
        return self.resource_account or (account if account.isdigit() else "")

    @property
    def same_account(self) -> bool:
        return self.told_account in ("", self.caller.account)


class Known(Mapping[str, "tuple[str, ...] | None"]):
    """A context that also knows of a family of keys, the principal's tags, that those not listed are absent."""

    def __init__(self, values: Mapping[str, tuple[str, ...] | None], absent: str) -> None:
        self._values = values
        self._absent = absent

    def __getitem__(self, key: str) -> tuple[str, ...] | None:
        if key in self._values:
            return self._values[key]
        if self._absent and key.startswith(self._absent):
            return None
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def known_context(request: Request) -> Context:
    """The context of the request and what follows from the caller and the resource's ARN. What the asker gave wins:
    a question "what if the tag were ..." must be possible."""
    caller = request.caller
    values = {**_of_caller(caller), **_of_resource(request)}
    if request.context:
        values |= {key.lower(): given for key, given in request.context.items()}
    tags_known = caller.tags is not None or caller.kind in (CallerKind.ROOT, CallerKind.SERVICE)
    return Known(values, PRINCIPAL_TAG if tags_known else "")


def _of_caller(caller: Caller) -> dict[str, tuple[str, ...] | None]:
    if caller.federated:
        return dict.fromkeys((*OF_ACCOUNT, *OF_ORGANIZATION))
    values: dict[str, tuple[str, ...] | None] = {}
    if caller.organization == "":
        values |= dict.fromkeys(OF_ORGANIZATION)
    elif caller.organization:
        values["aws:principalorgid"] = (caller.organization,)
    values |= {PRINCIPAL_TAG + key.lower(): (value,) for key, value in (caller.tags or {}).items()}
    if caller.account:
        values["aws:principalaccount"] = (caller.account,)
    if caller.arn and _part(caller.arn, 2) == "iam":
        values["aws:principalarn"] = (caller.arn,)
    if caller.kind is CallerKind.SERVICE:
        values |= dict.fromkeys((*OF_ACCOUNT, *OF_ORGANIZATION))
        values |= {"aws:principalisawsservice": ("true",), "aws:principalservicename": (caller.arn,)}
    elif caller.in_iam:
        values["aws:principaltype"] = (PRINCIPAL_TYPES[caller.kind],)
        values["aws:principalisawsservice"] = ("false",)
        values |= dict.fromkeys(("aws:principalservicename", "aws:principalservicenameslist"))
        values |= _names(caller)
    return values


def _names(caller: Caller) -> dict[str, tuple[str, ...] | None]:
    """aws:username, which only users have, and aws:userid, which for a role ends in the session's name."""
    if caller.kind is CallerKind.USER:
        name = caller.name or caller.arn.rpartition("/")[2]
        id_ = {"aws:userid": (caller.unique_id,)} if caller.unique_id else {}
        return {"aws:username": (name,), **id_}
    values: dict[str, tuple[str, ...] | None] = {"aws:username": None}
    if caller.kind is CallerKind.ROOT and caller.account:
        values["aws:userid"] = (caller.account,)
    if caller.session and caller.unique_id:
        values["aws:userid"] = (f"{caller.unique_id.partition(':')[0]}:{caller.session.rpartition('/')[2]}",)
    return values


def _of_resource(request: Request) -> dict[str, tuple[str, ...] | None]:
    values: dict[str, tuple[str, ...] | None] = {}
    if request.told_account:
        values["aws:resourceaccount"] = (request.told_account,)
    region = _part(request.resource, 3)
    if region and not set(region) & set("*?"):
        values["aws:requestedregion"] = (region,)
    return values


def _part(arn: str, number: int) -> str:
    """One of the six parts of an ARN, counted from 0; "" when it is no ARN or the part is empty."""
    parts = arn.split(":", 5)
    return parts[number] if len(parts) == 6 and parts[0] == "arn" else ""
