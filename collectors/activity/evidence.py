"""Evidence of who is behind a session: bounded, and the same in whatever order and parts the events come.

A list keeps its smallest values: those of a union are found among those of its parts, so that batches can be merged.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from collectors.activity.agents import family
from collectors.activity.events import Identity, SessionContext
from collectors.activity.texts import tidy
from collectors.activity.use import Use
from collectors.records import Actor, SignIn

LIMITS = {"networks": 40, "agents": 20, "regions": 40, "invoked_by": 20, "endpoints": 20}
PLAIN, CONSOLE, SERVICE, MFA = range(4)  # the kind of session that a call belongs to
TEXTS = ("source_identity", "caller", "switched_from", "identity_provider", "federated_user", "principal_arn")
SIGN_INS = (SignIn.NONE, SignIn.CONSOLE, SignIn.SWITCH, SignIn.LOGIN)  # the strongest word stands
TRUE = ("true", "True", True)


@dataclass(eq=False, slots=True)
class Evidence:
    """What is gathered of one session and day. use: None until a call of its own was seen.

    mfa is said of calls, login_mfa of sign-ins, which is what counts where there was one. refused: sign-ins that were.
    """

    actor: Actor
    use: Use | None = None
    sign_in: SignIn = SignIn.NONE
    mfa: bool | None = None
    login_mfa: bool | None = None
    refused: int = 0
    instance: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    lists: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    cut: set[str] = field(default_factory=set)

    def join(self, use: Use) -> None:
        if self.use is None:
            self.use = Use(use.first_at)
        self.use.join(use)

    def by(self, agent: str) -> None:
        """A program; "" for a call that names none."""
        self.put("agents", family(agent))

    def at(self, address: str) -> None:
        """Where a call came from; "" where that is not told."""
        if address:
            self.put("networks", tidy(address, 128))
            if by := service(address):
                self.put("invoked_by", tidy(by, 128))

    def through(self, endpoint: str, owner: str | None) -> None:
        """A VPC endpoint, and the account that it is of, which older events do not say."""
        self.put("endpoints", tidy(f"{endpoint} of {owner}" if owner else endpoint, 128))

    def read(self, identity: Identity, by_console: bool) -> int:
        """What a call's credentials tell of the session. Returns of which kind it is: PLAIN, CONSOLE, SERVICE or MFA."""
        if identity.invoked_by:
            self.put("invoked_by", tidy(identity.invoked_by, 128))
        mfa = bool(identity.session_context and self._context(identity.session_context, identity))
        if by_console:
            self.signed_in(SignIn.CONSOLE)
            return CONSOLE
        return SERVICE if identity.invoked_by else MFA if mfa else PLAIN

    def _context(self, context: SessionContext, identity: Identity) -> bool:
        """Returns whether it says that MFA was used."""
        self.instance = self.instance or context.ec2_role_delivery is not None
        self.say("source_identity", context.source_identity)
        if context.web_id_federation_data:
            self.say("identity_provider", context.web_id_federation_data.federated_provider)
        if context.session_issuer and identity.type != "FederatedUser":
            self.say("principal_arn", context.session_issuer.arn)
        mfa = mfa_of_call(identity, self.actor)
        self.mfa = _worse(self.mfa, mfa)
        return mfa is True

    def signed_in(self, how: SignIn, mfa: bool | None = None) -> None:
        self.sign_in = max(self.sign_in, how, key=SIGN_INS.index)
        self.login_mfa = _worse(self.login_mfa, mfa)

    def put(self, name: str, value: str) -> None:
        values = self.lists[name]
        values.add(value)
        if len(values) > 4 * LIMITS[name]:
            self._trim(name)

    def say(self, name: str, value: Any) -> None:
        """One word a field: of two that differ the smaller, so that it does not depend on the order."""
        if isinstance(value, str) and value:
            text = tidy(value, 2_048)
            self.texts[name] = min(text, self.texts.get(name, text))

    def _trim(self, name: str) -> list[str]:
        kept = sorted(self.lists[name])[: LIMITS[name]]
        if len(kept) < len(self.lists[name]):
            self.cut.add(name)
            self.lists[name] = set(kept)
        return kept

    def plain(self) -> dict[str, Any]:
        """As JSON: what the store keeps beside its columns."""
        lists = {name: kept for name in LIMITS if (kept := self._trim(name))}
        flags = {
            "mfa": self.mfa,
            "login_mfa": self.login_mfa,
            "refused": self.refused or None,
            "instance": self.instance or None,
            "cut": sorted(self.cut),
        }
        return self.texts | lists | {name: value for name, value in flags.items() if value is not None and value != []}

    def merge(self, plain: dict[str, Any]) -> None:
        """Take in what was kept of the same session and day."""
        for name in TEXTS:
            self.say(name, plain.get(name))
        for name in LIMITS:
            self.lists[name].update(plain.get(name, ()))
        self.cut.update(plain.get("cut", ()))
        self.refused += plain.get("refused", 0)
        self.instance = self.instance or bool(plain.get("instance"))
        self.mfa = _worse(self.mfa, plain.get("mfa"))
        self.login_mfa = _worse(self.login_mfa, plain.get("login_mfa"))


def mfa_of_call(identity: Identity, actor: Actor) -> bool | None:
    """Of a role only "true" proves something: SAML and Identity Center sessions say false whatever was asked."""
    context = identity.session_context
    said = context.attributes.mfa_authenticated if context and context.attributes else None
    return True if said in TRUE else False if said is not None and actor in (Actor.USER, Actor.ROOT) else None


def _worse(one: bool | None, other: bool | None) -> bool | None:
    """Once without MFA is without; None says nothing."""
    return other if one is None else one if other is None else one and other


def service(address: str) -> str:
    """A service's DNS name in place of an address, or AWS itself: called on behalf of the principal (AWS.md 27)."""
    return address if address == "AWS Internal" or ".amazonaws.com" in address else ""
