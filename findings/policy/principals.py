"""Whom a Principal element names, and how. The how decides what its permission is worth (AWS.md 18)."""

from __future__ import annotations

from enum import IntEnum

from findings.policy.document import Principals
from findings.policy.request import Caller, CallerKind


class Naming(IntEnum):
    """From weak to strong."""

    NOT = 0
    ACCOUNT = 1  # the account: it may hand the permission on to its principals
    ROLE = 2  # the role behind a session
    EVERYONE = 3
    ITSELF = 4  # the very user, session, root user, service or outsider


def naming(principals: Principals, caller: Caller) -> Naming:
    """The strongest way in which the caller is named. `*` inside a principal's ARN means nothing in IAM."""
    if _is_named(principals, caller):
        return Naming.ITSELF
    found = Naming.EVERYONE if principals.anyone else Naming.NOT
    if caller.kind is CallerKind.SERVICE or not principals.aws:
        return found
    return max(found, *(_naming(entry, caller) for entry in principals.aws))


def excepted(principals: Principals, caller: Caller) -> bool:
    """Whether a NotPrincipal leaves the caller out.

    AWS wants the account and the role written beside the user or session that is meant ("all principals except the
    user named Bob"): an entry counts for those below it only where none of them is named.
    """
    how = naming(principals, caller)
    if how is Naming.ROLE:
        return not any(_is_session_of(entry, caller) for entry in principals.aws)
    if how is Naming.ACCOUNT:
        return not any(_inside(entry, caller.account) for entry in principals.aws)
    return how is not Naming.NOT


def _is_named(principals: Principals, caller: Caller) -> bool:
    if caller.kind is CallerKind.SERVICE:
        return caller.arn in principals.service
    return bool(caller.arn and caller.arn in principals.federated) or bool(
        caller.unique_id and caller.unique_id in principals.canonical_user
    )


def _naming(entry: str, caller: Caller) -> Naming:
    if caller.account and _account(entry) == caller.account:
        return Naming.ITSELF if caller.kind is CallerKind.ROOT else Naming.ACCOUNT
    if entry and entry == caller.session:
        return Naming.ITSELF
    if caller.kind in (CallerKind.ROLE, CallerKind.SESSION) or caller.session:
        return Naming.ROLE if _is_role(entry, caller) else Naming.NOT
    return Naming.ITSELF if entry == caller.arn or (caller.unique_id and entry == caller.unique_id) else Naming.NOT


def _is_role(entry: str, caller: Caller) -> bool:
    """A session's own ARN lacks the path of its role; the names of the roles of an account are unique without it."""
    if caller.arn == caller.session:
        return _inside(entry, caller.account, "role/") and entry.rpartition("/")[2] == caller.arn.split("/")[1]
    return entry == caller.arn or (bool(caller.unique_id) and entry == caller.unique_id.partition(":")[0])


def is_account(entry: str) -> bool:
    """Whether an entry names an account as a whole."""
    return bool(_account(entry))


def _account(entry: str) -> str:
    """The account that an entry names as a whole: by its id, or by its root user's ARN."""
    if entry.isdigit():
        return entry
    parts = entry.split(":")
    return parts[4] if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root" else ""


def _inside(entry: str, account: str, what: str = "") -> bool:
    """Whether the entry is the ARN of a principal (a role, a session ...) in the account, not of the account itself."""
    parts = entry.split(":", 5)
    return len(parts) == 6 and parts[4] == account and parts[5] != "root" and parts[5].startswith(what)


def _is_session_of(entry: str, caller: Caller) -> bool:
    role = caller.arn.split("/")[1] if caller.arn == caller.session else caller.arn.rpartition("/")[2]
    return _inside(entry, caller.account, f"assumed-role/{role}/")
