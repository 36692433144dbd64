"""When a key was used for the first time, where its whole life was watched: from then on somebody has it who uses it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min

from collectors.models import AccessKey, Account, UsageSession
from findings.analysis.facts import Facts
from findings.analysis.timeline.model import Entity, What, Witness
from findings.engine.timeline.rows import Row, alone, entity_row
from findings.models.timeline import How

USED = "used for the first time"


def first_uses(account: Account, facts: Facts, after: datetime | None) -> Iterator[Row]:
    """Of keys that are younger than the reading of all events."""
    since = facts.snapshot.activity_since
    if since is None:
        return
    young = {key.unique_id: key for key in AccessKey.objects.filter(account=account, created_at__gte=since)}
    first = UsageSession.objects.filter(account=account, key__in=young, first_at__isnull=False)
    for unique_id, at in first.order_by().values_list("key").annotate(at=Min("first_at")):
        if after is None or at >= after:
            yield _row(account, young[unique_id], at)


def _row(account: Account, key: AccessKey, at: datetime) -> Row:
    session = (
        UsageSession.objects.filter(account=account, key=key.unique_id, first_at=at).select_related("principal").first()
    )
    data = session.data if session else {}
    change = alone(
        account,
        ["first use", key.unique_id],
        at,
        how=How.PROGRAM,
        what=[What.KEY.value],
        kinds=["key"],
        actor="user",
        principal_id=session.principal.unique_id if session else "",
        principal_arn=key.user_arn,
        key_id=key.unique_id[:32],
        network=str(next(iter(data.get("networks") or ()), ""))[:128],
        agent=str(next(iter(data.get("agents") or ()), ""))[:128],
    )
    change.witnesses = [Witness.TRAIL.value]
    lines = [{"what": What.KEY.value, "text": USED}]
    return Row(change, [entity_row(account, Entity("key", key.unique_id, key.unique_id), at, lines)])
