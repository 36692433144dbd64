"""
## What it does
Opens when an IAM user has an active credential that serves one purpose: an SSH key or a password for CodeCommit, a password for
Keyspaces, a long-term API key, such as those for Bedrock, or an X.509 signing certificate. Each kind is a finding by itself, with
the ids of the credentials and the days on which they were made.

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
    aws iam list-signing-certificates --user-name USER

## What it cannot know
When any of these was used: AWS does not tell. They are read once a day, so that one made since is not seen yet; of more than 500
users, 500 a day. Where `iam:ListSigningCertificates` was refused, the credential report counts certificates, and their age is
unknown.

## References
- [Service-specific credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_service-specific-creds.html)
- [Bedrock API keys](https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html)
- [Credential report](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import SIGNING_CERTIFICATE, SSH_KEY, ServiceCredential, User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="KY113",
    slug="service-specific-credential",
    severity=Severity.LOW,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetCredentialReport",),
    each=("iam:ListSSHPublicKeys", "iam:ListServiceSpecificCredentials"),
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
    },
    title="A user has a credential for one service that does not end",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    row, certificates = facts.credential(user), facts.certificates(user)
    others, unread = facts.other_credentials(user)
    counted = row.signing_certificates if row else len(certificates or ())
    for kind in sorted({one.kind for one in others}):
        yield _open(user, kind, [one for one in others if one.kind == kind])
    if counted:
        yield _open(user, SIGNING_CERTIFICATE, list(certificates or ()), counted)
    if row is None and certificates is None:
        yield Unknown(f"the credential report does not tell of {user.name}")
    elif unread:
        yield Unknown(f"{' and '.join(unread)} did not tell of {user.name} lately")
    elif not others and not counted:
        yield Clear("has none")


def _open(user: User, kind: str, known: list[ServiceCredential], counted: int = 0) -> Open:
    """counted: how many there are, where that is told otherwise and by what is read more often."""
    n = counted or len(known)
    what = kind if kind in (SSH_KEY, SIGNING_CERTIFICATE) else f"{kind} credential"
    made = [f"{one.unique_id}: {one.created_at:%Y-%m-%d}" if one.created_at else one.unique_id for one in known]
    evidence: dict[str, Json] = {"active": n, "made": list(made) or "unknown", "use": "unknown"}
    return Open(f"{user.name} has {n} active {what}{'s' if n > 1 else ''}", evidence, part=kind)
