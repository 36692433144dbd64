"""Who really acted: people in machines' roles, machines in the console, and what only looks so. HM101, HM102, HM110 to HM112,
HM115. The visits are planted; the trail's files tell of them (collectors.lab.trail).

All lie within the last four weeks, which is what a collector reads at first.
"""

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

from moto.iam.models import Role

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.federation import WITHOUT_SSO
from collectors.lab.population.recipes import planted
from collectors.lab.repairs.trail_events import sign_ins
from collectors.lab.trail import places
from collectors.lab.trail.ordinary import people
from collectors.lab.trail.visits import Opener, Visit

TERRAFORM_CLOUD = "app.terraform.io"


def apart(b: Builder, recipe: str) -> Builder:
    """A builder whose draws leave those of the others as they are."""
    own = Builder(b.world, b.account)
    own.chance = Random(f"{b.world.settings.seed}/sessions/{b.id}/{recipe}")
    return own


def codebuild_and_root(b: Builder) -> str:
    """Builds, and whoever the account lets: a role like this is a machine's, and people can get at it."""
    builds = trusts.allow(
        {"Service": "codebuild.amazonaws.com"}, condition={"StringEquals": {"aws:SourceAccount": b.id}}
    )
    return trusts.document(builds, trusts.allow({"AWS": trusts.root_arn(b.id)}))


def developer(b: Builder) -> Role | None:
    """Identity Center's role for developers."""
    return next((r for r in b.iam.roles.values() if r.name.startswith("AWSReservedSSO_Developer")), None)


def engineer(b: Builder, number: int = 0) -> str:
    everybody = people(b.world.settings.seed)
    return everybody[(b.account.index + number) % len(everybody)]


def as_engineer(b: Builder, role: Role, person: str) -> Opener:
    """A session of the account's developers' role."""
    return Opener("role", role.name, b.id, person)


def plant(b: Builder, role: str, days: Iterable[float], **how: Any) -> None:
    """One visit for each number of days ago."""
    for ago in days:
        begin = b.as_of - timedelta(days=ago)
        told = {"address": places.VPN, "agent": places.CLI_ON_MAC, "calls": ("sts:GetCallerIdentity",)} | how
        b.world.visits.append(Visit(b.id, role, begin, **told))


@planted(6, 2)
def an_engineer_deploys_by_hand(b: Builder) -> None:
    """Three times from a laptop, under a name that the tool made up."""
    own, center = apart(b, "an_engineer_deploys_by_hand"), developer(b)
    if center is None:
        return
    own.role("release-deploy", codebuild_and_root(b), inline={"deploy": documents.ecs_deploy(b.id)}, used=1)
    person = engineer(b)
    how = {"opener": as_engineer(b, center, person), "address": places.home(person)}
    for number, ago in enumerate((3.4, 9.3, 16.6)):
        name = f"botocore-session-17{31000000 + number * 61803:08}"
        plant(own, "release-deploy", [ago], name=name, calls=("ecs:UpdateService", "ecs:DescribeServices"), **how)
    b.open("HM101", "role", "release-deploy", "an engineer's SSO session assumed it three times from a laptop")
    b.clear("HM102", "role", "release-deploy", "never in the console")
    b.open("HM114", "role", "release-deploy", "developers may assume it, and nothing denies it the sign-in")


@planted(name="shared-services")
def an_engineer_goes_on_to_another_account(b: Builder) -> None:
    """SSO user -> Developer -> deploy -> payments-release in payments-prod."""
    own, center = apart(b, "an_engineer_goes_on_to_another_account"), developer(b)
    target = next((a for a in b.world.accounts if a.name == "payments-prod"), None)
    if center is None or target is None:
        return
    there = f"arn:aws:iam::{target.id}:role/payments-release"
    own.role("deploy", codebuild_and_root(b), inline={"assume": documents.assume(there)}, used=1)
    person = engineer(b)
    for ago in (2.3, 8.6, 20.4):
        plant(own, "deploy", [ago], name=person, opener=as_engineer(b, center, person), address=places.OFFICE)
        hop = Visit(
            target.id, "payments-release", b.as_of - timedelta(days=ago - 0.01), places.OFFICE, places.CLI_ON_MAC,
            calls=("ecs:UpdateService",), name="aws-cli-release", opener=Opener("role", "deploy", b.id, person),
        )  # fmt: skip
        b.world.visits.append(hop)
    b.open("HM101", "role", "deploy", "an engineer's SSO session assumed it three times")
    b.open("HM114", "role", "deploy", "developers may assume it, and nothing denies it the sign-in")


