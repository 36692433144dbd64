"""What of an access stands now: the parts that a reviewer may revoke, and how each looks in the account as it is.

A part is a word, or a word with a value: ALL, ADMIN, "policy:<ARN>", "inline:<name>", "group:<name>", "service:<prefix>" of a
principal; KEY; "trust:<kind> <outsider's account or -> <principal as written>" of a role's trust policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from collectors.records import Role, State, User
from findings.analysis.facts import Facts
from findings.analysis.reviewing.confirming import Sight
from findings.policy.document import Unreadable

ALL, ADMIN, KEY, TRUST = "all", "admin", "key", "trust"
POLICY, INLINE, GROUP, SERVICE = "policy", "inline", "group", "service"
DETAILS, REPORT, KEYS = "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport", "iam:ListAccessKeys"
NAMED = 3  # parts that a sentence names before it counts the rest


@dataclass(frozen=True)
class About:
    """Whose access. id: unique id of the role, user or key; arn: the principal's, or that of the key's user."""

    id: str
    arn: str = ""


@dataclass(frozen=True)
class Look:
    """One part. apis: what tells it."""

    there: bool | None
    said: str
    apis: tuple[str, ...] = (DETAILS,)
    again: bool = False


def trust_part(kind: str, outsider: str, principal: str) -> str:
    return f"{TRUST}:{kind} {outsider or '-'} {principal}"


def sight(about: About, parts: Iterable[str], facts: Facts) -> Sight:
    """All parts together: there if any is, unknown if any other is, else gone."""
    looks = [_look(about, part, facts) for part in parts]
    for there in (True, None, False):
        some = [look for look in looks if look.there is there]
        if some:
            said = "; ".join(look.said for look in some[:NAMED])
            more = f"; and {len(some) - NAMED} more" if len(some) > NAMED else ""
            return Sight(there, said + more, _read_at(some, facts), any(look.again for look in some))
    return Sight(None, "nothing was asked", None)


def _read_at(looks: Iterable[Look], facts: Facts) -> datetime | None:
    """The oldest of the answers that it rests on."""
    apis = {api for look in looks for api in look.apis}
    rows = [c.observed_at for c in facts.snapshot.coverage if c.api in apis and c.state is State.COMPLETE]
    return min(rows, default=None)


def _look(about: About, part: str, facts: Facts) -> Look:
    if part == KEY:
        return _key(about, facts)
    if gaps := facts.gaps((DETAILS,)):
        return Look(None, str(gaps[0]))
    mine = facts.principal_by_id.get(about.id)
    if mine is not None:
        return _part(mine, part, facts)
    other = facts.principal_by_arn.get(about.arn)
    if other is None:
        return Look(False, "it was deleted")
    look = _part(other, part, facts)
    if not look.there:
        return look
    made = f"deleted, and made again under its name on {other.created_at:%Y-%m-%d} ({other.unique_id}): {look.said}"
    return Look(True, made, look.apis, again=True)


def _part(one: Role | User, part: str, facts: Facts) -> Look:
    name, _, value = part.partition(":")
    if name == ALL:
        return _anything(one, facts)
    if name == ADMIN:
        return _admin(one, facts)
    if name == SERVICE:
        return _service(one, value, facts)
    if name == TRUST:
        return _trust(one, value, facts)
    held = {POLICY: one.attached, INLINE: tuple(one.inline), GROUP: getattr(one, "groups", ())}.get(name, ())
    verb = "is a member of" if name == GROUP else "has"
    what = f"{verb} {'' if name == GROUP else 'the policy '}{value.rpartition('/')[2]}"
    return Look(value in held, f"it {what}" if value in held else f"it no longer {what}")


def _anything(one: Role | User, facts: Facts) -> Look:
    """Gone too: what is left in name only, because it may do nothing or nobody can become it."""
    permissions = facts.permissions
    if not permissions.reach(one).upper and not permissions.unknown(one):
        return Look(False, "its policies leave it no action")
    if isinstance(one, Role):
        if not isinstance(facts.document(one.trust), Unreadable) and not facts.admitted(one):
            return Look(False, "its trust policy admits nobody")
        return Look(True, "the role is there")
    return _signs_in(one, facts)


def _signs_in(user: User, facts: Facts) -> Look:
    there = Look(True, "the user is there")
    row = facts.credential(user)
    if facts.gaps((REPORT, KEYS)) or row is None or row.password_enabled is not False:
        return there
    if any(key.active for key in facts.keys(user)):
        return there
    return Look(False, "it has no password and no active access key", (DETAILS, REPORT, KEYS))


def _admin(one: Role | User, facts: Facts) -> Look:
    permissions = facts.permissions
    if found := permissions.admin(one):
        return Look(True, f"it is an administrator by {', '.join(found.policies[:NAMED])}")
    if unknown := permissions.unknown(one):
        return Look(None, unknown)
    return Look(False, f"it is no administrator: {permissions.not_admin(one)}")


def _service(one: Role | User, service: str, facts: Facts) -> Look:
    permissions = facts.permissions
    if some := permissions.reach(one).upper & permissions.catalogue.services.get(service, 0):
        return Look(True, f"it may use {some.bit_count():,} actions of {service}")
    if unknown := permissions.unknown(one):
        return Look(None, unknown)
    return Look(False, f"it may use no action of {service}")


def _trust(role: Role | User, value: str, facts: Facts) -> Look:
    kind, outsider, principal = value.split(" ", 2)
    if not isinstance(role, Role):
        return Look(False, "it is no role any more")
    trust = facts.document(role.trust)
    if isinstance(trust, Unreadable):
        return Look(None, f"its trust policy could not be read: {trust.reason}")
    for one in facts.admitted(role):
        if (one.kind, one.principal) == (kind, principal) and (outsider == "-" or outsider in one.accounts):
            return Look(True, f"its trust policy admits {principal}")
    return Look(False, f"its trust policy no longer admits {principal}")


def _key(about: About, facts: Facts) -> Look:
    if gaps := facts.gaps((KEYS,)):
        return Look(None, str(gaps[0]), (KEYS,))
    key = next((key for key in facts.snapshot.keys if key.unique_id == about.id), None)
    if key is None:
        return Look(False, "the key was deleted", (KEYS,))
    return Look(key.active, "the key is active" if key.active else "the key is inactive", (KEYS,))
