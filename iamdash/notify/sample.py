"""A made-up message, for tests of a channel."""

from __future__ import annotations

from datetime import datetime

from iamdash.notify.content import Content, Item

ACCOUNT = "123456789012"  # of AWS's own examples


def sample(now: datetime) -> Content:
    item = Item(
        event=0,
        kinds=("new",),
        at=now.isoformat(),
        finding=0,
        code="KY102",
        severity="high",
        title="This is a test: if you read it, the channel works. Nothing happened.",
        status="open",
        account_id=ACCOUNT,
        account_name="an example account",
        subject_type="key",
        subject_id="AKIAIOSFODNN7EXAMPLE",
        subject_name="AKIAIOSFODNN7EXAMPLE of example",
        subject_arn=f"arn:aws:iam::{ACCOUNT}:user/example",
    )
    return Content(
        items=(item,),
        by_severity={"high": 1},
        by_kind={"new": 1},
        by_account={ACCOUNT: (item.account_name, 1)},
        rules=("test",),
    )
