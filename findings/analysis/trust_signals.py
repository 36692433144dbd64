"""What a trust policy tells about who is meant to use the role: one signal for each principal that it lets in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from findings.analysis.kinds import Confidence, Kind
from findings.analysis.trust.services import name_of
from findings.analysis.trust.who import ACTIONS, ANYONE, Named, gives, named_in
from findings.policy.document import Document, Statement

# First labels of service principals whose code runs on compute that the customer programs.
COMPUTE = frozenset(
    {
        "apprunner",
        "batch",
        "build.apprunner",
        "codebuild",
        "ec2",
        "ecs-tasks",
        "edgelambda",
        "eks-fargate-pods",
        "emr-serverless",
        "greengrass",
        "lambda",
        "pods.eks",
        "tasks.apprunner",
    }
)
# Services that run notebooks for people (RULES.md, HM): SageMaker above all, EMR and Glue at times.
NOTEBOOKS = {"sagemaker": Confidence.MEDIUM, "elasticmapreduce": Confidence.LOW, "glue": Confidence.LOW}
CI_HOSTS = frozenset(
    {
        "token.actions.githubusercontent.com",
        "gitlab.com",
        "app.terraform.io",
        "agent.buildkite.com",
        "oidc.circleci.com",
        "vstoken.dev.azure.com",
        "api.bitbucket.org",
    }
)
END_USER_HOSTS = frozenset(
    {"cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com", "www.amazon.com"}
)


@dataclass(frozen=True, slots=True)
class Signal:
    kind: Kind
    confidence: Confidence
    reason: str


def trust_signals(trust: Document, account_id: str, users_with_password: frozenset[str]) -> Iterator[Signal]:
    """account_id: the role's own. users_with_password: ARNs of users who can sign in to the console.

    sts:TagSession and sts:SetSourceIdentity alone let nobody in, so they tell nothing; the wrong AssumeRole action for its
    principal still tells who is meant.
    """
    for statement in trust.statements:
        if not statement.allows or statement.principals is None or not gives(statement, ACTIONS):
            continue
        for named in named_in(statement):
            if named.kind == "service":
                yield _of_service(named.principal)
            elif named.kind in ("saml", "oidc"):
                yield _of_federation(named.principal)
            else:
                yield _of_aws(statement, named, account_id, users_with_password)


def _of_service(principal: str) -> Signal:
    name = name_of(principal)
    first = name.split(".")[0]
    said = f"trusts {principal}"
    if first == "ds":
        return Signal(Kind.HUMAN_DIRECTORY, Confidence.HIGH, f"{said}, which signs people in to the console")
    if first == "rolesanywhere":
        return Signal(Kind.MACHINE_ANYWHERE, Confidence.HIGH, f"{said} (workloads with a certificate)")
    if first in NOTEBOOKS:
        return Signal(Kind.INTERACTIVE, NOTEBOOKS[first], f"{said}, which may run notebooks for people")
    if name in COMPUTE or first in COMPUTE:
        return Signal(Kind.MACHINE_COMPUTE, Confidence.HIGH, said)
    return Signal(Kind.MACHINE_SERVICE, Confidence.HIGH, said)


def _of_federation(provider: str) -> Signal:
    said = f"trusts {provider}"
    host = provider.partition(":oidc-provider/")[2].partition("/")[0].lower() or provider.lower()
    if ":saml-provider/" in provider:
        return Signal(Kind.HUMAN_SAML, Confidence.HIGH, said)
    if host in CI_HOSTS:
        return Signal(Kind.MACHINE_CI, Confidence.HIGH, said)
    if host.startswith("gitlab."):
        return Signal(Kind.MACHINE_CI, Confidence.MEDIUM, f"{said}, which looks like a GitLab of one's own")
    if host.startswith("oidc.eks."):
        return Signal(Kind.MACHINE_COMPUTE, Confidence.HIGH, f"{said} (an EKS cluster)")
    if host in END_USER_HOSTS:
        return Signal(Kind.UNKNOWN, Confidence.LOW, f"{said}: the users of an application")
    return Signal(Kind.UNKNOWN, Confidence.LOW, f"{said}, an identity provider for people or machines")


def _of_aws(statement: Statement, named: Named, own: str, with_password: frozenset[str]) -> Signal:
    keys = {c.key.lower() for c in statement.conditions}
    said = "trusts anyone" if named.principal == ANYONE else f"trusts {named.principal}"
    if any(key.startswith("aws:multifactorauth") for key in keys):
        return Signal(Kind.HUMAN_ASSUMED, Confidence.HIGH, f"{said} with MFA, which only people have")
    if "AWSReservedSSO_" in named.principal:
        return Signal(Kind.HUMAN_ASSUMED, Confidence.HIGH, f"{said}, an Identity Center role")
    if named.principal in with_password:
        return Signal(Kind.HUMAN_ASSUMED, Confidence.MEDIUM, f"{said}, who has a console password")
    if "sts:externalid" in keys and named.account not in ("", own):
        return Signal(Kind.MACHINE_EXTERNAL, Confidence.HIGH, f"{said} with an external id")
    if named.kind == "deleted":
        return Signal(Kind.UNKNOWN, Confidence.LOW, f"{said}, which was deleted")
    # An account or a role alone says nothing: people and programs both come through it.
    return Signal(Kind.UNKNOWN, Confidence.LOW, said)
