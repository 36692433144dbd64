"""Who is behind a caller: assumptions of roles followed back, hop by hop, to a person or a machine (AWS.md 33).

A hop is followed through the day of the next one and the day before it: no session lasts longer than twelve hours (AWS.md 31).
What cannot be told apart, such as a role that on these days both a person and a pipeline assumed, is nobody's. Nor is somebody
of an account that is not known: its id says nothing of who he is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from collectors.activity.lineage import owner
from collectors.records import Assumption, Session
from findings.analysis.activity.callers import Known, plain, role_of
from findings.analysis.activity.networks import is_service
from findings.analysis.kinds import Confidence
from findings.analysis.trust.oidc import COGNITO
from findings.analysis.trust.people import RESERVED, is_workload_issuer, signs_people_in

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
    """Assumptions, whatever accounts the callers are of. known: who knows the callers, asked in this order. account: the one
    whose callers need no account beside their names."""

    def __init__(self, assumptions: Iterable[Assumption], known: Iterable[Known], account: str = "") -> None:
        self._known, self._account = tuple(known), account
        self._accounts: dict[str, str] = {}
        self._of: defaultdict[str, list[Assumption]] = defaultdict(list)
        self._named: defaultdict[tuple[str, str], list[Assumption]] = defaultdict(list)
        self._who = lru_cache(REMEMBERED)(self._find)
        for one in assumptions:
            self._accounts[one.caller_id] = one.caller_account
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
        """The ARN of a unique id, where somebody knows it; a role's ARN without its session."""
        return next(filter(None, (known.arn(caller) for known in self._known)), "") or role_of(caller)

    def behind(self, session: Session) -> Behind | None:
        """Who is behind a role's session; None where nobody is known to have assumed it."""
        return _agreed([self.caller(caller, session.day) for caller in self.callers(session)])

    def caller(self, caller: str, day: date) -> Behind:
        """Who is behind an ARN, a service, a provider or a unique id, as of a day."""
        return self._who(self.arn_of(caller), day, 0)

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
        found = next(filter(None, (known.kind(caller) for known in self._known)), None)
        if found is None:
            account = owner(caller) or self._accounts.get(caller, "")
            foreign = account not in ("", self._account) and not name.startswith("arn:")
            return Behind(None, Confidence.LOW, (f"{name} of account {account}" if foreign else name,))
        kind, confidence = found
        human = True if kind.human else False if kind.machine else None
        return Behind(human, max(confidence, Confidence.MEDIUM, key=list(Confidence).index), (name,))

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
