"""KY107 to KY109, KY112, KY116: who uses a key, from where, with what; first what only looks so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from collectors import records
from collectors.records import KeySighting
from findings.analysis.facts import Settings
from tests.builders import ACCOUNT_ID, AS_OF, ago, key, role, user
from tests.findings.rules.judging import denied, statuses, verdicts
from tests.findings.sessions import NETWORKS, OFFICE, OTHER, OUTSIDE, read, session

ALICE = user(unique_id="AIDAALICE")
KEY = key(unique_id="AKIAUSED", used=1)
HOME, HOME6, CAFE, DESK, ZONES = (
    "203.0.113.9",
    "2001:db8:1::2",
    "20.1.{}.7",
    "cli on macOS",
    ("52.1.1.1", "54.2.2.2", "3.3.3.3"),
)
SETTINGS = Settings(networks=NETWORKS)
Day = tuple[Sequence[str], Sequence[str]]  # networks, agents


def days(*given: Day, key_id: str = KEY.unique_id, **more: Any) -> tuple[records.Session, ...]:
    """One session a day, the last yesterday."""
    return tuple(
        session(ALICE, day=n + 1, key_id=key_id, networks=tuple(a), agents=tuple(b), **more)
        for n, (a, b) in enumerate(given)
    )


def used(code: str, *sessions: records.Session, settings: Settings = SETTINGS, **more: Any) -> list[str]:
    return statuses(code, ALICE, KEY, settings=settings, **read(sessions=sessions, **more))


ONE_HOLDER: dict[str, list[Day]] = {
    "runners whose addresses change": [
        ([CAFE.format(n * 5 + m) for m in range(5)], ["cli", "terraform", "sdk-js"]) for n in range(20)
    ],
    "a few runners again": [([CAFE.format(n % 9), CAFE.format(n % 7)], ["github-actions", "cli"]) for n in range(2)] * 2,
    "a pool of neighbours": [([f"203.0.113.{n}" for n in range(5, 30)], ["boto3"])] * 10,
    "gateways of three zones": [(ZONES, ["sdk-java"])] * 20,
    "gateways and scripts": [(ZONES, ["boto3", "cli", "sdk-go"])] * 20,
    "an operator's many networks under one name": [(["100.24.1.1", "100.24.99.1", "100.24.3.1", "100.24.4.1"], ["boto3"])] * 9,
    "a person at home and in the office": [([HOME, OFFICE], [DESK, "boto3 on macOS"])] * 20,
    "a person by VPN too": [([HOME, OFFICE, "51.5.5.5"], [DESK, "terraform on macOS"])] * 20,
    "a person with containers": [([HOME], [DESK, "boto3"]), *[([HOME, OFFICE], [DESK, "boto3"])] * 20],
    "a person on journeys": [([HOME, OFFICE, CAFE.format(n)], [DESK]) for n in range(20)],
    "one host by both versions": [([HOME, HOME6], [DESK, "boto3"])] * 20,
    "one host by both versions, with many tools": [([HOME, HOME6], ["sdk-java", "cli"])] * 20,
    "a host behind an endpoint": [([HOME, "10.0.0.7"], ["sdk-java", "cli"])] * 20,
    "services on its behalf": [([HOME, *(f"s{n}.amazonaws.com" for n in range(9))], [DESK, "aws-service"])] * 20,
    "a new tool": [([HOME], ["sdk-java"])] * 9 + [([HOME], ["boto3", "sdk-java", "sdk-php"])] * 2 + [([HOME], ["boto3"])] * 9,
    "an application and its scripts in two zones": [(ZONES[:2], ["sdk-java", "cli"])] * 20,
    "agents that say nothing": [([HOME, OFFICE], [DESK, "none", "other: a", "other: b", "browser"])] * 20,
    "twice only": [([HOME, OFFICE, *ZONES], [DESK, "sdk-java", "sdk-php"])] * 2,
}  # fmt: skip
SHARED: dict[str, list[Day]] = {
    "a person and a server": [([HOME, ZONES[0]], [DESK, "boto3"])] * 3,
    "a person and a pipeline": [([HOME, CAFE.format(n), CAFE.format(n + 100)], [DESK, "cli"]) for n in range(9)],
    "a Mac and a Windows machine": [([HOME, OFFICE], [DESK, "cli on Windows"])] * 5,
    "two programs in three networks": [(ZONES, ["boto3", "sdk-java"])] * 5,
    "three programs behind one address": [([HOME], ["sdk-php", "sdk-java", "boto3"])] * 5,
    "four places": [([*ZONES, HOME], ["boto3"])] * 5,
    "not all on every day": [(ZONES, ["boto3", "sdk-java"]), (ZONES[:1], ["boto3"]), (ZONES[:1], ["sdk-java"])] * 4,
}


@pytest.mark.parametrize("given", ONE_HOLDER.values(), ids=ONE_HOLDER)
def test_a_key_of_one_holder_is_not_shared(given: list[Day]) -> None:
    assert used("KY107", *days(*given)) == ["clear"]


@pytest.mark.parametrize("given", SHARED.values(), ids=SHARED)
def test_a_shared_key(given: list[Day]) -> None:
    assert used("KY107", *days(*given)) == ["open"]


def test_the_evidence_of_a_shared_key_is_by_network_and_tool() -> None:
    sessions = days(*[([OFFICE, ZONES[0]], [DESK, "boto3"])] * 4, ([ZONES[0]], ["boto3"]))
    (found,) = verdicts("KY107", ALICE, KEY, settings=SETTINGS, **read(sessions=sessions))
    assert found.title == ("Key AKIAUSED of alice is used by several: scripts and tools on macOS on the same days")
    assert found.evidence["networks"] == ["52.1.1.0/24: 5 days", "office Berlin: 4 days"]
    assert found.evidence["tools"] == ["scripts: 5 days", "tools on macOS: 4 days"]
    assert found.evidence["shared_on"] == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]


INSTANCE = role("web", unique_id="AROAWEB")
MINE, THEIRS, NOBODYS = f"vpce-1 of {ACCOUNT_ID}", f"vpce-2 of {OTHER}", "vpce-3"
ELASTIC = "52.9.9.9"


def at_work(address: str, *agos: float, **more: Any) -> tuple[records.Session, ...]:
    """The web server's instance, by its own credentials."""
    return tuple(
        session(INSTANCE, "i-0123456789abcdef0", day=day, instance=True, networks=(address,), **more) for day in agos
    )


