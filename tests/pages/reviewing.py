"""Rows of an access review for page tests, as the worker freezes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from collectors.models import Account
from findings.analysis.reviewing import chain
from findings.models import Review, ReviewAccount, Reviewer, ReviewItem
from tests.conftest import AS_OF

TODAY = datetime.now(UTC).date()


def review(*accounts: Account, reviewers: dict[Account, str] | None = None, **more: Any) -> Review:
    """Frozen today, of these accounts, with 30 days to go."""
    given = {
        "title": "Autumn", "whom": ["all"], "which": ["all"], "starts_on": TODAY, "due_on": TODAY + timedelta(days=30),
        "n_accounts": len(accounts), "made_by": "ada", "frozen_at": timezone.now(),
    }  # fmt: skip
    made = Review.objects.create(**(given | more))
    known = {"read_at": AS_OF.isoformat(), "missing": [], "events_since": None, "scps": []}
    for account in accounts:
        ReviewAccount.objects.create(review=made, account=account, frozen_at=timezone.now(), evidence=known)
    for account, name in (reviewers or {}).items():
        Reviewer.objects.create(review=made, account=account, reviewer=name, set_by="ada")
    return made


def evidence(name: str = "app", **more: Any) -> dict[str, Any]:
    return {
        "who": {"type": "role", "name": name, "arn": f"arn:{name}", "id": "AROA1", "path": "/", "kind": "machine-ci",
                "created_at": AS_OF.isoformat(), "confidence": "medium", "reasons": ["trusts GitHub"]},
        "become": {"who": [{"principal": "999999999999", "kind": "account", "inside": False, "only_if": []}], "more": 0},
        "may": {"levels": {"Write": [9, 5]}, "services": [["s3", [0, 5, 0, 0, 0, 0], AS_OF.isoformat(), "CloudTrail"],
                ["ec2", [0, 1, 0, 0, 0, 0], None, "Access Advisor"], ["new", [0, 1, 0, 0, 0, 0], "", ""]],
                "more_services": 2, "admin": None, "escalation": [], "unknown": ""},
        "used": {"by": [["CloudTrail", AS_OF.isoformat()]], "since": AS_OF.isoformat(), "unread": "", "events_unread": ""},
        "guardrails": {"boundary": "", "scps": False, "unseen": "SCPs are not visible"},
        "findings": [{"id": 1, "code": "LP101", "severity": 3, "title": f"{name} is unused", "since": AS_OF.isoformat()}],
        "parts": [["all", "All of it: the role goes"], ["inline:own", "Inline policy own"]],
        "suggested": [],
        "unknown": ["no CloudTrail events were read"],
    } | more  # fmt: skip


def item(
    of: Review, account: Account, name: str = "app", *, told: dict[str, Any] | None = None, **more: Any
) -> ReviewItem:
    told = evidence(name) if told is None else told
    given = {
        "kind": "principal", "type": "role", "subject_id": f"AROA{name}"[:128], "part": "all", "name": name, "sets": ["all"],
        "worst": 3, "evidence": told, "digest": chain.digest(told), "frozen_at": timezone.now(),
        "arn": f"arn:aws:iam::{account.aws_id}:role/{name}",
    }  # fmt: skip
    made = ReviewItem.objects.create(review=of, account=account, **(given | more))
    row = ReviewAccount.objects.get(review=of, account=account)
    row.n_items += 1
    row.save()
    return made
