"""What published catalogues ask of IAM, in our own words. Which rule answers stands in the rules (`Rule.controls`); here is
only what is asked, so that coverage.py can tell what no rule answers, and why.

Ids: Prowler 5.46.0's checks of the services iam, cloudtrail, config and accessanalyzer, and of cloudwatch those on log metric
filters; CIS Amazon Web Services Foundations Benchmark 3.0.0 and 5.0.0 sections 1, 3 and 4, and 7.0.0, where the same matters are
sections 2, 4 and 5; Security Hub's controls IAM.1 to IAM.28, Account.1 and Account.2, CloudTrail.1 to CloudTrail.10,
Config.1, and CloudWatch.1 to CloudWatch.14; the best practices of AWS Well-Architected's questions SEC 2 and SEC 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

PROWLER, CIS3, CIS5, CIS7, HUB = "Prowler", "CIS AWS v3", "CIS AWS v5", "CIS AWS v7", "Security Hub"
WELL = "AWS Well-Architected"


class Only(NamedTuple):
    """Which findings of a rule answer, where not all do: of these parts ("" is one), of subjects of this type, or those that
    are said to be open to everybody."""

    parts: tuple[str, ...] = ()
    subject: str = ""
    public: bool = False


ALL_OF_THEM: Mapping[str, Only] = MappingProxyType({})
NO_LIMITS: Mapping[str, int] = MappingProxyType({})


class Asked(NamedTuple):
    """what: what the control asks. part: the part of the answering rule, or a word on it. lacks: why no rule answers it;
    "" where one does. only: by rule, which of its findings answer. limits: settings that decide what the rule takes for a
    fault, with the control's own number; an account that is judged by a laxer one has not shown that it holds. guards: rules
    whose faults leave nothing to judge here, so that the control fails with them. concerns: a rule that has a subject in the
    accounts that the control is about, where those are not all. beyond: what it asks besides, which no
    rule answers. manual: no API tells, so that people must judge it."""

    what: str
    part: str = ""
    lacks: str = ""
    only: Mapping[str, Only] = ALL_OF_THEM
    limits: Mapping[str, int] = NO_LIMITS
    guards: tuple[str, ...] = ()
    concerns: str = ""
    beyond: str = ""
    manual: bool = False


def _of(code: str, *parts: str) -> Mapping[str, Only]:
    return {code: Only(parts)}


def _told(what: str, part: str, concerns: str = "") -> Asked:
    """Where no trail records, nobody can be told."""
    return Asked(what, only=_of("MO117", part), guards=("MO101",), concerns=concerns)


def _password(what: str, part: str, words: str = "", **limits: int) -> Asked:
    return Asked(what, words or part, only=_of("AB103", part), limits=limits)


INSTANCES = "planned as AB110; needs `ec2:DescribeInstances`, which is not collected"
CONTACTS = "nobody can judge from outside whether a contact is current; AB104 judges the security contact"
QUESTIONS = "no API tells, and AWS has given security questions up"
TREE = "a matter of design that no fault shows"
ANALYZED = "roles by LP401; other resources where Access Analyzer looks"
HOME_REGION = "where it records IAM; the other regions are shown"
OTHER_REGIONS = "regions other than the one in which it records IAM are not judged"
NOT_IAM = "not a change of IAM or of what records it; MO117 asks for those that are"
OTHER_LOGS = "neither IAM nor its trail; the service is not collected"
TOLD_OTHERWISE = "MO117 asks that somebody is told, by a metric filter or by EventBridge, which needs no log group"
ADMIN = "full administration"
WITH_USER = "made with the user"
NEEDED = "what somebody needs is decided by people; reviews of access record who decided it"
EMERGENCY = "a process, of which no API tells; HM and MO rules tell of its use"
EXPIRY = "expiry, where the settings ask (`password_expiry_days`)"
STRICTER = "judged by the settings, 45 days by default, which is stricter"

MANAGING = "GR105"  # it judges the organization, in the account that manages it
EVERY_BUCKET = {"sensitive_buckets": 0}  # so many may be marked for all to be judged

# CIS sections 3 and 4 (7.0.0: 4 and 5), which these versions number alike.
LOGGING = {
    1: Asked("a multi-region trail records management events"),
    2: Asked("log file validation is on"),
    3: Asked(
        "AWS Config is on in all regions", HOME_REGION, only=_of("MO107", "recorder", "types"), beyond=OTHER_REGIONS
    ),
    4: Asked("the trail's bucket logs who reads it", "logging", only=_of("MO105", "logging")),
    5: Asked("the trail's files are encrypted with a key of KMS"),
    6: Asked("keys of KMS are rotated", lacks=OTHER_LOGS),
    7: Asked("VPCs have flow logs", lacks=OTHER_LOGS),
    8: Asked(
        "writes to objects are recorded",
        "write; sensitive buckets where the settings name some",
        only=_of("MO106", "write"),
        limits=EVERY_BUCKET,
    ),
    9: Asked(
        "reads of objects are recorded",
        "read; sensitive buckets where the settings name some",
        only=_of("MO106", "read"),
        limits=EVERY_BUCKET,
    ),
}
MONITORING = {
    1: _told("somebody is told of unauthorized calls", "unauthorized-calls"),
    2: _told("somebody is told of console sign-ins without MFA", "sign-in-without-mfa"),
    3: _told("somebody is told of root's use", "root-used"),
    4: _told("somebody is told of changes of IAM policies", "iam-policy-changes"),
    5: _told("somebody is told of changes of trails", "trail-changes"),
    6: _told("somebody is told of failed console sign-ins", "failed-sign-ins"),
    7: Asked("somebody is told of keys of KMS that are disabled or deleted", lacks=NOT_IAM),
    8: Asked("somebody is told of changes of bucket policies", lacks=NOT_IAM),
    9: _told("somebody is told of changes of AWS Config", "config-changes"),
    10: Asked("somebody is told of changes of security groups", lacks=NOT_IAM),
    11: Asked("somebody is told of changes of network ACLs", lacks=NOT_IAM),
    12: Asked("somebody is told of changes of network gateways", lacks=NOT_IAM),
    13: Asked("somebody is told of changes of route tables", lacks=NOT_IAM),
    14: Asked("somebody is told of changes of VPCs", lacks=NOT_IAM),
    15: _told("somebody is told of changes of the organization", "organization-changes", MANAGING),
    16: Asked("Security Hub is on", lacks="Security Hub is not collected"),
}
FILTERS = {
    "and_alarm_for_aws_config_configuration_changes_enabled": 9,
    "and_alarm_for_cloudtrail_configuration_changes_enabled": 5,
    "authentication_failures": 6,
    "aws_organizations_changes": 15,
    "disable_or_scheduled_deletion_of_kms_cmk": 7,
    "for_s3_bucket_policy_changes": 8,
    "policy_changes": 4,
    "root_usage": 3,
    "security_group_changes": 10,
    "sign_in_without_mfa": 2,
    "unauthorized_api_calls": 1,
}
# Security Hub numbers the first three in another order, and has none for the organization.
OF_HUB = {1: 3, 2: 1, 3: 2} | {n: n for n in range(4, 15)}


def _sections(logging: int, monitoring: int) -> dict[str, Asked]:
    told = {f"{logging}.{n}": asked for n, asked in LOGGING.items()}
    return told | {f"{monitoring}.{n}": asked for n, asked in MONITORING.items()}


CONTROLS: dict[str, dict[str, Asked]] = {
    PROWLER: {
        "accessanalyzer_enabled": Asked("an analyzer is on"),
        "accessanalyzer_enabled_without_findings": Asked("Access Analyzer has no active findings"),
        "cloudtrail_bedrock_logging_enabled": Asked(
            "calls of Bedrock are recorded", lacks="of data events S3's alone are judged; what a trail selects is shown"
        ),
        "cloudtrail_bucket_requires_mfa_delete": Asked("MFA is asked for to delete log files", "or Object Lock"),
        "cloudtrail_cloudwatch_logging_enabled": Asked("the trail writes to CloudWatch", lacks=TOLD_OTHERWISE),
        "cloudtrail_insights_exist": Asked(
            "Insights are on", lacks="shown with the trail; MO112, MO113 and MO115 look for the same, by principal"
        ),
        "cloudtrail_kms_encryption_enabled": LOGGING[5],
        "cloudtrail_log_file_validation_enabled": LOGGING[2],
        "cloudtrail_logs_s3_bucket_access_logging_enabled": LOGGING[4],
        "cloudtrail_logs_s3_bucket_is_not_publicly_accessible": Asked("the trail's bucket is not public", "public"),
        "cloudtrail_multi_region_enabled": LOGGING[1],
        "cloudtrail_multi_region_enabled_logging_management_events": LOGGING[1],
        "cloudtrail_s3_dataevents_read_enabled": LOGGING[9],
        "cloudtrail_s3_dataevents_write_enabled": LOGGING[8],
        "cloudtrail_threat_detection_enumeration": Asked("nobody enumerates", "against each principal's own past"),
        "cloudtrail_threat_detection_llm_jacking": Asked(
            "nobody takes over models",
            lacks="MO113 tells who uses a service for the first time; no pattern is looked for",
        ),
        "cloudtrail_threat_detection_privilege_escalation": Asked(
            "nobody escalates", "by who never changed IAM before; what could be done: LP301"
        ),
        **{f"cloudwatch_log_metric_filter_{name}": MONITORING[n] for name, n in FILTERS.items()},
        "cloudwatch_changes_to_network_acls_alarm_configured": MONITORING[11],
        "cloudwatch_changes_to_network_gateways_alarm_configured": MONITORING[12],
        "cloudwatch_changes_to_network_route_tables_alarm_configured": MONITORING[13],
        "cloudwatch_changes_to_vpcs_alarm_configured": MONITORING[14],
        "config_delegated_admin_and_org_aggregator_all_regions": Asked(
            "Config has a delegate and an aggregator of all regions",
            "services: the delegate; aggregators are not judged",
        ),
        "config_recorder_all_regions_enabled": LOGGING[3],
        "config_recorder_using_aws_service_role": Asked("Config uses its service-linked role", "role"),
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
        "iam_password_policy_expires_passwords_within_90_days_or_less": Asked("passwords end within 90 days", EXPIRY),
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
        "1.1": Asked("contact details are current", lacks=CONTACTS, manual=True),
        "1.2": Asked("a security contact is named"),
        "1.3": Asked("security questions are registered", lacks=QUESTIONS, manual=True),
        "1.4": Asked("root has no key"),
        "1.5": Asked("root has MFA"),
        "1.6": Asked("root has a hardware device"),
        "1.7": Asked("root is not used daily"),
        "1.8": _password("passwords of 14 characters", "length", password_length=14),
        "1.9": _password("former passwords are refused", "reuse", password_reuse=24),
        "1.10": Asked("console users have MFA"),
        "1.11": Asked("no keys at set-up for console users", WITH_USER, only=_of("KY104", WITH_USER)),
        "1.12": Asked("credentials unused for 45 days are off", limits={"credential_days": 45}),
        "1.13": Asked("one active key a user", "a rotation under way is silent"),
        "1.14": Asked("keys are rotated within 90 days", limits={"rotation_days": 90}),
        "1.15": Asked("users have permissions by groups only"),
        "1.16": Asked("no `*:*` policy is attached"),
        "1.17": Asked("a role for support cases"),
        "1.18": Asked("instances use roles", lacks=INSTANCES),
        "1.19": Asked("expired server certificates are removed"),
        "1.20": Asked("Access Analyzer in all regions", only=_of("MO109", "")),
        "1.21": Asked("users are managed centrally"),
        "1.22": Asked("AWSCloudShellFullAccess is restricted"),
        **_sections(3, 4),
    },
    CIS5: {
        "1.1": Asked("contact details are current", lacks=CONTACTS, manual=True),
        "1.2": Asked("a security contact is named"),
        "1.3": Asked("root has no key"),
        "1.4": Asked("root has MFA"),
        "1.5": Asked("root has a hardware device"),
        "1.6": Asked("root is not used daily"),
        "1.7": _password("passwords of 14 characters", "length", password_length=14),
        "1.8": _password("former passwords are refused", "reuse", password_reuse=24),
        "1.9": Asked("console users have MFA"),
        "1.10": Asked("no keys at set-up for console users", WITH_USER, only=_of("KY104", WITH_USER)),
        "1.11": Asked("credentials unused for 45 days are off", limits={"credential_days": 45}),
        "1.12": Asked("one active key a user", "a rotation under way is silent"),
        "1.13": Asked("keys are rotated within 90 days", limits={"rotation_days": 90}),
        "1.14": Asked("users have permissions by groups only"),
        "1.15": Asked("no `*:*` policy is attached"),
        "1.16": Asked("a role for support cases"),
        "1.17": Asked("instances use roles", lacks=INSTANCES),
        "1.18": Asked("expired server certificates are removed"),
        "1.19": Asked("an external-access analyzer in all regions", only=_of("MO109", "")),
        "1.20": Asked("users are managed centrally"),
        "1.21": Asked("AWSCloudShellFullAccess is restricted"),
        **_sections(3, 4),
    },
    CIS7: {
        "2.1.1": Asked("root is managed centrally"),
        "2.1.2": Asked("all accounts have baseline SCPs or RCPs"),
        "2.1.3": Asked("no workloads in the management account"),
        "2.1.4": Asked("OUs follow environment and sensitivity", lacks=TREE, manual=True),
        "2.1.5": Asked("a delegate manages organization policies", "policies", only=_of("GR109", "policies")),
        "2.1.6": Asked(
            "delegates manage integrated services", "services: those of security", only=_of("GR109", "services")
        ),
        "2.2": Asked("contact details are current", lacks=CONTACTS, manual=True),
        "2.3": Asked("a security contact is named"),
        "2.4": Asked("root has no key"),
        "2.5": Asked("root has MFA"),
        "2.6": Asked("root has a hardware device"),
        "2.7": Asked("root is not used daily"),
        "2.8": _password("passwords of 14 characters", "length", password_length=14),
        "2.9": _password("former passwords are refused", "reuse", password_reuse=24),
        "2.10": Asked("console users have MFA"),
        "2.11": Asked("credentials unused for 45 days are off", limits={"credential_days": 45}),
        "2.12": Asked("keys are rotated within 90 days", limits={"rotation_days": 90}),
        "2.13": Asked("users have permissions by groups only"),
        "2.14": Asked("no `*:*` policy is attached"),
        "2.15": Asked("a role for support cases"),
        "2.16": Asked("instances use roles", lacks=INSTANCES),
        "2.17": Asked("expired server certificates are removed"),
        "2.18": Asked("an external-access analyzer in all regions", only=_of("MO109", "")),
        "2.19": Asked("users are managed centrally"),
        "2.20": Asked("AWSCloudShellFullAccess is restricted"),
        "2.21": Asked("no resource policy is open to everybody", ANALYZED, only={"LP408": Only(public=True)}),
        **_sections(4, 5),
        "4.10": Asked("web front ends log who asks", lacks=OTHER_LOGS),
    },
    HUB: {
        "IAM.1": Asked("no policy allows `*` on `*`"),
        "IAM.2": Asked("users have no policies of their own"),
        "IAM.3": Asked("keys are rotated within 90 days", limits={"rotation_days": 90}),
        "IAM.4": Asked("root has no key"),
        "IAM.5": Asked("console users have MFA"),
        "IAM.6": Asked("root has a hardware device"),
        "IAM.7": Asked(
            "the password policy is strong",
            "judged by the settings, which ask for more",
            only=_of("AB103", "length", "upper", "lower", "number", "symbol"),
            limits={"password_length": 8},
        ),
        "IAM.8": Asked("credentials unused for 90 days are removed", STRICTER, limits={"credential_days": 90}),
        "IAM.9": Asked("root has MFA"),
        "IAM.10": Asked(
            "the password policy is strong, for PCI DSS",
            "judged by the settings; with expiry, where they ask",
            only=_of("AB103", "length", "upper", "lower", "number", "reuse", "expiry"),
            limits={"password_length": 7, "password_reuse": 4, "password_expiry_days": 90},
        ),
        "IAM.11": _password("passwords with a capital", "upper"),
        "IAM.12": _password("passwords with a small letter", "lower"),
        "IAM.13": _password("passwords with a symbol", "symbol"),
        "IAM.14": _password("passwords with a digit", "number"),
        "IAM.15": _password("passwords of 14 characters", "length", password_length=14),
        "IAM.16": _password("former passwords are refused", "reuse", password_reuse=24),
        "IAM.17": _password("passwords end within 90 days", "expiry", EXPIRY, password_expiry_days=90),
        "IAM.18": Asked("a role for support cases"),
        "IAM.19": Asked("all users have MFA", "users with a password: keys alone ask for no MFA"),
        "IAM.20": Asked("root is not used (retired by AWS)"),
        "IAM.21": Asked("no policy allows all actions of a service"),
        "IAM.22": Asked("credentials unused for 45 days are removed", limits={"credential_days": 45}),
        "IAM.23": Asked("analyzers are tagged", lacks="planned as a part of AB109; their tags are not collected"),
        "IAM.24": Asked("roles are tagged", "off by default", only={"AB109": Only(subject="role")}),
        "IAM.25": Asked("users are tagged", "off by default", only={"AB109": Only(subject="user")}),
        "IAM.26": Asked("expired server certificates are removed"),
        "IAM.27": Asked("AWSCloudShellFullAccess is not attached"),
        "IAM.28": Asked("an external-access analyzer is on", only=_of("MO109", "")),
        "Account.1": Asked("a security contact is named"),
        "Account.2": Asked("the account is in an organization"),
        "CloudTrail.1": LOGGING[1],
        "CloudTrail.2": LOGGING[5],
        "CloudTrail.3": Asked("a trail is on", "MO101: one that records management events"),
        "CloudTrail.4": LOGGING[2],
        "CloudTrail.5": Asked("the trail writes to CloudWatch", lacks=TOLD_OTHERWISE),
        "CloudTrail.6": Asked("the trail's bucket is not public", "public", only=_of("MO105", "public")),
        "CloudTrail.7": LOGGING[4],
        "CloudTrail.9": Asked("trails are tagged", lacks="tags of trails are not collected"),
        "CloudTrail.10": Asked(
            "event data stores are encrypted with a key of KMS",
            lacks="CloudTrail Lake is closed to new customers; not collected",
        ),
        "Config.1": Asked("Config is on, with its service-linked role", HOME_REGION, beyond=OTHER_REGIONS),
        **{f"CloudWatch.{n}": MONITORING[asked] for n, asked in OF_HUB.items()},
    },
    WELL: {
        "SEC02-BP01": Asked(
            "people sign in with a second factor", beyond="how people sign in to your identity provider is not seen"
        ),
        "SEC02-BP02": Asked(
            "credentials are temporary", beyond="credentials outside AWS, of databases and programs, are not seen"
        ),
        "SEC02-BP03": Asked(
            "secrets are kept where they cannot be read", beyond="where programs keep their secrets is not looked at"
        ),
        "SEC02-BP04": Asked("people come from one identity provider", beyond="how well that is kept is not seen"),
        "SEC02-BP05": Asked(
            "credentials are reviewed and renewed",
            limits={"rotation_days": 90},
            beyond="secrets outside IAM are not collected",
        ),
        "SEC02-BP06": Asked(
            "people have access by groups and attributes", beyond="groups of your identity provider are not seen"
        ),
        "SEC03-BP01": Asked("who needs which access is defined", lacks=NEEDED, manual=True),
        "SEC03-BP02": Asked("nobody has more access than needed", beyond="what a task needs, its owners must say"),
        "SEC03-BP03": Asked("there is a way in for emergencies", lacks=EMERGENCY, manual=True),
        "SEC03-BP04": Asked("access that is not used is taken away"),
        "SEC03-BP05": Asked(
            "guardrails bound what may be granted", beyond="guardrails of other services are not judged"
        ),
        "SEC03-BP06": Asked(
            "access ends when people move or leave", beyond="when somebody left is known to your directory alone"
        ),
        "SEC03-BP07": Asked(
            "access from outside is found and judged",
            "access by resource policies where Access Analyzer looks",
            only=_of("MO109", ""),
        ),
        "SEC03-BP08": Asked("resources are shared safely inside", lacks="needs AWS RAM, which is not collected"),
        "SEC03-BP09": Asked("third parties have bounded access", beyond="what was agreed with a vendor is not known"),
    },
}
