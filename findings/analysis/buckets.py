"""Which buckets matter: where trails deliver, and what the settings mark as sensitive."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from collectors.records import Bucket, PublicAccessBlock

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

TAG = "tag:"


def takes_trails(bucket: Bucket, facts: Facts) -> bool | None:
    """Whether a trail delivers there: its policy lets CloudTrail do so, or a trail of the account names it. None: not known."""
    if any(trail.bucket == bucket.name for trail in facts.snapshot.trails):
        return True
    return bucket.delivers


def sensitive(facts: Facts) -> tuple[Bucket, ...]:
    """Those that the settings mark, by name or tag."""
    marks = facts.settings.sensitive_buckets
    return tuple(bucket for bucket in facts.snapshot.buckets if marked(bucket, marks))


def marked(bucket: Bucket, marks: Iterable[str]) -> bool:
    return any(_tagged(bucket, mark) if mark.startswith(TAG) else fnmatchcase(bucket.name, mark) for mark in marks)


def _tagged(bucket: Bucket, mark: str) -> bool:
    key, _, value = mark.removeprefix(TAG).partition("=")
    return (bucket.tags or {}).get(key) == value


def untagged(facts: Facts) -> tuple[Bucket, ...]:
    """Those of which it is not known whether a tag marks them."""
    marks = facts.settings.sensitive_buckets
    if not any(mark.startswith(TAG) for mark in marks):
        return ()
    return tuple(one for one in facts.snapshot.buckets if one.tags is None and not marked(one, marks))


def public_by(bucket: Bucket, facts: Facts) -> tuple[str, ...]:
    """What makes it public: "policy", "ACL for everybody"; without what a public access block makes harmless."""
    block = _block(bucket, facts)
    found = ["its policy"] if bucket.told("policy_public") and not block.restrict else []
    if not block.ignore_acls:
        found += [f"its ACL, which lets in {who}" for who in bucket.told("acl_public") or ()]
    return tuple(found)


def harmless(bucket: Bucket, facts: Facts) -> frozenset[str]:
    """What a public access block makes harmless, as fields of a Bucket: with it, what they tell does not matter."""
    block = _block(bucket, facts)
    closed = {"policy_public": block.restrict, "acl_public": block.ignore_acls}
    return frozenset(field for field, by in closed.items() if by)


def _block(bucket: Bucket, facts: Facts) -> PublicAccessBlock:
    """The bucket's with the account's, as far as they were read."""
    return (bucket.told("block") or PublicAccessBlock()) | (facts.told.public_access_block or PublicAccessBlock())
