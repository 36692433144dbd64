"""
## What it does
Opens, once a certificate, when a server certificate that is kept in IAM has expired.

## Why it matters
An expired certificate in IAM can still be put on a load balancer or a distribution by mistake, and the site then fails
for everybody. Its private key is a secret that nobody needs any more.

## How to fix
Move to AWS Certificate Manager, which renews by itself, and delete the old one. AWS refuses to delete a certificate
that is in use, so this is safe to try:

    aws iam list-server-certificates
    aws iam delete-server-certificate --server-certificate-name NAME

## What it cannot know
Whether something uses the certificate. Certificates in Certificate Manager are not looked at; neither is one that
expires soon.

## References
- [Server certificates](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="AB107",
    slug="expired-server-certificate",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListServerCertificates",),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
        "CIS AWS v3": ("1.19",),
        "CIS AWS v5": ("1.18",),
        "CIS AWS v7": ("2.17",),
        "Prowler": ("iam_no_expired_server_certificates_stored",),
        "Security Hub": ("IAM.26",),
    },
    title="A server certificate has expired",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    certificates = facts.told.server_certificates
    if certificates is None:
        yield Unknown("the account's server certificates were not read")
        return
    expired = [c for c in certificates if c.expires_at and c.expires_at <= facts.as_of]
    if not expired:
        yield Clear("no server certificate in IAM has expired")
    for certificate in expired:
        yield Open(
            f"Server certificate {certificate.name} of {account.name} expired on {certificate.expires_at:%Y-%m-%d}",
            {"certificate": certificate.arn, "expires_at": f"{certificate.expires_at:%Y-%m-%dT%H:%M:%S%z}"},
            part=certificate.name,
        )
