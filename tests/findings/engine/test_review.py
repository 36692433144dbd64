"""A campaign from its start to its last confirmation, through the database: silent cases first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from collectors import models, queue, records
from collectors.records import State
from findings import tasks
from findings.analysis.facts import Settings
from findings.analysis.reviewing import chain
from findings.engine import judge_account, review_freeze, review_work
from findings.engine.review_work import Decided, Plan, Verdict
from findings.models import (
    Finding,
    Review,
    ReviewAccount,
    ReviewDecision,
    Reviewer,
    ReviewItem,
    ReviewOutcome,
    ReviewSighting,
)
from findings.rules import registry
from tests.builders import AS_OF, coverage, credential, key, role, trust, user
from tests.findings.engine.inventory import cover, put
from tests.findings.rules.policies import ADMINISTRATOR, allow, document

pytestmark = pytest.mark.django_db
NONE_JUDGED = Settings(off=frozenset(registry.catalogue()))
VENDOR = trust(AWS="arn:aws:iam::999999999999:root")
S3 = document(allow(["s3:*"]))
TODAY = datetime.now(UTC).date()
EVERY = ("all", "external", "keys")


def app(body: dict[str, Any] = S3, **more: Any) -> records.Role:
    return role("app", unique_id="AROA1", inline={"own": records.digest(body)}, trust=records.digest(VENDOR), **more)


def ann() -> tuple[records.Record, ...]:
    one = user(
        "ann", unique_id="AIDA1", inline={"own": records.digest(ADMINISTRATOR)}, tags={"mail": "Ann@Example.com"}
    )
    return one, credential("ann", password_enabled=True), key("ann", unique_id="AKIA1", used=3)


def collected(account: models.Account, *entities: records.Record, at: datetime | None = None) -> None:
    put(account, *entities)
    for body in (S3, ADMINISTRATOR, VENDOR, trust(Service="ec2.amazonaws.com")):
        models.Document.objects.get_or_create(account=account, digest=records.digest(body), defaults={"body": body})
    account.coverage_set.update(observed_at=at or timezone.now())


def started(*accounts: models.Account, which: tuple[str, ...] = EVERY, starts: date = TODAY, **more: Any) -> Review:
    plan = Plan(
        "Autumn", "", ["all"], list(which), starts, TODAY + timedelta(days=30), 14, [a.pk for a in accounts], {}
    )
    return review_work.start(Plan(**{**plan.__dict__, **more}), "ada")


def frozen(account: models.Account, **more: Any) -> Review:
    review = started(account, **more)
    assert review_freeze.run(review.pk) is False
    review.refresh_from_db()
    return review


def judged(account: models.Account, at: datetime | None = None) -> None:
    assert judge_account(account.pk, at or queue.database_now(), NONE_JUDGED) is not None


def revoked(account: models.Account, kind: str = "principal", **more: Any) -> ReviewDecision:
    """Decided a month ago, so that time can pass."""
    items = ReviewItem.objects.filter(account=account, kind=kind, type__in=("role", "key"))
    assert review_work.decide(items, Decided(Verdict.REVOKE, "left", **more), "ben") == 1
    ReviewDecision.objects.update(set_at=timezone.now() - timedelta(days=30))
    return ReviewDecision.objects.get(ended_at=None)


def outcome() -> tuple[str, str, str]:
    one = ReviewOutcome.objects.get()
    return one.state, one.said, one.unknown


def test_nothing_is_frozen_before_its_day_nor_after_it_was_closed(account: models.Account) -> None:
    later, closed = started(account, starts=TODAY + timedelta(days=1)), started(account)
    assert review_freeze.to_ring() == [closed.pk]
    assert review_work.close(closed, "ada")
    assert not review_work.close(closed, "ada")
    assert review_freeze.to_ring() == []
    assert not review_freeze.run(later.pk)
    assert not review_freeze.run(closed.pk)
    assert not ReviewItem.objects.exists()


def test_items_are_what_the_campaign_asks_for(account: models.Account) -> None:
    linked = role("linked", path="/aws-service-role/x.amazonaws.com/")
    collected(account, app(), *ann(), linked)
    found = {}
    for which in ("all", "people", "admins", "external", "unused", "keys"):
        review = frozen(account, which=(which,))
        rows = ReviewItem.objects.filter(review=review).order_by("kind", "name")
        found[which] = [f"{row.kind} {row.subject_id}" for row in rows]
    assert found == {
        "all": ["principal AIDA1", "principal AROA1"],
        "people": ["principal AIDA1"],
        "admins": ["principal AIDA1"],
        "external": ["trust AROA1"],
        "unused": [],
        "keys": ["key AKIA1"],
    }


def test_what_is_unused_is_what_the_findings_say(account: models.Account) -> None:
    collected(account, app(), *ann())
    for code, subject in (("LP101", "AROA1"), ("KY103", "AKIA1"), ("LP206", "AIDA1")):
        finding(account, code, subject)
    review = frozen(account, which=("unused",))
    assert set(ReviewItem.objects.values_list("kind", "subject_id", "worst")) == {
        ("principal", "AROA1", 3), ("key", "AKIA1", 3),
    }  # fmt: skip
    assert review.frozen_at is not None


def finding(account: models.Account, code: str, subject: str, **evidence: Any) -> Finding:
    return Finding.objects.create(
        account=account, code=code, practice=code[:2], severity=3, subject_type="role", subject_id=subject, title=code,
        evidence=evidence, subject_name=subject, first_opened_at=AS_OF, opened_at=AS_OF,
    )  # fmt: skip


def test_evidence_says_who_what_use_and_what_cannot_be_known(account: models.Account) -> None:
    collected(account, app(), *ann())
    cover(account, coverage(GetServiceLastAccessedDetails=State.DENIED))
    finding(account, "LP301", "AROA1")
    frozen(account)
    one = ReviewItem.objects.get(kind="principal", subject_id="AROA1")
    told = one.evidence
    assert one.digest == chain.digest(told)
    assert told["who"]["kind"] == "unknown"
    assert told["become"]["who"][0]["principal"] == "arn:aws:iam::999999999999:root"
    assert told["may"]["services"][0][0] == "s3"
    assert told["may"]["admin"] is None
    assert told["findings"][0]["code"] == "LP301"
    assert any("Access Advisor was not read for app" in line for line in told["unknown"])
    person = ReviewItem.objects.get(kind="principal", subject_id="AIDA1")
    assert person.evidence["may"]["admin"]["by"] == ["own"]
    assert person.people == ["ann", "ann@example.com"]
    assert ["admin", "Administration"] in person.evidence["parts"]
    row = ReviewAccount.objects.get()
    assert (row.n_items, row.error) == (4, "")
    assert any("iam:GetServiceLastAccessedDetails was denied" in gap for gap in row.evidence["missing"])
    assert "external" not in str(ReviewItem.objects.get(kind="trust").evidence["outsider"]["only_if"])


def test_a_later_collection_changes_nothing_that_is_frozen(account: models.Account) -> None:
    collected(account, app())
    frozen(account)
    before = list(ReviewItem.objects.order_by("pk").values())
    collected(account, app(ADMINISTRATOR))
    judged(account)
    assert list(ReviewItem.objects.order_by("pk").values()) == before


def test_what_breaks_in_one_account_is_told_there(account: models.Account, other_account: models.Account) -> None:
    review = started(account, other_account)
    collected(other_account, app())
    account.coverage_set.all().delete()
    Finding.objects.filter(account=account).delete()
    finding(account, "LP104", "AROA1", services=3)
    assert review_freeze.run(review.pk) is False
    rows = {row.account_id: row for row in ReviewAccount.objects.all()}
    assert rows[account.pk].error.startswith("TypeError")
    assert (rows[other_account.pk].error, rows[other_account.pk].n_items) == ("", 2)


def test_an_account_that_loses_each_worker_does_not_hold_the_others_up(
    account: models.Account, other_account: models.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in (account, other_account):
        collected(one, app())
    review, real = started(account, other_account), review_freeze.freeze

    def dies(review: Review, row: ReviewAccount) -> None:
        if row.account == account:
            raise KeyboardInterrupt  # nothing of ours catches it, as nothing catches a kill
        real(review, row)

    monkeypatch.setattr(review_freeze, "freeze", dies)
    for _ in range(queue.ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            review_freeze.run(review.pk)
        Review.objects.update(started_at=Now() - queue.LEASE)
    assert review_freeze.run(review.pk) is False
    review.refresh_from_db()
    told = dict(ReviewAccount.objects.values_list("account", "error"))
    assert told == {account.pk: queue.LOST, other_account.pk: ""}
    assert review.frozen_at
    assert ReviewItem.objects.filter(account=other_account).exists()


def test_many_accounts_are_frozen_a_few_at_a_time(account: models.Account) -> None:
    some = [models.Account.objects.create(aws_id=f"1{n:011}", name=f"a{n}") for n in range(review_freeze.AT_ONCE + 1)]
    review = started(*some)
    assert review_freeze.run(review.pk) is True
    assert ReviewAccount.objects.filter(frozen_at=None).count() == 1
    assert review_freeze.run(review.pk) is False
    review.refresh_from_db()
    assert review.frozen_at is not None
    assert review_freeze.to_ring() == []


def test_the_worker_takes_it_up_goes_on_and_closes_it(
    account: models.Account, other_account: models.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks.freeze_review, "delay", rung.append)
    monkeypatch.setattr(review_freeze, "AT_ONCE", 1)
    review = started(account, other_account)
    tasks.tick()
    tasks.tick()  # the bell of the first is still to be heard
    for _ in rung:
        tasks.freeze_review(review.pk)
    assert rung == [review.pk, review.pk]
    assert Review.objects.get().frozen_at is not None
    Review.objects.update(due_on=TODAY - timedelta(days=1))
    tasks.tick()
    assert Review.objects.get().closed_by == "the due date"


@pytest.mark.parametrize("state", [State.DENIED, State.PARTIAL, None])
def test_nothing_is_confirmed_on_missing_data(account: models.Account, state: State | None) -> None:
    collected(account, app())
    frozen(account)
    revoked(account)
    collected(account)
    cover(account, coverage(GetAccountAuthorizationDetails=state))
    judged(account)
    assert outcome()[:2] == ("waiting", "")
    assert outcome()[2]
    assert ReviewItem.objects.get(kind="principal").unsure
    assert not ReviewSighting.objects.exists()


def test_what_was_read_before_the_decision_tells_nothing(account: models.Account) -> None:
    collected(account, app())
    frozen(account)
    revoked(account)
    collected(account, at=timezone.now() - timedelta(days=31))
    judged(account)
    assert not ReviewOutcome.objects.exists()


def test_a_revocation_from_still_there_to_gone_and_back(account: models.Account) -> None:
    collected(account, app())
    frozen(account)
    decision = revoked(account)
    collected(account, app(), at=decision.set_at + timedelta(days=3))
    judged(account)
    assert outcome() == ("waiting", "the role is there", "")
    collected(account, app(), at=decision.set_at + timedelta(days=15))
    judged(account)
    assert outcome() == ("still", "the role is there", "")
    collected(account)
    judged(account)
    assert outcome() == ("gone", "it was deleted", "")
    collected(account, role("app", unique_id="AROA2", inline={"own": records.digest(S3)}))
    judged(account)
    assert outcome()[0] == "back"
    assert "made again under its name" in outcome()[1]
    assert [one.state for one in ReviewSighting.objects.order_by("pk")] == ["waiting", "still", "gone", "back"]
    assert ReviewItem.objects.get(kind="principal").state == "back"


def test_a_key_and_an_outsider_go(account: models.Account) -> None:
    collected(account, app(), *ann())
    frozen(account)
    revoked(account, "key")
    items = ReviewItem.objects.filter(kind="trust")
    review_work.decide(items, Decided(Verdict.REVOKE, "left"), "ben")
    ReviewDecision.objects.update(set_at=timezone.now() - timedelta(days=2))
    collected(account, role("app", unique_id="AROA1"), *ann()[:2], key("ann", unique_id="AKIA1", active=False))
    judged(account)
    assert dict(ReviewOutcome.objects.values_list("decision__item__kind", "state")) == {"key": "gone", "trust": "gone"}


def test_the_suggestion_is_followed_by_its_services(account: models.Account) -> None:
    collected(account, app())
    finding(account, "LP104", "AROA1", services=["s3"])
    frozen(account)
    items = ReviewItem.objects.filter(kind="principal")
    assert review_work.decide(items, Decided(Verdict.REDUCE, "unused"), "ben") == 1
    ReviewDecision.objects.update(set_at=timezone.now() - timedelta(days=2))
    assert ReviewDecision.objects.get().parts == ["service:s3"]
    collected(account, app(document(allow("ec2:*"))))
    models.Document.objects.create(
        account=account, digest=records.digest(document(allow("ec2:*"))), body=document(allow("ec2:*"))
    )
    judged(account)
    assert outcome()[:2] == ("gone", "it may use no action of s3")


def test_nothing_to_suggest_cannot_be_chosen(account: models.Account) -> None:
    collected(account, app())
    frozen(account)
    assert review_work.decide(ReviewItem.objects.all(), Decided(Verdict.REDUCE, "x"), "ben") == 0


def test_a_change_of_mind_stays_in_the_record(account: models.Account) -> None:
    collected(account, app())
    frozen(account)
    revoked(account)
    collected(account)
    judged(account)
    items = ReviewItem.objects.filter(kind="principal")
    review_work.decide(items, Decided(Verdict.KEEP, "needed"), "cas")
    rows = ReviewDecision.objects.order_by("pk").values_list("verdict", "set_by", "ended_by", "reason")
    assert list(rows) == [("revoke", "ben", "cas", "left"), ("keep", "cas", "", "needed")]
    assert set(items.values_list("verdict", "state")) == {("keep", "")}
    review_work.decide(items, Decided(Verdict.REVOKE, "really"), "ben")
    assert ReviewOutcome.objects.filter(decision__ended_at=None).count() == 0  # what was seen was of the first one


def test_after_closing_only_confirmations_go_on(account: models.Account) -> None:
    collected(account, app())
    review = frozen(account)
    revoked(account)
    review_work.close(review, "ada")
    items = ReviewItem.objects.filter(kind="trust")
    for change in (
        lambda: review_work.decide(items, Decided(Verdict.KEEP, "late"), "ben"),
        lambda: review_work.delegate(review, [account.pk], "ben", "late", "ada"),
        lambda: Review.objects.filter(pk=review.pk).update(closed_at=None),
    ):
        with pytest.raises(IntegrityError, match="the review is closed"), transaction.atomic():
            change()
    collected(account)
    judged(account)
    assert outcome()[0] == "gone"


def test_the_due_date_closes_it(account: models.Account) -> None:
    review = started(account)
    assert review_work.close_due() == 0
    Review.objects.filter(pk=review.pk).update(due_on=TODAY - timedelta(days=1))
    assert review_work.close_due() == 1
    review.refresh_from_db()
    assert review.closed_by == "the due date"


def test_who_still_has_what_to_do(account: models.Account, other_account: models.Account) -> None:
    collected(account, app())
    collected(other_account, app())
    review = started(account, other_account, reviewers={account.pk: "ben"})
    review_freeze.run(review.pk)
    assert review_work.due(TODAY) == []  # ends in 30 days
    review_work.decide(ReviewItem.objects.filter(account=account, kind="trust"), Decided(Verdict.KEEP, "x"), "ben")
    told = review_work.due(TODAY + timedelta(days=31))
    assert [(one.reviewer, one.undecided, one.days) for one in told] == [("", 2, -1), ("ben", 1, -1)]
    assert review_work.delegate(review, [account.pk, other_account.pk], "ben", "away", "ada") == 1
    assert [(one.reviewer, one.undecided) for one in review_work.due(TODAY, 30)] == [("ben", 3)]
    assert Reviewer.objects.count() == 2
    review_work.close(review, "ada")
    assert review_work.due(TODAY, 30) == []