PRIVATE: list[Day] = [(["10.0.0.7"], ["boto3"])] * 3
PUBLIC: list[Day] = [([ELASTIC], ["boto3"])] * 3


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (days(*PUBLIC), "clear"),
        (days(*[(["198.51.100.5"], ["boto3"])] * 3), "clear"),  # AWS's range: perhaps a vendor's
        ((*days(*PUBLIC), *at_work("52.9.9.8", 1, 2, 3)), "clear"),
        ((*days(*PUBLIC), *at_work(ELASTIC, 1)), "clear"),  # once, perhaps by a thief
        ((*days(*PUBLIC), *at_work(ELASTIC, 30, 31, 32)), "clear"),  # somebody else's now
        ((*days(*[([OFFICE], ["boto3"])] * 3), *at_work(OFFICE, 1, 2, 3)), "clear"),
        (days(*PRIVATE, endpoints=(THEIRS,)), "clear"),
        (days(*[([OUTSIDE], ["boto3"])] * 3, endpoints=(MINE,)), "clear"),
        (days(*[(["10.0.0.7"], [DESK])] * 3, endpoints=(MINE,)), "clear"),  # a person on the network
        (days(PRIVATE[0], endpoints=(MINE,)), "clear"),
        (days(*PRIVATE), "unknown"),
        (days(*PRIVATE, endpoints=(NOBODYS,)), "unknown"),
        (days(*PRIVATE, endpoints=(MINE,)), "open"),
        (days(*PRIVATE, endpoints=(THEIRS, MINE)), "open"),
        ((*days(*PRIVATE, endpoints=(NOBODYS,)), *at_work("10.0.0.8", 9, endpoints=(NOBODYS,))), "open"),
        ((*days(*PUBLIC), *at_work(ELASTIC, 2, 3, 9)), "open"),
    ],
)
def test_key_used_on_aws_compute(sessions: tuple[records.Session, ...], expected: str) -> None:
    assert used("KY108", *sessions) == [expected]


def test_a_data_centre_behind_the_endpoint_is_named_and_other_accounts_of_ours_count() -> None:
    by_line = days(*PRIVATE, endpoints=(MINE,))
    assert used("KY108", *by_line, settings=Settings(networks={"10.0.0.0/8": "datacentre"})) == ["clear"]
    sister = days(*PRIVATE, endpoints=(THEIRS,))
    assert used("KY108", *sister, settings=Settings(trusted_accounts=frozenset({OTHER}))) == ["open"]
    (found,) = verdicts("KY108", ALICE, KEY, **read(sessions=by_line))
    assert found.title == "Key AKIAUSED of alice is used on our own compute in AWS, by endpoint vpce-1 of 000000000001"


AWAKE = {"first_at": ago(2), "last_at": ago(2) + timedelta(hours=8)}
ALWAYS = {"first_at": ago(2), "last_at": ago(2) + timedelta(hours=23)}


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (days(([HOME], ["boto3"])), "clear"),
        (days(([HOME], ["cli"])), "clear"),
        (days((["100.24.1.1"], [DESK])), "clear"),  # the CI network
        (days((["198.51.100.5"], [DESK])), "clear"),  # AWS has Macs, too
        (days(([HOME], ["cli on Windows"])), "clear"),  # so have servers
        (days((["athena.amazonaws.com"], ["aws-service"])), "clear"),
        (days(*[([HOME], ["terraform on macOS"])] * 5, **ALWAYS), "clear"),
        (days(([HOME], [DESK]), **AWAKE), "open"),
        (days(([OFFICE], ["cli"])), "clear"),  # by itself too little
        (days(([OFFICE], ["cli on Windows"])), "open"),
        (days(([HOME], ["boto3"]), mfa=True), "open"),
        (days(([HOME], ["boto3 on macOS"]), ([HOME], ["boto3"]), ([HOME], ["boto3"])), "open"),
    ],
)
def test_person_uses_key(sessions: tuple[records.Session, ...], expected: str) -> None:
    assert used("KY109", *sessions) == [expected]


