"""Half a year of ordinary life: people who left, roles that were cleaned up, keys that were rotated or switched off."""

from collectors.lab.names import FIRST_NAMES, FUNCTIONS, LAST_NAMES, TEAMS
from collectors.lab.past.rewind import Past
from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder

LAMBDA = trusts.service_trust("lambda.amazonaws.com")
WHOLE = 190.0  # days that the story covers
OVERLAP_DAYS = 3.0  # the old key works for so long beside the new one
WEAK_UNTIL = 117.0
SHORT, REMEMBERED = 8, 3


def tell(past: Past) -> None:
    people(past)
    contractors(past)
    retired_roles(past)
    retired_policy(past)
    rotated_keys(past)
    keys_switched_off(past)
    weak_passwords(past)


def free_name(b: Builder) -> str:
    while True:
        name = f"{b.chance.choice(FIRST_NAMES)}.{b.chance.choice(LAST_NAMES)}"
        if name not in b.iam.users:
            return name


def people(past: Past) -> None:
    """Colleagues who left; some were not seen for weeks before somebody deleted them."""
    b = past.builder
    for _ in range(b.chance.randrange(2, 5)):
        left, quiet = b.chance.uniform(6, 175), b.chance.choice((1, 4, 30, 75))
        born = left + b.chance.uniform(120, 700)
        mfa = "virtual" if b.chance.random() < 0.55 else ""
        password = (left + min(60, born - left), left + quiet)
        user = b.user(free_name(b), created=born, password=password, mfa=mfa, groups=["developers"])
        past.dies(user.id, left)


def contractors(past: Past) -> None:
    """They came and went within the half year, and left their group empty."""
    b = past.builder
    for _ in range(b.chance.randrange(1, 3)):
        left = b.chance.uniform(10, 90)
        born = left + b.chance.uniform(40, 95)
        mfa = "virtual" if b.chance.random() < 0.4 else ""
        user = b.user(free_name(b), created=born, password=(born, left + 1), mfa=mfa, groups=["contractors"])
        past.dies(user.id, left)
        if b.chance.random() < 0.5:
            key = b.key(user, born - 1, left + b.chance.uniform(1, 30))
            past.dies(key.access_key_id, left)


def retired_roles(past: Past) -> None:
    b = past.builder
    taken = {role.name for role in past.iam.roles.values()}
    for _ in range(b.chance.randrange(4, 9)):
        name = f"{b.chance.choice(TEAMS)}-{b.chance.choice(FUNCTIONS)}-v1"
        left = b.chance.uniform(5, 178)
        created, used = left + b.chance.uniform(250, 900), left + b.chance.uniform(15, 200)
        if name in taken:
            continue
        taken.add(name)
        role = b.role(name, LAMBDA, created=created, used=used, inline={"data": documents.bucket("halden-shared")})
        past.dies(role.id, left)


def retired_policy(past: Past) -> None:
    b = past.builder
    policy = b.policy("data-sync-2024", documents.bucket("halden-sync"), created=800)
    past.dies(policy.id, b.chance.uniform(20, 170))


def rotated_keys(past: Past) -> None:
    """Before the oldest key of a user there was another one, made as far back as keys of this company live."""
    for user in list(past.iam.users.values()):
        if not user.access_keys:
            continue
        chance, b = past.chance(f"keys/{user.id}"), past.builder
        oldest = min(user.access_keys, key=lambda key: key.create_date)
        successor = (past.end - oldest.create_date).total_seconds() / 86_400
        eldest = (past.end - user.create_date).total_seconds() / 86_400 - 1
        while successor < WHOLE:
            made = successor + chance.uniform(65, 150)
            if made > eldest:
                break
            ended = successor - OVERLAP_DAYS
            key = b.key(user, made, ended + chance.choice((1, 2, 50)), region="N/A")
            past.dies(key.access_key_id, ended)
            successor = made


def keys_switched_off(past: Past) -> None:
    """An inactive key worked until somebody noticed that nobody uses it."""
    for user in past.iam.users.values():
        for key in user.access_keys:
            off = past.ago(past.chance(f"off/{key.access_key_id}").uniform(25, 150))
            if key.status == "Inactive" and past.day < off:
                key.status = "Active"


def weak_passwords(past: Past) -> None:
    """A third of the strong password policies are not older than a few months."""
    policy = past.iam.account_password_policy
    if policy and past.account.index % 3 == 0 and past.day < past.ago(WEAK_UNTIL - past.account.index):
        policy.minimum_password_length, policy.password_reuse_prevention = SHORT, REMEMBERED
