"""Who can do an action on a resource, among 100,000 roles of one account whose documents are compiled. On the processor: it is
one thread, and waits for nothing."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.inventory import facts, prepare

ROLES, SECONDS = 100_000, 0.5
QUESTIONS = (
    ("s3:GetObject", "arn:aws:s3:::data-7-0/report.csv"),
    ("s3:PutObject", "arn:aws:s3:::nobody-means-this/x"),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/role-7"),
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/new"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:queue-7"),
    ("organizations:LeaveOrganization", "*"),
)


def run() -> Iterator[Figure]:
    prepare()
    from findings.analysis.who_can import Index

    index = Index(facts(ROLES, guarded=False))
    _ = index.by_digest, index.dark, index.numbers
    gc.collect()  # what making up the account left behind
    for action, resource in QUESTIONS:
        begun = time.process_time()
        found = sum(1 for _ in index.who_can(action, resource))
        seconds = time.process_time() - begun
        yield Figure(f"who can {action} on {resource}: {found:,} of {ROLES:,}", seconds, "s", "limit", SECONDS, 1)
