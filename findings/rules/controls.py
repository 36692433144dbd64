"""What published catalogues ask of IAM, in our own words. Which rule answers stands in the rules (`Rule.controls`); here is
only what is asked, so that coverage.py can tell what no rule answers, and why.

Ids: Prowler 5.46.0's checks of the service iam; CIS Amazon Web Services Foundations Benchmark 3.0.0 and 5.0.0 section 1,
and 7.0.0, where the same matter is section 2; Security Hub's controls IAM.1 to IAM.28, and Account.1 and Account.2.
"""

from __future__ import annotations

from typing import NamedTuple

PROWLER, CIS3, CIS5, CIS7, HUB = "Prowler", "CIS AWS v3", "CIS AWS v5", "CIS AWS v7", "Security Hub"


class Asked(NamedTuple):
    """what: what the control asks. part: the part of the answering rule, or a word on it. lacks: why no rule answers it;
    "" where one does."""

    what: str
    part: str = ""
    lacks: str = ""


ANALYZERS = "planned as MO109; needs `access-analyzer:ListAnalyzers`, which is not collected"
INSTANCES = "planned as AB110; needs `ec2:DescribeInstances`, which is not collected"
CONTACTS = "nobody can judge from outside whether a contact is current; AB104 judges the security contact"
QUESTIONS = "no API tells, and AWS has given security questions up"
TREE = "a matter of design that no fault shows"
RESOURCES = "LP401 judges the trust of roles; the policies of buckets, queues, topics and keys are not collected"
ADMIN = "full administration"

