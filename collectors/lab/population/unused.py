"""LP101's faults and look-alikes."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

LAMBDA = trusts.service_trust("lambda.amazonaws.com")


def idle(b: Builder, name: str, created: float, used: float | None, advisor: dict[str, int] | None = None) -> None:
    b.role(
        name, LAMBDA, created=created, used=used, advisor=advisor, inline={"data": documents.bucket("halden-shared")}
    )


@planted()
def used_long_ago(b: Builder) -> None:
    idle(b, "legacy-batch-import", 700, 120)


@planted(2)
def used_last_quarter(b: Builder) -> None:
    idle(b, "quarterly-report", 700, 80)


@planted(3)
def beyond_the_tracking_period(b: Builder) -> None:
    """Last used more than 400 days ago, so AWS shows no RoleLastUsed."""
    idle(b, "old-migration", 620, None)


@planted(4, 1)
def never_used(b: Builder) -> None:
    idle(b, "settlement-pilot", 200, None)


@planted(2, 1)
def new_and_not_yet_used(b: Builder) -> None:
    idle(b, "feature-flags-sync", 5, None)


@planted(12, 5)
def seen_by_access_advisor_only(b: Builder) -> None:
    idle(b, "audit-log-reader", 300, None, {"s3": 20})


@planted(12, 6)
def seen_by_nobody(b: Builder) -> None:
    """Access Advisor knows an attempt, but an old one."""
    idle(b, "campaign-exporter", 380, None, {"s3": 210})
