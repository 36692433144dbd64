"""Records -> objects as CloudTrail puts them (AWS.md 8), in the lab's S3 when somebody first asks for them."""

import gzip
import json
import re
import string
from collections import defaultdict
from hashlib import sha256
from random import Random
from typing import Any

import msgspec
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.s3.utils import _VersionedKeyStore

from collectors.lab.repairs import trail_events
from collectors.lab.trail.calls import HOME
from collectors.lab.trail.ordinary import Ordinary
from collectors.lab.trail.writing import Record, Writer
from collectors.lab.wire import Call
from collectors.lab.world import Account, World

LETTERS = string.ascii_letters + string.digits
TRAIL = "organization-trail"
OF_ACCOUNT = re.compile(r"AWSLogs/[\w-]+/(\d{12})/")
OF_OBJECTS = frozenset({"GetObject", "HeadObject", "ListObjects", "ListObjectsV2"})
Objects = dict[str, bytes]


def place(world: World) -> dict[str, str]:
    """Where the trail lies, in the words of the product's settings."""
    archive = next((a for a in world.accounts if a.name == "log-archive" and a.status == "ACTIVE"), world.security)
    bucket = f"halden-trail-{world.organization_id[2:]}"
    return {"bucket": bucket, "account": archive.id, "organization": world.organization_id, "prefix": ""}


def files(world: World, account_id: str) -> Objects:
    """All objects of one account by key: logs and digests."""
    account = world.account(account_id)
    if account is None:
        return {}
    found: Objects = {}
    with world.entered():
        for (region, day), records in sorted(by_day(written(world, account)).items()):
            key = key_of(world, account_id, region, day)
            found[key] = blob = gzip.compress(msgspec.json.encode({"Records": records}), 1, mtime=0)
            found |= digest(world, account_id, region, day, key, blob)
    return found


def written(world: World, account: Account) -> list[Record]:
    """The account's records: what LookupEvents would tell too, what the population implies, and what was planted."""
    writer, ordinary = Writer(world, account.id), Ordinary(world, account)
    for visit in (*ordinary.visits(), *(visit for visit in world.visits if visit.concerns(account.id))):
        writer.write(visit)
    told = [json.loads(one["CloudTrailEvent"]) for one in trail_events.events(account.id, world.iam(account.id))]
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (ordinary.start, ordinary.end))
    return [one for one in (*told, *writer.records) if start <= one["eventTime"] < end]


def by_day(records: list[Record]) -> dict[tuple[str, str], list[Record]]:
    """By region and day ("2026-11-24"), in the order of time."""
    found: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda r: r["eventTime"]):
        found[record["awsRegion"], record["eventTime"][:10]].append(record)
    return found


def folder(world: World, account: str, kind: str, region: str, day: str) -> str:
    return (
        f"AWSLogs/{world.organization_id}/{account}/{kind}/{region}/{day.replace('-', '/')}/{account}_{kind}_{region}"
    )


def key_of(world: World, account: str, region: str, day: str) -> str:
    """The same however often the lab is started: the collector's ledger knows objects by their keys."""
    chance = Random(f"{world.settings.seed}/trail/{account}/{region}/{day}")
    unique = "".join(chance.choices(LETTERS, k=16))
    return f"{folder(world, account, 'CloudTrail', region, day)}_{day.replace('-', '')}T2355Z_{unique}.json.gz"


def digest(world: World, account: str, region: str, day: str, key: str, blob: bytes) -> Objects:
    """What lies beside the logs and is no activity."""
    bucket = place(world)["bucket"]
    name = f"{folder(world, account, 'CloudTrail-Digest', region, day)}_{TRAIL}_{HOME}_{day.replace('-', '')}T235959Z.json.gz"
    hashed = sha256(gzip.decompress(blob)).hexdigest()
    log = {"s3Bucket": bucket, "s3Object": key, "hashValue": hashed, "hashAlgorithm": "SHA-256"}
    said: dict[str, Any] = {
        "awsAccountId": account,
        "digestStartTime": f"{day}T00:00:00Z",
        "digestEndTime": f"{day}T23:59:59Z",
        "digestS3Bucket": bucket,
        "digestS3Object": name,
        "previousDigestS3Bucket": None,
        "logFiles": [log],
    }
    return {name: gzip.compress(msgspec.json.encode(said), 1, mtime=0)}


def fill(world: World, call: Call) -> None:
    """Before S3 answers: put there what a request to the trail's bucket may be about. The world must be entered.

    The keys are replaced as a whole, since others may be walking over them.
    """
    where = place(world)
    about = call.params.get("Bucket") == where["bucket"] and call.operation in OF_OBJECTS
    if not about or world.settings.day is not None:
        return
    asked = OF_ACCOUNT.match(call.params["Key"] or call.params["prefix"])
    wanted = [asked[1]] if asked else [account.id for account in world.accounts]
    with world.trail_lock:
        missing = [account for account in wanted if account not in world.trail_written]
        if missing:
            bucket = the_bucket(where)
            keys = _VersionedKeyStore(bucket.keys)
            for account in missing:
                for name, blob in files(world, account).items():
                    keys[name] = FakeKey(name, blob, where["account"], HOME, bucket_name=where["bucket"])
            bucket.keys = keys
            world.trail_written.update(missing)


def the_bucket(where: dict[str, str]) -> FakeBucket:
    backend: S3Backend = s3_backends[where["account"]]["aws"]
    if where["bucket"] not in backend.buckets:
        backend.buckets[where["bucket"]] = FakeBucket(where["bucket"], where["account"], HOME)
    return backend.buckets[where["bucket"]]
