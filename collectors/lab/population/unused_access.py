"""Roles in use that use not all they may: LP104 and LP106, with what only looks so."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

LAMBDA = trusts.service_trust("lambda.amazonaws.com")


@planted(4, 3)
def services_left_over(b: Builder) -> None:
    """Made for three services; two are not used any more."""
    inline = {"data": documents.three_services(b.id, "catalog")}
    b.role("catalog-sync", LAMBDA, inline=inline, used=1, created=600, advisor={"s3": 1, "dynamodb": 210})
    b.open("LP104", "role", "catalog-sync", "dynamodb 210 days ago, sqs never")
    advisor = {"s3": 1, "dynamodb": 30, "sqs": 80}
    b.role("pricing-sync", LAMBDA, inline=inline, used=1, created=600, advisor=advisor)
    b.clear("LP104", "role", "pricing-sync", "all three within 90 days")
    b.role("pricing-sync-v2", LAMBDA, inline=inline, used=1, created=40, advisor={"s3": 1})
    b.clear("LP104", "role", "pricing-sync-v2", "younger than the window")


@planted(4, 1)
def models_left_over(b: Builder) -> None:
    """Bedrock is stale after 60 days, other services after 90."""
    inline = {"models": documents.INVOKE_MODEL, "data": documents.bucket("halden-prompts")}
    b.role("prompt-proxy", LAMBDA, inline=inline, used=1, created=300, advisor={"s3": 1, "bedrock": 75})
    b.open("LP106", "role", "prompt-proxy", "bedrock 75 days ago", "bedrock")
    b.clear("LP104", "role", "prompt-proxy", "both within 90 days")
    b.role("prompt-archive", LAMBDA, inline=inline, used=1, created=300, advisor={"s3": 1, "bedrock": 40})
    b.clear("LP106", "role", "prompt-archive", "bedrock 40 days ago", "bedrock")
