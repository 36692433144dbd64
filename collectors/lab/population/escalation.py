"""Ways to more than was given: live, blocked by an SCP or a boundary, and look-alikes. LP301, LP304, GR101, GR103."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

ADMINISTRATOR_ACCESS = "/AdministratorAccess"


def pipeline(b: Builder) -> str:
    return trusts.service_trust("codepipeline.amazonaws.com")


@planted(5)
def passing_an_administrator_to_a_function(b: Builder) -> None:
    """platform-reconciler, an administrator that trusts Lambda, stands in the same accounts."""
    inline = {"deploy": documents.function_deploy(b.id, "platform-reconciler")}
    b.role("function-releaser", pipeline(b), inline=inline, used=2)
    b.open("LP301", "role", "function-releaser", "live: a new function as platform-reconciler")
    b.open("LP304", "role", "function-releaser", "a new function as platform-reconciler is one hop")
    inline = {"deploy": documents.function_deploy(b.id, "order-history-lambda")}
    b.role("order-releaser", pipeline(b), inline=inline, used=2)
    b.clear("LP301", "role", "order-releaser", "the role that it may pass is worth no more")


def rotate_keys(b: Builder) -> bool:
    """Makes keys for break-glass, an administrator with a password; nobody forces MFA on keys. False: there is no such user."""
    if "break-glass" not in b.iam.users:
        return False
    made = documents.policy(documents.allow("iam:CreateAccessKey", b.iam.users["break-glass"].arn))
    b.role("key-rotator", trusts.service_trust("lambda.amazonaws.com"), inline={"rotate": made}, used=9)
    return True


@planted(name="payments-dev")
def a_key_of_an_administrator(b: Builder) -> None:
    if rotate_keys(b):
        b.open("LP301", "role", "key-rotator", "live: a key of the user break-glass")
        b.open("GR101", "role", "key-rotator", "makes credentials of users, without a boundary")


@planted(ou="sandbox")
def a_key_of_an_administrator_denied(b: Builder) -> None:
    if rotate_keys(b):
        b.open("LP301", "role", "key-rotator", "blocked: SCP sandbox-no-long-term-keys denies iam:CreateAccessKey")
        b.clear("GR101", "role", "key-rotator", "SCP sandbox-no-long-term-keys denies all that it could make")


@planted(6, 3)
def a_chain_to_an_administrator(b: Builder) -> None:
    """release-starter may become release-broker, and that one release-admin."""
    broker, administrator = (f"arn:aws:iam::{b.id}:role/{name}" for name in ("release-broker", "release-admin"))
    starter = f"arn:aws:iam::{b.id}:role/release-starter"
    b.role("release-starter", pipeline(b), inline={"assume": documents.assume(broker)}, used=1)
    b.role("release-broker", trusts.role_trust(starter), inline={"assume": documents.assume(administrator)}, used=1)
    b.role("release-admin", trusts.role_trust(broker), attached=[ADMINISTRATOR_ACCESS], used=1, created=900)
    b.open("LP201", "role", "release-admin", "AdministratorAccess attached", "AWS-managed")
    b.open("LP304", "role", "release-starter", "two hops to release-admin")
    b.open("LP304", "role", "release-broker", "one hop to release-admin")
    b.open("LP301", "role", "release-broker", "live: it may assume release-admin")
    b.role("release-watcher", pipeline(b), inline={"assume": documents.assume(administrator)}, used=1)
    b.clear("LP304", "role", "release-watcher", "release-admin does not trust it")
    b.clear("LP301", "role", "release-watcher", "release-admin does not trust it")


@planted(6, 2)
def makers_of_roles(b: Builder) -> None:
    boundary = b.policy("tenant-boundary", documents.BOUNDARY)
    b.role("tenant-onboarding", pipeline(b), inline={"make": documents.MAKE_ROLES}, used=5)
    b.open("GR101", "role", "tenant-onboarding", "makes roles, and no boundary limits what it makes")
    b.open("LP301", "role", "tenant-onboarding", "live: it attaches any policy to any role")
    b.open("LP207", "role", "tenant-onboarding", "changes what any role may do")
    b.open("LP203", "role", "tenant-onboarding", "on *, though roles can be named", "inline:make")
    inline = {"make": documents.make_bounded_roles(boundary.arn)}
    b.role("team-onboarding", pipeline(b), inline=inline, used=5)
    b.clear("GR101", "role", "team-onboarding", "a condition forces a boundary on what it makes")
    b.clear("LP207", "role", "team-onboarding", "only roles with the boundary")
    b.clear("LP107", "policy", "tenant-boundary", "in use as a permissions boundary")
    b.role("tenant-0007", trusts.service_trust("lambda.amazonaws.com"), boundary=boundary.arn, used=2)
    b.clear("GR103", "policy", "tenant-boundary", "allows no change of itself")
