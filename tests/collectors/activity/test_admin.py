"""Administrative calls are kept whole: which, of what, to what effect, and never a secret."""

from __future__ import annotations

import random
from typing import Any

import pytest

from collectors.activity import admin
from collectors.records import Actor, AdminEvent
from tests.collectors.activity.events import ACCOUNT, OTHER, ROLE, USER, activity, event, role, user

TRAIL_ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/org"
ALL = {"readWriteType": "All", "includeManagementEvents": True}


def call(name: str, source: str = "iam", asked: Any = None, number: int = 0, **more: Any) -> dict[str, Any]:
    plain = {"requestParameters": asked, "eventID": f"id-{number:05}", "readOnly": False}
    return event(name, source, **(plain | more))


def kept(*events: dict[str, Any]) -> tuple[AdminEvent, ...]:
    return activity(*events).admin_events


@pytest.mark.parametrize(
    "one",
    [
        event("DescribeInstances"),
        event("RunInstances", readOnly=False),
        event("GetRole", "iam", readOnly=True),
        event("ListUsers", "iam"),
        event("GenerateCredentialReport", "iam", readOnly=True),
        event("LookupEvents", "cloudtrail"),
        call("PutEvaluations", "config"),
        call("Authenticate", "sso"),
        call("AssumeRole", "sts"),
        call("AttachRolePolicy", "elsewhere"),
    ],
)
def test_what_changes_no_right_and_no_record_is_not_kept(one: dict[str, Any]) -> None:
    assert kept(one) == ()


@pytest.mark.parametrize("order", [1, -1])
def test_of_one_name_what_was_a_write_is_kept_whichever_comes_first(order: int) -> None:
    calls = [call("GetThing", "iam", number=n, readOnly=n == 1) for n in (1, 2)]
    assert [one.event_id for one in kept(*calls[::order])] == ["id-00002"]


@pytest.mark.parametrize(
    ("name", "source", "asked", "target"),
    [
        (
            "AttachRolePolicy",
            "iam",
            {"roleName": "deploy", "policyArn": "arn:aws:iam::aws:policy/A"},
            ("role", "deploy"),
        ),
        ("AddUserToGroup", "iam", {"userName": "ann", "groupName": "admins"}, ("user", "ann")),
        ("PutGroupPolicy", "iam", {"groupName": "admins", "policyName": "p"}, ("group", "admins")),
        ("CreatePolicyVersion", "iam", {"policyArn": "arn:x"}, ("policy", "arn:x")),
        ("CreatePolicy", "iam", {"policyName": "p"}, ("policy", "p")),
        ("AddRoleToInstanceProfile", "iam", {"roleName": "r", "instanceProfileName": "ip"}, ("role", "r")),
        ("DeleteInstanceProfile", "iam", {"instanceProfileName": "ip"}, ("instance_profile", "ip")),
        ("UpdateAccessKey", "iam", {"userName": "ann", "accessKeyId": "AKIA9", "status": "Inactive"}, ("user", "ann")),
        ("DeleteAccountPasswordPolicy", "iam", None, ("account", "password policy")),
        ("CreateSAMLProvider", "iam", {"name": "okta"}, ("saml_provider", "okta")),
        ("CreateOpenIDConnectProvider", "iam", {"url": "https://ci"}, ("oidc_provider", "https://ci")),
        ("AttachPolicy", "organizations", {"policyId": "p-1", "targetId": OTHER}, ("policy", "p-1")),
        ("MoveAccount", "organizations", {"accountId": OTHER, "destinationParentId": "ou-2"}, ("account", OTHER)),
        ("PutInlinePolicyToPermissionSet", "sso", {"permissionSetArn": "arn:ps"}, ("permission_set", "arn:ps")),
        ("CreateUser", "identitystore", {"userName": "ann"}, ("identity_center_user", "ann")),
        ("StopLogging", "cloudtrail", {"name": TRAIL_ARN}, ("trail", "org")),
        ("StopLogging", "cloudtrail", {"name": "org"}, ("trail", "org")),
        ("PutEventSelectors", "cloudtrail", {"trailName": "org"}, ("trail", "org")),
        ("StopConfigurationRecorder", "config", {"configurationRecorderName": "default"}, ("recorder", "default")),
        ("PutConfigurationRecorder", "config", {"configurationRecorder": {"name": "default"}}, ("recorder", "default")),
        ("DeleteAnalyzer", "access-analyzer", {"analyzerName": "a"}, ("analyzer", "a")),
        ("PutAlternateContact", "account", {"alternateContactType": "SECURITY"}, ("account", "contact")),
        ("SomethingNew", "iam", {"thing": "x"}, ("", "")),
        ("SomethingNew", "iam", None, ("", "")),
        ("DeleteRole", "iam", {"roleName": ["a"]}, ("", "")),
        ("DeleteRole", "iam", "text", ("", "")),
    ],
)
def test_what_was_changed(name: str, source: str, asked: Any, target: tuple[str, str]) -> None:
    (one,) = kept(call(name, source, asked))
    assert (one.name, one.target_type, one.target_name) == (name, *target)


