"""Who leaves his ways, who only seems to, and what was done to IAM and to the recording: MO111 to MO115, GR111.

Visits are planted on top of ordinary ones; the faults lie in the last four days, so that 30 days of the trail lie before them.
"""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.population.sessions_of_humans import apart, codebuild_and_root, developer, engineer, plant
from collectors.lab.trail import places
from collectors.lab.trail.visits import Act

IAM, STS, ORGANIZATIONS = (f"{name}.amazonaws.com" for name in ("iam", "sts", "organizations"))
NO_SIGN_IN = {"Effect": "Deny", "Action": ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"], "Resource": "*"}
EVERY_DAY = tuple(n + 0.4 for n in range(34))
EVERY_WEEK = tuple(n * 7 + 0.4 for n in range(5))
LOOKS = tuple(
    Act(IAM, name)
    for name in (
        "ListUsers", "ListRoles", "ListGroups", "ListPolicies", "GetAccountAuthorizationDetails", "GetAccountSummary",
        "ListAccessKeys", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy", "ListInstanceProfiles",
        "ListMFADevices",
    )
)  # fmt: skip
TRIES = tuple(
    Act(IAM, name, error="AccessDenied") for name in ("CreateUser", "AttachUserPolicy", "CreateAccessKey") * 10
)


def worker(b: Builder, name: str, service: str = "lambda") -> None:
    """A machine's role that does the same each day."""
    own = apart(b, name)
    own.role(
        name,
        trusts.service_trust(f"{service}.amazonaws.com"),
        inline={"own": documents.bucket(f"halden-{name}")},
        used=0.3,
    )
    at_work(b, name)


def at_work(b: Builder, name: str, *, address: str = "192.0.2.198", agent: str = places.IN_LAMBDA) -> None:
    plant(b, name, EVERY_DAY, name=name, address=address, agent=agent, calls=("s3:GetObject", "s3:PutObject"))


def acts(b: Builder, name: str, ago: float, *some: Act, session: str = "", **how: object) -> None:
    usual = {"name": session or name, "address": "192.0.2.198", "agent": places.IN_LAMBDA, "calls": ("s3:GetObject",)}
    plant(b, name, [ago], acts=some, **{**usual, **how})


@planted(6, 1)
def refused_again_and_again(b: Builder) -> None:
    worker(b, "thumbnails")
    acts(b, "thumbnails", 2.4, *TRIES)
    b.open("MO112", "role", "thumbnails", "thirty refusals on a day, and none before")
    b.open("MO113", "role", "thumbnails", "never called IAM before")
    worker(b, "thumbnails-legacy")
    for ago in EVERY_DAY:
        acts(b, "thumbnails-legacy", ago + 0.1, *TRIES[:24])
    b.clear("MO112", "role", "thumbnails-legacy", "a missing permission, each day as often")
    b.clear("MO113", "role", "thumbnails-legacy", "the same calls each day")


@planted(6, 2)
def looked_around(b: Builder) -> None:
    worker(b, "newsletter")
    acts(b, "newsletter", 1.4, *LOOKS)
    b.open("MO115", "role", "newsletter", "twelve reads of IAM on a day, and none before")
    b.open("MO113", "role", "newsletter", "never called IAM before")
    worker(b, "posture-scan")
    for ago in EVERY_WEEK:
        acts(b, "posture-scan", ago, *LOOKS)
    b.clear("MO115", "role", "posture-scan", "a scanner, each week")
    b.clear("MO113", "role", "posture-scan", "the same each week")


@planted(6, 3)
def in_another_region(b: Builder) -> None:
    worker(b, "sitemap")
    acts(b, "sitemap", 3.4, Act("ec2.amazonaws.com", "RunInstances", region="ap-southeast-2"), address=places.VPS)
    b.open("MO113", "role", "sitemap", "another region, service and network than ever")


@planted(6, 4)
def a_pipeline_from_everywhere(b: Builder) -> None:
    """Builds that run at a hoster, each day from another address; and a role that was given something new by code."""
    worker(b, "docs-build", "codebuild")
    for number, ago in enumerate(EVERY_DAY):
        acts(b, "docs-build", ago, address=f"198.18.{number}.7", agent=places.CLI_ON_LINUX)
    b.clear("MO113", "role", "docs-build", "from ever other addresses")
    worker(b, "search-index")
    acts(b, "search-index", 2.4, Act("sqs.amazonaws.com", "ReceiveMessage", region="eu-west-1"))
    asked = {"roleName": "search-index", "policyName": "own"}
    by_code = {"session": "GitHubActions", "agent": places.TERRAFORM, "address": places.RUNNERS[3], "calls": ()}
    for ago in (3.4, 10.4, 17.4, 24.4, 31.4):
        acts(b, "github-deploy", ago, Act(IAM, "PutRolePolicy", asked), **by_code)
    b.clear("MO113", "role", "search-index", "its policy was changed by Terraform the day before")
    b.clear("MO114", "role", "github-deploy", "changes IAM each week, by Terraform")


@planted(6, 5)
def the_trail_was_stopped(b: Builder) -> None:
    """By somebody of the developers; and a trail that was told to record more."""
    if (center := developer(b)) is None:
        return
    person = engineer(b)
    how = {"session": person, "address": places.OFFICE, "agent": places.CLI_ON_MAC, "calls": ()}
    trail = "cloudtrail.amazonaws.com"
    acts(b, center.name, 3.3, Act(trail, "StopLogging", {"name": "account-trail"}, region="eu-west-1"), **how)
    b.open("MO111", "account", b.id, "a developer stopped the account's own trail")


@planted(6, 4)
def selectors_were_set(b: Builder) -> None:
    if (center := developer(b)) is None:
        return
    how = {"session": engineer(b), "address": places.OFFICE, "agent": places.CLI_ON_MAC, "calls": ()}
    more = [{"readWriteType": "All", "includeManagementEvents": True, "dataResources": [{"type": "AWS::S3::Object"}]}]
    wider = Act(
        "cloudtrail.amazonaws.com",
        "PutEventSelectors",
        {"trailName": "own", "eventSelectors": more},
        region="eu-west-1",
    )
    acts(b, center.name, 4.3, wider, **how)
    b.clear("MO111", "account", b.id, "selectors that record more")


@planted(6, 3)
def stopping_was_refused(b: Builder) -> None:
    if (center := developer(b)) is None:
        return
    how = {"session": engineer(b), "address": places.OFFICE, "agent": places.CLI_ON_MAC, "calls": ()}
    asked = {"configurationRecorderName": "default"}
    stop = Act("config.amazonaws.com", "StopConfigurationRecorder", asked, "AccessDenied", "eu-west-1")
    acts(b, center.name, 4.3, stop, **how)
    b.open("MO111", "account", b.id, "a refused attempt to stop the recorder")


@planted(6, 2)
def what_code_manages_was_clicked(b: Builder) -> None:
    """A role of Terraform's got another policy in the console; its neighbour only by Terraform."""
    if (center := developer(b)) is None:
        return
    own = apart(b, "what_code_manages_was_clicked")
    for name in ("vat-report", "vat-archive"):
        trust = trusts.service_trust("lambda.amazonaws.com")
        own.role(name, trust, inline={"metrics": documents.METRICS}, used=3, tags={"managed-by": "terraform"})
    clicked = Act(IAM, "PutRolePolicy", {"roleName": "vat-report", "policyName": "metrics"})
    how = {"session": engineer(b), "address": places.OFFICE, "calls": ()}
    acts(b, center.name, 2.3, clicked, console=True, agent=places.BROWSER, **how)
    b.open("GR111", "role", "vat-report", "tagged managed-by=terraform, and changed in the console")
    b.open("MO114", "role", center.name, "developers never changed IAM before")
    b.clear("GR111", "role", "vat-archive", "nobody changed it")


@planted(6, 1)
def kept_out_of_the_console(b: Builder) -> None:
    """People may assume it, and its own policy denies it the sign-in."""
    own, stop = apart(b, "kept_out_of_the_console"), documents.policy(NO_SIGN_IN)
    own.role("smoke-tests", codebuild_and_root(b), inline={"tests": documents.METRICS, "no-console": stop}, used=3)
    b.clear("HM114", "role", "smoke-tests", "its sign-in is denied")
