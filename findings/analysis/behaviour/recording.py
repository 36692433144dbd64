"""What a call did to the recording of events: whether it stopped, narrowed or kept it. Judged by effect, not by name."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from collectors.records import AdminEvent, Recording

TRAIL, CONFIG = "cloudtrail.amazonaws.com", "config.amazonaws.com"
STOPS = {
    TRAIL: ("StopLogging", "DeleteTrail", "StopEventDataStoreIngestion", "DeleteEventDataStore"),
    CONFIG: ("StopConfigurationRecorder", "DeleteConfigurationRecorder"),
}
# Which change what is recorded, or where it goes; DeleteDeliveryChannel leaves the recorder without a place to write to.
SETS = {
    TRAIL: ("PutEventSelectors", "UpdateTrail", "UpdateEventDataStore"),
    CONFIG: ("PutConfigurationRecorder", "DeleteDeliveryChannel"),
}
NEW = timedelta(hours=1)
DEFAULT = "management=all data=0"  # of a trail to which nobody put selectors
RANK = ("none", "part", "read", "write", "all")
OFF = {
    "multi_region": "no longer records all regions",
    "global_events": "no longer records global services",
    "log_file_validation": "no longer signs its files",
}


class Effect(IntEnum):
    NONE = 0
    ATTEMPT = 1
    NARROWED = 2
    STOPPED = 3


@dataclass(frozen=True, slots=True)
class Tampering:
    """what: "stop trail org"; of a narrowing, a sentence: "trail org records only reads"."""

    event: AdminEvent
    effect: Effect
    what: str


class Known:
    """What was set of each trail or recorder, and when it was made: as earlier calls said, and as our collections saw it,
    whichever is later. seen: oldest first."""

    def __init__(self, seen: Iterable[Recording] = ()) -> None:
        self.details: dict[str, dict[str, str]] = {}
        self.made: dict[str, datetime] = {}
        self._seen: defaultdict[str, deque[Recording]] = defaultdict(deque)
        for one in seen:
            self._seen[f"{one.source}/{one.region}/{one.name}"].append(one)

    def of(self, event: AdminEvent, detail: str) -> str:
        return self.details.get(_about(event), {}).get(detail, "")

    def look(self, event: AdminEvent) -> None:
        """Take what was seen before the call."""
        about = _about(event)
        seen = self._seen[about]
        while seen and seen[0].since < event.at:
            self.details.setdefault(about, {}).update(seen.popleft().details)

    def take(self, event: AdminEvent) -> None:
        about = _about(event)
        if event.name.startswith(("Create", "Delete")):
            self.details.pop(about, None)
        if event.name.startswith("Create"):
            self.made[about] = event.at
        self.details.setdefault(about, {}).update(event.details)

    def new(self, event: AdminEvent) -> bool:
        """Whether it was made just before: what it is told first takes nothing away."""
        made = self.made.get(_about(event))
        return made is not None and event.at - made <= NEW


def tamperings(events: Iterable[AdminEvent], seen: Iterable[Recording] = ()) -> Iterator[Tampering]:
    """events: all that are known of the account, oldest first, refused ones too; seen: as of Known. Only what weakened the
    recording, or would have."""
    known = Known(seen)
    for event in events:
        if event.source not in STOPS or (event.error and not event.denied):
            continue
        known.look(event)
        effect, what = _effect(event, known)
        if event.denied and effect:
            yield Tampering(event, Effect.ATTEMPT, what if effect is Effect.STOPPED else f"make that {what}")
        elif effect:
            yield Tampering(event, effect, what)
        if not event.denied:
            known.take(event)


def _effect(event: AdminEvent, known: Known) -> tuple[Effect, str]:
    if event.name in STOPS[event.source]:
        return Effect.STOPPED, f"{'stop' if event.name.startswith('Stop') else 'delete'} {_named(event)}"
    if event.name in SETS[event.source] and not known.new(event):
        narrowed = list(_narrowed(event, known))
        return (Effect.NARROWED, f"{_named(event)} {' and '.join(narrowed)}") if narrowed else (Effect.NONE, "")
    return Effect.NONE, ""


def _narrowed(event: AdminEvent, known: Known) -> Iterator[str]:
    """What it records no longer, as ends of sentences about the trail or recorder."""
    if event.name == "DeleteDeliveryChannel":
        yield "has no place to write to"
    for detail, words in OFF.items():
        if event.details.get(detail, "").lower() == "false" and known.of(event, detail).lower() != "false":
            yield words
    bucket, was = event.details.get("bucket", ""), known.of(event, "bucket")
    if bucket and was and bucket != was:
        yield f"writes to {bucket}, no longer to {was}"
    told, before = event.details.get("selectors", ""), known.of(event, "selectors")
    if told.startswith("management="):
        yield from _selectors(_pairs(told), _pairs(before or DEFAULT))
    elif told.startswith("types=") and before:
        yield from _recorder(_pairs(told), _pairs(before))


def _selectors(now: dict[str, str], was: dict[str, str]) -> Iterator[str]:
    management = now.get("management", "")
    if _rank(management) < _rank(was.get("management", "all")):
        words = {"none": "no management events", "read": "only reads", "write": "only writes"}
        yield f"records {words.get(management, 'only part of the management events')}"
    if fresh := sorted(_list(now, "without") - _list(was, "without")):
        yield f"leaves out {', '.join(fresh)}"
    for kind in ("data", "network"):
        if _number(now, kind) < _number(was, kind):
            yield f"selects fewer {kind} events"


def _recorder(now: dict[str, str], was: dict[str, str]) -> Iterator[str]:
    """What is recorded of IAM; of other types only that no longer all are."""
    if _iam(was) and not _iam(now):
        yield "records nothing of IAM"
    if was.get("types") == "all" and now.get("types", "").isdecimal():
        yield f"records {now['types']} types only"


def _iam(pairs: dict[str, str]) -> bool:
    if pairs.get("types") == "all":
        return pairs.get("global") == "true"
    if pairs.get("types", "").isdecimal():
        return "AWS::IAM::" in pairs.get("with", "")
    return "AWS::IAM::" not in pairs.get("without", "")


def _about(event: AdminEvent) -> str:
    return f"{event.source}/{event.region}/{event.target_name}"


def _named(event: AdminEvent) -> str:
    kind = event.target_type.replace("_", " ") or ("recorder" if event.source == CONFIG else "trail")
    return f"{kind} {event.target_name}".strip()


def _pairs(text: str) -> dict[str, str]:
    """ "management=all data=2" -> {"management": "all", "data": "2"}; words without "=" belong to the one before."""
    found: dict[str, str] = {}
    name = ""
    for word in text.split():
        key, equals, value = word.partition("=")
        if equals:
            name = key
            found[name] = value
        elif name:
            found[name] += f" {word}"
    return found


def _rank(word: str) -> int:
    return RANK.index(word) if word in RANK else len(RANK)


def _list(pairs: dict[str, str], name: str) -> set[str]:
    return set(filter(None, pairs.get(name, "").split(",")))


def _number(pairs: dict[str, str], name: str) -> int:
    text = pairs.get(name, "0")
    return int(text) if text.isdecimal() else 0