CONTROLS: dict[str, dict[str, Asked]] = {
    PROWLER: {
        "iam_administrator_access_with_mfa": Asked("members of administrators' groups have MFA"),
        "iam_avoid_root_usage": Asked("root is not used"),
        "iam_aws_attached_policy_no_administrative_privileges": Asked(f"{ADMIN} by an AWS policy", "AWS-managed"),
        "iam_check_saml_providers_sts": Asked("people sign in by federation"),
        "iam_customer_attached_policy_no_administrative_privileges": Asked(f"{ADMIN} by a policy", "customer-managed"),
        "iam_customer_unattached_policy_no_administrative_privileges": Asked(f"{ADMIN} in a policy nobody has"),
        "iam_group_administrator_access_policy": Asked("a group of administrators", "subject group"),
        "iam_inline_policy_allows_privilege_escalation": Asked("escalation by an inline policy"),
        "iam_inline_policy_no_administrative_privileges": Asked(f"{ADMIN} by an inline policy", "inline"),
        "iam_inline_policy_no_full_access_to_cloudtrail": Asked("inline `cloudtrail:*`", "inline:NAME"),
        "iam_inline_policy_no_full_access_to_kms": Asked("inline `kms:*`", "inline:NAME"),
        "iam_inline_policy_no_wildcard_marketplace_subscribe": Asked("inline, buying on everything", "inline:NAME"),
        "iam_no_custom_policy_permissive_role_assumption": Asked("assuming any role"),
        "iam_no_expired_server_certificates_stored": Asked("expired server certificates"),
        "iam_no_root_access_key": Asked("a key of root"),
        "iam_password_policy_expires_passwords_within_90_days_or_less": Asked(
            "passwords end within 90 days", "expiry, where the settings ask (`password_expiry_days`)"
        ),
        "iam_password_policy_lowercase": Asked("passwords with a small letter", "lower"),
        "iam_password_policy_minimum_length_14": Asked("passwords of 14 characters", "length"),
        "iam_password_policy_number": Asked("passwords with a digit", "number"),
        "iam_password_policy_reuse_24": Asked("24 former passwords are refused", "reuse"),
        "iam_password_policy_symbol": Asked("passwords with a symbol", "symbol"),
        "iam_password_policy_uppercase": Asked("passwords with a capital", "upper"),
        "iam_policy_allows_privilege_escalation": Asked("escalation by a policy"),
        "iam_policy_attached_only_to_group_or_roles": Asked("policies on users"),
        "iam_policy_cloudshell_admin_not_attached": Asked("AWSCloudShellFullAccess is attached"),
        "iam_policy_no_agentcore_workload_access_token_wildcard": Asked(
            "AgentCore workload tokens on everything", "LP202: by `bedrock-agentcore:*`"
        ),
        "iam_policy_no_full_access_to_cloudtrail": Asked("`cloudtrail:*`"),
        "iam_policy_no_full_access_to_kms": Asked("`kms:*`"),
        "iam_policy_no_wildcard_marketplace_subscribe": Asked("buying on everything"),
        "iam_policy_passrole_to_bedrock_agentcore_restricted": Asked(
            "any role may be passed to AgentCore",
            "LP301: by PassRole to AgentCore alone, where a stronger role trusts it",
        ),
        "iam_role_access_not_stale_to_bedrock": Asked("roles that left Bedrock unused", "bedrock"),
        "iam_role_administratoraccess_policy": Asked("a role with AdministratorAccess", "AWS-managed, machines too"),
        "iam_role_cross_account_readonlyaccess_policy": Asked("reading by outsiders"),
        "iam_role_cross_service_confused_deputy_prevention": Asked("service trust without a source"),
        "iam_role_service_trust_restricts_source_to_account": Asked("service trust without a source account"),
        "iam_root_credentials_management_enabled": Asked("root is managed centrally"),
        "iam_root_hardware_mfa_enabled": Asked("root has a hardware device"),
        "iam_root_mfa_enabled": Asked("root has MFA"),
        "iam_rotate_access_key_90_days": Asked("keys older than 90 days"),
        "iam_securityaudit_role_created": Asked("a role for auditors"),
        "iam_support_role_created": Asked("a role for support cases"),
        "iam_user_access_not_stale_to_bedrock": Asked("users who left Bedrock unused", "bedrock"),
        "iam_user_access_not_stale_to_sagemaker": Asked("users who left SageMaker unused", "sagemaker"),
        "iam_user_accesskey_unused": Asked("keys unused for 45 days", "never used: KY104"),
        "iam_user_administrator_access_policy": Asked("a user with AdministratorAccess", "AWS-managed"),
        "iam_user_console_access_unused": Asked("passwords unused for 45 days"),
        "iam_user_hardware_mfa_enabled": Asked("users have hardware devices", "privileged users only"),
        "iam_user_mfa_enabled_console_access": Asked("console users have MFA"),
        "iam_user_no_setup_initial_access_key": Asked("keys made with the user and never used", "made with the user"),
        "iam_user_two_active_access_key": Asked("two active keys", "a rotation under way is silent"),
        "iam_user_with_temporary_credentials": Asked("long-term keys serve other services than IAM and STS"),
    },
    CIS3: {
        "1.1": Asked("contact details are current", lacks=CONTACTS),
        "1.2": Asked("a security contact is named"),
        "1.3": Asked("security questions are registered", lacks=QUESTIONS),
        "1.4": Asked("root has no key"),
        "1.5": Asked("root has MFA"),
        "1.6": Asked("root has a hardware device"),
        "1.7": Asked("root is not used daily"),
        "1.8": Asked("passwords of 14 characters", "length"),
        "1.9": Asked("former passwords are refused", "reuse"),
        "1.10": Asked("console users have MFA"),
        "1.11": Asked("no keys at set-up for console users", "made with the user"),
        "1.12": Asked("credentials unused for 45 days are off"),
        "1.13": Asked("one active key a user"),
        "1.14": Asked("keys are rotated within 90 days"),
        "1.15": Asked("users have permissions by groups only"),
        "1.16": Asked("no `*:*` policy is attached"),
        "1.17": Asked("a role for support cases"),
        "1.18": Asked("instances use roles", lacks=INSTANCES),
        "1.19": Asked("expired server certificates are removed"),
        "1.20": Asked("Access Analyzer in all regions", lacks=ANALYZERS),
        "1.21": Asked("users are managed centrally"),
        "1.22": Asked("AWSCloudShellFullAccess is restricted"),
    },
    CIS5: {
        "1.1": Asked("contact details are current", lacks=CONTACTS),
        "1.2": Asked("a security contact is named"),
        "1.3": Asked("root has no key"),
        "1.4": Asked("root has MFA"),
        "1.5": Asked("root has a hardware device"),
        "1.6": Asked("root is not used daily"),
        "1.7": Asked("passwords of 14 characters", "length"),
        "1.8": Asked("former passwords are refused", "reuse"),
        "1.9": Asked("console users have MFA"),
        "1.10": Asked("no keys at set-up for console users", "made with the user"),
        "1.11": Asked("credentials unused for 45 days are off"),
        "1.12": Asked("one active key a user"),
        "1.13": Asked("keys are rotated within 90 days"),
        "1.14": Asked("users have permissions by groups only"),
        "1.15": Asked("no `*:*` policy is attached"),
        "1.16": Asked("a role for support cases"),
        "1.17": Asked("instances use roles", lacks=INSTANCES),
        "1.18": Asked("expired server certificates are removed"),
        "1.19": Asked("an external-access analyzer in all regions", lacks=ANALYZERS),
        "1.20": Asked("users are managed centrally"),
        "1.21": Asked("AWSCloudShellFullAccess is restricted"),
    },
    CIS7: {
        "2.1.1": Asked("root is managed centrally"),
        "2.1.2": Asked("all accounts have baseline SCPs or RCPs"),
        "2.1.3": Asked("no workloads in the management account"),
        "2.1.4": Asked("OUs follow environment and sensitivity", lacks=TREE),
        "2.1.5": Asked("a delegate manages organization policies", "policies"),
        "2.1.6": Asked("delegates manage integrated services", "services: those of security"),
        "2.2": Asked("contact details are current", lacks=CONTACTS),
        "2.3": Asked("a security contact is named"),
        "2.4": Asked("root has no key"),
        "2.5": Asked("root has MFA"),
        "2.6": Asked("root has a hardware device"),
        "2.7": Asked("root is not used daily"),
        "2.8": Asked("passwords of 14 characters", "length"),
        "2.9": Asked("former passwords are refused", "reuse"),
        "2.10": Asked("console users have MFA"),
        "2.11": Asked("credentials unused for 45 days are off"),
        "2.12": Asked("keys are rotated within 90 days"),
        "2.13": Asked("users have permissions by groups only"),
        "2.14": Asked("no `*:*` policy is attached"),
        "2.15": Asked("a role for support cases"),
        "2.16": Asked("instances use roles", lacks=INSTANCES),
        "2.17": Asked("expired server certificates are removed"),
        "2.18": Asked("an external-access analyzer in all regions", lacks=ANALYZERS),
        "2.19": Asked("users are managed centrally"),
        "2.20": Asked("AWSCloudShellFullAccess is restricted"),
        "2.21": Asked("no resource policy is open to everybody", "roles", lacks=RESOURCES),
    },
    HUB: {
        "IAM.1": Asked("no policy allows `*` on `*`"),
        "IAM.2": Asked("users have no policies of their own"),
        "IAM.3": Asked("keys are rotated within 90 days"),
        "IAM.4": Asked("root has no key"),
        "IAM.5": Asked("console users have MFA"),
        "IAM.6": Asked("root has a hardware device"),
        "IAM.7": Asked("the password policy is strong"),
        "IAM.8": Asked("credentials unused for 90 days are removed"),
        "IAM.9": Asked("root has MFA"),
        "IAM.10": Asked("the password policy is strong, for PCI DSS"),
        "IAM.11": Asked("passwords with a capital", "upper"),
        "IAM.12": Asked("passwords with a small letter", "lower"),
        "IAM.13": Asked("passwords with a symbol", "symbol"),
        "IAM.14": Asked("passwords with a digit", "number"),
        "IAM.15": Asked("passwords of 14 characters", "length"),
        "IAM.16": Asked("former passwords are refused", "reuse"),
        "IAM.17": Asked("passwords end within 90 days", "expiry, where the settings ask (`password_expiry_days`)"),
        "IAM.18": Asked("a role for support cases"),
        "IAM.19": Asked("all users have MFA", "users with a password: keys alone ask for no MFA"),
        "IAM.20": Asked("root is not used (retired by AWS)"),
        "IAM.21": Asked("no policy allows all actions of a service"),
        "IAM.22": Asked("credentials unused for 45 days are removed"),
        "IAM.23": Asked("analyzers are tagged", lacks="planned as a part of AB109; analyzers are not collected"),
        "IAM.24": Asked("roles are tagged", "off by default"),
        "IAM.25": Asked("users are tagged", "off by default"),
        "IAM.26": Asked("expired server certificates are removed"),
        "IAM.27": Asked("AWSCloudShellFullAccess is not attached"),
        "IAM.28": Asked("an external-access analyzer is on", lacks=ANALYZERS),
        "Account.1": Asked("a security contact is named"),
        "Account.2": Asked("the account is in an organization"),
    },
}
