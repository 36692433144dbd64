"""A mark from the operator's click to safe or alert, through the database: silent cases first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors import models, records
from collectors.records import State
from findings.analysis.facts import Facts, Settings
from findings.analysis.right_sizing import Proposal, propose, propose_boundary
from findings.engine import facts_of, judge_account
from findings.engine.right_sizing import WATCHED
from findings.models import RightSizing
from findings.rules import registry
from tests.builders import AS_OF, arn, coverage, last_accessed, policy, role, snapshot
from tests.findings.engine.inventory import cover, put
from tests.findings.rules.policies import allow, document

NONE_JUDGED = Settings(off=frozenset(registry.catalogue()))
OLD = document(allow(["s3:GetObject", "ec2:RunInstances", "iam:*"]))
KEPT = document(allow(["s3:GetObject", "iam:PassRole"]))
Marks = RightSizing.State
LATER = AS_OF + WATCHED + timedelta(hours=5)


def app(body: dict[str, Any] = OLD, **more: Any) -> records.Role:
    return role("app", unique_id="AROA1", inline={"own": records.digest(body)}, **more)


def advised(at: datetime = AS_OF, **services: datetime | None) -> records.LastAccessed:
    uses = tuple(records.ServiceUse(namespace=s, last_at=when, region="") for s, when in services.items())
    return records.LastAccessed(unique_id="AROA1", arn=app().arn, services=uses, read_at=at)


def collected(account: models.Account, *entities: records.Record, at: datetime = AS_OF) -> None:
    put(account, *entities)
    for body in (OLD, KEPT):
        models.Document.objects.get_or_create(account=account, digest=records.digest(body), defaults={"body": body})
    account.coverage_set.update(observed_at=at)


def judged(account: models.Account, at: datetime = AS_OF) -> RightSizing:
    assert judge_account(account.pk, at, NONE_JUDGED) is not None
    return RightSizing.objects.latest("pk")


def marked(account: models.Account, boundary: bool = False) -> RightSizing:
    """As a proposal on the old policies, marked a day before AS_OF."""
    one = app()
    told = Facts(snapshot(one, last_accessed(one, s3=3, ec2=None, iam=None), trusts=[OLD]), NONE_JUDGED)
    found = propose_boundary([one], told) if boundary else propose(one, told)
    assert isinstance(found, Proposal)
    (mark,) = RightSizing.mark(account, found, "ada")
    RightSizing.objects.update(marked_at=AS_OF - timedelta(days=1))
    return mark


def test_a_mark_holds_what_confirms_watches_and_undoes_it(account: models.Account) -> None:
    mark = marked(account)
    assert (mark.state, mark.principal_name, mark.marked_by, mark.services) == (
        Marks.APPLIED,
        "app",
        "ada",
        ["ec2", "iam"],
    )
    assert [s["Action"] for s in mark.documents[0]["Statement"]] == [["s3:GetObject", "iam:PassRole"]]
    assert "put-role-policy" in mark.rollback


@pytest.mark.parametrize("state", [State.DENIED, State.PARTIAL, None])
def test_nothing_is_said_while_the_policies_were_not_read(account: models.Account, state: State | None) -> None:
    marked(account)
    collected(account, app(KEPT))
    cover(account, coverage(GetAccountAuthorizationDetails=state))
    assert judged(account).state == Marks.APPLIED


def test_what_was_read_before_the_mark_says_nothing_of_it(account: models.Account) -> None:
    marked(account)
    collected(account, app(KEPT), at=AS_OF - timedelta(days=2))
    assert judged(account).state == Marks.APPLIED


def test_permissions_that_are_unknown_leave_it_as_it_is(account: models.Account) -> None:
    marked(account)
    collected(account, app(KEPT, attached=(arn("policy", "unread"),)))
    mark = judged(account)
    assert (mark.state, "could not be read" in mark.detail) == (Marks.APPLIED, True)


def test_what_differs_is_told_and_confirmed_when_it_no_longer_does(account: models.Account) -> None:
    marked(account)
    collected(account, app())
    mark = judged(account)
    assert (mark.state, mark.confirmed_at) == (Marks.DIFFERS, None)
    assert mark.detail.startswith("More is allowed than was proposed: ec2:RunInstances")
    collected(account, app(KEPT))
    mark = judged(account)
    assert (mark.state, mark.confirmed_at, mark.watch_until) == (Marks.CONFIRMED, AS_OF, AS_OF + WATCHED)
    assert mark.attempts.startswith("Access Advisor was not read since. Nobody would see an attempt at ")
    assert "(no CloudTrail events were read)" in mark.attempts


def test_only_the_newest_mark_is_followed(account: models.Account) -> None:
    first, second = marked(account), marked(account)
    collected(account, app(KEPT))
    judged(account)
    states = dict(RightSizing.objects.values_list("pk", "state"))
    assert states == {first.pk: Marks.APPLIED, second.pk: Marks.CONFIRMED}


def test_a_deleted_principal_is_gone_for_good(account: models.Account) -> None:
    marked(account)
    collected(account, role("other"))
    assert judged(account).state == Marks.GONE


@pytest.fixture
def confirmed(account: models.Account) -> models.Account:
    marked(account)
    collected(account, app(KEPT))
    judged(account)
    return account


def test_use_of_what_stays_and_use_before_it_was_confirmed_are_no_alert(confirmed: models.Account) -> None:
    at = AS_OF + timedelta(days=3)
    collected(confirmed, app(KEPT), advised(at, s3=at, iam=AS_OF - timedelta(hours=1)))
    mark = judged(confirmed, at)
    assert mark.state == Marks.CONFIRMED
    assert mark.attempts == (
        "No attempt at iam so far; watched until 2026-12-24. "
        "Access Advisor does not tell of ec2: it tells only of services that its policies allow. "
        "Nobody would see an attempt at ec2:RunInstances (no CloudTrail events were read)."
    )


def test_it_is_never_safe_while_a_service_is_silent(confirmed: models.Account) -> None:
    collected(confirmed, app(KEPT), advised(LATER, s3=LATER, iam=None))
    assert judged(confirmed, LATER).state == Marks.CONFIRMED


def test_thirty_days_without_an_attempt_are_safe_once_they_were_read_to_their_end(confirmed: models.Account) -> None:
    early = LATER - timedelta(hours=2)
    collected(confirmed, app(KEPT), advised(early, s3=early, iam=None, ec2=None))
    assert judged(confirmed, LATER).state == Marks.CONFIRMED
    collected(confirmed, app(KEPT), advised(LATER, s3=LATER, iam=None, ec2=None))
    mark = judged(confirmed, LATER)
    assert (mark.state, mark.attempts) == (Marks.SAFE, "No attempt at ec2, iam until 2026-12-24.")


def test_an_attempt_is_an_alert_until_it_is_rolled_back(confirmed: models.Account) -> None:
    at = AS_OF + timedelta(days=3)
    collected(confirmed, app(KEPT), advised(at, s3=at, ec2=AS_OF + timedelta(days=2)))
    mark = judged(confirmed, at)
    assert (mark.state, mark.attempts[:42]) == (Marks.ALERT, "Tried since: ec2 on 2026-11-26 00:00 UTC. ")
    assert "nor whether AWS denied it" in mark.attempts
    collected(confirmed, app(), advised(at, s3=at, ec2=AS_OF + timedelta(days=2)))
    mark = judged(confirmed, at)
    assert (mark.state, mark.attempts, mark.confirmed_at) == (Marks.DIFFERS, "", None)
    collected(confirmed, app(KEPT), advised(at, s3=at, ec2=AS_OF + timedelta(days=2)))
    assert judged(confirmed, at).state == Marks.CONFIRMED  # a new watch: the attempt was before it


def called(account: models.Account, name: str, at: datetime, *, read: datetime, denied: bool = True) -> None:
    """A call of the role on EC2, and events that were read until `read`."""
    who, _ = models.UsagePrincipal.objects.get_or_create(account=account, unique_id="AROA1", actor="role")
    event, _ = models.UsageEvent.objects.get_or_create(account=account, source="ec2.amazonaws.com", name=name)
    outcome = {"denied": 2, "denied_at": at} if denied else {"denied": 0, "used_at": at}
    models.UsageLast.objects.create(account=account, principal=who, event=event, n=2, failed=0, first_at=at, **outcome)
    models.TrailWatch.objects.update_or_create(
        account=account, defaults={"since": AS_OF - timedelta(days=99), "until": read}
    )
    models.Coverage.objects.update_or_create(
        account=account, source="trail_bucket", api=records.TRAIL, defaults={"state": "complete", "observed_at": read}
    )


def test_calls_make_it_safe_where_access_advisor_is_silent(confirmed: models.Account) -> None:
    read = advised(LATER, s3=LATER, iam=None)
    collected(confirmed, app(KEPT), read)
    called(confirmed, "RunInstances", AS_OF - timedelta(days=1), read=LATER - timedelta(hours=6))
    mark = judged(confirmed, LATER)
    assert (mark.state, "Access Advisor does not tell of ec2" in mark.attempts) == (Marks.CONFIRMED, True)
    assert mark.attempts.endswith("CloudTrail shows no denial of 91 actions so far; watched until 2026-12-24.")
    models.Coverage.objects.filter(api=records.TRAIL).update(observed_at=LATER)
    assert judged(confirmed, LATER).state == Marks.SAFE


def test_a_denied_call_of_what_was_taken_away_is_an_alert_and_another_is_not(confirmed: models.Account) -> None:
    at = AS_OF + timedelta(days=3)
    collected(confirmed, app(KEPT))
    called(confirmed, "TerminateInstances", at, read=at)
    assert judged(confirmed, at).state == Marks.CONFIRMED
    called(confirmed, "RunInstances", at, read=at)
    mark = judged(confirmed, at)
    assert (mark.state, mark.attempts[:75]) == (
        Marks.ALERT,
        "Denied since: ec2:RunInstances, last on 2026-11-27 00:00 UTC (CloudTrail; 2",
    )
    assert "put-role-policy" in mark.rollback


def test_a_boundary_is_confirmed_and_watched_though_the_policies_stay(account: models.Account) -> None:
    mark = marked(account, boundary=True)
    assert (mark.target, mark.services) == (RightSizing.Target.BOUNDARY, ["ec2", "iam"])
    limits = policy("limits", document=records.digest(mark.documents[0]))
    models.Document.objects.create(account=account, digest=limits.document, body=mark.documents[0])
    collected(account, app(), limits)
    assert judged(account).detail == "It has no permissions boundary."
    collected(account, app(boundary=limits.arn), limits)
    assert judged(account).state == Marks.CONFIRMED
    collected(account, app(boundary=limits.arn), limits, advised(LATER, s3=LATER, ec2=None, iam=None))
    assert judged(account, LATER).state == Marks.SAFE


def test_a_judgement_that_finds_nothing_new_writes_nothing(
    confirmed: models.Account, django_assert_num_queries: Any
) -> None:
    from findings.engine.right_sizing import follow

    told = facts_of(confirmed, AS_OF)
    with django_assert_num_queries(1):
        follow(confirmed, told)
