"""What guardrails block, as it is stored: an account's own, and written only where it changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from collectors import models, records
from findings.models import AccountGuarding, GuardrailEffect
from iamdash.access.database import seen_accounts
from tests import builders as b
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, allow, deny, document

KEEP = document(deny(["cloudtrail:StopLogging", "organizations:LeaveOrganization"]))
WRITER = document(allow(["cloudtrail:*", "s3:PutObject"]))
TREE = (b.unit("r-1", ""), b.unit(), b.org_account(), b.org_account("000000000002"))


def guarded(account: models.Account, *more: Any, keep: Any = KEEP) -> None:
    full = b.org_policy("FullAWSAccess", "r-1", "ou-1", b.ACCOUNT_ID, document=EVERYTHING)
    keeping = b.org_policy("keep", "ou-1", document=keep)
    for body in (EVERYTHING, keep, WRITER):
        models.Document.objects.get_or_create(account=account, digest=records.digest(body), body=body)
    writer = b.role("writer", unique_id="AROAWRITER", inline={"w": records.digest(WRITER)})
    put(account, b.in_organization(), *TREE, full, keeping, writer, *more, covered=b.tree_coverage())


def test_what_each_policy_blocks_in_numbers_and_names(account: models.Account, other_account: models.Account) -> None:
    bound = b.policy("bound", document=records.digest(WRITER), boundary_count=1)
    guarded(account, bound, b.user("u", boundary=bound.arn))
    judge(account)
    judge(other_account)
    found = {row.name: row for row in GuardrailEffect.objects.filter(account=account)}
    keep = found["keep"]
    assert (keep.alone, keep.also, keep.sure, keep.idle, keep.policy) == (1, 0, 1, False, "p-keep")
    assert keep.places == [["ou-1", "prod (ou-1)"]]
    assert keep.data["blocks"] == ["cloudtrail:StopLogging"]
    assert keep.data["services"] == {"cloudtrail": [1, 0]}
    assert keep.data["named"] == [["AROAWRITER", "writer"]]
    assert (found["FullAWSAccess"].open, found["bound"].binds, found["bound"].idle) == (True, 1, True)
    summary = AccountGuarding.objects.get(account=account)
    assert (summary.organization_id, summary.unit, summary.limited) == ("o-1", "ou-1", True)
    assert (summary.holders, summary.bounded, summary.path) == (2, 1, [["r-1", "Root"], ["ou-1", "prod"]])
    assert other_account.aws_id not in str([row.data for row in found.values()])


def test_an_account_s_guardrails_are_its_own(account: models.Account, other_account: models.Account) -> None:
    guarded(account)
    judge(account)
    with db_role("iamdash_web"), seen_accounts([other_account.pk]):
        assert not GuardrailEffect.objects.exists()
        assert not AccountGuarding.objects.exists()


def test_nobody_knows_the_organization(account: models.Account) -> None:
    judge(account)
    summary = AccountGuarding.objects.get()
    assert (summary.organization_known, summary.limited, summary.path) == (False, None, [])
    assert "DescribeOrganization" in summary.unseen
    assert not GuardrailEffect.objects.exists()


@pytest.mark.parametrize(
    ("keep", "written"), [(KEEP, 0), (document(deny("cloudtrail:DeleteTrail")), 1), (document(deny("s3:PutObject")), 1)]
)
def test_only_what_changed_is_written(account: models.Account, keep: Any, written: int) -> None:
    guarded(account)
    judge(account)
    before = _written()
    guarded(account, keep=keep)
    judge(account)
    assert _written() - before == written


def test_what_is_gone_is_deleted(account: models.Account) -> None:
    guarded(account)
    judge(account)
    models.OrganizationPolicy.objects.filter(name="keep").delete()
    judge(account)
    assert [row.name for row in GuardrailEffect.objects.all()] == ["FullAWSAccess"]


def _written() -> int:
    tables = "findings_guardraileffect", "findings_accountguarding"
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum(n_tup_ins + n_tup_upd) from pg_stat_xact_user_tables where relname = any(%s)", [list(tables)]
        )
        return int(cursor.fetchone()[0])
