"""Assumptions of other accounts, read from the database: who stands behind the callers of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from collectors.models.snapshot import read_snapshot
from findings.engine import elsewhere
from findings.engine.elsewhere import behind
from findings.models import Finding, SessionVerdict
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.pages.across import Chain, chained
from tests.pages.acted import acted, assumed, judge_now

pytestmark = pytest.mark.django_db
Who = SessionVerdict.Who


def told(account: Account) -> Any:
    return behind(account, read_snapshot(account, timezone.now()))


def who(chain: Chain) -> int:
    judge_now(chain.prod)
    return SessionVerdict.objects.get(session=chain.session).who


@pytest.fixture
def chain(account: Account, other_account: Account) -> Chain:
    return chained(account, other_account)


def test_an_account_without_foreign_callers_asks_nothing(account: Account, django_assert_num_queries: Any) -> None:
    app = role("app")
    put(account, app)
    acted(account, app, "x")
    assumed(account, app, "lambda.amazonaws.com", "x")
    assumed(account, app, app.arn, "x", caller_id=app.unique_id)
    snapshot = read_snapshot(account, timezone.now())
    with django_assert_num_queries(0):
        assert behind(account, snapshot) == elsewhere.NOTHING


def test_a_caller_of_an_account_that_is_not_connected_is_nobody(chain: Chain) -> None:
    chain.dev.delete()
    assert who(chain) == Who.UNTOLD
    assert not Finding.objects.filter(code="HM101").exists()
    assert "AROADEPLOY0000001 of account 000000000002" in SessionVerdict.objects.get(session=chain.session).lineage


def test_a_pipeline_that_goes_on_to_another_account_is_a_program(chain: Chain) -> None:
    chain.dev.usageassumption_set.all().delete()
    assumed(chain.dev, chain.deploy, "codebuild.amazonaws.com", "AWSCodeBuild-*")
    assert who(chain) == Who.PROGRAM
    assert not Finding.objects.filter(code="HM101").exists()


def test_what_the_other_account_concludes_of_its_role_counts_where_no_event_tells(chain: Chain) -> None:
    chain.dev.usageassumption_set.all().delete()
    put(chain.dev, chain.deploy)
    assert who(chain) == Who.UNTOLD  # that account was not judged yet
    judge_now(chain.dev)
    assert who(chain) == Who.PROGRAM  # its role is an instance's


def test_both_a_person_and_a_pipeline_are_nobody(chain: Chain) -> None:
    assumed(chain.dev, chain.deploy, "codebuild.amazonaws.com", "AWSCodeBuild-*")
    assert who(chain) == Who.UNTOLD


def test_a_person_behind_two_hops_of_another_account_opens_the_finding(chain: Chain) -> None:
    assert who(chain) == Who.PERSON
    finding = Finding.objects.get(code="HM101")
    assert finding.title == "Role payments-prod is a machine's, and somebody of another account used it"
    stored = " ".join([finding.title, *finding.evidence["sessions"], *SessionVerdict.objects.get().reasons])
    assert "AROADEPLOY0000001 of account 000000000002 -> payments-prod, 3 times" in stored
    for name in ("alice", "SSO-Dev", "deploy "):
        assert name not in stored


def test_a_caller_that_is_told_by_name_is_found_by_it(chain: Chain) -> None:
    chain.prod.usageassumption_set.update(caller=chain.deploy.arn, caller_id="")
    assert who(chain) == Who.PERSON


def test_the_worker_may_read_it_and_hops_are_bounded(chain: Chain, django_assert_max_num_queries: Any) -> None:
    """A row of hubs, each assumed by the one before: after MOST_HOPS nobody asks on."""
    before = role("deploy", unique_id="AROADEPLOY0000001")
    for n in range(20):
        hub = role(f"hub{n}", unique_id=f"AROAHUB{n:010}")
        assumed(chain.dev, before, hub.arn, f"s{n}", caller_id=hub.unique_id, caller_account=chain.dev.aws_id)
        before = hub
    snapshot = read_snapshot(chain.prod, timezone.now())
    with django_assert_max_num_queries(elsewhere.MOST_HOPS + 2):
        found = behind(chain.prod, snapshot)
    assert len(found.assumptions) < 10


def test_of_a_day_that_is_cut_nothing_is_taken(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the people of a day fit in, its pipelines would be passed over."""
    assumed(chain.dev, chain.deploy, "codebuild.amazonaws.com", "b", days=3)
    monkeypatch.setattr(elsewhere, "MOST", 1)
    assert told(chain.prod).assumptions == ()
