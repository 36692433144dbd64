"""S3 buckets, as far as they matter for monitoring: where trails deliver, and where sensitive data lies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from collectors.records.base import Record, too_long_ago


class PublicAccessBlock(Record, frozen=True, kw_only=True):
    """Of a bucket or of the account; none of it holds where nobody set it."""

    block_acls: bool = False
    ignore_acls: bool = False
    block_policy: bool = False
    restrict: bool = False

    def __or__(self, other: PublicAccessBlock) -> PublicAccessBlock:
        """What holds where both are in force."""
        return PublicAccessBlock(
            block_acls=self.block_acls or other.block_acls,
            ignore_acls=self.ignore_acls or other.ignore_acls,
            block_policy=self.block_policy or other.block_policy,
            restrict=self.restrict or other.restrict,
        )


class Bucket(Record, frozen=True, kw_only=True):
    """A bucket of the account. unique_id: its name, which nobody else has.

    tags and policy are read of every bucket: None where they were not; policy is the document's digest, "" for none,
    and delivers tells whether it lets CloudTrail put objects there.
    unread: of what is read of this bucket, what was not told the last time, by field. asked_on: on which day "tags" and
    "policy" were asked for last, which not every run does; empty where a bundle told them.
    The rest is read of those that matter (collectors.sources.s3_logging), and None for others: block: its own public access
    block; policy_public: whether AWS takes the policy for public; acl_public: whom the ACL lets in, of "everybody" and "any AWS
    account"; logs_to: the bucket that access logs go to, "" for none; versioning: AWS's word, "" where it never was on;
    mfa_delete; object_lock.
    """

    unique_id: str
    arn: str
    region: str
    created_at: datetime
    unread: tuple[str, ...]
    tags: dict[str, str] | None = None
    policy: str | None = None
    delivers: bool | None = None
    block: PublicAccessBlock | None = None
    policy_public: bool | None = None
    acl_public: tuple[str, ...] | None = None
    logs_to: str | None = None
    versioning: str | None = None
    mfa_delete: bool | None = None
    object_lock: bool | None = None
    asked_on: dict[str, date] | None = None

    @property
    def name(self) -> str:
        return self.unique_id

    def lately(self, at: datetime) -> Bucket:
        """Without what was read by turns and too long before, or is told no more."""
        late = too_long_ago(at)
        old = {name for name, day in (self.asked_on or {}).items() if day < late or name in self.unread}
        fields = old | ({"delivers"} if "policy" in old else set())
        return msgspec.structs.replace(self, **dict.fromkeys(fields)) if fields else self

    def told(self, field: str) -> Any:
        """A field's value, None where it is not known now."""
        return None if field in self.unread else getattr(self, field)
