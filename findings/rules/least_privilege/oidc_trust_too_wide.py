"""
## What it does
Opens when a role trusts an OpenID Connect provider and its conditions let in more than one repository, project, workspace or
service account. By provider:

- GitHub: `sub` must bind owner and repository. `repo:acme/shop:*` does; `repo:acme/*`, `repo:acme/shop*` and no `sub` do not.
- GitLab, also one of your own: `project_path:group/project:...`.
- Terraform Cloud: organization, and project or workspace. Buildkite: organization and pipeline.
- EKS and other Kubernetes clusters: namespace and service account, without wildcards.
- CircleCI, Bitbucket, Azure DevOps: project, repository or service connection. Their issuer is your own organization's, so
  this is medium.
- Cognito: `aud`, the identity pool, and `amr`; without `amr` guests get in (medium).
- Google, Facebook, Amazon: the application (`aud`, `app_id`) or the user.
- Others: `sub` or `aud`; `sub` for issuers that AWS knows to be shared.

A condition counts only if it must be met: IfExists, ForAllValues and negations do not, while a Deny with StringNotLike does.
A `*` in StringEquals is plain text and lets nobody in. One step lower when an RCP keeps strangers out.

## Why it matters
GitHub and its like sign tokens for everybody's pipelines. Whoever can run a job in a repository that the conditions let in
has the role: any GitHub user if `sub` is missing, everybody who may open a repository if only the owner is bound.

## How to fix
Name the repository, and the branch or environment for roles that can change production:

    aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json

with `"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/shop:environment:production"}` beside `aud`.
One role a repository is less to explain than one for all.

## What it cannot know
A missing `aud` beside a bound `sub` matters only if the provider is registered with several client ids; those are not
collected, so it is not reported. Which provider serves several customers is known for those above. Whether a branch
that the conditions let in is protected.

## References
- [OIDC and AWS, by GitHub](https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws)
- [Shared OIDC providers](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html)
- [IAM roles for service accounts](https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.oidc import issuer_of, too_wide
from findings.rules import trusts
from findings.rules.words import lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP405",
    slug="oidc-trust-too-wide",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP09",),
    },
    title="A role trusts more of an identity provider than one project",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    providers = [a for a in facts.admitted(role) if a.kind == "oidc"]
    if not providers:
        return
    found = [(a, wide) for a in providers if (wide := too_wide(a))]
    if not found:
        yield Clear("its conditions bind whom the identity provider may vouch for")
        return
    blockers = trusts.stopped([admission for admission, _ in found], role, facts)
    severity = Severity.MEDIUM if all(wide.own for _, wide in found) else RULE.severity
    first, wide = found[0]
    yield Open(
        f"Role {role.name} trusts {issuer_of(first.principal)} and {wide.why}",
        {
            "providers": list(dict.fromkeys(a.principal for a, _ in found)),
            "why": list(dict.fromkeys(wide.why for _, wide in found)),
            "statements": trusts.statements(a for a, _ in found),
            "conditions": trusts.asked_for(a for a, _ in found),
            "blocked_by": list(blockers),
            "guardrails": trusts.rcps_seen(facts),
        },
        lowered(severity) if blockers else severity,
    )