def test_the_evidence_of_a_person_has_reasons() -> None:
    (found,) = verdicts("KY109", ALICE, KEY, settings=SETTINGS, **read(sessions=days(([OFFICE], [DESK]))))
    assert found.title == "A person works with key AKIAUSED of alice"
    assert found.evidence["uses"] == [
        "A session was used with cli on macOS from 192.0.2.7 (office Berlin); last on 2026-11-23"
    ]


@pytest.mark.parametrize("code", ["KY107", "KY108", "KY109"])
def test_what_nobody_read_is_unknown_and_what_was_not_used_is_not(code: str) -> None:
    assert statuses(code, ALICE, KEY) == ["unknown"]
    assert statuses(code, ALICE, key(use_known=False)) == ["unknown"]
    assert statuses(code, ALICE, key(), **read()) == ["clear"]
    assert statuses(code, ALICE, key(used=100), **read()) == ["clear"]
    assert statuses(code, ALICE, key(active=False, used=1), **read()) == []
    assert statuses(code, ALICE, KEY, **read(coverage=denied("ListAccessKeys"))) == ["unknown", "unknown"]


def pair(old: float, new: float, *, old_used: float | None = 1, new_used: float | None = 1, **more: Any) -> list[str]:
    """Two keys of alice, so many days old and last used so many days ago."""
    both = key(created=old, used=old_used, unique_id="AKIAOLD"), key(created=new, used=new_used, unique_id="AKIANEW")
    return statuses("KY112", ALICE, *both, **more)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"old": 200, "new": 13}, "clear"),  # under way
        ({"old": 70, "new": 60}, "clear"),  # two programs
        ({"old": 200, "new": 60, "new_used": None}, "clear"),
        ({"old": 200, "new": 60, "old_used": None}, "clear"),
        ({"old": 200, "new": 60, "old_used": 47}, "clear"),
        ({"old": 200, "new": 60, "old_used": 45}, "open"),
        ({"old": 200, "new": 15}, "open"),
        ({"old": 200, "new": 30, "settings": Settings(two_keys_days=31)}, "clear"),
    ],
)
def test_old_key_still_used(given: dict[str, Any], expected: str) -> None:
    assert pair(**given) == [expected]


def test_one_key_or_an_inactive_one_is_no_rotation() -> None:
    assert statuses("KY112", ALICE, KEY) == ["clear"]
    assert statuses("KY112", ALICE, KEY, key(active=False, created=300, used=1)) == ["clear"]
    assert statuses("KY112", ALICE, coverage=denied("ListAccessKeys")) == ["unknown"]


def test_events_tell_what_the_report_does_not() -> None:
    old = key(created=200, use_known=False, unique_id="AKIAOLD")
    new = key(created=60, used=1, unique_id="AKIANEW")
    seen = days(([OFFICE], ["boto3"]), key_id="AKIAOLD")
    assert statuses("KY112", ALICE, old, new) == ["unknown"]
    assert statuses("KY112", ALICE, old, new, **read(10)) == ["unknown"]
    assert statuses("KY112", ALICE, old, new, **read()) == ["clear"]
    (found,) = verdicts("KY112", ALICE, old, new, settings=SETTINGS, **read(10, sessions=seen))
    assert found.title == "alice got a new key on 2026-09-25, and the old one is still used"
    assert (found.evidence["from"], found.evidence["agents"]) == (["192.0.2.7 (office Berlin)"], ["boto3"])


def sighting(key_id: str = KEY.unique_id, **more: Any) -> KeySighting:
    told = {"source": "files", "place": "shop", "path": "deploy/env.sh", "line": 3, "seen_at": AS_OF}
    return KeySighting(key_id=key_id, **{**told, **more})


def test_key_id_in_source() -> None:
    off = key(unique_id="AKIAOFF", active=False)
    assert statuses("KY116", KEY, key_sightings=(sighting("AKIAOTHER"),)) == []
    assert statuses("KY116", KEY, off) == []
    assert statuses("KY116", off, key_sightings=(sighting("AKIAOFF"),)) == ["open"]
    some = (sighting(), sighting(source="git history", commit="1a2b3c4d5e6f7890", line=2, path="old.env"))
    (found,) = verdicts("KY116", KEY, key_sightings=some)
    assert found.severity.slug == "critical"
    assert found.title == "Key AKIAUSED of alice stands in source code: shop/deploy/env.sh and shop/old.env"
    assert found.evidence["sightings"] == [
        "shop: deploy/env.sh, line 3 (files)",
        "shop: old.env, line 2, commit 1a2b3c4d5e6f (git history)",
    ]
