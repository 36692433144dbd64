"""IAM Identity Center: permission sets, who has them in which account, and the names of those people and groups."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from collectors.records.base import Record, too_long_ago

RESERVED_PATH = "/aws-reserved/sso.amazonaws.com/"  # how the path of Identity Center's roles begins


class PermissionSet(Record, frozen=True, kw_only=True):
    """unique_id: its ARN. instance: ARN of the Identity Center it belongs to; region: where that is, "" where nobody told.

    session_seconds: how long its sessions last. managed: ARNs of AWS-managed policies; customer: path and name of policies that
    each account must hold ("/teams/deploy"); inline: digest of its document, "" for none; boundary: an ARN, or path and name as
    before, "" for none. accounts: ids of those where it is provisioned. Any of these is None where it was not read;
    asked_on: on which day each was, by its name, for they may be too many for one run; empty where a bundle told them.
    """

    unique_id: str
    name: str
    instance: str
    region: str = ""
    created_at: datetime | None = None
    session_seconds: int | None = None
    relay_state: str | None = None
    managed: tuple[str, ...] | None = None
    customer: tuple[str, ...] | None = None
    inline: str | None = None
    boundary: str | None = None
    accounts: tuple[str, ...] | None = None
    asked_on: dict[str, date] | None = None

    def lately(self, at: datetime) -> PermissionSet:
        """Without what was read too long before."""
        late = too_long_ago(at)
        old = (name for name, day in (self.asked_on or {}).items() if day < late)
        return msgspec.structs.replace(self, **dict.fromkeys(old))


class AccountAssignment(Record, frozen=True, kw_only=True):
    """Who has a permission set in one account. unique_id: "<permission set's ARN>/<account>". users, groups: their ids.
    read_at: when we asked for it."""

    unique_id: str
    permission_set: str
    target: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    read_at: datetime


class CenterPrincipal(Record, frozen=True, kw_only=True):
    """A user or group of the identity store to whom something is assigned, or who is in such a group. Nothing else of a person
    is kept than what names him. members: ids of a group's users; None: not read, or a user. read_on: on which day they were, for
    groups may be too many for one run; None where a bundle told them.
    """

    unique_id: str
    group: bool = False
    name: str = ""
    display_name: str = ""
    members: tuple[str, ...] | None = None
    read_on: date | None = None

    def lately(self, at: datetime) -> CenterPrincipal:
        """Without members that were read too long before."""
        late = self.read_on is not None and self.read_on < too_long_ago(at)
        return msgspec.structs.replace(self, members=None) if late else self
