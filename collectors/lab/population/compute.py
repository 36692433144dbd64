"""Roles of compute: EC2 with instance profile, Lambda, ECS tasks, EKS by OIDC, other services."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

LAMBDA_BASIC = "/service-role/AWSLambdaBasicExecutionRole"
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/"


@planted()
def web_instance(b: Builder) -> None:
    role = b.role(
        "web-frontend-instance",
        trusts.service_trust("ec2.amazonaws.com"),
        attached=["/AmazonSSMManagedInstanceCore"],
        inline={"read-config": documents.bucket("halden-web-config")},
        tags={"team": "web", "managed-by": "terraform"},
    )
    b.instance_profile("web-frontend-instance", [role])


@planted()
def lambda_functions(b: Builder) -> None:
    trust = trusts.service_trust("lambda.amazonaws.com")
    inline = {"orders-table": documents.table(b.id, "orders")}
    b.role("order-history-lambda", trust, attached=[LAMBDA_BASIC], inline=inline, used=0.3)
    b.role("image-resize-role-k3x9d2qe", trust, path="/service-role/", attached=[LAMBDA_BASIC], used=6)


@planted()
def ecs_tasks(b: Builder) -> None:
    asked = trusts.service_trust("ecs-tasks.amazonaws.com", source=b.id)
    b.role("payments-api-task", asked, inline={"events": documents.queue(b.id, "payments-events")}, used=0.1)
    trust = trusts.service_trust("ecs-tasks.amazonaws.com")  # as the console made it for years
    b.role("ecsTaskExecutionRole", trust, attached=["/service-role/AmazonECSTaskExecutionRolePolicy"], used=0.1)


@planted(3, 2)
def eks_by_oidc(b: Builder) -> None:
    """IRSA: one bound to a service account, one to any of the cluster."""
    issuer = ISSUER + b.unique_id("", 32)
    provider = b.oidc_provider(issuer)
    bound = trusts.web_identity_trust(provider, issuer, "system:serviceaccount:data:data-lake-etl")
    b.role("data-lake-etl", bound, inline={"lake": documents.bucket("halden-data-lake")}, used=0.2)
    b.clear("LP405", "role", "data-lake-etl", "sub binds namespace and service account")
    wide = trusts.web_identity_trust(provider, issuer, "system:serviceaccount:*:*")
    b.role("cluster-autoscaler", wide, inline={"metrics": documents.METRICS}, used=0.2)
    b.open("LP405", "role", "cluster-autoscaler", "any service account of the cluster")


@planted(2, 1)
def glue(b: Builder) -> None:
    """A role under /service-role/ is an ordinary role."""
    b.role(
        "AWSGlueServiceRole-clickstream",
        trusts.service_trust("glue.amazonaws.com"),
        path="/service-role/",
        attached=["/service-role/AWSGlueServiceRole"],
        used=2,
    )


@planted(5, 2)
def empty_instance_profile(b: Builder) -> None:
    b.instance_profile("old-bastion", [])
    b.open("LP109", "account", b.id, "instance profile without a role", "old-bastion")


@planted(4, 2)
def trust_of_machine_and_human(b: Builder) -> None:
    """Compute and people in one trust policy; beside it compute and another role, which is no human."""
    machine = trusts.allow({"Service": "ec2.amazonaws.com"})
    person = trusts.allow({"AWS": trusts.root_arn(b.id)}, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    b.role("debug-or-batch", trusts.document(machine, person), inline={"metrics": documents.METRICS}, used=9)
    b.open("HM104", "role", "debug-or-batch", "EC2 and a statement with an MFA condition")
    other = trusts.allow({"AWS": f"arn:aws:iam::{b.id}:role/payments-api-task"})
    b.role("shared-metrics", trusts.document(machine, other), inline={"metrics": documents.METRICS}, used=3)
    b.clear("HM104", "role", "shared-metrics", "a role ARN alone is no human")