@planted(name="payments-prod")
def released_from_another_account(b: Builder) -> None:
    """The other end of the chain; pipelines of the account release with it too."""
    source = next((a for a in b.world.accounts if a.name == "shared-services"), None)
    if source is None:
        return
    builds = trusts.allow(
        {"Service": "codebuild.amazonaws.com"}, condition={"StringEquals": {"aws:SourceAccount": b.id}}
    )
    trust = trusts.document(builds, trusts.allow({"AWS": f"arn:aws:iam::{source.id}:role/deploy"}))
    apart(b, "released_from_another_account").role(
        "payments-release", trust, inline={"deploy": documents.ecs_deploy(b.id)}, used=1
    )
    b.open("HM101", "role", "payments-release", "by the deploy role of shared-services, from a laptop")


@planted(6, 1)
def a_switch_to_a_machine_role(b: Builder) -> None:
    """In the console's menu."""
    own, center = apart(b, "a_switch_to_a_machine_role"), developer(b)
    if center is None:
        return
    own.role("integration-tests", codebuild_and_root(b), inline={"tests": documents.ecs_deploy(b.id)}, used=2)
    person = engineer(b)
    opener = Opener("switch", f"arn:aws:sts::{b.id}:assumed-role/{center.name}/{person}")
    plant(
        own, "integration-tests", [4.4, 11.5],
        name=person, opener=opener, console=True, agent=places.BROWSER, calls=("ecs:DescribeServices",),
    )  # fmt: skip
    b.open("HM101", "role", "integration-tests", "somebody switched to it in the console")
    b.open("HM102", "role", "integration-tests", "SwitchRole, and credentials of the console")
    b.open("HM114", "role", "integration-tests", "developers may assume it, and nothing denies it the sign-in")


@planted(6, 3)
def a_program_in_the_console(b: Builder) -> None:
    """svc-billing-ui has a password, and somebody uses it (machines.program_with_a_password)."""
    user = b.iam.users["svc-billing-ui"]
    for signed_in in sign_ins(user, b.as_of - timedelta(days=28)):
        ago = (b.as_of - signed_in) / timedelta(days=1) + 0.02  # the same day: sign-ins are in the evening
        plant(
            b, user.name, [ago], key=user.access_keys[0].access_key_id, address=places.data_centre(user.name),
            agent=places.BOTO3, calls=("ce:GetCostAndUsage",),
        )  # fmt: skip
    b.open("HM102", "user", "svc-billing-ui", "tagged kind=machine, and signed in to the console")
    b.open("HM110", "user", "svc-billing-ui", "in the console from a person's network while a program used its key")
    b.clear("HM110", "user", "ruben.costa", "uses his key at his own desk")
    b.clear("HM102", "user", "ruben.costa", "a person")


@planted(4, 2)
def on_call(b: Builder) -> None:
    """Two people under names that their tools made up; beside them a role whose sessions carry a source identity."""
    own, center = apart(b, "on_call"), developer(b)
    if center is None:
        return
    trust = trusts.role_trust(center.arn)
    own.role("oncall-metrics", trust, inline={"metrics": documents.METRICS}, used=1.2)
    own.role("oncall-costs", trust, inline={"costs": documents.COST_READ}, used=1.2)
    for number, ago in enumerate((1.4, 5.3, 13.5)):
        person = engineer(b, number % 2)
        how = {"opener": as_engineer(b, center, person), "address": places.of_person(person)}
        name = f"botocore-session-17{32000000 + number * 50021:08}"
        plant(own, "oncall-metrics", [ago], name=name, **how)
        plant(own, "oncall-costs", [ago], name=name, source_identity=person, calls=("ce:GetCostAndUsage",), **how)
    b.open("HM111", "role", "oncall-metrics", "several people under a tool's default name")
    b.clear("HM111", "role", "oncall-costs", "each session carries a source identity")


