"""Who is behind a caller: assumptions of roles followed back, hop by hop, to a person or a machine (AWS.md 33).

A hop is followed through the day of the next one and the day before it: no session lasts longer than twelve hours (AWS.md 31).
What cannot be told apart, such as a role that on these days both a person and a pipeline assumed, is nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from collectors.records import Assumption, Role, Session
from findings.analysis.activity.networks import is_service
from findings.analysis.kinds import Confidence
from findings.analysis.trust.oidc import COGNITO
from findings.analysis.trust.people import RESERVED, is_workload_issuer, signs_people_in

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

MOST_HOPS = 6
REMEMBERED = 65_536  # callers by day
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Behind:
    """Who is behind a caller. human None: it cannot be told. path: names from the first known to the caller."""

    human: bool | None
    confidence: Confidence
    path: tuple[str, ...]

    @property
    def said(self) -> str:
        return " -> ".join(self.path)


class Lineage:
    """The assumptions of an account, whatever accounts the callers are of."""

    def __init__(self, assumptions: Iterable[Assumption], facts: Facts) -> None:
        self._facts = facts
        self._of: defaultdict[str, list[Assumption]] = defaultdict(list)
        self._named: defaultdict[tuple[str, str], list[Assumption]] = defaultdict(list)
        self._who = lru_cache(REMEMBERED)(self._find)
        for one in assumptions:
            if one.n > one.denied:
                for key in {one.role_id, plain(one.role_arn)} - {""}:
                    self._of[key].append(one)
                    self._named[key, one.session_name].append(one)

    def began(self, session: Session) -> tuple[Assumption, ...]:
        """The assumptions by which a role's session may have begun."""
        keys = (session.principal_id, plain(session.principal_arn))
        rows = next((found for key in keys if (found := self._named.get((key, session.name)))), ())
        return tuple(one for one in rows if near(one.day, session.day))

    def callers(self, session: Session) -> tuple[str, ...]:
        """ARNs, services or unique ids of who assumed the session's role, as far as it was seen; ids only where no ARN is."""
        told = (*(one.caller or one.caller_id for one in self.began(session)), session.caller, session.switched_from)
        known = {self.arn_of(caller) for caller in told if caller}
        return tuple(sorted(known))

    def arn_of(self, caller: str) -> str:
        """The ARN of a unique id of this account, a role's ARN without its session."""
        return self._by_id.get(caller) or role_of(caller)

    def behind(self, session: Session) -> Behind | None:
        """Who is behind a role's session; None where nobody is known to have assumed it."""
        found = [self._who(caller, session.day, 0) for caller in self.callers(session)]
        return _agreed(found)

    def _find(self, caller: str, day: date, hops: int) -> Behind:
        name = self._name(caller, day)
        if settled := _by_itself(caller, name):
            return settled
        rows = [one for one in self._of.get(plain(caller), []) if near(one.day, day)] if hops < MOST_HOPS else []
        found = _agreed([self._who(self.arn_of(one.caller or one.caller_id), one.day, hops + 1) for one in rows])
        if found:
            return Behind(found.human, found.confidence, (*found.path, name))
        return self._by_kind(caller, name)

    def _by_kind(self, caller: str, name: str) -> Behind:
        principal = self._facts.principal_by_arn.get(caller) or self._by_plain.get(plain(caller))
        if principal is None:
            return Behind(None, Confidence.LOW, (name,))
        found = self._facts.kind(principal)
        human = True if found.kind.human else False if found.kind.machine else None
        return Behind(human, max(found.confidence, Confidence.MEDIUM, key=list(Confidence).index), (name,))

    def _name(self, caller: str, day: date) -> str:
        """How a path shows a caller; whose permission set it was, where one person alone used it then."""
        name = caller.rpartition("/")[2] if caller.startswith("arn:") else caller
        if ":user/" in caller:
            return f"user {name}"
        if not name.startswith(RESERVED):
            return name
        users = {one.session_name for one in self._of.get(plain(caller), []) if near(one.day, day)} - {""}
        who = (
            f"SSO user {users.pop()}" if len(users) == 1 else f"one of {len(users)} SSO users" if users else "SSO user"
        )
        return f"{who} -> {name.removeprefix(RESERVED).rpartition('_')[0] or name}"

    @cached_property
    def _by_id(self) -> Mapping[str, str]:
        snapshot = self._facts.snapshot
        return {one.unique_id: one.arn for one in (*snapshot.roles, *snapshot.users)}

    @cached_property
    def _by_plain(self) -> Mapping[str, Role]:
        return {plain(role.arn): role for role in self._facts.snapshot.roles}


def _by_itself(caller: str, name: str) -> Behind | None:
    """What the caller's own name settles."""
    if RESERVED in caller:
        return Behind(True, Confidence.HIGH, (name,))
    if ":saml-provider/" in caller:
        return Behind(True, Confidence.HIGH, (f"SAML provider {name}",))
    if COGNITO in caller:
        return Behind(None, Confidence.LOW, (f"a user of an application ({name})",))
    if is_service(caller) or (is_workload_issuer(caller) and ":role/" not in caller):
        return Behind(False, Confidence.HIGH, (name,))
    if signs_people_in(caller) and ":role/" not in caller and ":user/" not in caller:
        return Behind(True, Confidence.HIGH, (name,))
    return None


def _agreed(found: list[Behind]) -> Behind | None:
    """What all say, as the first says it; that they differ is told as nobody."""
    if not found:
        return None
    if len({one.human for one in found}) > 1:
        return Behind(None, Confidence.LOW, (" or ".join(sorted({one.said for one in found})),))
    return min(found, key=lambda one: (list(Confidence).index(one.confidence), one.path))


def near(earlier: date, later: date) -> bool:
    return earlier <= later <= earlier + DAY


def role_of(arn: str) -> str:
    """arn:aws:sts::1:assumed-role/app/name -> arn:aws:iam::1:role/app; others as they are."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return arn


def plain(arn: str) -> str:
    """A role's ARN without its path, which sessions' ARNs lack (AWS.md 25)."""
    head, found, rest = arn.partition(":role/")
    return f"{head}{found}{rest.rpartition('/')[2]}" if found else arn
