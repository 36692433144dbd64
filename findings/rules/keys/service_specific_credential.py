"""
## What it does
Opens when an IAM user has an active X.509 signing certificate, which the credential report shows. Signing certificates
are the oldest of the credentials that belong to one user and one purpose; the others are SSH keys and passwords for
CodeCommit, passwords for Keyspaces and long-term API keys, such as those for Bedrock. Those are judged, each kind by itself,
of users of whom a bundle holds `iam.list-ssh-public-keys.jsonl` and `iam.list-service-specific-credentials.jsonl`.

## Why it matters
These credentials live as long as the user, do not ask for MFA, are in no rotation that looks at access keys, and most
inventories forget them. A Bedrock API key can be made without an end. Signing certificates serve the SOAP interfaces of
EC2, which AWS has switched off: one that is still active serves nobody.

## How to fix
List them, end those that serve nothing, and replace the others by a role:

    aws iam list-signing-certificates --user-name USER
    aws iam delete-signing-certificate --user-name USER --certificate-id ID
    aws iam list-service-specific-credentials --user-name USER
    aws iam delete-service-specific-credential --user-name USER --service-specific-credential-id ID
    aws iam list-ssh-public-keys --user-name USER

## What it cannot know
Service-specific credentials and SSH keys stand in answers that are asked for user by user and are not collected from AWS:
without them a user without a signing certificate is unknown, not fine. When any of these was used, AWS does not tell; of a
certificate not even its age.

## References
- [Service-specific credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_service-specific-creds.html)
- [Bedrock API keys](https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html)
- [Credential report](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import SSH_KEY, ServiceCredential, User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

CERTIFICATE = "signing certificate"

RULE = Rule(
    code="KY113",
    slug="service-specific-credential",
    severity=Severity.LOW,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetCredentialReport",),
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
    },
    title="A user has a credential for one service that does not end",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    row, (others, read) = facts.credential(user), facts.other_credentials(user)
    for kind in sorted({one.kind for one in others}):
        yield _others(user, kind, [one for one in others if one.kind == kind])
    if row is not None and row.signing_certificates:
        plural = "s" if row.signing_certificates > 1 else ""
        yield Open(
            f"{user.name} has {row.signing_certificates} active signing certificate{plural}",
            {"active_signing_certificates": row.signing_certificates, "age": "unknown", "use": "unknown"},
            part=CERTIFICATE,
        )
    elif row is None and not others:
        yield Unknown(f"the credential report does not tell of {user.name}")
    elif not others:
        yield Clear("has none") if read else Unknown("service-specific credentials and SSH keys are not collected")


def _others(user: User, kind: str, found: list[ServiceCredential]) -> Open:
    what = kind if kind == SSH_KEY else f"{kind} credential"
    made = [f"{one.unique_id}: {one.created_at:%Y-%m-%d}" if one.created_at else one.unique_id for one in found]
    plural = "s" if len(found) > 1 else ""
    return Open(f"{user.name} has {len(found)} active {what}{plural}", {"made": made, "use": "unknown"}, part=kind)
