"""Fills accounts up to the sizes asked for, with believable names and ages; every fault among them is labelled."""

from collections.abc import Callable

from collectors.lab.names import FIRST_NAMES, FUNCTIONS, LAST_NAMES, TEAMS
from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder

ASKED = ("codebuild.amazonaws.com", "ecs-tasks.amazonaws.com", "states.amazonaws.com")  # for whom they act
LAMBDA_BASIC = "/service-role/AWSLambdaBasicExecutionRole"
SERVICES = {
    "task": "ecs-tasks.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "job": "batch.amazonaws.com",
    "project": "codebuild.amazonaws.com",
    "pipeline": "codepipeline.amazonaws.com",
    "machine": "states.amazonaws.com",
}
KEY_AGES = (10, 30, 60, 85, 120, 200, 420)
KEY_USES = (0.4, 1, 3, 8, 20, 40, 60, 150)


def fill(b: Builder) -> None:
    top_up(b.world.settings.roles - len(b.iam.roles), len(TEAMS) * len(FUNCTIONS), b, role)
    top_up(b.world.settings.users - len(b.iam.users), len(FIRST_NAMES) * len(LAST_NAMES), b, user)


def top_up(missing: int, names: int, b: Builder, make: Callable[[Builder, int, str], None]) -> None:
    """Distinct names in a random order; past the last one they get a number."""
    for start in range(0, max(missing, 0), names):
        suffix = f"-{start // names + 1}" if start else ""
        for number in b.chance.sample(range(names), min(names, missing - start)):
            make(b, number, suffix)


def age_of_use(b: Builder) -> tuple[float, float | None]:
    """(created, used): mostly in use, some not for long, some never."""
    draw = b.chance.random()
    if draw < 0.02:
        return b.chance.uniform(3, 60), None
    if draw < 0.05:
        return b.chance.uniform(120, 900), None
    low, high = (100, 380) if draw < 0.11 else (0.1, 55) if draw < 0.95 else (62, 86)
    used = b.chance.uniform(low, high)
    return used + b.chance.uniform(30, 900), used


def role(b: Builder, number: int, suffix: str) -> None:
    team, function = TEAMS[number // len(FUNCTIONS)], FUNCTIONS[number % len(FUNCTIONS)]
    name, kind = f"{team}-{function}{suffix}", function.rpartition("-")[2]
    service = SERVICES[kind]
    created, used = age_of_use(b)
    inline = (
        {"data": documents.bucket(f"halden-{team}")},
        {"table": documents.table(b.id, team)},
        {"queue": documents.queue(b.id, f"{team}-events")},
        {"secret": documents.secret(b.id, team)},
    )[number % 4]
    b.role(
        name,
        trusts.service_trust(service, source=b.id if service in ASKED else ""),
        created=created,
        used=used,
        attached=[LAMBDA_BASIC] if kind == "lambda" else [],
        inline=inline,
        tags={"team": team} if number % 3 else None,
    )


def user(b: Builder, number: int, suffix: str) -> None:
    """Three in four are people, most of them with MFA; the others are programs with one key."""
    first, last = FIRST_NAMES[number // len(LAST_NAMES)], LAST_NAMES[number % len(LAST_NAMES)]
    if b.chance.random() < 0.75:
        mfa = "" if b.chance.random() < 0.1 else "virtual"
        password = (b.chance.uniform(50, 300), b.chance.choice((1, 4, 9, 20, 40, 70)))
        b.user(f"{first}.{last}{suffix}", created=320, password=password, mfa=mfa, groups=["developers"])
        return
    created = b.chance.choice(KEY_AGES)
    inline = {"data": documents.bucket(f"halden-{last}")}
    made = b.user(f"svc-{last}-{first}{suffix}", created=created + 20, inline=inline)
    b.key(made, created, min(b.chance.choice(KEY_USES), created - 1), region="N/A")
