"""Versions of trails and recorders -> what they recorded, as calls about them would have said it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collectors import records
from collectors.activity import selectors
from collectors.models.account import Account
from collectors.models.change import Version

TRAIL, CONFIG = "cloudtrail.amazonaws.com", "config.amazonaws.com"
UNTOLD = {"trail": {"unread": ()}, "recorder": {}}  # fields that versions do not keep


def read_recordings(account: Account, as_of: datetime) -> tuple[records.Recording, ...]:
    versions = Version.objects.filter(account=account, kind__in=UNTOLD, seen_from__lte=as_of)
    rows = versions.order_by("seen_from", "pk").values_list("kind", "data", "seen_from")
    return tuple(one for kind, data, since in rows for one in _recording(kind, UNTOLD[kind] | data, since))


def _recording(kind: str, data: dict[str, object], since: datetime) -> Iterator[records.Recording]:
    if kind == "trail":
        trail = records.from_json(records.Trail, data)
        yield records.Recording(
            source=TRAIL, region=trail.home_region, name=trail.name, since=since, details=_of_trail(trail)
        )
    else:
        recorder = records.from_json(records.ConfigRecorder, data)
        details = {"selectors": said} if (said := selectors.of_recording(recorder)) else {}
        yield records.Recording(source=CONFIG, region=recorder.region, name=recorder.name, since=since, details=details)


def _of_trail(trail: records.Trail) -> dict[str, str]:
    said = {
        "multi_region": str(trail.multi_region).lower(),
        "global_events": str(trail.global_events).lower(),
        "log_file_validation": str(trail.validation).lower(),
        "bucket": trail.bucket,
    }
    return said | ({} if trail.selectors is None else {"selectors": selectors.of_trail(trail.selectors)})
