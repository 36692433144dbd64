"""Buckets that trails deliver to, others, and what analyzers find: MO105, MO106, LP408."""

import json
from typing import Any

from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend, s3_backends

from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.trail.bucket import place, the_bucket
from collectors.lab.trail.calls import HOME

STRANGER, VENDOR = "987654321098", "464622532012"  # nobody's of ours; Datadog
CLOSED = PublicAccessBlock("true", "true", "true", "true")


def delivering(name: str, *more: dict[str, Any]) -> bytes:
    """A bucket policy that lets CloudTrail put its files there."""
    puts = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/AWSLogs/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [puts, *more]}).encode()


def make(b: Builder, name: str, **more: Any) -> FakeBucket:
    """A closed bucket. more: attributes of moto's."""
    backend: S3Backend = s3_backends[b.id]["aws"]
    if name not in backend.buckets:
        backend.buckets[name] = FakeBucket(name, b.id, HOME)
    bucket = backend.buckets[name]
    bucket.creation_date, bucket.public_access_block = b.ago(700), CLOSED
    for field, value in more.items():
        setattr(bucket, field, value)
    return bucket


def kept(**more: Any) -> dict[str, Any]:
    """As a trail's bucket should be."""
    logs = {"TargetBucket": "halden-access-logs", "TargetPrefix": "trail/"}
    return {"versioning_status": "Enabled", "logging": logs, "object_lock_enabled": True, **more}


@planted()
def organization_trail(b: Builder) -> None:
    where = place(b.world)
    if where["account"] == b.id:
        the_bucket(where)
        make(b, where["bucket"], policy=delivering(where["bucket"]), **kept())
        b.clear("MO105", "bucket", where["bucket"], "closed, logged, locked")


@planted(12, 0)
def trail_with_mfa_delete(b: Builder) -> None:
    """No Object Lock, and public by its policy if the block did not restrict it: both look worse than they are."""
    name = f"halden-trail-copy-{b.id}"
    anyone = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/public/*",
    }
    make(b, name, policy=delivering(name, anyone), **kept(object_lock_enabled=False, mfa_delete="Enabled"))
    b.clear("MO105", "bucket", name, "its public policy is restricted, and deleting needs MFA")


@planted(12, 3)
def public_trail(b: Builder) -> None:
    """The public part is the bucket's own policy; nothing blocks it."""
    name = f"halden-old-trail-{b.id}"
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    make(b, name, policy=delivering(name, anyone), public_access_block=None, **kept())
    b.open("MO105", "bucket", name, "public by its policy", "public")
    found(b, f"arn:aws:s3:::{name}", "AWS::S3::Bucket", "*", isPublic=True)  # MO105 tells it


@planted(12, 9)
def careless_trail(b: Builder) -> None:
    name = f"halden-app-trail-{b.id}"
    make(b, name, policy=delivering(name), versioning_status="Enabled")
    b.open("MO105", "bucket", name, "nobody sees who reads it", "logging")
    b.open("MO105", "bucket", name, "neither MFA delete nor Object Lock", "undeletable")


@planted(3, 1)
def data(b: Builder) -> None:
    """The organization's trail records its objects."""
    make(b, f"halden-{b.account.name}-data-{b.id}", policy=None)
    b.clear("MO106", "account", b.id, "the organization's trail records all objects")


@planted(name="acquired-retail")
def unrecorded(b: Builder) -> None:
    """Its own trail records no objects; the bucket that it writes to is as it should be."""
    name = f"retail-trail-{b.id}"
    make(b, name, policy=delivering(name), **kept())
    b.clear("MO105", "bucket", name, "closed, logged, locked")
    make(b, f"retail-photos-{b.id}")
    for part in ("read", "write"):
        b.open("MO106", "account", b.id, "no trail records objects", part)


@planted(name="payments-dev")
def stopped_trails_bucket(b: Builder) -> None:
    name = f"payments-audit-{b.id}"
    make(b, name, policy=delivering(name), **kept())
    b.clear("MO105", "bucket", name, "closed, logged, locked")


def found(b: Builder, resource: str, kind: str, who: str, **more: Any) -> None:
    """What the account's external-access analyzer says."""
    told = {"principal": {"AWS": who}, "action": ["kms:Decrypt"], "condition": {}, "isPublic": False, **more}
    b.world.analyzed.setdefault(b.id, []).append({"resource": resource, "kind": kind, "at": b.ago(200), **told})


@planted(12, 1)
def shared_key(b: Builder) -> None:
    """A KMS key that a stranger may use; a queue of another of our accounts, a topic of a vendor, and what somebody archived."""
    arn = f"arn:aws:kms:{HOME}:{b.id}:key/3f1c5e2a-0000-4000-8000-{b.id}"
    found(b, arn, "AWS::KMS::Key", STRANGER)
    b.open("LP408", "account", b.id, "a key that a stranger may use", arn)
    queue, topic, secret = (f"arn:aws:{service}:{HOME}:{b.id}:{name}" for service, name in SHARED)
    found(b, queue, "AWS::SQS::Queue", b.world.management.id)
    found(b, topic, "AWS::SNS::Topic", VENDOR)
    found(b, secret, "AWS::SecretsManager::Secret", STRANGER, status="ARCHIVED")
    for name in (queue, topic, secret):
        b.clear("LP408", "account", b.id, "ours, a known vendor's, or archived", name)


SHARED = (("sqs", "orders"), ("sns", "alerts"), ("secretsmanager", "secret:partner-4xK2aB"))
