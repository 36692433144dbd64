"""Whom a role's trust policy lets in: one Admission for each principal of each Allow that gives an AssumeRole action.

It reads the trust policy alone. Whether an IAM entity of this account may really assume the role is `assumable`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from findings.analysis.trust.narrowing import (
    ORGANIZATION_KEYS,
    Narrowing,
    asked,
    is_account,
    is_unique_id,
    left_by,
    narrowing,
)
from findings.policy.document import Condition, Document, Principals, Statement, Unreadable
from findings.policy.patterns import glob

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

Kind = Literal["service", "account", "role", "user", "session", "anyone", "saml", "oidc", "deleted", "canonical"]
ASSUME, WITH_SAML, WITH_WEB_IDENTITY = "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"
ACTIONS = (ASSUME, WITH_SAML, WITH_WEB_IDENTITY)
OF_KIND: dict[str, tuple[str, ...]] = {"saml": (WITH_SAML,), "oidc": (WITH_WEB_IDENTITY,), "anyone": ACTIONS}
OF_ACCOUNTS = frozenset({"account", "role", "user", "session", "anyone"})
ANYONE = "*"


@dataclass(frozen=True, slots=True)
class Admission:
    """A principal that a statement lets in.

    statement: its number, from 1. principal: as written. account: its 12 digits, "" for none. conditions: the statement's,
    and those that a Deny amounts to. accounts: those that callers can be of, () for not bound to any. inside: whether they
    are in the zone of trust; None: no account, or an organization that may or may not be ours. narrowed_by: the keys that
    leave a set of callers which somebody chose.
    """

    statement: int
    principal: str
    kind: Kind
    account: str = ""
    actions: tuple[str, ...] = (ASSUME,)
    conditions: tuple[Condition, ...] = ()
    accounts: tuple[str, ...] = ()
    inside: bool | None = None
    narrowed_by: tuple[str, ...] = ()

    @property
    def public(self) -> bool:
        return self.kind == "anyone" and not self.narrowed_by


@dataclass(frozen=True, slots=True)
class Named:
    principal: str
    kind: Kind
    account: str = ""


def admitted(trust: Document | Unreadable, facts: Facts) -> tuple[Admission, ...]:
    """Empty also for a trust policy that cannot be read: ask that first."""
    if isinstance(trust, Unreadable):
        return ()
    denies = [s for s in trust.statements if not s.allows]
    return tuple(
        admission
        for number, statement in enumerate(trust.statements, 1)
        if statement.allows
        for named in named_in(statement)
        if (admission := _admission(number, statement, named, denies, facts))
    )


def _admission(
    number: int, statement: Statement, named: Named, denies: list[Statement], facts: Facts
) -> Admission | None:
    """None when no action is left that this kind of principal can use."""
    actions, conditions, also = gives(statement, OF_KIND.get(named.kind, (ASSUME,))), statement.conditions, []
    for deny in denies:
        taken = gives(deny, actions)
        if not taken or not _meets(deny, named):
            continue
        if not deny.conditions:
            some = _left_of(deny, named, facts)
            also += some
            actions = actions if some else tuple(a for a in actions if a not in taken)
        elif taken == actions:
            left = left_by(deny)
            conditions += left if len(left) == 1 else ()
            also += _either(left, facts) if len(left) > 1 else ()
    if not actions:
        return None
    found = [n for one in asked(conditions) if (n := narrowing(one, facts))] + also
    accounts = _accounts(named, found)
    keys = tuple(dict.fromkeys(n.key for n in found))
    inside = _inside(named, accounts, found, facts)
    return Admission(number, named.principal, named.kind, named.account, actions, conditions, accounts, inside, keys)


def gives(statement: Statement, actions: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the actions that the statement is about. Case does not count in actions."""
    if statement.actions is not None:
        return tuple(a for a in actions if any(glob(p.lower(), a.lower()) for p in statement.actions))
    if statement.not_actions is not None:
        return tuple(a for a in actions if not any(glob(p.lower(), a.lower()) for p in statement.not_actions))
    return ()


