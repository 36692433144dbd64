"""Roles of federated principals: CI by OIDC, Identity Center, SAML, Roles Anywhere."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

GITHUB = "token.actions.githubusercontent.com"
GITLAB = "gitlab.com"
WITHOUT_SSO = "acquired-retail"
PERMISSION_SETS = (
    ("AdministratorAccess", "/AdministratorAccess", 1.5),
    ("ReadOnly", "/ReadOnlyAccess", 0.4),
    ("Developer", "/PowerUserAccess", 0.2),
)


@planted(2)
def github_deploy(b: Builder) -> None:
    sub = "repo:halden/payments-api:environment:production"
    trust = trusts.web_identity_trust(b.oidc_provider(GITHUB), GITHUB, sub)
    tags = {"managed-by": "terraform", "team": "platform"}
    b.role("github-deploy", trust, inline={"deploy": documents.ecs_deploy(b.id)}, used=0.5, tags=tags)
    b.clear("LP405", "role", "github-deploy", "sub binds owner, repository and environment")
    b.clear("HM109", "role", "github-deploy", "one hour")
    b.clear("LP301", "role", "github-deploy", "may pass task roles to ECS only")


@planted(6, 1)
def github_of_the_owner(b: Builder) -> None:
    trust = trusts.web_identity_trust(b.oidc_provider(GITHUB), GITHUB, "repo:halden/*")
    b.role("github-terraform", trust, inline={"deploy": documents.ecs_deploy(b.id)}, used=1, session=43200)
    b.open("LP405", "role", "github-terraform", "any repository of the owner")
    b.open("HM109", "role", "github-terraform", "sessions of twelve hours for a pipeline")


@planted(6, 4)
def github_of_anybody(b: Builder) -> None:
    trust = trusts.web_identity_trust(b.oidc_provider(GITHUB), GITHUB, None)
    b.role("github-release-notes", trust, inline={"artifacts": documents.bucket("halden-artifacts")}, used=8)
    b.open("LP405", "role", "github-release-notes", "no sub at all: any repository of GitHub")


@planted(4, 3)
def gitlab(b: Builder) -> None:
    provider = b.oidc_provider(GITLAB, "https://gitlab.com")
    good = "project_path:halden/data-models:ref_type:branch:ref:main"
    trust = trusts.web_identity_trust(provider, GITLAB, good, "https://gitlab.com")
    b.role("gitlab-data-models", trust, inline={"models": documents.bucket("halden-data-models")}, used=2)
    b.clear("LP405", "role", "gitlab-data-models", "sub binds project and branch")
    trust = trusts.web_identity_trust(provider, GITLAB, "project_path:*", "https://gitlab.com")
    b.role("gitlab-runner", trust, inline={"cache": documents.bucket("halden-ci-cache")}, used=2)
    b.open("LP405", "role", "gitlab-runner", "any project of gitlab.com")


@planted()
def identity_center(b: Builder) -> None:
    """Roles that Identity Center makes of permission sets; an acquired account is not yet in it."""
    if b.account.name == WITHOUT_SSO:
        b.open("HM106", "account", b.id, "passwords, and neither SAML provider, OIDC for people nor Identity Center")
        return
    provider = b.saml_provider(f"AWSSSO_{b.unique_id('', 16).lower()}_DO_NOT_DELETE")
    for name, policy, used in PERMISSION_SETS:
        role = f"AWSReservedSSO_{name}_{b.unique_id('', 16).lower()}"
        path = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
        b.role(role, trusts.saml_trust(provider), path=path, attached=[policy], used=used, session=28800)
        if policy == "/AdministratorAccess":
            b.open("LP201", "role", role, "a permission set with AdministratorAccess", "AWS-managed")


@planted(2, 1)
def okta(b: Builder) -> None:
    if b.account.name == WITHOUT_SSO:
        return
    b.role("okta-engineer", trusts.saml_trust(b.saml_provider("okta")), attached=["/ReadOnlyAccess"], used=2)


@planted(4)
def roles_anywhere(b: Builder) -> None:
    inline = {"backups": documents.bucket("halden-onprem-backups")}
    b.role("onprem-backup", trusts.roles_anywhere_trust(), inline=inline, used=1)
