"""userIdentity -> who acts (AWS.md 24, 25). A principal is known by its unique id, which survives a rename and tells a role that
was deleted and made again from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.activity.events import Identity
from collectors.activity.evidence import Evidence
from collectors.activity.texts import session_name, tidy
from collectors.records import Actor

KEY = "AKIA"  # long-term keys only; temporary ones would be rows without end
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"  # CloudTrail's word where a sign-in named no user that exists
TYPES = {
    "Root": Actor.ROOT,
    "IAMUser": Actor.USER,
    "AssumedRole": Actor.ROLE,
    "Role": Actor.ROLE,
    "FederatedUser": Actor.FEDERATED,
    "SAMLUser": Actor.FEDERATED,
    "WebIdentityUser": Actor.FEDERATED,
    "Directory": Actor.FEDERATED,
    "AWSAccount": Actor.ACCOUNT,
    "AWSService": Actor.SERVICE,
    "IdentityCenterUser": Actor.IDENTITY_CENTER,
}
UNIQUE = {"AROA": Actor.ROLE, "AIDA": Actor.USER}


@dataclass(eq=False, slots=True)
class Principal:
    """One that acts, with one long-term key or none. at: its place among the principals of an Aggregate."""

    at: int
    account: str
    actor: Actor
    unique_id: str
    key: str
    arn: str = ""


@dataclass(eq=False, slots=True)
class Who:
    """A principal under one session name. days: evidence by the day's ordinal."""

    principal: Principal
    name: str
    days: dict[int, Evidence] = field(default_factory=dict)

    def day(self, ordinal: int) -> Evidence:
        return self.days.setdefault(ordinal, Evidence(self.principal.actor))


class Everybody:
    """Whom an Aggregate has met, each once."""

    def __init__(self) -> None:
        self.principals: list[Principal] = []
        self._principals: dict[tuple[str, Actor, str, str], Principal] = {}
        self._sessions: dict[tuple[Principal, str], Who] = {}

    def __iter__(self) -> Iterator[Who]:
        return iter(self._sessions.values())

    def of(self, identity: Identity, account: str) -> Who:
        """account: where its events were recorded."""
        actor, unique_id, name = identify(identity)
        key = identity.access_key_id or ""
        who = self.session(account, actor, unique_id, name, tidy(key, 32) if key[:4] == KEY else "")
        if not who.principal.arn:
            who.principal.arn = arn_of(identity, actor)
        return who

    def session(self, account: str, actor: Actor, unique_id: str, name: str = "", key: str = "") -> Who:
        named = account, actor, tidy(unique_id), key
        principal = self._principals.get(named)
        if principal is None:
            principal = self._principals[named] = Principal(len(self.principals), *named)
            self.principals.append(principal)
        session = principal, session_name(name)
        if session not in self._sessions:
            self._sessions[session] = Who(*session)
        return self._sessions[session]


def identify(identity: Identity) -> tuple[Actor, str, str]:
    """(actor, unique id, session name). The unique id is "" for what does not tell who it is."""
    unique_id, _, name = (identity.principal_id or "").partition(":")
    actor = TYPES.get(identity.type or "") or _guessed(identity, unique_id)
    if actor == Actor.ROOT:
        return actor, identity.account_id or unique_id, ""
    if actor == Actor.SERVICE:
        return actor, identity.invoked_by or unique_id, ""
    if actor == Actor.IDENTITY_CENTER:
        return actor, (identity.on_behalf_of and identity.on_behalf_of.user_id) or unique_id, ""
    if actor == Actor.FEDERATED:
        return actor, *_federated(identity, unique_id, name)
    if actor == Actor.ACCOUNT and unique_id[:4] not in UNIQUE:
        return actor, identity.account_id or unique_id, ""
    return actor, unique_id, name


def _federated(identity: Identity, unique_id: str, name: str) -> tuple[str, str]:
    """A federated user acts with the rights of the IAM user who asked for the token; others have none before a role."""
    issuer = identity.session_context and identity.session_context.session_issuer
    if issuer and issuer.principal_id:
        return issuer.principal_id, name
    return identity.identity_provider or unique_id, identity.user_name or name


def _guessed(identity: Identity, unique_id: str) -> Actor:
    """For a type that is missing or not known."""
    if identity.type:
        return Actor.UNKNOWN
    return UNIQUE.get(unique_id[:4]) or (Actor.SERVICE if identity.invoked_by else Actor.UNKNOWN)


def arn_of(identity: Identity, actor: Actor) -> str:
    """The principal's own ARN: of a role, that of the issuer, since the session's lacks the role's path."""
    if actor in (Actor.USER, Actor.ROOT):
        return tidy(identity.arn or "", 2_048)
    issuer = identity.session_context and identity.session_context.session_issuer
    return tidy((issuer and issuer.arn) or "", 2_048)
