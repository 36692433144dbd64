"""`manage.py judge` on answers to single questions: LookupEvents in place of a trail, GetAccessKeyLastUsed of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.activity.events import event, packed
from tests.collectors.activity.events import role as session
from tests.collectors.bundles import GAAD, details, make, read, role
from tests.collectors.test_bundle_requests import ALICE, FIRST, IN_MAY, KEYS, NEVER, SECOND, USED, lines, listed, used
from tests.findings.test_judge_command import judge

ID = "AROAAPP00000000000000"  # of the role of bundles, a machine's
CONSOLE = event(
    userIdentity=session("alice@example.com", unique_id=ID), sessionCredentialFromConsole="true", eventID="1"
)
PIPELINE = event(userIdentity=session("i-0123456789abcdef0", unique_id=ID), eventID="2")


def looked_up(*events: dict[str, Any]) -> dict[str, Any]:
    return {"Events": [{"EventId": one["eventID"], "CloudTrailEvent": json.dumps(one)} for one in events]}


def said(tmp_path: Path, files: dict[str, Any], *codes: str) -> dict[str, str]:
    """Code -> statuses of its subjects, in the order of lines."""
    path = make(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | files)
    found, _, _ = judge(path, include="clear")
    return {code: ", ".join(line["status"] for line in found if line["rule"] == code) for code in codes}


@pytest.mark.parametrize(
    "files",
    [
        {"cloudtrail.lookup-events.json": looked_up(CONSOLE, PIPELINE)},
        {"cloudtrail.lookup-events.eu-west-1.json": [looked_up(PIPELINE), looked_up(CONSOLE)]},
        {"cloudtrail.lookup-events.jsonl": lines(({"LookupAttributes": []}, looked_up(CONSOLE)))},
        {"cloudtrail.lookup-events.json": {"Events": [{"CloudTrailEvent": "{no"}, *looked_up(CONSOLE)["Events"]]}},
    ],
)
def test_what_lookups_tell_is_judged(tmp_path: Path, files: dict[str, Any]) -> None:
    assert said(tmp_path, {GAAD: details(role())} | files, "HM101", "HM102") == {"HM101": "open", "HM102": "open"}


def test_what_lookups_do_not_tell_stays_unknown(tmp_path: Path) -> None:
    files = {GAAD: details(role()), "cloudtrail.lookup-events.json": looked_up(PIPELINE)}
    assert said(tmp_path, files, "HM101", "HM102", "MO111") == dict.fromkeys(("HM101", "HM102", "MO111"), "unknown")


def test_an_event_is_counted_once(tmp_path: Path) -> None:
    again = {
        f"cloudtrail.lookup-events{region}.json": looked_up(CONSOLE) for region in ("", ".us-east-1", ".eu-west-1")
    }
    replayed = read(tmp_path / "b", {GAAD: details(role())} | again)
    assert [use.n for use in replayed.snapshot().event_uses] == [1]


def test_beside_a_trail_lookups_are_passed_over(tmp_path: Path) -> None:
    path = make(tmp_path / "b", {GAAD: details(role()), "cloudtrail.lookup-events.json": looked_up(CONSOLE)})
    (path / "cloudtrail").mkdir()
    (path / "cloudtrail" / "1.json.gz").write_bytes(packed(PIPELINE))
    assert [line["status"] for line in judge(path, include="clear")[0] if line["rule"] == "HM101"] == ["clear"]


def test_a_refused_lookup_is_no_reading(tmp_path: Path) -> None:
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    files = {GAAD: details(role()), "cloudtrail.lookup-events.json": refused}
    assert said(tmp_path, files, "HM101") == {"HM101": "unknown"}


UNTOLD = {GAAD: details(UserDetailList=[ALICE]), KEYS: listed(FIRST, SECOND)}


def test_ages_of_keys_need_no_report_and_their_use_does(tmp_path: Path) -> None:
    told = said(tmp_path, UNTOLD, "KY102", "KY103", "KY104", "KY105")
    assert told == {"KY102": "open, open", "KY103": "unknown, unknown", "KY104": "unknown, unknown", "KY105": "open"}


def test_the_last_use_of_each_key_may_take_the_reports_place(tmp_path: Path) -> None:
    told = said(tmp_path, UNTOLD | {USED: used(first=NEVER, second=IN_MAY)}, "KY103", "KY104")
    assert told == {"KY103": "open", "KY104": "open, clear"}


def test_a_key_that_it_does_not_tell_of_stays_unknown(tmp_path: Path) -> None:
    told = said(tmp_path, UNTOLD | {USED: used(second=IN_MAY)}, "KY103", "KY104")
    assert told == {"KY103": "unknown, open", "KY104": "unknown, clear"}
