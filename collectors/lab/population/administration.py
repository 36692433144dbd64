"""Administration: organization access, StackSets, break-glass, service-linked roles, boundaries, the hub role."""

from collectors.lab.organization import HUB_ROLE, hub_policy
from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

ADMINISTRATOR_ACCESS = "/AdministratorAccess"
SERVICE_LINKED = (
    ("AWSServiceRoleForSupport", "support", "/aws-service-role/AWSSupportServiceRolePolicy", 30),
    ("AWSServiceRoleForTrustedAdvisor", "trustedadvisor", "/aws-service-role/AWSTrustedAdvisorServiceRolePolicy", None),
    ("AWSServiceRoleForOrganizations", "organizations", "/aws-service-role/AWSOrganizationsServiceTrustPolicy", 200),
    ("AWSServiceRoleForSSO", "sso", "/aws-service-role/AWSSSOServiceRolePolicy", 1),
)


def administrator(b: Builder, name: str, trust: str, used: float, session: int = 3600) -> None:
    b.role(name, trust, attached=[ADMINISTRATOR_ACCESS], used=used, session=session, created=1200)
    b.open("LP201", "role", name, "AdministratorAccess attached", "AWS-managed")


@planted(member=True)
def organization_access(b: Builder) -> None:
    administrator(b, "OrganizationAccountAccessRole", trusts.account_trust(b.world.management.id), 40)


@planted(member=True)
def stack_sets(b: Builder) -> None:
    """The same role with the same document in every member account: one family."""
    admin = f"arn:aws:iam::{b.world.management.id}:role/AWSCloudFormationStackSetAdministrationRole"
    administrator(b, "AWSCloudFormationStackSetExecutionRole", trusts.role_trust(admin), 7)


@planted(name="halden-management")
def stack_set_administration(b: Builder) -> None:
    scope = documents.policy(
        documents.allow("sts:AssumeRole", "arn:aws:iam::*:role/AWSCloudFormationStackSetExecutionRole")
    )
    trust = trusts.service_trust("cloudformation.amazonaws.com")
    b.role("AWSCloudFormationStackSetAdministrationRole", trust, inline={"assume": scope}, used=7)
    b.clear("LP303", "role", "AWSCloudFormationStackSetAdministrationRole", "one role name is not any role")


@planted(2)
def break_glass(b: Builder) -> None:
    """Rarely used by design; the last drill is recent."""
    administrator(b, "break-glass", trusts.account_trust(b.world.security.id, mfa=True), 62)


@planted(3, 1)
def home_made_admin(b: Builder) -> None:
    trust = trusts.service_trust("codebuild.amazonaws.com")
    b.role("platform-bootstrap", trust, inline={"all": documents.ADMINISTRATOR}, used=12)
    b.open("LP201", "role", "platform-bootstrap", "*:* in an inline policy", "inline")


@planted()
def service_linked(b: Builder) -> None:
    for name, service, policy, used in SERVICE_LINKED:
        host = f"{service}.amazonaws.com"
        path = f"/aws-service-role/{host}/"
        b.role(name, trusts.service_trust(host), path=path, attached=[policy], used=used, created=1400)


@planted(2, 1)
def bounded(b: Builder) -> None:
    """A team's deployer that may not go beyond a boundary."""
    boundary = b.policy("developer-boundary", documents.BOUNDARY)
    trust = trusts.service_trust("codepipeline.amazonaws.com")
    b.role("team-deployer", trust, inline={"all": documents.ADMINISTRATOR}, boundary=boundary.arn, used=1)
    b.clear("LP201", "role", "team-deployer", "the permissions boundary takes administration away")
    b.open("LP301", "role", "team-deployer", "blocked: the boundary developer-boundary allows no IAM")
    b.clear("GR101", "role", "team-deployer", "has a permissions boundary")
    b.clear("GR103", "policy", "developer-boundary", "allows no change of itself")
    b.clear("LP107", "policy", "developer-boundary", "in use as a permissions boundary")


@planted(4)
def pass_role(b: Builder) -> None:
    b.role(
        "fleet-launcher",
        trusts.service_trust("lambda.amazonaws.com"),
        inline={"launch": documents.PASS_ANY_ROLE},
        used=3,
    )
    b.open("LP302", "role", "fleet-launcher", "iam:PassRole on * without iam:PassedToService")
    narrow = {"pass": documents.PASS_TO_LAMBDA}
    b.role("function-publisher", trusts.service_trust("codebuild.amazonaws.com"), inline=narrow, used=3)
    b.clear("LP302", "role", "function-publisher", "iam:PassedToService narrows it")


@planted()
def support_and_audit(b: Builder) -> None:
    """Every third account has no support role; for an audit role see finish.judge_audit_role."""
    trust = trusts.account_trust(b.id)
    if b.account.index % 3 == 2:
        b.open("AB105", "account", b.id, "no role with AWSSupportAccess")
    else:
        b.role("aws-support", trust, attached=["/AWSSupportAccess"], used=25)
        b.clear("AB105", "account", b.id, "has a role with AWSSupportAccess")


@planted(7, 6)
def cloud_shell(b: Builder) -> None:
    b.role("workshop", trusts.account_trust(b.id), attached=["/AWSCloudShellFullAccess"], used=15)
    b.open("LP211", "role", "workshop", "AWSCloudShellFullAccess attached")


@planted(name="security")
def hub(b: Builder) -> None:
    """The collector's own role: assumes the read roles, nothing else."""
    trust = trusts.service_trust("ecs-tasks.amazonaws.com", source=b.id)
    inline = {"assume-collector-roles": hub_policy({"iamdash-*"}, {})}
    b.role(HUB_ROLE, trust, inline=inline, used=0.1, created=60, tags={"application": "iamdash"})
