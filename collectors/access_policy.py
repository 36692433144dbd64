"""The read-only policy that an account must give us, generated from what the sources declare (DESIGN 6)."""

from __future__ import annotations

from typing import Any

from collectors.sources import permissions


def read_only_policy() -> dict[str, Any]:
    """An IAM policy document: every action the collector calls, and nothing else. None of them takes a resource scope."""
    statement = {"Sid": "IamdashReads", "Effect": "Allow", "Action": list(permissions()), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust_policy(principal_arn: str, external_id: str) -> dict[str, Any]:
    """Who may assume the role: the collector's principal, and only with the account's own external id."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal_arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
