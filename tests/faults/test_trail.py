"""A trail's files that come late, twice, in no order or broken, and a worker that dies between writing and noting: each
event counts once."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from moto.s3.models import s3_backends

from collectors import trail, usage_store
from collectors.activity import reading
from collectors.models import Account, Job, Run, TrailWatch
from tests.collectors import test_trail_bucket as trail_tests
from tests.collectors.activity.events import assume, event, log, packed, user
from tests.collectors.test_trail_bucket import BUCKET, at, read
from tests.faults.conftest import SEED
from tests.faults.dump import Dump, differences, dumped
from tests.faults.sampling import fault

pytestmark = pytest.mark.django_db
COUNTED = ("usage", "adminevent")
ONCE = "What is counted equals that of all files read once, in their order."
File = tuple[int, str, bytes]  # days ago, name, content
Put = Callable[..., str]


def files(account: Account) -> list[File]:
    """Two of each of four days, with sessions that run over several of them."""
    made = []
    for n in range(8):
        day = at(4 - n // 2)
        when: Callable[[int], dict[str, Any]] = lambda h, day=day: {  # noqa: E731
            "eventTime": f"{day}T{h:02}:10:00Z", "recipientAccountId": account.aws_id,
        }  # fmt: skip
        created = event("CreateUser", "iam", userIdentity=user(), requestParameters={"userName": f"u{n}"},
                        eventID=f"0000-{n}", **when(n + 1))  # fmt: skip
        events = [event(**when(n)), event("GetObject", "s3", **when(9)), assume(**when(3)), created]
        made.append((4 - n // 2, f"{n}.json.gz", packed(*events)))
    return made


BROKEN: list[File] = [
    (3, "cut.json.gz", packed(event())[:-25]),
    (2, "line.json.gz", gzip.compress(b'{"Records": [{"eventVersion": "1.0", oops}]}')),
    (2, "bomb.json.gz", gzip.compress(log(event())[:-2] + b", " + b" " * 3_000_000)),
    (1, "empty.json.gz", b""),
]


@pytest.fixture
def counted(lab: Any, reader: Account, put: Put) -> Callable[..., Dump]:
    """counted(batches) -> what is known when each batch of files has come and was read."""

    def read_all(*batches: list[File]) -> Dump:
        with transaction.atomic():
            for batch in batches:
                for ago, name, blob in batch:
                    put(reader, at(ago), blob, name)
                Job.objects.filter(state="queued").delete()
                TrailWatch.objects.update(
                    looked_back_at=datetime.now(UTC) - timedelta(days=8)
                )  # it looks far back each time
                trail_tests.read(reader)
            with connection.cursor() as cursor:
                found = {k: v for k, v in dumped(cursor).items() if any(name in k for name in COUNTED)}
            transaction.set_rollback(True)
        with lab.world.entered():
            s3_backends[lab.world.security.id]["aws"].get_bucket(BUCKET).keys.clear()
        return found

    return read_all


@fault(
    "Late and shuffled files, the same file twice",
    "trail's bucket; four runs, files in an order that the seed chooses, each of which comes again",
    ONCE,
)
def test_files_come_late_and_in_no_order(counted: Callable[..., Dump], reader: Account) -> None:
    every = files(reader)
    expected = counted(every)
    assert sum(expected["collectors_usagesession"].values()) > 3
    chance = random.Random(SEED)
    shuffled = chance.sample(every, len(every))
    batches = [shuffled[n : n + 2] for n in range(0, 8, 2)]
    assert differences(expected, counted(*batches, shuffled, [])) == []


@fault("Truncated gz, bomb, bad JSON line, empty file", "trail's bucket; beside the others", ONCE)
def test_broken_files_hide_no_other(
    counted: Callable[..., Dump],
    reader: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "EVENT_LIMIT", 400_000)
    monkeypatch.setattr(reading, "LIMIT", 2_000_000)
    every = files(reader)
    assert differences(counted(every), counted([*BROKEN, *every])) == []


@fault(
    "A worker dies between counting a file and noting it",
    "the writing of a batch breaks at its end, each batch in turn",
    ONCE,
)
def test_a_crash_between_counting_and_noting(
    counted: Callable[..., Dump],
    reader: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trail, "OBJECTS", 2)
    every, note, calls = files(reader), usage_store._note, [0]
    expected = counted(every)

    def dies(*args: Any) -> None:
        calls[0] += 1
        note(*args)
        if calls[0] % 2:
            raise RuntimeError("killed")

    monkeypatch.setattr(usage_store, "_note", dies)
    monkeypatch.setattr(trail_tests, "read", lambda account: [_again(account) for _ in range(5)])
    assert differences(expected, counted(every)) == []
    assert calls[0] == 8


def _again(account: Account) -> None:
    """A run; one that breaks is over, and the next one begins from what is stored."""
    try:
        read(account)
    except RuntimeError:
        Job.objects.filter(state="queued").update(state="failed")
        Run.objects.update(finished_at=Now())


@fault(
    "Empty, HTML and truncated 200 in place of a trail's file",
    "the lab's S3, for twice and for ever",
    "Twice is not noticed; for ever is an error, no file counts as read, and later all equals a run without a fault.",
)
@pytest.mark.parametrize("kind", ["empty", "html", "truncate"])
def test_a_file_that_is_not_the_file(counted: Callable[..., Dump], reader: Account, aws: Any, kind: str) -> None:
    every = files(reader)
    expected = counted(every)
    aws.fault(kind, service="s3", operation="GetObject", times=2)
    assert differences(expected, counted(every)) == []
    aws.fault(kind, service="s3", operation="GetObject")
    assert counted(every) == {}
    aws.clear_faults()
    assert differences(expected, counted(every)) == []
