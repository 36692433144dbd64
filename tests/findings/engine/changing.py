"""What collections, AWS Config and CloudTrail tell of an account, for the tests of its timeline."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from collectors import records
from collectors.models import Account, AdminEvent, ConfigItem, TrailWatch
from collectors.models.inventory import KINDS, store
from findings.models import Change, ChangedEntity
from tests.builders import AS_OF, ago, coverage, snapshot, user
from tests.findings.engine.inventory import cover, judge

HOUR = timedelta(hours=1)

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}

WRITE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}],
}

BOB, ALICE = "AIDABOB", user("alice")


def collected(
    account: Account,
    at: datetime,
    *entities: records.Record,
    bodies: tuple[Any, ...] = (),
    covered: tuple[records.Coverage, ...] = (),
) -> None:
    """A collection at that moment found these entities, and no others, and the account was judged right after."""
    held = snapshot(*entities, trusts=bodies)
    fields = [kind.field for kind in KINDS]
    store(
        account, records.Part(documents=held.documents, **{field: getattr(held, field) for field in fields}), fields, at
    )
    cover(account, covered or coverage())
    judge(account, at + timedelta(minutes=1))


def called(
    account: Account, name: str, at: datetime, kind: str = "role", target: str = "app", **more: Any
) -> AdminEvent:
    given = {
        "source": "iam.amazonaws.com",
        "network": "192.0.2.7",
        "agent": "cli",
        "actor": "user",
        "principal_id": BOB,
        **more,
    }
    return AdminEvent.objects.create(
        account=account, event_id=records.digest([name, at.isoformat(), target]), at=at, name=name, target_type=kind,
        target_name=target, principal_arn=f"arn:aws:iam::{account.aws_id}:user/bob", **given,
    )  # fmt: skip


def watched(account: Account, since: float = 30) -> None:
    TrailWatch.objects.create(account=account, since=ago(since), until=AS_OF + HOUR)


def said(account: Account) -> list[str]:
    """Oldest first: "from - to how: entity: line; line"."""
    found = []
    for change in Change.objects.filter(account=account).order_by("at", "pk"):
        when = (
            f"{change.at:%H:%M}"
            if change.exact
            else f"{change.since:%H:%M} - {change.at:%H:%M}"
            if change.since
            else "?"
        )
        of = [f"{e.kind} {e.name}: {'; '.join(line(e))}" for e in change.entities.order_by("pk")]
        found.append(f"{when} {change.how}: {' | '.join(of)}")
    return found


def line(entity: ChangedEntity) -> list[str]:
    return [line["text"] for line in entity.told["lines"]]


def other(record: Any, **fields: Any) -> Any:
    return replace(record, **fields)


def item(account: Account, entity: records.Role, at: datetime, **fields: Any) -> None:
    data = {k: v for k, v in records.to_json(entity).items() if k not in ("last_used_at", "last_used_region")}
    given = {"status": "recorded", "data": data, "digest": records.digest(data), **fields}
    ConfigItem.objects.create(
        account=account, resource_type="AWS::IAM::Role", resource_id=entity.unique_id, name=entity.name, arn=entity.arn,
        captured_at=at, **given,
    )  # fmt: skip
