"""The account as a whole: alias, summary, password policy, identity providers, server certificates, virtual MFA devices,
how long sessions of its roles may be, which GetAccountAuthorizationDetails does not tell, and of the account that manages
its organization, whether root users are managed centrally.

ListMFADevices, which alone tells a passkey from a hardware token, takes one call a user. It is worth that for privileged
users only, and who is privileged is not known while collecting; so the kind of a device that is not virtual stays unknown.
"""

from __future__ import annotations

from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.records import (
    AccountDetails,
    InstanceProfile,
    Part,
    PasswordPolicy,
    SamlProvider,
    ServerCertificate,
    State,
    VirtualMfaDevice,
)
from collectors.sources import Answers, Api, Source, pages

ALIASES, SUMMARY = "iam:ListAccountAliases", "iam:GetAccountSummary"
PASSWORD_POLICY = "iam:GetAccountPasswordPolicy"  # noqa: S105 - an API's name
SAML, OIDC = "iam:ListSAMLProviders", "iam:ListOpenIDConnectProviders"
CERTIFICATES, VIRTUAL_MFA = "iam:ListServerCertificates", "iam:ListVirtualMFADevices"
PROFILES, ROLES = "iam:ListInstanceProfiles", "iam:ListRoles"
ROOT_FEATURES = "iam:ListOrganizationsFeatures"
NOT_HERE = {  # what AWS says to accounts that are not asked about root users of others
    "AccountNotManagementOrDelegatedAdministratorException": "The account does not manage the organization's root users.",
    "OrganizationNotFoundException": "The account is in no organization.",
}
OFF = frozenset({"OrganizationNotInAllFeaturesModeException", "ServiceAccessNotEnabledException"})
DEFAULT_SESSION = 3_600  # seconds
PAGE = 1_000  # AWS's maximum; it may return fewer


def aliases(aws: Aws, _: Answers) -> list[str]:
    return [alias for page in aws.pages(ALIASES, require="AccountAliases") for alias in page["AccountAliases"]]


def summary(aws: Aws, _: Answers) -> dict[str, int]:
    return dict(aws.ask(SUMMARY, require="SummaryMap")["SummaryMap"])


def password_policy(aws: Aws, _: Answers) -> Answer | None:
    """None: no policy is set, which AWS tells by an error."""
    try:
        return dict(aws.ask(PASSWORD_POLICY, require="PasswordPolicy")["PasswordPolicy"])
    except AwsError as error:
        if error.code != "NoSuchEntity":
            raise
        return None


def saml_providers(aws: Aws, _: Answers) -> list[Answer]:
    return list(aws.ask(SAML, require="SAMLProviderList")["SAMLProviderList"])


def oidc_providers(aws: Aws, _: Answers) -> list[Answer]:
    return list(aws.ask(OIDC, require="OpenIDConnectProviderList")["OpenIDConnectProviderList"])


def _all(aws: Aws, api: str, member: str, **more: Any) -> list[Answer]:
    return [one for page in aws.pages(api, require=member, MaxItems=PAGE, **more) for one in page[member]]


def server_certificates(aws: Aws, _: Answers) -> list[Answer]:
    return _all(aws, CERTIFICATES, "ServerCertificateMetadataList")


def virtual_mfa(aws: Aws, _: Answers) -> list[Answer]:
    return _all(aws, VIRTUAL_MFA, "VirtualMFADevices", AssignmentStatus="Assigned")


def instance_profiles(aws: Aws, _: Answers) -> list[Answer]:
    return _all(aws, PROFILES, "InstanceProfiles")


def sessions(aws: Aws, _: Answers) -> dict[str, int]:
    """RoleId -> MaxSessionDuration. The rest of the answer is known from elsewhere and large."""
    return {role["RoleId"]: role.get("MaxSessionDuration", DEFAULT_SESSION) for role in _all(aws, ROLES, "Roles")}


