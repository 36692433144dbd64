"""AWS Config in the accounts: who records IAM, who only seems to, and which rules judge it. Faults of MO107 and MO108."""

from datetime import timedelta
from typing import Any

from collectors.lab import config
from collectors.lab.config import Config
from collectors.lab.population import trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.repairs.account import REGIONS

HOME, AGGREGATING = "us-east-1", "eu-west-1"
IAM = [f"AWS::IAM::{kind}" for kind in ("User", "Role", "Group", "Policy")]
EVERYTHING = {
    "allSupported": True,
    "includeGlobalResourceTypes": True,
    "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"},
}
NOTHING_GLOBAL = EVERYTHING | {"includeGlobalResourceTypes": False}
SOME = {
    "allSupported": False,
    "includeGlobalResourceTypes": False,
    "resourceTypes": ["AWS::EC2::SecurityGroup", *IAM],
    "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
}
ALL_BUT_VOLUMES = {
    "allSupported": False,
    "includeGlobalResourceTypes": False,
    "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Volume"]},
    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
}
ALL_BUT_ROLES = ALL_BUT_VOLUMES | {
    "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Volume", "AWS::IAM::Role"]}
}
DAILY = {
    "recordingFrequency": "CONTINUOUS",
    "recordingModeOverrides": [{"resourceTypes": IAM, "recordingFrequency": "DAILY"}],
}


@planted()
def recorders(b: Builder) -> None:
    """A recorder in each region, of which the home region's alone has IAM: what most accounts have."""
    there = b.world.config.setdefault(b.id, Config())
    for region in REGIONS:
        put(b, there, region, EVERYTHING if region == HOME else NOTHING_GLOBAL)
    FAULTS.get(b.account.name, sound)(b, there)


def put(b: Builder, there: Config, region: str, group: dict[str, Any], role: str = "", **more: Any) -> None:
    linked = f"arn:aws:iam::{b.id}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    role_arn = f"arn:aws:iam::{b.id}:role/{role}" if role else linked
    there.recorders[region] = {"name": "default", "roleARN": role_arn, "recordingGroup": group, **more}
    there.status[region] = {"name": "default", "recording": True, "lastStatus": "SUCCESS"}


def sound(b: Builder, there: Config) -> None:
    b.clear("MO107", "account", b.id, "the home region's recorder records IAM")


def named_types(b: Builder, there: Config) -> None:
    put(b, there, HOME, SOME)
    b.clear("MO107", "account", b.id, "all four types are named")


def some_left_out(b: Builder, there: Config) -> None:
    put(b, there, HOME, ALL_BUT_VOLUMES)
    b.clear("MO107", "account", b.id, "what is left out is not of IAM")


def daily(b: Builder, there: Config) -> None:
    put(b, there, HOME, EVERYTHING, recordingMode=DAILY)
    b.clear("MO107", "account", b.id, "once a day is enough")


def another_region(b: Builder, there: Config) -> None:
    put(b, there, HOME, NOTHING_GLOBAL)
    put(b, there, AGGREGATING, EVERYTHING)
    b.clear("MO107", "account", b.id, "another region records IAM")


def roles_left_out(b: Builder, there: Config) -> None:
    put(b, there, HOME, ALL_BUT_ROLES)
    b.open("MO107", "account", b.id, "roles are excluded by name", "types")


def own_role(b: Builder, there: Config) -> None:
    put(b, there, HOME, EVERYTHING, "config-recorder")
    b.open("MO107", "account", b.id, "the recorder has a role of its own", "role")


def stopped(b: Builder, there: Config) -> None:
    for status in there.status.values():
        status |= {"recording": False, "lastStopTime": b.as_of - timedelta(days=50)}
    b.open("MO107", "account", b.id, "its recorders are stopped", "recorder")


def none(b: Builder, there: Config) -> None:
    there.recorders.clear()
    there.status.clear()
    b.open("MO107", "account", b.id, "it has no recorder", "recorder")


def nothing_global(b: Builder, there: Config) -> None:
    put(b, there, HOME, NOTHING_GLOBAL)
    b.open("MO107", "account", b.id, "global types are in no region's recording", "types")


FAULTS = {
    "log-archive": another_region,
    "ledger-prod": named_types,
    "data-platform-prod": daily,
    "web-prod": some_left_out,
    "shared-services": roles_left_out,
    "payments-dev": own_role,
    "data-platform-dev": stopped,
    "sandbox-ml": none,
    "acquired-retail": nothing_global,
}


@planted()
def rules(b: Builder) -> None:
    """The organization's rule on the password policy is in all accounts that record; some have none on IAM."""
    there = b.world.config[b.id]
    rule(b, there, "s3-bucket-public-read-prohibited", "S3_BUCKET_PUBLIC_READ_PROHIBITED", scope=["AWS::S3::Bucket"])
    if b.account.name in ("sandbox-ml", "acquired-retail"):
        b.open("MO108", "account", b.id, "no rule on IAM, although one on buckets")
    elif b.account.name == "payments-prod":
        rule(b, there, "team-unused-roles", "", owner="CUSTOM_POLICY", scope=["AWS::IAM::Role"])
        b.clear("MO108", "account", b.id, "a rule of its own on roles")
    elif b.account.name == "web-prod":
        made_by = "securityhub.amazonaws.com"
        rule(b, there, "securityhub-iam-user-mfa-enabled-1a2b3c4d", "IAM_USER_MFA_ENABLED", CreatedBy=made_by)
        b.clear("MO108", "account", b.id, "Security Hub's rules")
    else:
        made_by = "config-multiaccountsetup.amazonaws.com"
        rule(b, there, "OrgConfigRule-iam-password-policy-x7y8z9", "IAM_PASSWORD_POLICY", CreatedBy=made_by)
        b.clear("MO108", "account", b.id, "the organization's rule")


def rule(
    b: Builder, there: Config, name: str, identifier: str, *, owner: str = "AWS", scope: Any = None, **more: Any
) -> None:
    made = {
        "ConfigRuleName": name,
        "ConfigRuleArn": f"arn:aws:config:{{}}:{b.id}:config-rule/config-rule-{name[-6:]}",
        "Source": {"Owner": owner, **({"SourceIdentifier": identifier} if identifier else {})},
        "ConfigRuleState": "ACTIVE",
        **({"Scope": {"ComplianceResourceTypes": scope}} if scope else {}),
        **more,
    }
    there.rules.append(made)
    counted = {"CappedCount": 1, "CapExceeded": False}
    bad = b.iam.account_password_policy is None
    there.compliance[name] = (
        {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": counted}
        if bad
        else {"ComplianceType": "COMPLIANT"}
    )


@planted(name="security")
def aggregator(b: Builder) -> None:
    made = {
        "ConfigurationAggregatorName": "organization",
        "ConfigurationAggregatorArn": f"arn:aws:config:{AGGREGATING}:{b.id}:config-aggregator/config-aggregator-1",
        "OrganizationAggregationSource": {
            "RoleArn": f"arn:aws:iam::{b.id}:role/aggregate",
            "AllAwsRegions": True,
        },
    }
    b.world.config[b.id].aggregators[AGGREGATING] = [made]


@planted(4, 1)
def administrator_for_two_days(b: Builder) -> None:
    """Nothing but Config tells of it: no snapshot saw it, and the trail began later."""
    unique_id = f"AROA{b.account.index:04}MIGRATIONHELP"  # drawing one would change all that is planted after it
    made, trust = b.as_of - timedelta(days=61), trusts.account_trust(b.id)
    b.world.config[b.id].gone += config.short_lived("migration-helper", b.id, unique_id, made, trust, 2)
