from __future__ import annotations

import pytest
from django.db import connection

from collectors import models
from findings.analysis.stored_guardrails import from_stored
from findings.models import AccountGuardrails
from iamdash.access.database import seen_accounts
from tests import builders as b
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def member(account: models.Account) -> models.Account:
    full = b.org_policy("FullAWSAccess", "r-1", "ou-1", b.ACCOUNT_ID, document=ALLOW)
    models.Document.objects.create(account=account, digest=full.document, body=ALLOW)
    tree = (b.unit("r-1", ""), b.unit(), b.org_account(), b.org_account("000000000002"))
    put(account, b.in_organization(), *tree, full, covered=b.tree_coverage())
    return account


def test_a_page_of_one_account_has_what_binds_it_and_no_other_account(
    member: models.Account, other_account: models.Account
) -> None:
    judge(member)
    judge(other_account)
    with db_role("iamdash_web"):
        assert not AccountGuardrails.objects.exists()
        with seen_accounts([member.pk]):
            (row,) = AccountGuardrails.objects.all()
    stored = from_stored(row.data)
    assert [level.name for level in stored.guardrails.scp or ()] == ["Root", "prod (ou-1)", b.ACCOUNT_ID]
    assert list(stored.documents.values()) == [ALLOW]
    assert other_account.aws_id not in str(row.data)


def test_why_nothing_is_visible_is_stored_too(account: models.Account) -> None:
    judge(account)
    found = from_stored(AccountGuardrails.objects.get().data).guardrails
    assert (found.scp, "DescribeOrganization" in found.unseen) == (None, True)


def test_what_stayed_as_it_was_is_not_written_again(member: models.Account) -> None:
    judge(member)
    before = _written()
    judge(member)
    assert _written() == before
    models.OrganizationPolicy.objects.all().delete()
    judge(member)
    assert _written() == before + 1


def _written() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select n_tup_ins + n_tup_upd from pg_stat_xact_user_tables where relname = 'findings_accountguardrails'"
        )
        return int(cursor.fetchone()[0])