def root_features(aws: Aws, _: Answers) -> list[str]:
    """What of the members' root users is managed centrally. Empty: nothing, which AWS tells by an error where IAM has no
    trusted access to the organization."""
    try:
        return list(aws.ask(ROOT_FEATURES, require="EnabledFeatures")["EnabledFeatures"])
    except AwsError as error:
        if error.code in NOT_HERE:
            raise AwsError(ROOT_FEATURES, State.NOT_APPLICABLE, NOT_HERE[error.code]) from error
        if error.code not in OFF:
            raise
        return []


def transform(answers: Answers) -> Part:
    found: dict[str, Any] = {
        "aliases": tuple(answers[ALIASES]) if ALIASES in answers else None,
        "summary": answers.get(SUMMARY),
        "root_features": tuple(sorted(answers[ROOT_FEATURES])) if ROOT_FEATURES in answers else None,
        "password_policy": _password_policy(answers[PASSWORD_POLICY]) if PASSWORD_POLICY in answers else None,
    }
    for field, api, make in LISTS:
        if api in answers:
            found[field] = tuple(sorted(map(make, answers[api]), key=str))
    if PROFILES in answers:
        empty = (raw for raw in answers[PROFILES] if not raw["Roles"])
        found["empty_instance_profiles"] = tuple(sorted(map(_profile, empty), key=lambda p: p.arn))
    if ROLES in answers:
        found["long_sessions"] = {role: n for role, n in sorted(answers[ROLES].items()) if n != DEFAULT_SESSION}
    return Part(details=(AccountDetails(unique_id="account", **found),))


def _password_policy(raw: Answer | None) -> PasswordPolicy:
    if raw is None:
        return PasswordPolicy(custom=False)
    return PasswordPolicy(
        minimum_length=raw.get("MinimumPasswordLength", 0),
        upper=raw.get("RequireUppercaseCharacters", False),
        lower=raw.get("RequireLowercaseCharacters", False),
        number=raw.get("RequireNumbers", False),
        symbol=raw.get("RequireSymbols", False),
        reuse_prevention=raw.get("PasswordReusePrevention", 0),
        max_age_days=raw.get("MaxPasswordAge", 0),
    )


def _saml(raw: Answer) -> SamlProvider:
    return SamlProvider(arn=raw["Arn"], valid_until=raw.get("ValidUntil"))


def _oidc(raw: Answer) -> str:
    return str(raw["Arn"])


def _certificate(raw: Answer) -> ServerCertificate:
    return ServerCertificate(
        unique_id=raw["ServerCertificateId"],
        arn=raw["Arn"],
        name=raw["ServerCertificateName"],
        expires_at=raw.get("Expiration"),
    )


def _virtual(raw: Answer) -> VirtualMfaDevice:
    return VirtualMfaDevice(serial=raw["SerialNumber"], owner_arn=raw.get("User", {}).get("Arn", ""))


def _profile(raw: Answer) -> InstanceProfile:
    return InstanceProfile(
        unique_id=raw["InstanceProfileId"],
        arn=raw["Arn"],
        name=raw["InstanceProfileName"],
        path=raw.get("Path", "/"),
        created_at=raw["CreateDate"],
    )


LISTS = (
    ("saml_providers", SAML, _saml),
    ("oidc_providers", OIDC, _oidc),
    ("server_certificates", CERTIFICATES, _certificate),
    ("virtual_mfa", VIRTUAL_MFA, _virtual),
)

SOURCE = Source(
    name="account",
    title="Account details",
    apis=(
        Api(ALIASES, aliases),
        Api(SUMMARY, summary),
        Api(PASSWORD_POLICY, password_policy),
        Api(SAML, saml_providers),
        Api(OIDC, oidc_providers),
        Api(CERTIFICATES, server_certificates),
        Api(VIRTUAL_MFA, virtual_mfa),
        Api(PROFILES, instance_profiles),
        Api(ROLES, sessions),
        Api(ROOT_FEATURES, root_features),
    ),
    transform=transform,
    calls=lambda size: 9 + pages(size.roles, PAGE),
)