@planted(6, 4)
def stolen_from_an_instance(b: Builder) -> None:
    """The instance calls through a VPC endpoint; once its credentials came from a hosting company."""
    own = apart(b, "stolen_from_an_instance")
    trust = trusts.service_trust("ec2.amazonaws.com")
    role = own.role("link-preview-instance", trust, inline={"read": documents.bucket("halden-previews")}, used=1)
    own.instance_profile("link-preview-instance", [role])
    instance = f"i-{Random(f'{role.id}/instance').getrandbits(68):017x}"
    # AWS's own name for it stands behind the session, as on its other calls.
    plant(
        own, role.name, [3.6], name=instance, instance=True, address=places.VPS,
        calls=("sts:GetCallerIdentity", "s3:ListBucket", "s3:GetObject"),
    )  # fmt: skip
    b.open("HM115", "role", role.name, "an instance's session from a hosting company, with a Mac's tools")
    b.clear("HM101", "role", role.name, "an instance's credentials, not a person's session")
    b.open("MO113", "role", role.name, "a network, an agent and a service that it never used before")
    b.clear("HM115", "role", "web-frontend-instance", "always from its own network")


@planted(6)
def behind_an_elastic_ip(b: Builder) -> None:
    own = apart(b, "behind_an_elastic_ip")
    trust = trusts.service_trust("ec2.amazonaws.com")
    role = own.role("mail-relay-instance", trust, inline={"read": documents.bucket("halden-mail")}, used=0.3)
    own.instance_profile("mail-relay-instance", [role])
    how = {"instance": True, "address": "192.0.2.197", "agent": places.BOTO3, "calls": ("s3:GetObject",)}
    plant(own, role.name, [n + 0.6 for n in range(30)], name="i-0f3c9a7be51d24c86", **how)
    b.clear("HM115", "role", role.name, "the same address every day")


@planted(6, 3)
def terraform_cloud(b: Builder) -> None:
    own = apart(b, "terraform_cloud")
    sub = "organization:halden:project:platform:workspace:network:run_phase:apply"
    provider = own.oidc_provider(TERRAFORM_CLOUD, "aws.workload.identity")
    trust = trusts.web_identity_trust(provider, TERRAFORM_CLOUD, sub, "aws.workload.identity")
    own.role("terraform-cloud", trust, inline={"deploy": documents.ecs_deploy(b.id)}, used=1)
    b.clear("HM101", "role", "terraform-cloud", "Terraform Cloud's own runs, each under a name of its own")
    b.clear("LP405", "role", "terraform-cloud", "sub binds project and workspace")


@planted(member=True)
def across_accounts(b: Builder) -> None:
    """Operators of the security account in ops-console, and StackSets: roles that the population planted elsewhere."""
    roles = {role.name: role for role in b.iam.roles.values()}
    operator = Opener("user", "anna.berg", b.world.security.id)
    last = (b.as_of - roles["ops-console"].last_used) / timedelta(days=1)
    how = {"name": "anna.berg", "opener": operator, "mfa": True, "address": places.of_person("anna.berg")}
    plant(b, "ops-console", [last + 0.01, last + 11], calls=("ec2:DescribeInstances",), **how)
    b.clear("HM111", "role", "ops-console", "sessions named after the user who opened them")
    management = {role.name: role for role in b.world.iam(b.world.management.id).roles.values()}
    both = roles["AWSCloudFormationStackSetExecutionRole"], management["AWSCloudFormationStackSetAdministrationRole"]
    last = max((b.as_of - role.last_used) / timedelta(days=1) for role in both)
    administration = Opener("role", "AWSCloudFormationStackSetAdministrationRole", b.world.management.id, "stacksets")
    how = {"name": "stacksets", "opener": administration, "behalf": "cloudformation.amazonaws.com"}
    plant(b, "AWSCloudFormationStackSetExecutionRole", [last + 0.01], calls=("cloudformation:DescribeStacks",), **how)


@planted(2)
def pipelines(b: Builder) -> None:
    b.clear("HM101", "role", "github-deploy", "GitHub's runners, from many addresses")
    b.clear("HM102", "role", "github-deploy", "never in the console")


@planted()
def machines_at_work(b: Builder) -> None:
    b.clear("HM101", "role", "order-history-lambda", "a function")
    b.clear("HM101", "role", "AWSServiceRoleForSSO", "a service on its own behalf")
    if b.account.name != WITHOUT_SSO and (center := developer(b)):
        b.clear("HM101", "role", center.name, "people in a role for people, by VPN")


@planted(4)
def certificates(b: Builder) -> None:
    b.clear("HM101", "role", "onprem-backup", "a source identity that is a certificate's subject")