def named_in(statement: Statement) -> Iterator[Named]:
    """Allow with NotPrincipal lets everybody else in; AWS refuses it in a trust policy (AWS.md 19)."""
    if statement.not_principals is not None:
        yield Named(ANYONE, "anyone")
    elif statement.principals is not None:
        yield from names_of(statement.principals)


def names_of(principals: Principals) -> Iterator[Named]:
    if principals.anyone:
        yield Named(ANYONE, "anyone")
    yield from (_of_aws(principal) for principal in principals.aws)
    yield from (Named(service, "service") for service in principals.service)
    yield from (_of_federation(provider) for provider in principals.federated)
    yield from (Named(user, "canonical") for user in principals.canonical_user)


def _of_aws(principal: str) -> Named:
    if is_account(principal):
        return Named(principal, "account", principal)
    if is_unique_id(principal):
        return Named(principal, "deleted")
    parts = principal.split(":", 5)
    if len(parts) < 6:
        return Named(principal, "canonical")
    account, resource = parts[4], parts[5]
    if "*" in account or "?" in account:
        return Named(principal, "anyone")
    kinds: dict[str, Kind] = {"role": "role", "user": "user", "assumed-role": "session", "federated-user": "session"}
    return Named(principal, kinds.get(resource.split("/")[0], "account"), account if is_account(account) else "")


def _of_federation(provider: str) -> Named:
    if provider == ANYONE:
        return Named(ANYONE, "anyone")
    parts = provider.split(":", 5)
    account = parts[4] if len(parts) == 6 and is_account(parts[4]) else ""
    return Named(provider, "saml" if ":saml-provider/" in provider else "oidc", account)


def _meets(deny: Statement, named: Named) -> bool:
    """Whether the Deny is about this principal, with all that come under its name."""
    if deny.not_principals is not None:
        return not any(_under(named, listed) for listed in names_of(deny.not_principals))
    return any(_under(named, listed) for listed in named_in(deny))


def _under(named: Named, listed: Named) -> bool:
    if listed.kind == "anyone" or listed.principal == named.principal:
        return True
    return listed.kind == "account" and bool(listed.account) and listed.account == named.account


def _left_of(deny: Statement, named: Named, facts: Facts) -> list[Narrowing]:
    """Of anyone, a Deny of all but some leaves those."""
    if named.kind != "anyone" or deny.not_principals is None:
        return []
    accounts = frozenset(one.account for one in names_of(deny.not_principals) if one.account)
    inside = all(map(facts.inside, accounts)) if accounts else None
    return [Narrowing("NotPrincipal", accounts or None, inside)]


def _either(left: tuple[Condition, ...], facts: Facts) -> list[Narrowing]:
    """A Deny with several negated conditions leaves those who meet one of them; it narrows if each of them would."""
    found = [narrowing(one, facts) for condition in left for one in asked((condition,))]
    known = [one for one in found if one]
    if len(known) < len(left):
        return []
    bound = all(one.accounts is not None for one in known)
    accounts = frozenset(a for one in known for a in one.accounts or ()) if bound else None
    states = {one.inside for one in known}
    inside = True if states == {True} else False if False in states else None
    return [Narrowing(known[0].key, accounts, inside), *(Narrowing(one.key) for one in known[1:])]


def _accounts(named: Named, found: list[Narrowing]) -> tuple[str, ...]:
    if named.account or named.kind not in OF_ACCOUNTS:
        return (named.account,) if named.account else ()
    sets = [n.accounts for n in found if n.accounts is not None]
    return tuple(sorted(frozenset.intersection(*sets))) if sets else ()


def _inside(named: Named, accounts: tuple[str, ...], found: list[Narrowing], facts: Facts) -> bool | None:
    if named.kind not in OF_ACCOUNTS:
        return None
    if any(n.inside for n in found) or (accounts and all(map(facts.inside, accounts))):
        return True
    organizations = [n.inside for n in found if n.key in ORGANIZATION_KEYS]
    if None in organizations:
        return None
    return False if accounts or organizations or (named.kind == "anyone" and not found) else None
