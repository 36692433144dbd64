"""Rows of CloudTrail's use for page tests, as the store writes them."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

from django.utils import timezone

from collectors import records
from collectors.models import (
    Account,
    AdminEvent,
    Coverage,
    TrailWatch,
    UsageAssumption,
    UsageDaily,
    UsageEvent,
    UsageLast,
    UsagePrincipal,
    UsageResource,
    UsageSession,
)
from collectors.models.partitions import ensure_months
from collectors.records import TRAIL
from findings.engine import facts_of, judge_account, timeline
from findings.models import Change, ChangedEntity, SessionVerdict
from tests.pages.making import ago
from tests.pages.shown import text

OFFICE = "192.0.2.7"


def said(response: Any) -> str:
    """A page's text as it is read."""
    return html.unescape(text(response))


def watch(account: Account, state: str = "complete", since: float | None = 60) -> None:
    """The trail was read since so many days ago."""
    if since is not None:
        TrailWatch.objects.create(account=account, since=ago(days=since), until=timezone.now())
    permission = "" if state == "complete" else TRAIL
    Coverage.objects.create(
        account=account,
        source="trail_bucket",
        api=TRAIL,
        state=state,
        observed_at=timezone.now(),
        permission=permission,
    )


def actor(account: Account, of: records.Role | records.User | str) -> UsagePrincipal:
    """A role's or user's, or that of a service by its name."""
    kind = "service" if isinstance(of, str) else "role" if isinstance(of, records.Role) else "user"
    unique_id, arn = (of, "") if isinstance(of, str) else (of.unique_id, of.arn)
    found, _ = UsagePrincipal.objects.get_or_create(account=account, unique_id=unique_id, actor=kind, arn=arn)
    return found


def acted(account: Account, of: Any, name: str = "", *, days: float = 3, **more: Any) -> UsageSession:
    """A session so many days ago, of ten calls by boto3. What is no column goes to data."""
    at = ago(days=days)
    columns = {"key": "", "n": 10, "denied": 0, "sign_in": "", "first_at": at, "last_at": at}
    columns |= {key: more.pop(key) for key in list(more) if key in columns}
    data = {"agents": ["boto3"], "networks": [OFFICE], **more}
    return UsageSession.objects.create(
        account=account, principal=actor(account, of), name=name, day=at.date(), data=data, **columns
    )


def judged(session: UsageSession, who: int = SessionVerdict.Who.PERSON, **more: Any) -> SessionVerdict:
    """A verdict without a judgement: for pages whose question is what they show of it."""
    given = {"confidence": "high", "machine": False, "reasons": ["signed in to the console"], **more}
    columns = {"at": session.last_at, "actor": session.principal.actor, "sign_in": session.sign_in}
    return SessionVerdict.objects.create(
        session=session, day=session.day, account=session.account, who=who, **columns, **given
    )


def assumed(account: Account, role: records.Role, caller: str, name: str = "", *, days: float = 3, **more: Any) -> None:
    given = {"event": "AssumeRole", "n": 1, "denied": 0, "paired": 0, **more}
    UsageAssumption.objects.create(
        account=account, digest=records.digest([caller, role.arn, name, days]), caller=caller, role_arn=role.arn,
        role_id=role.unique_id, session_name=name, day=ago(days=days).date(), **given,
    )  # fmt: skip


def used(
    account: Account, of: Any, call: str, *, days: float = 3, key: str = "", region: str = "eu-west-1", **more: Any
) -> None:
    """Calls so many days ago: used(account, role, "s3 ListBuckets")."""
    source, _, name = call.partition(" ")
    at, who = ago(days=days), actor(account, of)
    event, _ = UsageEvent.objects.get_or_create(account=account, source=f"{source}.amazonaws.com", name=name)
    counts = {"n": 10, "denied": 0, "failed": 0, "first_at": at, **more}
    ensure_months(UsageDaily, {at.date()})
    UsageDaily.objects.create(
        account=account, principal=who, event=event, day=at.date(), region=region, session_kind=0, key=key,
        last_at=at, **counts,
    )  # fmt: skip
    if not UsageLast.objects.filter(principal=who, event=event).exists():
        UsageLast.objects.create(
            account=account, principal=who, event=event, used_at=at if counts["n"] > counts["denied"] else None,
            denied_at=at if counts["denied"] else None, **counts,
        )  # fmt: skip


def named(account: Account, of: Any, call: str, resource: str, *, days: float = 3, **more: Any) -> None:
    """Calls that named a resource, so many days ago."""
    source, _, name = call.partition(" ")
    event, _ = UsageEvent.objects.get_or_create(account=account, source=f"{source}.amazonaws.com", name=name)
    given = {"n": 10, "denied": 0, "first_at": ago(days=days), "last_at": ago(days=days), **more}
    UsageResource.objects.create(account=account, principal=actor(account, of), event=event, resource=resource, **given)


def changed(
    account: Account, of: Any, name: str, kind: str = "role", target: str = "app", *, days: float = 3, **more: Any
) -> AdminEvent:
    """An administrative call so many days ago, of IAM unless `source` says otherwise."""
    who = actor(account, of)
    given = {"source": "iam.amazonaws.com", "network": OFFICE, "agent": "cli", **more}
    return AdminEvent.objects.create(
        account=account, event_id=records.digest([str(of), name, target, days]), at=ago(days=days), actor=who.actor,
        principal_id=who.unique_id, principal_arn=who.arn, name=name, target_type=kind, target_name=target, **given,
    )  # fmt: skip


def told(account: Account, kind: str, unique_id: str, name: str, *, days: float = 3, **more: Any) -> Change:
    """A change of one entity, as a judgement would have put it together; `lines` are what is said of it, and `told` what else."""
    at, lines = ago(days=days), more.pop("lines", [{"what": "tags", "text": f"tag {name} added"}])
    said = more.pop("told", {})
    given = {"since": at, "exact": True, "what": [line["what"] for line in lines], "kinds": [kind], "witnesses": ["trail"],
             "how": "hand", "key": records.digest([account.pk, unique_id, name, days]), "digest": "d", **more}  # fmt: skip
    one = Change.objects.create(account=account, at=at, **given)
    ChangedEntity.objects.create(
        change=one, account=account, kind=kind, unique_id=unique_id, name=name, at=at, told={"lines": lines, **said}
    )
    return one


def put_together(account: Account) -> None:
    """The timeline of all that was seen, without judging."""
    now = timezone.now()
    timeline.write(account, now, facts_of(account, now))


def judge_now(account: Account) -> None:
    judge_account(account.pk, timezone.now() + timedelta(seconds=1))
