"""A rule that the settings switch off says nothing, and what it said before ends."""

from __future__ import annotations

import pytest

from collectors.models import Account
from findings.analysis.facts import Settings
from findings.engine import judge_account
from findings.models import Finding
from tests.builders import AS_OF, group, role, user
from tests.findings.engine.inventory import put

pytestmark = pytest.mark.django_db
INLINE = {"own": "digest"}


def inline_policies(account: Account, settings: Settings) -> dict[str, tuple[str, str]]:
    """Subject type -> status and why it ended."""
    judge_account(account.pk, AS_OF, settings)
    found = Finding.objects.filter(account=account, code="LP206")
    return {f.subject_type: (f.status, f.resolved_why) for f in found}


def test_off_then_on_then_off(account: Account) -> None:
    put(account, role(inline=INLINE), user(inline=INLINE), group(inline=INLINE))
    everybody = ("role", "user", "group")
    assert inline_policies(account, Settings()) == {}
    assert inline_policies(account, Settings(off=frozenset())) == dict.fromkeys(everybody, ("open", ""))
    assert inline_policies(account, Settings()) == dict.fromkeys(everybody, ("resolved", "not_applicable"))


def test_a_subject_of_any_type_that_is_deleted_is_gone(account: Account) -> None:
    asked = Settings(off=frozenset())
    put(account, user(inline=INLINE), group(inline=INLINE))
    inline_policies(account, asked)
    put(account)
    assert inline_policies(account, asked) == dict.fromkeys(("user", "group"), ("resolved", "subject_gone"))
