"""What the population implies: roles and users that were used lately went about their work until their last use.

A role's sessions begin as its trust policy says, and call what its policies allow, each service for the last time when Access
Advisor saw it. Roles that other accounts of the organization assume are not among them: such visits are planted, because they
belong to two accounts.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from moto.iam.models import AccessKey, Role, User

from collectors.lab.enforcement import documents_of
from collectors.lab.names import COMPANY, FIRST_NAMES, LAST_NAMES
from collectors.lab.policy_language import listed, statements
from collectors.lab.repairs.last_accessed import days_by_service
from collectors.lab.repairs.last_accessed import granted as services_of
from collectors.lab.repairs.trail_events import sign_ins
from collectors.lab.trail import calls, places
from collectors.lab.trail.visits import Opener, Visit
from collectors.lab.world import Account, World

DAYS = 35
MOST_CALLS = 4
BEFORE_END = timedelta(seconds=40)  # a visit's last call comes no later than the principal's last use
EVERY = (1.0, 1.0, 2.0, 3.0, 7.0)  # days between the visits of what was used in the last two days
SELDOM = (4.0, 9.0)
STRANGER = "210987654321"


def people(seed: int) -> list[str]:
    """E-mail addresses of the engineers who have an account with the identity provider."""
    chance = Random(f"{seed}/people")
    chosen = chance.sample(range(len(FIRST_NAMES) * len(LAST_NAMES)), 14)
    pairs = (divmod(number, len(LAST_NAMES)) for number in chosen)
    return [f"{FIRST_NAMES[first]}.{LAST_NAMES[last]}@{COMPANY}.example" for first, last in pairs]


class Ordinary:
    """One account's. The world must be entered: what Access Advisor saw is answered from it."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self.account = world, account
        self.iam = world.iam(account.id)
        self.end = world.settings.as_of
        self.start = self.end - timedelta(days=DAYS)
        self.chance = Random(f"{world.settings.seed}/trail/{account.id}/ordinary")
        everybody = people(world.settings.seed)
        self.people = [everybody[(account.index * 3 + n) % len(everybody)] for n in range(4)]

    def visits(self) -> Iterator[Visit]:
        for role in self.iam.roles.values():
            yield from self.of_role(role)
        for user in self.iam.users.values():
            yield from self.of_user(user)

    # -- roles

    def of_role(self, role: Role) -> Iterator[Visit]:
        if role.last_used is None or role.last_used < self.start:
            return
        begins = [way for statement in statements(role.assume_role_policy_document) for way in self.ways(statement)]
        if not begins:
            return
        allowed, days = self.allowed(role), days_by_service(role, services_of(self.iam, role))
        exact = role.path.startswith("/aws-service-role/")
        for moment in self.moments(role.last_used, role.create_date, exact=exact):
            visit = self.begun(role, begins[0], moment)
            yield replace(visit, calls=self.some_calls(allowed, days, moment))

    def allowed(self, entity: Role | User) -> tuple[str, ...]:
        found = calls.granted(documents_of(self.iam, entity))
        if not (arn := entity.permissions_boundary_arn):
            return found
        versions = self.iam.managed_policies[arn].versions
        return calls.within(found, next(version.document for version in versions if version.is_default))

    def some_calls(self, allowed: tuple[str, ...], days: dict[str, int | None], moment: datetime) -> tuple[str, ...]:
        """Of services that were still in use then."""
        ago = (self.end - moment).days
        open_ = [a for a in allowed if (last := days.get(a.partition(":")[0])) is not None and last <= ago]
        if not open_:
            return (calls.WHO_AM_I,)
        return tuple(self.chance.choices(open_, k=1 + self.chance.randrange(MOST_CALLS)))

    def moments(self, last: datetime, born: datetime, *, exact: bool = False) -> Iterator[datetime]:
        """The last use, and those before it. exact: every day, as AWS's own services come."""
        gap = self.chance.choice(EVERY if self.end - last < timedelta(days=2) else SELDOM)
        gap, moment = 1.0 if exact else gap, last
        while moment - BEFORE_END > max(self.start, born):
            yield moment - BEFORE_END
            moment -= timedelta(days=gap, seconds=0 if exact else self.chance.randrange(-7200, 7200))

    def ways(self, statement: dict[str, Any]) -> Iterator[Opener]:
        """How a statement of a trust policy lets somebody in."""
        principal = statement.get("Principal", {})
        if principal == "*" or "*" in listed(principal.get("AWS", [])):
            inside = "aws:PrincipalOrgID" in str(statement.get("Condition"))
            ours = Opener("role", "payments-api-task", self.account.id, "catalog")
            yield ours if inside else Opener("outside", "AIDAEXAMPLESTRANGER01", STRANGER)
            return
        for host in listed(principal.get("Service", [])):
            yield Opener("service", host)
        for provider in listed(principal.get("Federated", [])):
            way = "saml" if ":saml-provider/" in provider else "oidc"
            yield Opener(way, subject_of(statement), via=provider)  # type: ignore[arg-type]
        for one in listed(principal.get("AWS", [])):
            yield from self.by_arn(one)

    def by_arn(self, arn: str) -> Iterator[Opener]:
        """An account's root admits whom the account chooses: here people, of another company a program."""
        parts = arn.split(":")
        if len(parts) < 6:
            return  # the id of somebody who was deleted
        account, name = parts[4], parts[5].rpartition("/")[2]
        if account == self.account.id and ":role/" in arn:
            yield Opener("role", name, account, name)
        elif account == self.account.id:
            yield self.somebody()
        elif self.world.account(account) is None:
            yield Opener("outside", "AROAVENDORPRINCIPAL01:poller", account)

    def somebody(self) -> Opener:
        """A person of the account: in an Identity Center session, or as a user where there is none."""
        developers = (r.name for r in self.iam.roles.values() if r.name.startswith("AWSReservedSSO_Developer"))
        if role := next(developers, ""):
            return Opener("role", role, self.account.id, self.people[0])
        return Opener("user", "anna.berg", self.account.id)

    def begun(self, role: Role, opener: Opener, moment: datetime) -> Visit:
        visit = Visit(self.account.id, role.name, moment, self.egress(), places.BOTO3, opener=opener)
        if opener.way == "service":
            return self.by_service(visit, role, opener.who)
        if opener.way == "saml":
            return self.by_person(visit, opener)
        if opener.way == "oidc":
            return self.by_pipeline(visit, opener)
        if opener.way == "outside":
            name = "DatadogAWSIntegration" if "datadog" in role.name else "poller"
            return replace(visit, address=places.VENDOR, name=name)
        person = opener.session if "@" in opener.session else opener.who
        if opener.way == "user" or "@" in opener.session:
            return replace(visit, name=person, address=places.of_person(person), agent=places.CLI_ON_MAC)
        return replace(visit, name=f"{opener.who}-run")

    def by_service(self, visit: Visit, role: Role, host: str) -> Visit:
        service = host.partition(".")[0]
        if role.path.startswith("/aws-service-role/"):
            return replace(visit, name=service, behalf=host)
        if service == "rolesanywhere":
            source, address = "CN=backup.halden.example", places.data_centre(role.name)
            return replace(visit, name=f"{self.chance.getrandbits(152):038x}", address=address, source_identity=source)
        if service == "ec2":
            instance = Random(f"{role.id}/instance").getrandbits(68)
            address = places.private(Random(role.id))
            return replace(
                visit, name=f"i-{instance:017x}", instance=True, address=address, agent=places.PROGRAMS[service]
            )
        if service in ("glue", "cloudformation"):
            return replace(visit, name={"glue": "GlueJobRunnerSession"}.get(service, "AWSCloudFormation"), behalf=host)
        return replace(visit, name=self.program_name(service, role), agent=places.PROGRAMS.get(service, places.BOTO3))

    def program_name(self, service: str, role: Role) -> str:
        """As each service names its sessions."""
        if service == "codebuild":
            return f"AWSCodeBuild-{self.chance.getrandbits(128):032x}"
        if service == "ecs-tasks":
            return f"{self.chance.getrandbits(128):032x}"
        if service in ("codepipeline", "states"):
            return f"{self.chance.randrange(10**12, 10**13)}"
        return role.name.removesuffix("-lambda")

    def by_person(self, visit: Visit, opener: Opener) -> Visit:
        person = self.chance.choice(self.people)
        console = self.chance.random() < 0.5
        agent = places.BROWSER if console else places.CLI_ON_MAC
        return replace(
            visit, name=person, address=places.of_person(person), agent=agent, console=console,
            opener=replace(opener, who=person),
        )  # fmt: skip

    def by_pipeline(self, visit: Visit, opener: Opener) -> Visit:
        runner = self.chance.choice(places.RUNNERS)
        if "githubusercontent" in opener.via:
            return replace(visit, name="GitHubActions", address=runner, agent=places.FROM_GITHUB)
        if "terraform" in opener.via:
            return replace(
                visit, name=f"terraform-run-{self.chance.getrandbits(64):016x}", address=runner, agent=places.TERRAFORM
            )
        if "gitlab" in opener.via:
            return replace(visit, name="gitlab-runner", address=runner, agent=places.CLI_ON_LINUX)
        number = int(visit.begin.timestamp() * 10**9)
        return replace(visit, name=f"aws-go-sdk-{number}", agent=places.GO)

    def egress(self) -> str:
        return places.egress(self.account.index, self.chance)

    # -- users

    def of_user(self, user: User) -> Iterator[Visit]:
        allowed, days = self.allowed(user), days_by_service(user, services_of(self.iam, user))
        for key in user.access_keys:
            yield from self.of_key(user, key, allowed, days)
        for moment in sign_ins(user, self.start):
            visit = Visit(
                self.account.id, user.name, moment, places.of_person(user.name), places.BROWSER,
                console=True, mfa=bool(user.mfa_devices),
            )  # fmt: skip
            yield replace(visit, calls=self.some_calls(allowed, days, moment))

    def of_key(
        self, user: User, key: AccessKey, allowed: tuple[str, ...], days: dict[str, int | None]
    ) -> Iterator[Visit]:
        """A person uses it at his desk, a program at its own place."""
        last = key.last_used.timestamp if key.last_used else None
        if last is None or last < self.start:
            return
        desk = places.of_person(user.name), places.CLI_ON_MAC
        program = places.data_centre(user.name), places.TERRAFORM if user.name == "terraform" else places.BOTO3
        address, agent = desk if "." in user.name and user.password else program
        for moment in self.moments(last, key.create_date):
            some = self.some_calls(allowed, days, moment)
            yield Visit(self.account.id, user.name, moment, address, agent, calls=some, key=key.access_key_id)


def subject_of(statement: dict[str, Any]) -> str:
    """The OIDC subject that a trust policy asks for, its wildcards filled."""
    for keys in statement.get("Condition", {}).values():
        for key, wanted in keys.items():
            if key.endswith(":sub"):
                return str(listed(wanted)[0]).replace("/*", "/website").replace("*", "default")
    return "repo:halden/website:ref:refs/heads/main"