def test_a_call_is_kept_whole() -> None:
    asked = {"roleName": "deploy", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    who = role("ann@example.org", sessionContext={})
    (one,) = kept(call("AttachRolePolicy", asked=asked, userIdentity=who, sessionCredentialFromConsole="true"))
    assert (one.account_id, one.event_id, one.actor, one.principal_id) == (ACCOUNT, "id-00000", Actor.ROLE, ROLE)
    assert (one.session_name, one.network, one.agent, one.console) == ("ann@example.org", "198.51.100.7", "boto3", True)
    assert (one.mfa, one.error, one.denied, one.key_id, one.region) == (None, "", False, "", "eu-west-1")
    assert one.details == {"policy_arn": asked["policyArn"], "role_name": "deploy"}


def test_attempts_are_kept_and_told_from_failures() -> None:
    refused = call("DeleteTrail", "cloudtrail", {"name": "org"}, 1, errorCode="AccessDenied")
    failed = call("DeleteTrail", "cloudtrail", {"name": "no"}, 2, errorCode="TrailNotFoundException")
    assert [(one.error, one.denied) for one in kept(refused, failed)] == [
        ("AccessDenied", True),
        ("TrailNotFoundException", False),
    ]


def test_a_new_key_is_named_and_its_secret_is_not() -> None:
    answer = {"accessKey": {"accessKeyId": "AKIA9", "userName": "ann", "status": "Active", "secretAccessKey": "hush"}}
    (one,) = kept(call("CreateAccessKey", asked=None, userIdentity=user(), responseElements=answer))
    assert (one.target_type, one.target_name, one.key_id) == ("user", "ann", "AKIA0000000000000001")
    assert one.details == {"access_key_id": "AKIA9", "status": "Active"}
    (one,) = kept(call("UpdateLoginProfile", asked={"userName": "ann", "password": "hush"}))
    assert one.details == {"user_name": "ann"}


def test_who_says_no_name_means_himself() -> None:
    (one,) = kept(call("CreateAccessKey", userIdentity=user("ann"), errorCode="LimitExceededException"))
    assert (one.target_type, one.target_name, one.principal_id) == ("user", "ann", USER)


def advanced(*fields: tuple[str, str, list[str]]) -> dict[str, Any]:
    return {"fieldSelectors": [{"field": name, how: values} for name, how, values in fields]}


MANAGEMENT, KMS = ("eventCategory", "equals", ["Management"]), ["kms.amazonaws.com"]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"eventSelectors": [ALL]}, "management=all data=0"),
        ({"eventSelectors": [ALL | {"readWriteType": "WriteOnly"}]}, "management=write data=0"),
        ({"eventSelectors": [ALL | {"includeManagementEvents": False}]}, "management=none data=0"),
        ({"eventSelectors": []}, "management=none data=0"),
        ({"eventSelectors": [ALL | {"dataResources": [{"type": "AWS::S3::Object"}]}]}, "management=all data=1"),
        (
            {"eventSelectors": [ALL | {"excludeManagementEventSources": KMS}]},
            "management=all data=0 without=kms.amazonaws.com",
        ),
        ({"advancedEventSelectors": [advanced(MANAGEMENT)]}, "management=all data=0"),
        (
            {"advancedEventSelectors": [advanced(MANAGEMENT, ("readOnly", "equals", ["false"]))]},
            "management=write data=0",
        ),
        (
            {"advancedEventSelectors": [advanced(MANAGEMENT, ("eventSource", "notEquals", KMS))]},
            "management=all data=0 without=kms.amazonaws.com",
        ),
        ({"advancedEventSelectors": [advanced(MANAGEMENT, ("eventName", "equals", ["X"]))]}, "management=part data=0"),
        ({"advancedEventSelectors": [advanced(("eventCategory", "equals", ["Data"]))]}, "management=none data=1"),
        (
            {
                "advancedEventSelectors": [
                    advanced(MANAGEMENT, ("readOnly", "equals", [value])) for value in ("true", "false")
                ]
            },
            "management=all data=0",
        ),
        ({"eventSelectors": "odd"}, "management=none data=0"),
    ],
)
def test_selectors_are_told_so_that_they_can_be_compared(asked: dict[str, Any], text: str) -> None:
    (one,) = kept(call("PutEventSelectors", "cloudtrail", {"trailName": "org", **asked}))
    assert one.details["selectors"] == text


