"""One object of a trail, whatever it holds: loaded, loaded in part with counts, or named with a reason. Nothing raises."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.activity import reading
from tests.collectors.activity.events import ROLE, assume, event, fate, log, packed, role, total

GOOD = event()
DEEP = functools.reduce(lambda inner, _: {"attributes": inner}, range(300), {})
LINES = b"\n".join(json.dumps(one).encode() for one in (GOOD, GOOD, GOOD))


@pytest.mark.parametrize(
    ("blob", "events"),
    [
        (log(GOOD, GOOD), 2),
        (packed(GOOD, GOOD), 2),
        (log(), 0),
        (b'{"Records": null}', 0),
        (b"[]", 0),
        (b" [ ]\n", 0),
        (gzip.compress(log(GOOD, GOOD)[:400]) + gzip.compress(log(GOOD, GOOD)[400:]), 2),
        (packed(GOOD) + bytes(512), 1),
        (LINES, 3),
        (LINES + b"\n\n", 3),
        (gzip.compress(LINES), 3),
        (json.dumps(GOOD).encode(), 1),
        (json.dumps([GOOD, GOOD]).encode(), 2),
        (b"\xef\xbb\xbf" + log(GOOD), 1),
        (json.dumps({"Records": [GOOD, GOOD]}, indent=2).encode(), 2),
    ],
)
def test_what_is_whole_is_read_without_a_word(blob: bytes, events: int) -> None:
    told = fate(blob)
    assert (told.events, told.rejected, told.noted, told.problem, told.skipped) == (events, {}, {}, "", "")


@pytest.mark.parametrize(
    ("name", "blob", "what"),
    [
        ("AWSLogs/1/CloudTrail-Digest/us-east-1/x.json.gz", packed(GOOD), "CloudTrail-Digest"),
        ("AWSLogs/1/CloudTrail-Insight/us-east-1/x.json.gz", packed(GOOD), "CloudTrail-Insight"),
        ("x.json", b'{"awsAccountId": "1", "digestStartTime": "2026-11-01T00:00:00Z", "logFiles": []}', "digest"),
    ],
)
def test_what_is_no_activity_is_skipped_by_name(name: str, blob: bytes, what: str) -> None:
    told = fate(blob, name)
    assert (told.events, told.skipped, told.problem) == (0, what, "")


@pytest.mark.parametrize(
    ("blob", "events", "problem"),
    [
        (b"", 0, "it is empty"),
        (packed(GOOD, GOOD, GOOD)[:-30], 0, "it is truncated"),
        (gzip.compress(log(GOOD)) + b"\x1f\x8b", 1, "it is truncated"),
        (packed(GOOD)[:-8] + b"\0\0\0\0\0\0\0\0", 0, "its compression is broken"),
        (b"\x1f\x8bnothing of gzip at all", 0, "its compression is broken"),
        (b'{"hello": "world"}', 0, "it holds no Records"),
    ],
)
def test_what_cannot_be_read_has_a_reason(blob: bytes, events: int, problem: str) -> None:
    told = fate(blob)
    assert told.problem.startswith(problem)
    assert told.events >= events


def test_what_stands_before_the_break_is_read() -> None:
    whole = gzip.compress(log(*[GOOD] * 2_000), compresslevel=0)
    told = fate(whole[: len(whole) // 2])
    assert told.problem == "it is truncated"
    assert 900 < told.events < 1_000
    assert told.rejected == {"not JSON": 1}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("not an object", "no record of CloudTrail"),
        (None, "no record of CloudTrail"),
        ([], "no record of CloudTrail"),
        ([[]], "no record of CloudTrail"),
        ({"Records": "none"}, "no record of CloudTrail"),
        (event(eventTime="yesterday"), "no record of CloudTrail"),
        (event(eventTime="\ud800"), "no record of CloudTrail"),
        (event(eventTime="2026-11-20T10:00:00"), "no record of CloudTrail"),
        (event(eventSource=None), "no record of CloudTrail"),
        ({k: v for k, v in GOOD.items() if k != "eventName"}, "no record of CloudTrail"),
        (event(eventTime="1970-01-01T00:00:00Z"), "a time before CloudTrail began"),
        (event(eventTime="2027-11-20T10:00:00Z"), "a time in the future"),
    ],
)
def test_one_bad_record_hides_no_other(bad: Any, reason: str) -> None:
    told = fate(log(GOOD, bad, GOOD))
    assert (told.events, told.rejected, told.problem) == (2, {reason: 1}, "")


@pytest.mark.parametrize("records", [[[], GOOD], [GOOD, []], [[], [], GOOD], [[], GOOD, []]])
@pytest.mark.parametrize("named", [True, False])
def test_an_empty_list_in_place_of_a_record_is_counted_wherever_it_stands(records: list[Any], named: bool) -> None:
    told = fate(json.dumps({"Records": records} if named else records).encode())
    assert (told.events, told.rejected, told.problem) == (1, {"no record of CloudTrail": records.count([])}, "")


@pytest.mark.parametrize(
    "odd",
    [
        event(userAgent="\ud800 lone", errorMessage="\udfff"),
        event(userAgent="NUL \0"),
        event(requestParameters="text"),
        event(requestParameters={"bucketName": ["a"], "key": {"S": 1}, "roleArn": {"a": 1}}),
        event(resources=[None, "x", {"ARN": "arn:aws:s3:::b"}]),
        event(resources={"a": 1}),
        event(userIdentity={"type": "Root", "accountId": 1}),
        event(userIdentity={"type": "AssumedRole", "sessionContext": "none", "principalId": "AROA1:x"}),
        event(userIdentity=role(attributes=DEEP) | {"arn": 5}),
        event(additionalEventData="text", responseElements=[1]),
        event(errorCode=403),
        event(userIdentity=None),
        event(sessionCredentialFromConsole="true", sharedEventID="1", tlsDetails={}),
        assume(responseElements={"assumedRoleUser": None}),
    ],
)
def test_a_record_of_odd_form_is_read(odd: Any) -> None:
    told = fate(log(GOOD, odd, GOOD))
    assert (told.events, told.rejected, told.problem) == (3, {}, "")


PARTS = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "resources")
ASSUMED = assume(
    userIdentity=role(webIdFederationData={"federatedProvider": "p"}) | {"onBehalfOf": {"userId": "u"}},
    additionalEventData={"SwitchFrom": "a", "MFAUsed": "Yes", "SamlProviderArn": "s"},
)
LISTED = event(source="kms", name="Decrypt", resources=[{"ARN": "arn:aws:kms:::key/1"}])


def spoilt(value: Any, junk: Any) -> Iterator[Any]:
    """value with junk in place of each of its fields in turn."""
    yield junk
    for at in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        for other in spoilt(value[at], junk):
            whole = value.copy()
            whole[at] = other
            yield whole


@pytest.mark.parametrize("junk", [5, 1.5, True, "text", [], [1], {}, {"a": 1}, None], ids=repr)
@pytest.mark.parametrize("whole", [ASSUMED, LISTED], ids=["assumed", "listed"])
def test_a_field_of_any_other_form_loses_no_record(whole: dict[str, Any], junk: Any) -> None:
    odd = [whole | {part: other} for part in PARTS if whole.get(part) for other in spoilt(whole[part], junk)]
    told = fate(log(GOOD, *odd))
    assert len(odd) > 2
    assert (told.events, told.rejected, told.problem) == (1 + len(odd), {}, "")


def test_a_field_of_another_form_takes_no_other_with_it() -> None:
    context = {"sourceIdentity": "ann", "sessionIssuer": {"arn": 5}}
    found = total(event(userIdentity=role() | {"arn": 5, "sessionContext": context}))
    ((who, _, seen),) = found.sessions()
    assert (who.principal.unique_id, who.name, seen.texts["source_identity"]) == (ROLE, "app", "ann")


def test_a_line_that_is_no_json_hides_no_other() -> None:
    told = fate(LINES + b'\n{"eventVersion": "1.0", oops\n' + LINES)
    assert (told.events, told.rejected) == (6, {"not JSON": 1})


@pytest.mark.parametrize(
    ("odd", "noted"),
    [
        (event(eventCategory="Insight"), "category Insight"),
        (event(eventCategory="Aggregated"), "category Aggregated"),
        (event(eventCategory="NetworkActivity"), "category NetworkActivity"),
        (event(eventType="AwsNewThing"), "type AwsNewThing"),
        (event(eventVersion="2.00"), "version 2.00"),
        (event(userIdentity={"type": "Martian", "principalId": "x"}), "identity Martian"),
        (event(userIdentity={"principalId": "x"}), "identity without a type"),
    ],
)
def test_what_is_new_to_us_is_counted_each_time(odd: Any, noted: str) -> None:
    told = fate(log(odd, GOOD, odd))
    assert told.noted == {noted: 2}
    assert told.events == (1 if noted.startswith("category") else 3)


def test_an_object_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 4_000)
    monkeypatch.setattr(reading, "WHOLE", 4_000)
    monkeypatch.setattr(reading, "EVENT_LIMIT", 20_000)
    for blob in (
        packed(*[GOOD] * 100),
        log(*[GOOD] * 100),
        gzip.compress(b"\n".join([LINES] * 33)),
        b"\n".join([LINES] * 33),
    ):
        told = fate(blob)
        assert (told.events // 3, told.rejected, told.problem) == (33, {}, "")


@pytest.mark.parametrize("filler", [b"\0", b" ", b"[", b'{"a":', b'"'])
def test_a_bomb_ends_early(filler: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 4_000)
    monkeypatch.setattr(reading, "WHOLE", 4_000)
    monkeypatch.setattr(reading, "EVENT_LIMIT", 20_000)
    told = fate(gzip.compress(log(GOOD)[:-2] + b", " + filler * 100_000))
    assert told.problem == "no record ends within 0 MiB"


def test_there_is_a_limit_to_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LIMIT", 30_000)
    monkeypatch.setattr(reading, "PIECE", 4_000)
    monkeypatch.setattr(reading, "WHOLE", 4_000)
    told = fate(packed(*[GOOD] * 200))
    assert told.problem.startswith("it has more than")
    assert 0 < told.events < 100


def test_thousands_of_members_take_no_longer_than_their_bytes() -> None:
    parts = (b'{"Records":[', b",".join([json.dumps(GOOD).encode()] * 5), b"]}")
    told = fate(b"".join(map(gzip.compress, parts)) + gzip.compress(b"") * 20_000)
    assert (told.events, told.problem) == (5, "")


BYTES = st.binary(max_size=300)


@given(BYTES | BYTES.map(lambda b: packed(GOOD)[: len(b)] + b) | BYTES.map(gzip.compress))
def test_whatever_the_bytes_are_nothing_raises(blob: bytes) -> None:
    fate(blob)


PLAIN = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
FIELDS = st.sampled_from([*sorted(GOOD), "resources", "additionalEventData", "sharedEventID"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine that is busy says nothing of the data
@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_whatever_a_record_says_it_is_read_or_counted(more: dict[str, Any]) -> None:
    told = fate(log(GOOD, GOOD | more))
    passed_over = sum(n for what, n in told.noted.items() if what.startswith("category"))
    assert told.events + told.rejected.total() + passed_over == 2
