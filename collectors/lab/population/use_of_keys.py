"""What keys are used for, and by whom: the faults and look-alikes of KY107 to KY109. Visits are planted; the trail's
files tell of them. Each user's key has its ordinary use besides (collectors.lab.trail.ordinary)."""

from datetime import timedelta

from moto.iam.models import AccessKey

from collectors.lab.population import documents
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.population.sessions_of_humans import apart, plant
from collectors.lab.trail import places
from collectors.lab.trail.ordinary import STRANGER
from collectors.lab.trail.visits import Visit

DAYS = tuple(n + 1.5 for n in range(6))  # ago
CALLS = ("s3:ListBucket", "s3:PutObject")


def with_key(b: Builder, name: str, age: float = 50) -> AccessKey:
    """A program's user and key, in use."""
    own = apart(b, name)
    user = own.user(name, created=200, inline={"objects": documents.bucket(f"halden-{name}")})
    return own.key(user, age, 1, region="N/A")


def used(b: Builder, key: AccessKey, address: str, agent: str, *, days: tuple[float, ...] = DAYS) -> None:
    plant(b, key.user_name, days, key=key.access_key_id, address=address, agent=agent, calls=CALLS)


@planted(6, 1)
def shared_by_a_person_and_a_server(b: Builder) -> None:
    key = with_key(b, "media-upload")
    used(b, key, places.data_centre("media-upload"), places.BOTO3)
    used(b, key, places.VPN, places.CLI_ON_MAC)
    b.open("KY107", "key", key.access_key_id, "a laptop by VPN and a server in the data centre, on the same days")
    b.open("KY109", "key", key.access_key_id, "the command line of a Mac")
    b.clear("KY108", "key", key.access_key_id, "nowhere in AWS")


@planted(6, 3)
def shared_by_programs(b: Builder) -> None:
    key = with_key(b, "invoice-archive")
    for address, agent in ((places.VPS, places.PHP), (places.VENDOR, places.JAVA), (places.VPS, places.BOTO3)):
        used(b, key, address, agent)
    b.open("KY107", "key", key.access_key_id, "programs in PHP, Java and Python")
    b.clear("KY109", "key", key.access_key_id, "programs")


@planted(6, 5)
def used_by_runners(b: Builder) -> None:
    """A pipeline: three tools one after the other, each day from other addresses."""
    key = with_key(b, "site-publish")
    for number, agent in enumerate((places.FROM_GITHUB, places.CLI_ON_LINUX, places.TERRAFORM)):
        for day in DAYS:
            runner = places.RUNNERS[(number * 7 + int(day) * 3) % len(places.RUNNERS)]
            used(b, key, runner, agent, days=(day + number / 100,))
    b.clear("KY107", "key", key.access_key_id, "one pipeline, from its runners")
    b.clear("KY109", "key", key.access_key_id, "a pipeline")


@planted(6, 2)
def on_our_compute(b: Builder) -> None:
    """Through the account's own VPC endpoint; beside it a key that a vendor uses through one of his."""
    key = with_key(b, "batch-export")
    used(b, key, f"{places.PRIVATE}0.2.41", places.BOTO3)
    b.open("KY108", "key", key.access_key_id, "through the account's own VPC endpoint")
    b.clear("KY107", "key", key.access_key_id, "one program")
    theirs = with_key(b, "partner-loader")
    for ago in DAYS:
        visit = Visit(
            b.id, theirs.user_name, b.as_of - timedelta(days=ago), f"{places.PRIVATE}8.3.7", places.JAVA,
            calls=CALLS, key=theirs.access_key_id, endpoint_of=STRANGER,
        )  # fmt: skip
        b.world.visits.append(visit)
    b.clear("KY108", "key", theirs.access_key_id, "through a VPC endpoint of another company")


@planted(6)
def on_our_instance(b: Builder) -> None:
    """Beside the instance's own role (sessions_of_humans.behind_an_elastic_ip)."""
    key = with_key(b, "mail-stats")
    used(b, key, "192.0.2.197", places.BOTO3)
    b.open("KY108", "key", key.access_key_id, "from the Elastic IP address of mail-relay's instance")
