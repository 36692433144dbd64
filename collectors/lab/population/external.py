"""Roles that other accounts may assume: vendors, deleted principals, the public, our own accounts."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

DATADOG = "464622532012"  # Datadog's own account (docs.datadoghq.com, AWS integration)
UNKNOWN = "730335912846"


@planted(2)
def datadog(b: Builder) -> None:
    trust = trusts.account_trust(DATADOG, external_id=b.unique_id("", 32).lower())
    b.role("datadog-integration", trust, inline={"read": documents.METRICS}, used=0.1, created=700)
    b.clear("LP403", "role", "datadog-integration", "the trust asks for an external id")


@planted(4, 1)
def vendor_without_external_id(b: Builder) -> None:
    b.role("costwise-reader", trusts.account_trust(UNKNOWN), inline={"costs": documents.COST_READ}, used=3)
    b.open("LP402", "role", "costwise-reader", "an account outside the organization")
    b.open("LP403", "role", "costwise-reader", "no external id")


@planted(4, 3)
def reader_of_a_vendor(b: Builder) -> None:
    trust = trusts.account_trust(UNKNOWN, external_id="halden-posture")
    b.role("posture-scanner", trust, attached=["/SecurityAudit"], used=1)
    b.open("LP402", "role", "posture-scanner", "an account outside the organization")
    b.open("LP407", "role", "posture-scanner", "SecurityAudit across the organization's border")
    b.clear("LP403", "role", "posture-scanner", "the trust asks for an external id")


@planted(5, 3)
def deleted_principal(b: Builder) -> None:
    """AWS shows the unique id of a principal that was deleted after the trust was saved."""
    trust = trusts.document(trusts.allow({"AWS": [trusts.root_arn(b.id), b.unique_id("AIDA")]}))
    b.role("snowflake-loader", trust, inline={"lake": documents.bucket("halden-data-lake")}, used=4)
    b.open("LP406", "role", "snowflake-loader", "a bare AIDA id")


@planted(member=True)
def operators_from_the_security_account(b: Builder) -> None:
    """People of another of our accounts, with MFA."""
    trust = trusts.account_trust(b.world.security.id, mfa=True)
    b.role("ops-console", trust, attached=["/ReadOnlyAccess"], used=5, session=14400)
    b.clear("LP402", "role", "ops-console", "an account of the organization")
    b.clear("LP403", "role", "ops-console", "an account of the organization")
    b.clear("LP407", "role", "ops-console", "an account of the organization")


@planted(ou="sandbox")
def public(b: Builder) -> None:
    b.role("public-demo", trusts.public_trust(), inline={"demo": documents.bucket("halden-demo")}, used=20)
    b.open("LP401", "role", "public-demo", "anybody may assume it")
    guarded = trusts.public_trust({"StringEquals": {"sts:ExternalId": "demo"}})
    b.role("hackathon-2026", guarded, inline={"demo": documents.bucket("halden-demo")}, used=30)
    b.open("LP401", "role", "hackathon-2026", "an external id does not narrow who may assume it")
    inside = trusts.public_trust({"StringEquals": {"aws:PrincipalOrgID": b.world.organization_id}})
    b.role("dataset-catalog", inside, inline={"demo": documents.bucket("halden-datasets")}, used=1)
    b.clear("LP401", "role", "dataset-catalog", "aws:PrincipalOrgID narrows it")


@planted(6, 5)
def hops(b: Builder) -> None:
    trust = trusts.service_trust("codebuild.amazonaws.com")
    b.role("account-bootstrap", trust, inline={"assume": documents.ASSUME_ANY_ROLE}, used=2)
    b.open("LP303", "role", "account-bootstrap", "sts:AssumeRole on *")
    b.role("release-train", trust, inline={"assume": documents.ASSUME_APP_ROLES}, used=2)
    b.clear("LP303", "role", "release-train", "a scoped wildcard is not any role")
