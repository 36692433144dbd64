"""What a trail or recorder was seen to record reads as a call about it would have said it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from collectors.activity import selectors
from collectors.records import ConfigRecorder
from collectors.sources.trails import selectors_of

READS, KMS = {"ReadWriteType": "ReadOnly"}, {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}
OBJECTS = {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}


def advanced(*fields: tuple[str, str, list[str]]) -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": name, how: values} for name, how, values in fields]}


MANAGEMENT, DATA = ("eventCategory", "Equals", ["Management"]), ("eventCategory", "Equals", ["Data"])


@pytest.mark.parametrize(
    "told",
    [
        {"EventSelectors": [{"IncludeManagementEvents": True}]},
        {"EventSelectors": [{"IncludeManagementEvents": False}]},
        {"EventSelectors": [READS, KMS | OBJECTS]},
        {"EventSelectors": [READS, {"ReadWriteType": "WriteOnly"}]},
        {"AdvancedEventSelectors": [advanced(MANAGEMENT, ("eventSource", "NotEquals", ["kms.amazonaws.com"]))]},
        {"AdvancedEventSelectors": [advanced(MANAGEMENT, ("readOnly", "Equals", ["true"])), advanced(DATA)]},
        {"AdvancedEventSelectors": [advanced(MANAGEMENT, ("eventName", "Equals", ["X"]))]},
        {"AdvancedEventSelectors": [advanced(("eventCategory", "Equals", ["NetworkActivity"]))]},
        {"AdvancedEventSelectors": [advanced(("eventCategory", "Equals", ["Tomorrow's"]))]},
    ],
    ids=lambda told: json.dumps(told)[:60],
)
def test_what_is_told_of_a_trail_is_what_the_call_said(told: dict[str, Any]) -> None:
    said = re.sub(r'"([A-Z])(\w+)":', lambda m: f'"{m[1].lower()}{m[2]}":', json.dumps(told))
    assert selectors.of_trail(selectors_of(told, "aws")) == selectors.of_events(json.loads(said))


def test_nobody_gave_it_selectors() -> None:
    assert selectors.of_trail(selectors_of({}, "aws")) == "management=all data=0"


ROLE, HOST = "AWS::IAM::Role", "AWS::EC2::Host"


@pytest.mark.parametrize(
    ("strategy", "types", "said"),
    [
        ("ALL_SUPPORTED_RESOURCE_TYPES", (), "types=all global=true"),
        ("EXCLUSION_BY_RESOURCE_TYPES", (HOST, ROLE), "types=all but 2 without=AWS::IAM::Role"),
        ("INCLUSION_BY_RESOURCE_TYPES", (HOST,), "types=1 with=none"),
        ("A_STRATEGY_OF_TOMORROW", (HOST,), ""),
    ],
)
def test_what_is_told_of_a_recorder(strategy: str, types: tuple[str, ...], said: str) -> None:
    recorder = ConfigRecorder(
        unique_id="x", region="x", name="x", role_arn="", strategy=strategy, types=types, global_types=True, daily=False,
        overrides={},
    )  # fmt: skip
    assert selectors.of_recording(recorder) == said
