"""Chains that only the events of two accounts together tell: HM101. What goes on at the far end is a program's in all that is
seen of it there, and the near end's role is one for people, or for builds."""

from datetime import timedelta
from random import Random

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.population.sessions_of_humans import apart, as_engineer, developer, engineer, plant
from collectors.lab.trail import places
from collectors.lab.trail.visits import Opener, Visit

NEAR, FAR = "shared-services", "payments-prod"
DAYS = (2.4, 6.7, 15.3)


def account_of(b: Builder, name: str) -> str:
    return next((a.id for a in b.world.accounts if a.name == name), "")


def builds(b: Builder) -> dict[str, object]:
    return trusts.allow({"Service": "codebuild.amazonaws.com"}, condition={"StringEquals": {"aws:SourceAccount": b.id}})


@planted(name=NEAR)
def hubs(b: Builder) -> None:
    """An engineer -> ledger-desk -> ledger-close; a build -> ledger-builds -> ledger-import."""
    center, far = developer(b), account_of(b, FAR)
    if center is None or not far:
        return
    own = apart(b, "hubs")
    there = f"arn:aws:iam::{far}:role"
    own.role(
        "ledger-desk", trusts.role_trust(center.arn), inline={"on": documents.assume(f"{there}/ledger-close")}, used=1
    )
    own.role(
        "ledger-builds", trusts.document(builds(b)), inline={"on": documents.assume(f"{there}/ledger-import")}, used=1
    )
    person, chance = engineer(b, 2), Random(f"{b.world.settings.seed}/hubs")
    for number, ago in enumerate(DAYS):
        plant(
            own,
            "ledger-desk",
            [ago],
            name=person,
            opener=as_engineer(b, center, person),
            address=places.of_person(person),
        )
        build = f"AWSCodeBuild-{chance.getrandbits(128):032x}"
        service = Opener("service", "codebuild.amazonaws.com")
        plant(own, "ledger-builds", [ago], name=build, opener=service, agent=places.CLI_ON_LINUX, address="192.0.2.9")
        ends = {"ledger-close": ("ledger-desk", person), "ledger-import": ("ledger-builds", build)}
        for role, (hub, session) in ends.items():
            hop = Visit(
                far, role, b.as_of - timedelta(days=ago - 0.01), "192.0.2.9", places.BOTO3, calls=("ecs:UpdateService",),
                name=f"botocore-session-17{33000000 + number * 70001:08}", opener=Opener("role", hub, b.id, session),
            )  # fmt: skip
            b.world.visits.append(hop)
    b.clear("HM101", "role", "ledger-builds", "CodeBuild's alone")
    b.clear("HM111", "role", "ledger-desk", "its sessions have the engineer's name")


@planted(name=FAR)
def far_ends(b: Builder) -> None:
    near = account_of(b, NEAR)
    if not near:
        return
    own = apart(b, "far_ends")
    for name, hub in (("ledger-close", "ledger-desk"), ("ledger-import", "ledger-builds")):
        trust = trusts.document(builds(b), trusts.allow({"AWS": f"arn:aws:iam::{near}:role/{hub}"}))
        own.role(name, trust, inline={"deploy": documents.ecs_deploy(b.id)}, used=1)
    b.open(
        "HM101",
        "role",
        "ledger-close",
        "an engineer, as the trail of shared-services tells: SSO -> ledger-desk, 3 times",
    )
    b.clear("HM101", "role", "ledger-import", "builds of shared-services go on with it")
