"""Customer-managed policies, good and bad, attached and forgotten; server certificates."""

from datetime import timedelta

from moto.iam.models import Certificate

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import REGION, Builder
from collectors.lab.population.recipes import planted

LAMBDA = trusts.service_trust("lambda.amazonaws.com")


def held(b: Builder, name: str, document: str, role: str) -> None:
    """A policy and a role of a team that uses it."""
    policy = b.policy(name, document)
    b.role(role, LAMBDA, attached=[policy.arn], used=2)
    b.clear("LP107", "policy", name, "attached")


@planted()
def scoped_with_versions(b: Builder) -> None:
    """A good policy with a history: five versions, as many as AWS keeps."""
    versions = [documents.bucket(f"halden-invoices-{number}") for number in range(1, 6)]
    policy = b.policy("invoice-archive", *versions)
    b.role("invoice-archiver", LAMBDA, attached=[policy.arn], used=1)
    b.clear("LP107", "policy", "invoice-archive", "attached")


@planted(2)
def unattached(b: Builder) -> None:
    b.policy("old-etl-access", documents.bucket("halden-etl-2023"), created=900)
    b.clear("LP209", "policy", "old-etl-access", "unattached, and no administrator")


@planted(6, 2)
def unattached_administrator(b: Builder) -> None:
    b.policy("legacy-admin", documents.ADMINISTRATOR, created=1100)
    b.open("LP209", "policy", "legacy-admin", "*:* attached to nobody")


@planted(3)
def service_wildcards(b: Builder) -> None:
    held(b, "storage-everything", documents.SERVICE_WILDCARD, "thumbnail-cache")
    b.open("LP202", "policy", "storage-everything", "s3:* and kms:*")
    b.open("LP207", "role", "thumbnail-cache", "policies of all buckets, grants of all keys")
    b.open("LP208", "role", "thumbnail-cache", "objects of all buckets")


@planted(4, 2)
def negation(b: Builder) -> None:
    held(b, "everything-but-billing", documents.ALL_BUT_BILLING, "tenant-provisioner")
    b.open("LP204", "policy", "everything-but-billing", "Allow with NotAction, iam included")
    b.open("LP201", "role", "tenant-provisioner", "everything but billing is administration", "customer-managed")
    held(b, "shared-read-with-mfa", documents.DENY_WITH_NOT_ACTION, "shared-reader")
    b.clear("LP204", "policy", "shared-read-with-mfa", "NotAction in a Deny grants nothing")


@planted(5)
def customer_managed_administrator(b: Builder) -> None:
    held(b, "platform-owner", documents.ADMINISTRATOR, "platform-reconciler")
    b.open("LP201", "role", "platform-reconciler", "*:* in a customer-managed policy", "customer-managed")


@planted(6)
def marketplace(b: Builder) -> None:
    held(b, "marketplace-buyer", documents.SUBSCRIBE, "license-sync")
    b.open("LP210", "policy", "marketplace-buyer", "aws-marketplace:Subscribe on *")


@planted(6, 3)
def hollow_boundary(b: Builder) -> None:
    boundary = b.policy("allow-all-boundary", documents.ADMINISTRATOR)
    b.role("plugin-runner", LAMBDA, inline={"metrics": documents.METRICS}, boundary=boundary.arn, used=3)
    b.open("GR103", "policy", "allow-all-boundary", "a boundary that allows everything")


def certificate(b: Builder, name: str, days_left: int) -> None:
    made = Certificate(b.id, REGION, name, "-----BEGIN CERTIFICATE-----", "", None, "/cloudfront/")
    made.certificate_id = b.unique_id("ASCA")
    made.upload_date = b.ago(days=400)
    made.expiration = b.as_of + timedelta(days=days_left)
    b.iam.certificates[name] = made


@planted(6, 4)
def expired_certificate(b: Builder) -> None:
    certificate(b, "www-halden-example-2025", -35)
    b.open("AB107", "account", b.id, "a server certificate expired 35 days ago", "www-halden-example-2025")


@planted(6, 1)
def valid_certificate(b: Builder) -> None:
    certificate(b, "www-halden-example-2026", 200)
    b.clear("AB107", "account", b.id, "valid for 200 days", "www-halden-example-2026")
