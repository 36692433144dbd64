"""MO116 from the lab's refusal to the finding and back."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from collectors.models import Account
from findings.engine import judge_account
from findings.models import Finding
from tests.collectors.running import run
from tests.conftest import AS_OF

pytestmark = pytest.mark.django_db


def stale(account: Account, *names: str) -> list[tuple[str, str]]:
    """Collects all or the sources named, judges, and shows MO116's findings: title and status."""
    run(account, *names)
    judge_account(account.pk, AS_OF)
    return list(Finding.objects.filter(account=account, code="MO116").values_list("title", "status"))


def test_a_permission_that_is_taken_away_is_reported_and_ends_when_it_is_back(aws: Any) -> None:
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    account = Account.objects.order_by("pk")[1]
    assert stale(account) == []
    aws.fault("deny", account=account.aws_id, service="account", operation="GetAlternateContact")
    title = f"What is known of {account.name} is out of date: the collector lost account:GetAlternateContact"
    assert stale(account, "contacts") == [(title, "open")]
    aws.clear_faults()
    assert stale(account, "contacts") == [(title, "resolved")]
