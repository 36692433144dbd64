"""The last steps of a draft: counts, what hangs on what went away, and what only the whole account can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from collectors import records
from findings.analysis.planned import aws_managed
from findings.analysis.planned.changes import HolderKind

if TYPE_CHECKING:
    from findings.analysis.planned.draft import Draft

DEFAULT_SESSION = 3_600


def finished(draft: Draft) -> records.Snapshot:
    _keep_attached(draft)
    _know_aws(draft)
    _mark_holes(draft)
    of = {kind: tuple(v for h, v in draft.holders.items() if h.kind is kind) for kind in HolderKind}
    users = {user.arn for user in of[HolderKind.USER]}
    return msgspec.structs.replace(
        draft.before,
        roles=of[HolderKind.ROLE],
        users=of[HolderKind.USER],
        groups=of[HolderKind.GROUP],
        policies=_counted(draft),
        documents=draft.documents.bodies,
        keys=tuple(k for k in draft.keys if k.user_arn in users),
        credentials=tuple(c for c in draft.before.credentials if c.is_root or c.unique_id in users),
        details=tuple(_with_sessions(details, draft.sessions) for details in draft.before.details),
    )


def _keep_attached(draft: Draft) -> None:
    """AWS refuses to delete a policy that somebody has."""
    held = _attached(draft) + _bounding(draft)
    for policy in draft.before.policies:
        if policy.arn not in draft.policies and held[policy.arn]:
            draft.policies[policy.arn] = policy
            draft.notes.append(
                f"{policy.name} is to be deleted and still attached to {held[policy.arn]}: AWS refuses that."
            )


def _know_aws(draft: Draft) -> None:
    """AWS's policies that the plan attaches first, as far as we know them by heart."""
    at = draft.before.as_of
    for arn in _attached(draft) | _bounding(draft):
        body = None if arn in draft.policies else aws_managed.document(arn)
        if body is not None:
            draft.policies[arn] = records.Policy(
                unique_id=arn,
                arn=arn,
                name=arn.rpartition("/")[2],
                created_at=at,
                updated_at=at,
                default_version="v1",
                document=draft.documents.whole(body),
            )


def _mark_holes(draft: Draft) -> None:
    """Who has a policy with a hole in it also has one that nobody can read; a boundary with a hole is none that can be read."""
    holes = draft.documents.holes
    for holder, one in draft.holders.items():
        marks = tuple(f"{arn} ({holes[arn]})" for arn in one.attached if arn in holes)
        values: dict[str, Any] = {"attached": (*one.attached, *marks)} if marks else {}
        boundary = getattr(one, "boundary", None)
        if boundary in holes:
            values["boundary"] = f"{boundary} ({holes[boundary]})"
        draft.holders[holder] = msgspec.structs.replace(one, **values) if values else one


def _counted(draft: Draft) -> tuple[records.Policy, ...]:
    attached, bounding = _attached(draft), _bounding(draft)
    return tuple(
        msgspec.structs.replace(p, attachment_count=attached[arn], boundary_count=bounding[arn])
        for arn, p in draft.policies.items()
    )


def _attached(draft: Draft) -> Counter[str]:
    """ARN -> holders that it is attached to."""
    return Counter(arn for one in draft.holders.values() for arn in one.attached)


def _bounding(draft: Draft) -> Counter[str]:
    """ARN -> principals that it bounds."""
    boundaries = (getattr(one, "boundary", None) for one in draft.holders.values())
    return Counter(arn for arn in boundaries if arn)


def _with_sessions(details: records.AccountDetails, sessions: Mapping[str, int]) -> records.AccountDetails:
    """The source that tells of maximal sessions, with the plan's."""
    if details.long_sessions is None:
        return details
    found = {role: n for role, n in {**details.long_sessions, **sessions}.items() if n != DEFAULT_SESSION}
    return msgspec.structs.replace(details, long_sessions=found)