@pytest.mark.parametrize(
    ("name", "asked", "text"),
    [
        ("PutInsightSelectors", {"insightSelectors": []}, "insights=none"),
        (
            "PutInsightSelectors",
            {"insightSelectors": [{"insightType": "ApiCallRateInsight"}]},
            "insights=ApiCallRateInsight",
        ),
        (
            "PutConfigurationRecorder",
            {"allSupported": True, "includeGlobalResourceTypes": True},
            "types=all global=true",
        ),
        (
            "PutConfigurationRecorder",
            {"exclusionByResourceTypes": {"resourceTypes": ["AWS::IAM::Role", "AWS::EC2::Host"]}},
            "types=all but 2 without=AWS::IAM::Role",
        ),
        (
            "PutConfigurationRecorder",
            {"resourceTypes": ["AWS::EC2::Host"], "allSupported": False},
            "types=1 with=none",
        ),
    ],
)
def test_insights_and_the_recorder_are_told_likewise(name: str, asked: dict[str, Any], text: str) -> None:
    asked = {"configurationRecorder": {"recordingGroup": asked}} if name.endswith("Recorder") else asked
    (one,) = kept(call(name, "config" if name.endswith("Recorder") else "cloudtrail", asked))
    assert one.details["selectors"] == text


def test_a_trail_s_change_tells_its_effect() -> None:
    asked = {"name": "org", "isMultiRegionTrail": False, "s3BucketName": "logs", "enableLogFileValidation": True}
    (one,) = kept(call("UpdateTrail", "cloudtrail", asked))
    assert one.details == {"multi_region": "false", "bucket": "logs", "log_file_validation": "true"}


def test_an_event_without_an_id_is_one_all_the_same() -> None:
    nameless = [event("DeleteRole", "iam", requestParameters={"roleName": name}) for name in ("a", "a", "b")]
    assert [one.target_name for one in kept(*nameless)] in (["a", "b"], ["b", "a"])


def test_texts_are_made_fit_and_cut() -> None:
    (one,) = kept(
        call("TagRole", asked={"roleName": "x\0\x1b[1m" + "y" * 5_000, "policyName": "\ud800"}, eventID="e" * 999)
    )
    assert (one.target_name[:6], len(one.target_name), len(one.event_id)) == ("x [1my", 512, 64)
    assert one.details["policy_name"] == "�"


def test_a_flood_of_one_call_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "MOST", 20)
    flood = [call("TagRole", number=n, errorCode="AccessDenied" if n % 3 else None) for n in range(90)]
    rare = [call("DeleteTrail", "cloudtrail", number=900), call("CreateUser", number=901)]
    shuffled = flood + rare
    random.Random(5).shuffle(shuffled)
    found = kept(*shuffled)
    assert found == kept(*flood, *rare)
    assert [one.name for one in found].count("TagRole") == 18
    assert {"DeleteTrail", "CreateUser"} <= {one.name for one in found}
    assert not any(one.denied for one in found)


def test_more_names_than_room_keep_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "MOST", 3)
    found = kept(*(call(f"Change{n}", number=n) for n in range(9)))
    assert sorted(one.name for one in found) == ["Change0", "Change1", "Change2"]
