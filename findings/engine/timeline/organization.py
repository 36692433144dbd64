"""SCPs and RCPs that bind a member account, as its own timeline tells them: the rows belong to the account that reads the
organization, mostly the management account, whose callers are that account's to show.

What is attached to an OU or to the root counts for the accounts that are below it now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from collectors.models import Account, Document
from findings.analysis.facts import Facts
from findings.analysis.timeline import causes
from findings.analysis.timeline.deploys import changes
from findings.analysis.timeline.differences import differences
from findings.analysis.timeline.effects import Effects, plain
from findings.analysis.timeline.merge import moments
from findings.analysis.timeline.model import Look, Moment, What
from findings.engine.timeline.looks import looks
from findings.engine.timeline.rows import Row
from findings.models import AccountPlace, Change, ChangedEntity
from findings.models.timeline import How

ELSEWHERE = "it was changed in the organization, and who did it is told in account {}"


def guardrails(account: Account, facts: Facts, since: datetime | None, after: datetime | None) -> Iterator[Row]:
    """Of the policies that are, or were, attached above the account."""
    told_by = facts.snapshot.organization_seen_by
    teller = Account.objects.filter(aws_id=told_by).first() if told_by and told_by != account.aws_id else None
    place = AccountPlace.objects.filter(account=account).first()
    if teller is None or place is None:
        return
    path = {account.aws_id, *place.ous}
    found = [one for one in looks(teller, since, Q(kind="organization_policy")) if _binds(one, path)]
    by_entity: dict[str, list[Look]] = {}
    for one in found:
        by_entity.setdefault(one.entity.unique_id, []).append(one)
    seen = changes(moment for some in by_entity.values() for moment in moments(some, (), ()))
    effects = Effects(facts, {}, {}, _bodies(teller, found))
    for change in seen:
        if after is None or change.latest >= after:
            yield _row(account, teller, change.key, change.moments[0], effects, path)


def _binds(look: Look, path: set[str]) -> bool:
    return any(path & set((one or {}).get("targets") or ()) for one in (look.was, look.now))


def _bodies(teller: Account, found: list[Look]) -> dict[str, object]:
    digests = {str((one or {}).get("document") or "") for look in found for one in (look.was, look.now)}
    return dict(Document.objects.filter(account=teller, digest__in=digests).values_list("digest", "body"))


def _row(account: Account, teller: Account, key: str, moment: Moment, effects: Effects, path: set[str]) -> Row:
    lines = [{"what": What.ORGANIZATION.value, "text": text} for text in _texts(moment, path)]
    effect = effects.of(moment.entity.kind, moment.was, moment.now, moment.fields)
    parts = {
        "gained": plain(effect.gained, effect.on, effects.catalogue),
        "lost": plain(effect.lost, effect.off, effects.catalogue),
        "unknown": effect.unknown,
    }
    told = {"lines": lines, **{name: part for name, part in parts.items() if part}}
    change = Change(
        account=account, key=key, at=moment.latest, since=moment.earliest, exact=moment.dated, how=How.UNTOLD,
        what=[What.ORGANIZATION.value], kinds=[moment.entity.kind], witnesses=[w.value for w in moment.witnesses],
        untold=ELSEWHERE.format(teller.aws_id),
    )  # fmt: skip
    uid, name = moment.entity.unique_id, moment.entity.name
    entity = ChangedEntity(
        account=account,
        kind=moment.entity.kind,
        unique_id=uid,
        name=name,
        at=moment.latest,
        told=told,
        told_by=teller.aws_id,
    )
    whole = ("account", account.aws_id)
    return Row(change, [entity], {(moment.entity.kind, uid): moment.latest, whole: moment.seen or moment.latest})


def _texts(moment: Moment, path: set[str]) -> Iterator[str]:
    """Where it is attached elsewhere is not the account's to know."""
    kind = str((moment.now or moment.was or {}).get("type") or "policy").replace("_", " ").lower()
    if "targets" in moment.fields:
        before, after = (set((one or {}).get("targets") or ()) & path for one in (moment.was, moment.now))
        yield from (f"{kind} attached to {target}" for target in sorted(after - before))
        yield from (f"{kind} detached from {target}" for target in sorted(before - after))
    if moment.fields & {causes.MADE, causes.GONE}:
        yield f"{kind} {'made' if causes.MADE in moment.fields else 'deleted'}, attached above this account"
    others = moment.fields - {"targets", causes.MADE, causes.GONE, "whole"}
    yield from (one.text for one in differences(moment.entity.kind, moment.was, moment.now, others))
