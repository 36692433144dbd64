"""What an administrative call changed, and how: of its parameters and its answer, those that tell the effect, and no secret.

Names of parameters are AWS's as CloudTrail writes them: the API's with a small first letter ("aWSServiceName"). Only what is
listed here is taken, so a password or a document never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.activity import selectors
from collectors.activity.texts import tidy

IAM, SSO = "iam.amazonaws.com", ("sso.amazonaws.com", "sso-directory.amazonaws.com", "identitystore.amazonaws.com")
LONG, MANY = 512, 40  # bytes of a detail, details of a call

# The first of these that a call has is what it changes. Which it adds to a group or a profile is changed more than those are.
TARGETS = (
    ("roleName", "role"),
    ("userName", "user"),
    ("groupName", "group"),
    ("permissionSetArn", "permission_set"),
    ("policyArn", "policy"),
    ("instanceProfileName", "instance_profile"),
    ("sAMLProviderArn", "saml_provider"),
    ("openIDConnectProviderArn", "oidc_provider"),
    ("virtualMFADeviceName", "mfa_device"),
    ("serialNumber", "mfa_device"),
    ("serverCertificateName", "server_certificate"),
    ("trailName", "trail"),
    ("configurationRecorderName", "recorder"),
    ("deliveryChannelName", "delivery_channel"),
    ("configRuleName", "config_rule"),
    ("conformancePackName", "conformance_pack"),
    ("analyzerName", "analyzer"),
    ("analyzerArn", "analyzer"),
    ("eventDataStore", "event_data_store"),
    ("policyId", "policy"),
    ("organizationalUnitId", "organizational_unit"),
    ("accountId", "account"),
    ("accountName", "account"),
    ("rootId", "root"),
    ("userId", "user"),
    ("groupId", "group"),
    ("servicePrincipal", "service"),
    ("regionName", "region"),
    ("policyName", "policy"),
)
# Calls that say `name`, or nest what they change.
NAMED = {
    "cloudtrail.amazonaws.com": "trail",
    "CreateSAMLProvider": "saml_provider",
    "CreateOpenIDConnectProvider": "oidc_provider",
    "CreatePolicy": "policy",
    "CreateOrganizationalUnit": "organizational_unit",
    "CreatePermissionSet": "permission_set",
    "CreateEventDataStore": "event_data_store",
}
NESTED = (
    ("configurationRecorder", "name", "recorder"),
    ("deliveryChannel", "name", "delivery_channel"),
    ("configRule", "configRuleName", "config_rule"),
)
# Of IAM and of the account itself where nothing else is named.
WHOLE_ACCOUNT = ("AccountPasswordPolicy", "AccountAlias", "AlternateContact", "ContactInformation", "PrimaryEmail")

DETAILS = {
    "policyArn": "policy_arn",
    "managedPolicyArn": "policy_arn",
    "policyName": "policy_name",
    "permissionsBoundary": "permissions_boundary",
    "roleName": "role_name",
    "userName": "user_name",
    "groupName": "group_name",
    "newUserName": "new_name",
    "newGroupName": "new_name",
    "path": "path",
    "newPath": "new_path",
    "instanceProfileName": "instance_profile",
    "accessKeyId": "access_key_id",
    "status": "status",
    "versionId": "version_id",
    "setAsDefault": "set_as_default",
    "maxSessionDuration": "max_session_duration",
    "passwordResetRequired": "password_reset_required",
    "serialNumber": "serial_number",
    "serviceSpecificCredentialId": "credential_id",
    "certificateId": "credential_id",
    "sSHPublicKeyId": "credential_id",
    "serviceName": "service",
    "aWSServiceName": "service",
    "servicePrincipal": "service",
    "url": "url",
    "clientID": "client_id",
    "s3BucketName": "bucket",
    "s3KeyPrefix": "prefix",
    "kmsKeyId": "kms_key",
    "isMultiRegionTrail": "multi_region",
    "isOrganizationTrail": "organization_trail",
    "includeGlobalServiceEvents": "global_events",
    "enableLogFileValidation": "log_file_validation",
    "cloudWatchLogsLogGroupArn": "log_group",
    "terminationProtectionEnabled": "termination_protection",
    "policyId": "policy_id",
    "policyType": "policy_type",
    "type": "type",
    "targetId": "target_id",
    "targetType": "target_type",
    "principalId": "principal_id",
    "principalType": "principal_type",
    "permissionSetArn": "permission_set",
    "sessionDuration": "session_duration",
    "accountId": "account_id",
    "sourceParentId": "from",
    "destinationParentId": "to",
    "parentId": "parent",
    "groupId": "group_id",
    "userId": "user_id",
    "regionName": "region",
    "alternateContactType": "contact",
    "ruleName": "rule",
    "minimumPasswordLength": "minimum_length",
}
# What a call made, of its answer: object, its field, the detail.
MADE = (
    ("accessKey", "accessKeyId", "access_key_id"),
    ("accessKey", "status", "status"),
    ("serviceSpecificCredential", "serviceSpecificCredentialId", "credential_id"),
    ("role", "roleId", "unique_id"),
    ("user", "userId", "unique_id"),
    ("group", "groupId", "unique_id"),
    ("policy", "policyId", "unique_id"),
    ("role", "arn", "arn"),
    ("user", "arn", "arn"),
    ("policy", "arn", "arn"),
    ("policyVersion", "versionId", "version_id"),
    ("permissionSet", "permissionSetArn", "permission_set"),
)
MADE_NAMES = (("accessKey", "userName", "user"), ("role", "roleName", "role"))


def target(source: str, name: str, asked: dict[str, Any], answer: dict[str, Any], own: str) -> tuple[str, str]:
    """(type, name) of what was changed. own: name of the IAM user who calls, whom a call without a name is about."""
    kind, value = next(((kind, text) for kind, text in _targets(source, name, asked, answer, own) if text), ("", ""))
    if source in SSO and kind in ("user", "group"):
        kind = f"identity_center_{kind}"
    return kind, tidy(_short(kind, value), LONG)


def _targets(
    source: str, name: str, asked: dict[str, Any], answer: dict[str, Any], own: str
) -> Iterator[tuple[str, str]]:
    yield from ((kind, _text(asked.get(parameter))) for parameter, kind in TARGETS)
    yield from ((kind, _text(_dict(asked.get(outer)).get(inner))) for outer, inner, kind in NESTED)
    if kind := NAMED.get(name) or NAMED.get(source):
        yield kind, _text(asked.get("name")) or _text(asked.get("url"))
    yield from ((kind, _text(_dict(answer.get(outer)).get(inner))) for outer, inner, kind in MADE_NAMES)
    if any(word in name for word in WHOLE_ACCOUNT):
        yield "account", _text(asked.get("accountAlias")) or "password policy" * ("PasswordPolicy" in name) or "contact"
    if source == IAM and own and any(word in name for word in ("AccessKey", "Password", "MFADevice", "LoginProfile")):
        yield "user", own


def _short(kind: str, value: str) -> str:
    """Trails and analyzers are named or given by their ARN."""
    if kind in ("trail", "analyzer", "event_data_store") and value.startswith("arn:"):
        return value.rpartition("/")[2]
    return value


def details(name: str, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
    told = {told: _text(asked.get(parameter)) for parameter, told in DETAILS.items() if parameter in asked}
    told |= {told: _text(_dict(answer.get(outer)).get(inner)) for outer, inner, told in MADE if outer in answer}
    told |= _selected(name, asked)
    kept = sorted((what, tidy(text, LONG)) for what, text in told.items() if text)
    return dict(kept[:MANY])


def _selected(name: str, asked: dict[str, Any]) -> dict[str, str]:
    if name == "PutInsightSelectors":
        return {"selectors": selectors.of_insights(asked)}
    if name == "PutConfigurationRecorder":
        role = _text(_dict(asked.get("configurationRecorder")).get("roleARN"))
        return {"selectors": selectors.of_recorder(asked), "role": role}
    if name == "PutDeliveryChannel":
        return {"bucket": _text(_dict(asked.get("deliveryChannel")).get("s3BucketName"))}
    return {"selectors": selectors.of_events(asked)}


def _text(value: Any) -> str:
    """A scalar as text: "true" for true; "" for what is none."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool | int) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
