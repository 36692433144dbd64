"""What a trail or the recorder is told to record, as one short text that two calls can be compared by.

"management=all data=2 without=kms.amazonaws.com": management is all, read, write, part (only some sources or names) or none;
data, network: how many kinds of resources are selected beside; without: sources whose management events are left out.
Source: PutEventSelectors, PutInsightSelectors and PutConfigurationRecorder in AWS's API references, spelled as CloudTrail does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors.records import ConfigRecorder, Selector

RANK = ("none", "part", "read", "write", "all")
BESIDE = {"Data": "data", "NetworkActivity": "network"}


def of_events(asked: dict[str, Any]) -> str:
    """PutEventSelectors, or the advanced selectors of a data store; "" where neither is given."""
    plain, advanced = _dicts(asked.get("eventSelectors")), _dicts(asked.get("advancedEventSelectors"))
    if "eventSelectors" not in asked and "advancedEventSelectors" not in asked:
        return ""
    modes, without = [], set()
    counts = {"data": 0, "network": 0}
    for one in plain:
        modes.append(_of_plain(one))
        without |= _texts(one.get("excludeManagementEventSources"))
        counts["data"] += len(_dicts(one.get("dataResources")))
    for one in advanced:
        fields = {str(f.get("field")): f for f in _dicts(one.get("fieldSelectors"))}
        category = next(iter(_texts(_equal(fields, "eventCategory"))), "")
        if category == "Management":
            modes.append(_of_advanced(fields))
            without |= _texts(fields.get("eventSource", {}).get("notEquals"))
        elif category in BESIDE:
            counts[BESIDE[category]] += 1
    return _told(_widest(modes), counts, without)


def of_trail(selectors: Iterable[Selector]) -> str:
    """The same of what GetEventSelectors told."""
    modes, without = [], set()
    counts = {"data": 0, "network": 0}
    for one in selectors:
        if one.category == "Management":
            modes.append(_of_where(one.where))
            without |= set(one.where.get("eventSource", {}).get("NotEquals", ()))
        elif one.category in BESIDE:
            counts[BESIDE[one.category]] += 1
    return _told(_widest(modes), counts, without)


def _of_where(where: dict[str, dict[str, tuple[str, ...]]]) -> str:
    if any(set(said) - {"NotEquals"} for name, said in where.items() if name != "readOnly"):
        return "part"
    said = next(iter(where.get("readOnly", {}).get("Equals", ())), "").lower()
    return {"true": "read", "false": "write"}.get(said, "all")


def of_insights(asked: dict[str, Any]) -> str:
    """ "insights=ApiCallRateInsight,ApiErrorRateInsight"; "insights=none" where all are switched off."""
    kinds = _texts([one.get("insightType") for one in _dicts(asked.get("insightSelectors"))])
    return f"insights={','.join(sorted(kinds)) or 'none'}"


def of_recorder(asked: dict[str, Any]) -> str:
    """ "types=all global=true", "types=all but 3 without=AWS::IAM::Role", "types=12 with=AWS::IAM::Role"; all of IAM are."""
    group = _dict(_dict(asked.get("configurationRecorder")).get("recordingGroup"))
    if not group:
        return ""
    left = _texts(_dict(group.get("exclusionByResourceTypes")).get("resourceTypes"))
    if left:
        return f"types=all but {len(left)} without={_iam(left)}"
    if group.get("allSupported") in (True, "true"):
        return f"types=all global={str(group.get('includeGlobalResourceTypes')).lower() == 'true'}".lower()
    kinds = _texts(group.get("resourceTypes"))
    return f"types={len(kinds)} with={_iam(kinds)}"


def of_recording(recorder: ConfigRecorder) -> str:
    """The same of what DescribeConfigurationRecorders told; "" for a strategy that we have no word for."""
    kinds = set(recorder.types)
    match recorder.strategy:
        case "ALL_SUPPORTED_RESOURCE_TYPES":
            return f"types=all global={str(recorder.global_types).lower()}"
        case "EXCLUSION_BY_RESOURCE_TYPES":
            return f"types=all but {len(kinds)} without={_iam(kinds)}"
        case "INCLUSION_BY_RESOURCE_TYPES":
            return f"types={len(kinds)} with={_iam(kinds)}"
    return ""


def _of_plain(one: dict[str, Any]) -> str:
    if one.get("includeManagementEvents") in (False, "false"):
        return "none"
    return {"ReadOnly": "read", "WriteOnly": "write"}.get(str(one.get("readWriteType")), "all")


def _of_advanced(fields: dict[str, dict[str, Any]]) -> str:
    if any(set(f) - {"field", "notEquals"} for name, f in fields.items() if name not in ("eventCategory", "readOnly")):
        return "part"
    said = next(iter(_texts(_equal(fields, "readOnly"))), "").lower()
    return {"true": "read", "false": "write"}.get(said, "all")


def _widest(modes: list[str]) -> str:
    """Of several selectors: what one records is recorded."""
    if {"read", "write"} <= set(modes):
        return "all"
    return max(modes, key=RANK.index, default="none")


def _told(management: str, counts: dict[str, int], without: set[str]) -> str:
    words = [f"management={management}", *(f"{name}={n}" for name, n in counts.items() if n or name == "data")]
    return " ".join(words + ([f"without={','.join(sorted(without))}"] if without else []))


def _iam(kinds: set[str]) -> str:
    return ",".join(sorted(kind for kind in kinds if kind.startswith("AWS::IAM::"))) or "none"


def _equal(fields: dict[str, dict[str, Any]], name: str) -> Any:
    return fields.get(name, {}).get("equals")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> set[str]:
    return {one for one in value if isinstance(one, str)} if isinstance(value, list) else set()
