"""Which calls can have made which differences of a record, by the names of IAM's and Organizations' operations.

A name that is not here can have made any difference, so that a new operation loses no author.
"""

from __future__ import annotations

import re

from findings.analysis.timeline.model import What

# Stand for fields where an entity came or went. AGAIN: it is back, the very same, so a collection had not seen it.
MADE, GONE, AGAIN = "made", "gone", "again"
OTHER_CREDENTIALS = "signing_certificates certificates ssh_keys service_credentials"
DEVICES = "mfa_active virtual_mfa mfa_devices"
# (name, fields that it can change, what it is about); the first that fits counts.
CAUSES = tuple(
    (re.compile(rf"(?:{pattern})\Z"), frozenset(fields.split()), what)
    for pattern, fields, what in (
        (r"(?:Attach|Detach)(?:Role|User|Group)Policy", "attached", What.POLICY),
        (r"(?:Put|Delete)(?:Role|User|Group)Policy", "inline", What.POLICY),
        (r"(?:Put|Delete)(?:Role|User)PermissionsBoundary", "boundary", What.BOUNDARY),
        (r"UpdateAssumeRolePolicy", "trust", What.TRUST),
        (r"(?:Tag|Untag)\w+", "tags", What.TAGS),
        (r"(?:AddUserTo|RemoveUserFrom)Group", "groups", What.GROUP),
        (r"(?:Create|Delete)PolicyVersion|SetDefaultPolicyVersion", "document versions default_version updated_at", What.POLICY),
        (r"CreateAccessKey", MADE, What.KEY),
        (r"DeleteAccessKey", GONE, What.KEY),
        (r"UpdateAccessKey", "active", What.KEY),
        (r"[A-Z][a-z]+(?:SSHPublicKey|SigningCertificate|ServiceSpecificCredential)", OTHER_CREDENTIALS, What.KEY),
        (r"(?:Create|Update|Delete)LoginProfile|ChangePassword", "password_enabled password_last_changed", What.PASSWORD),
        (r"(?:Enable|Deactivate|Resync)MFADevice|(?:Create|Delete)VirtualMFADevice", DEVICES, What.MFA),
        (r"(?:Update|Delete)AccountPasswordPolicy", "password_policy", What.ACCOUNT),
        (r"(?:Create|Update|Delete)SAMLProvider", "saml_providers", What.PROVIDER),
        (r"(?:Create|Update|Delete|Add|Remove)\w*OpenIDConnectProvider\w*", "oidc_providers", What.PROVIDER),
        (r"(?:Upload|Update|Delete)ServerCertificate", "server_certificates", What.PROVIDER),
        (r"(?:Create|Delete)AccountAlias", "aliases", What.ACCOUNT),
        (r"(?:Put|Delete)AlternateContact", "security_contact", What.ACCOUNT),
        (r"\w+InstanceProfile", "instance_profiles empty_instance_profiles", What.SESSION),
        (r"UpdateRole(?:Description)?", "max_session long_sessions description", What.SESSION),
        (r"Update(?:User|Group)", "name path arn", What.OTHER),
        (r"(?:Attach|Detach)Policy", "targets", What.ORGANIZATION),
        (r"UpdatePolicy", "document name", What.ORGANIZATION),
        (r"(?:Enable|Disable)PolicyType", "policy_types", What.ORGANIZATION),
        (r"MoveAccount", "parent_id", What.ORGANIZATION),
        (r"(?:Enable|Disable)AWSServiceAccess", "trusted_services", What.ORGANIZATION),
        (r"(?:Register|Deregister)DelegatedAdministrator", f"services {MADE} {GONE}", What.ORGANIZATION),
        (r"(?:Put|Delete)ResourcePolicy", "delegation", What.ORGANIZATION),
        (r"(?:Enable|Disable)Organizations?Root\w+", "root_features", What.ORGANIZATION),
        (r"(?:Start|Stop)Logging", "logging", What.RECORDING),
        (r"(?:Start|Stop)ConfigurationRecorder", "recording", What.RECORDING),
    )
)  # fmt: skip
COMES = re.compile(r"(?:Create|Put|Register|Upload)\w+")
GOES = re.compile(r"(?:Delete|Deregister|Remove)\w+")
# What a field of a record is about, where no call tells.
ABOUT = {
    "attached": What.POLICY, "inline": What.POLICY, "document": What.POLICY, "versions": What.POLICY,
    "default_version": What.POLICY, "trust": What.TRUST, "boundary": What.BOUNDARY, "groups": What.GROUP,
    "tags": What.TAGS, "active": What.KEY, "signing_certificates": What.KEY, "service_credentials": What.KEY,
    "ssh_keys": What.KEY, "certificates": What.KEY, "mfa_devices": What.MFA, "password_enabled": What.PASSWORD,
    "password_last_changed": What.PASSWORD, "mfa_active": What.MFA, "virtual_mfa": What.MFA,
    "password_policy": What.ACCOUNT, "saml_providers": What.PROVIDER, "oidc_providers": What.PROVIDER,
    "server_certificates": What.PROVIDER, "aliases": What.ACCOUNT, "security_contact": What.ACCOUNT, "summary": What.ACCOUNT,
    "instance_profiles": What.SESSION, "empty_instance_profiles": What.SESSION, "long_sessions": What.SESSION,
    "max_session": What.SESSION, "targets": What.ORGANIZATION, "parent_id": What.ORGANIZATION,
    "policy_types": What.ORGANIZATION, "trusted_services": What.ORGANIZATION, "root_features": What.ORGANIZATION,
    "delegation": What.ORGANIZATION, "organization": What.ORGANIZATION, "services": What.ORGANIZATION, "created_at": What.MADE,
}  # fmt: skip
RECORDS = ("trail", "recorder", "delivery_channel", "event_data_store", "config_rule", "conformance_pack", "analyzer")


def can_make(name: str, fields: frozenset[str]) -> frozenset[str]:
    """Those of the differences that a call of this name can have made."""
    if MADE in fields and COMES.match(name):
        return fields
    if GONE in fields:
        return fields if GOES.match(name) else frozenset()
    known = next((found for pattern, found, _ in CAUSES if pattern.match(name)), None)
    return fields if known is None else fields & known


def about_call(name: str, kind: str = "") -> What:
    """kind: of what it changes."""
    if found := next((what for pattern, _, what in CAUSES if pattern.match(name)), None):
        return found
    if kind in RECORDS:
        return What.RECORDING
    return What.MADE if COMES.match(name) else What.DELETED if GOES.match(name) else What.OTHER


def about_field(name: str, kind: str = "") -> What:
    if kind in RECORDS or kind.startswith(("trail", "recorder")):
        return What.RECORDING
    if kind.startswith("organization") or kind == "delegate":
        return What.ORGANIZATION
    return ABOUT.get(name, What.OTHER)
