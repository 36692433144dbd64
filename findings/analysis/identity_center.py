"""Identity Center's roles and the permission sets behind them: who has which, and where it is changed (AWS.md 23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collectors.records import AccountAssignment, CenterPrincipal, PermissionSet, Role, State
from collectors.records.identity_center import RESERVED_PATH
from findings.analysis.gaps import gap_of

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

FIRST_REGION = "us-east-1"  # whose name the path of its roles does not hold
SETS, PROVISIONED = "sso-admin:ListPermissionSets", "sso-admin:ListAccountsForProvisionedPermissionSet"
ASSIGNMENTS, MEMBERS = "sso-admin:ListAccountAssignments", "identitystore:ListGroupMemberships"
APIS = (SETS, PROVISIONED, ASSIGNMENTS, MEMBERS)
NOBODY_TELLS = (
    "no connected account told of it; connect the organization's management account, or the one that administers Identity"
    " Center, and let its role read sso and identitystore"
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """A user or group that has the permission set in the account. name "": only its id is known. members: of a group; None: not
    read."""

    id: str
    group: bool
    name: str = ""
    display_name: str = ""
    members: tuple[CenterPrincipal, ...] | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The permission set behind a role, as account told_by says. assigned None: who has it here was not read."""

    permission_set: PermissionSet
    told_by: str
    assigned: tuple[Assigned, ...] | None

    @property
    def people(self) -> frozenset[str]:
        """Ids of those who are known to have it."""
        found = {one.id for one in self.assigned or () if not one.group}
        return frozenset(found.union(*({m.unique_id for m in one.members or ()} for one in self.assigned or ())))

    @property
    def unread(self) -> tuple[str, ...]:
        """Groups whose members nobody knows."""
        return tuple(one.name or one.id for one in self.assigned or () if one.group and one.members is None)

    @property
    def said(self) -> str:
        """ "assigned to 3 people"."""
        if self.assigned is None:
            return "nobody knows to whom it is assigned"
        if not self.assigned:
            return "assigned to nobody"
        n = len(self.people)
        people = f"{n} {'person' if n == 1 else 'people'}"
        if not self.unread:
            return f"assigned to {people}"
        group = f"the members of group {self.unread[0]}"
        more = f" and of {len(self.unread) - 1} more" if len(self.unread) > 1 else ""
        return f"assigned to {people} and {group}{more}, who are not known"


class Center:
    """What Identity Center says of one account."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        snapshot = facts.snapshot
        here = [one for one in snapshot.account_assignments if one.target == snapshot.account_id]
        self._assignments: Mapping[str, AccountAssignment] = {one.permission_set: one for one in here}
        self._people = {one.unique_id: one for one in snapshot.center_principals}
        self._sets = [one for one in snapshot.permission_sets if self._is_here(one)]

    def _is_here(self, one: PermissionSet) -> bool:
        account = self._facts.snapshot.account_id
        return one.accounts is None or account in one.accounts or one.unique_id in self._assignments

    def behind(self, role: Role) -> Held | None:
        """The permission set that made the role: of its name, in the region that its path names."""
        if not role.path.startswith(RESERVED_PATH):
            return None
        region = role.path.removeprefix(RESERVED_PATH).strip("/") or FIRST_REGION
        named = [one for one in self._sets if one.name == role.permission_set and one.region in ("", region)]
        if len(named) != 1:
            return None
        told_by = self._facts.snapshot.center_seen_by or self._facts.snapshot.account_id
        return Held(named[0], told_by, self._assigned(named[0]))

    def _assigned(self, one: PermissionSet) -> tuple[Assigned, ...] | None:
        if one.unique_id not in self._assignments:
            return None
        found = self._assignments[one.unique_id]
        users = (self._one(id_, group=False) for id_ in found.users)
        return (*(self._one(id_, group=True) for id_ in found.groups), *users)

    def _one(self, id_: str, *, group: bool) -> Assigned:
        known = self._people.get(id_)
        if known is None:
            return Assigned(id_, group)
        members = None if known.members is None else tuple(map(self._person, known.members))
        return Assigned(id_, group, known.name, known.display_name, members if group else None)

    def _person(self, id_: str) -> CenterPrincipal:
        return self._people.get(id_) or CenterPrincipal(unique_id=id_)

    @property
    def unknown(self) -> str:
        """Why a role of Identity Center may have no permission set behind it here, as the end of a sentence."""
        own = {row.api: row for row in self._facts.snapshot.coverage}
        rows = [own[api] for api in (SETS, PROVISIONED) if api in own]
        refused = [row for row in rows if row.state not in (State.COMPLETE, State.NOT_APPLICABLE, State.ABSENT)]
        return str(gap_of(refused[0].api, refused[0])) if refused else NOBODY_TELLS


def change_in(role: Role, facts: Facts) -> str:
    """Where whoever wants to change the role has to; "" where no permission set is known."""
    held = facts.center.behind(role)
    if held is None:
        return ""
    return (
        f"IAM Identity Center: change permission set {held.permission_set.name} in account {held.told_by} ({held.said})"
    )


def names(some: Iterable[CenterPrincipal]) -> list[str]:
    """As people are called: their user name, else their id; by name."""
    return sorted(one.name or one.unique_id for one in some)
