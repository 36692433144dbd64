"""
## What it does
Opens when IAM users of the account have console passwords and there is no way for people to sign in by another identity: no
SAML provider, no OpenID Connect provider of people (Okta, Entra, Keycloak and the like), no role that Identity Center or a
Directory Service console uses. Providers of pipelines and clusters (GitHub, EKS) sign no people in. Passwords of break-glass
users alone are no fault: those are what break-glass users are for.

## Why it matters
Every person has a second account here that nobody closes when they leave, with a password of its own to be phished.

## How to fix
Turn on IAM Identity Center in the organization and assign permission sets to this account, or register your identity provider:

    aws sso-admin list-instances
    aws sso-admin create-account-assignment --instance-arn ARN --permission-set-arn ARN --principal-type GROUP \\
      --principal-id ID --target-type AWS_ACCOUNT --target-id ACCOUNT
    aws iam create-saml-provider --name NAME --saml-metadata-document file://metadata.xml

Then take the passwords away (HM105 names the users).

## What it cannot know
Identity Center is recognised by the roles and the provider it makes in the account: set up and not assigned here, it does not
show. Whether an OpenID Connect provider with an address that we do not know signs people in: unknown. Whether people come
by roles from another account.

## References
- [Require human users to federate](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html)
- [IAM Identity Center](https://docs.aws.amazon.com/singlesignon/latest/userguide/what-is.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.kinds import Kind
from findings.analysis.trust.oidc import issuer_of
from findings.analysis.trust.people import human_by, is_workload_issuer, signs_people_in
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM106",
    slug="no-federation",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.LARGE,
    needs=(
        "iam:GetAccountAuthorizationDetails",
        "iam:GetCredentialReport",
        "iam:ListSAMLProviders",
        "iam:ListOpenIDConnectProviders",
    ),
    controls={
        "AWS Well-Architected": ("SEC02-BP04",),
        "Prowler": ("iam_check_saml_providers_sts",),
        "CIS AWS v3": ("1.21",),
        "CIS AWS v5": ("1.20",),
        "CIS AWS v7": ("2.19",),
    },
    title="People can sign in as IAM users only",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    people = [user for user in facts.snapshot.users if _signs_in(user, facts)]
    if found := _federation(facts):
        yield Clear(f"people can sign in by {found}")
    elif not people:
        yield Clear("no IAM user but break-glass users has a console password")
    elif doubtful := [p for p in facts.told.oidc_providers or () if not is_workload_issuer(p)]:
        yield Unknown(f"whether people sign in by {issuer_of(doubtful[0])} is not known")
    else:
        names = sorted(user.name for user in people)
        yield Open(
            f"{len(names)} IAM users of {account.name} have passwords, and there is no federation"
            if len(names) > 1
            else f"{names[0]} has a password in {account.name}, and there is no federation",
            {"users_with_password": names, "oidc_providers": list(facts.told.oidc_providers or ())},
        )


def _signs_in(user: User, facts: Facts) -> bool:
    row = facts.credential(user)
    return bool(row and row.password_enabled) and facts.kind(user).kind is not Kind.BREAK_GLASS


def _federation(facts: Facts) -> str:
    """How people can sign in other than as IAM users; "" when they cannot, as far as it was read."""
    if any(role.reserved for role in facts.snapshot.roles):
        return "IAM Identity Center"
    if providers := facts.told.saml_providers:
        return f"SAML provider {providers[0].arn.rpartition('/')[2]}"
    if found := [provider for provider in facts.told.oidc_providers or () if signs_people_in(provider)]:
        return issuer_of(found[0])
    directory = (a for role in facts.snapshot.roles for a in facts.admitted(role) if a.kind == "service")
    return next((human for a in directory if (human := human_by(a, facts))), "")
