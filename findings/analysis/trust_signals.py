"""What a trust policy tells about who is meant to use the role: one signal for each principal that it lets in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from findings.analysis.kinds import Confidence, Kind
from findings.policy.document import Document, Principals, Statement

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
    """account_id: the role's own. users_with_password: ARNs of users who can sign in to the console."""
    for statement in trust.statements:
        if statement.allows and statement.principals and _assumes(statement):
            yield from _of_services(statement.principals)
            yield from _of_federation(statement.principals)
            yield from _of_aws(statement, statement.principals, account_id, users_with_password)


def _assumes(statement: Statement) -> bool:
    """Whether the statement lets anybody in; sts:TagSession and sts:SetSourceIdentity alone do not."""
    if statement.actions is None:
        return statement.not_actions is not None
    return any("assumerole" in action.lower() or "*" in action for action in statement.actions)


def _of_services(principals: Principals) -> Iterator[Signal]:
    for principal in principals.service:
        name = principal.lower().removesuffix(".cn").removesuffix(".amazonaws.com")
        first = name.split(".")[0]
        said = f"trusts {principal}"
        if name == "ds" or first == "ds":
            yield Signal(Kind.HUMAN_DIRECTORY, Confidence.HIGH, f"{said}, which signs people in to the console")
        elif first == "rolesanywhere":
            yield Signal(Kind.MACHINE_ANYWHERE, Confidence.HIGH, f"{said} (workloads with a certificate)")
        elif first in NOTEBOOKS:
            yield Signal(Kind.INTERACTIVE, NOTEBOOKS[first], f"{said}, which may run notebooks for people")
        elif name in COMPUTE or first in COMPUTE:
            yield Signal(Kind.MACHINE_COMPUTE, Confidence.HIGH, said)
        else:
            yield Signal(Kind.MACHINE_SERVICE, Confidence.HIGH, said)


def _of_federation(principals: Principals) -> Iterator[Signal]:
    for provider in principals.federated:
        said = f"trusts {provider}"
        host = provider.partition(":oidc-provider/")[2].partition("/")[0].lower() or provider.lower()
        if ":saml-provider/" in provider:
            yield Signal(Kind.HUMAN_SAML, Confidence.HIGH, said)
        elif host in CI_HOSTS:
            yield Signal(Kind.MACHINE_CI, Confidence.HIGH, said)
        elif host.startswith("gitlab."):
            yield Signal(Kind.MACHINE_CI, Confidence.MEDIUM, f"{said}, which looks like a GitLab of one's own")
        elif host.startswith("oidc.eks."):
            yield Signal(Kind.MACHINE_COMPUTE, Confidence.HIGH, f"{said} (an EKS cluster)")
        elif host in END_USER_HOSTS:
            yield Signal(Kind.UNKNOWN, Confidence.LOW, f"{said}: the users of an application")
        else:
            yield Signal(Kind.UNKNOWN, Confidence.LOW, f"{said}, an identity provider for people or machines")


def _of_aws(statement: Statement, principals: Principals, own: str, with_password: frozenset[str]) -> Iterator[Signal]:
    keys = {c.key.lower() for c in statement.conditions}
    asks_mfa = any(key.startswith("aws:multifactorauth") for key in keys)
    for principal in (*principals.aws, *(("*",) if principals.anyone else ())):
        said = "trusts anyone" if principal == "*" else f"trusts {principal}"
        if asks_mfa:
            yield Signal(Kind.HUMAN_ASSUMED, Confidence.HIGH, f"{said} with MFA, which only people have")
        elif "AWSReservedSSO_" in principal:
            yield Signal(Kind.HUMAN_ASSUMED, Confidence.HIGH, f"{said}, an Identity Center role")
        elif principal in with_password:
            yield Signal(Kind.HUMAN_ASSUMED, Confidence.MEDIUM, f"{said}, who has a console password")
        elif "sts:externalid" in keys and _account_of(principal) not in ("", own):
            yield Signal(Kind.MACHINE_EXTERNAL, Confidence.HIGH, f"{said} with an external id")
        elif principal.startswith(("AIDA", "AROA")):
            yield Signal(Kind.UNKNOWN, Confidence.LOW, f"{said}, which was deleted")
        else:
            # An account or a role alone says nothing: people and programs both come through it.
            yield Signal(Kind.UNKNOWN, Confidence.LOW, said)


def _account_of(principal: str) -> str:
    """The 12 digits of an ARN or of a bare account id; "" when there are none."""
    parts = principal.split(":")
    candidate = parts[4] if len(parts) > 4 else principal
    return candidate if len(candidate) == 12 and candidate.isdigit() else ""
