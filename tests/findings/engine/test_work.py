"""What people decide of findings: shown at once, and the same by each judgement. In PostgreSQL, with the rights of the web."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from collectors.models import Account, Principal
from findings.engine import bulk, exceptions, judge_account
from findings.engine.deriving import hides
from findings.models import (
    Acceptance,
    Assignment,
    DailyCount,
    DecidedSetting,
    Finding,
    FindingEvent,
    JudgementRequest,
    Note,
    PrincipalPosture,
)
from iamdash.access.database import seen_accounts
from tests.builders import (
    ACCOUNT_ID,
    AS_OF,
    credential,
    in_organization,
    key,
    org_account,
    role,
    tree_coverage,
    unit,
    user,
)
from tests.conftest import db_role
from tests.findings.engine.accepted import accepted
from tests.findings.engine.inventory import judge, put, shown, told
from tests.pages.center import joined
from tests.pages.making import finding

DAY = timedelta(days=1)
WORLD = (
    in_organization(),
    unit("r-1", ""),
    unit("ou-1"),
    unit("ou-12"),
    org_account(ACCOUNT_ID, "ou-1", tags={"stage": "test"}),
    role("app", used=200, unique_id="AROA1", tags={"team": "pay"}),
    role("app2", used=200, unique_id="AROA12", tags={"team": "payments"}),
    user(unique_id="AIDA1", tags={"team": "pay"}),
    credential(password_enabled=True),
    key(created=200, used=1, unique_id="AKIA1"),
)
ALL = {"app", "app2", "alice"}


@pytest.fixture
def world(account: Account) -> Account:
    put(account, *WORLD, covered=tree_coverage())
    judge(account, timezone.now())
    assert {name for _, name in shown(account)} >= ALL
    return account


@contextmanager
def web(*accounts: Account) -> Iterator[None]:
    """As an operator of these accounts; none: of all."""
    with db_role("iamdash_web"), seen_accounts([one.pk for one in accounts] or "*"):
        yield


def by(name: str = "anna", **terms: Any) -> Acceptance:
    account = terms.pop("account", None)
    given = {
        "scope": "account" if account else "all",
        "severity": 5,
        "reason": "known",
        "owner": "team",
        "set_by": name,
        "expires_at": timezone.now() + 30 * DAY,
    }
    return Acceptance(account=account, **(given | terms))


def dump(account: Account) -> list[Any]:
    """All that people's decisions make of findings."""
    names = ("code", "subject_id", "part", "status", "acceptance", "accepted_at", "accepted_for", "due_at", "assignee")
    return list(Finding.objects.filter(account=account).order_by("pk").values_list(*names))


def hidden() -> set[tuple[str, str]]:
    return set(Finding.objects.filter(status="accepted").values_list("code", "subject_name"))


def same_by_judging(account: Account) -> None:
    """The next judgement derives what is shown, and tells nothing of it anew."""
    before, events = dump(account), told(account)
    judge(account, timezone.now())
    assert (dump(account), told(account)) == (before, events)


OF_ACCOUNT: dict[str, Any] = {"account": True}
TERMS = [
    (OF_ACCOUNT | {"code": "LP101"}, {"app", "app2"}),
    (OF_ACCOUNT | {"code": "LP101", "subject_id": "AROA1"}, {"app"}),
    (OF_ACCOUNT | {"code": "LP101", "subject_id": "AROA1", "part": ""}, {"app"}),
    (OF_ACCOUNT | {"code": "LP101", "subject_id": "AROA1", "part": "x"}, set()),
    (OF_ACCOUNT | {"subject_id": "AROA"}, set()),
    (OF_ACCOUNT | {"code": "LP10"}, set()),
    (OF_ACCOUNT | {"tag": "team=pay"}, {"app", "alice", "key"}),
    (OF_ACCOUNT | {"tag": "team=pa"}, set()),
    (OF_ACCOUNT | {"code": "LP101", "severity": 2}, set()),
    ({"code": "LP101"}, {"app", "app2"}),
    ({"scope": "ou", "target": "ou-1", "code": "LP101"}, {"app", "app2"}),
    ({"scope": "ou", "target": "ou-12", "code": "LP101"}, set()),
    ({"scope": "ou", "target": "ou", "code": "LP101"}, set()),
    ({"scope": "tag", "target": "stage=test", "tag": "team=payments"}, {"app2"}),
    ({"scope": "tag", "target": "stage=tes", "code": "LP101"}, set()),
    (OF_ACCOUNT | {"family": "set:arn:aws:sso:::permissionSet/ssoins-1/ps-x"}, set()),
    (OF_ACCOUNT | {"family": "role:ap"}, set()),
    (OF_ACCOUNT | {"family": "role:platform/app"}, set()),
    (OF_ACCOUNT | {"family": "role:alice"}, set()),  # a user
    ({"code": "LP101", "family": "role:app"}, {"app"}),
    ({"scope": "ou", "target": "ou-1", "family": "role:app2"}, {"app2"}),
]


@pytest.mark.parametrize(("terms", "expected"), TERMS, ids=[str(terms) for terms, _ in TERMS])
def test_it_hides_what_it_says_at_once_and_by_judging(
    world: Account, terms: dict[str, Any], expected: set[str]
) -> None:
    one = by(**(terms | ({"account": world} if "account" in terms else {})))
    with web():
        preview = hides(one, exceptions.accounts_of(one))
        exceptions.accept(one)
    now = {"key" if code.startswith("KY") else name for code, name in hidden()}
    assert now == expected
    assert preview.total == Finding.objects.filter(status="accepted").count()
    assert (preview.by_account.keys() == {world.pk}) == bool(expected)
    same_by_judging(world)
    assert set(JudgementRequest.objects.values_list("account", flat=True)) == ({world.pk} if expected else set())


def test_families_are_hidden_whole_and_no_look_alike(account: Account) -> None:
    told_of = {"fix_at": "prod (ou-ab12-34567890)"}
    mine = finding(account, "GR104", subject_type="account", evidence=told_of)
    finding(account, "GR104", subject_type="account", evidence={"fix_at": "prod (ou-ab12-345678901)"})
    finding(account, "LP101", evidence=told_of)
    with web(account):
        exceptions.accept(by(account=account, family="fix:ou-ab12-34567890"))
    assert list(Finding.objects.filter(status="accepted")) == [mine]
    row = Principal.objects.create(
        account=account, unique_id="AROASET", type="role", name="s", arn="a", path="/", created_at=AS_OF, data={},
        digest="d", data_digest="d", seen_from=AS_OF,
    )  # fmt: skip
    of_set = finding(account, subject_id="AROASET")
    finding(account, subject_id="AROASET2")
    one = by(account=account, family=f"set:{joined(row, 'Dev').set_arn}")
    with web(account):
        assert hides(one, [account.pk]).total == 1
        exceptions.accept(one)
    of_set.refresh_from_db()
    assert (of_set.status, Finding.objects.filter(status="accepted").count()) == ("accepted", 2)


def test_a_new_finding_that_an_acceptance_covers_is_accepted_at_its_opening(account: Account) -> None:
    one = accepted(account, code="LP101")
    put(account, role("app", used=200), role("other", used=200))
    judge(account)
    assert set(shown(account).values()) == {"accepted"}
    assert told(account) == ["LP101 opened"] * 2 + ["LP101 accepted"] * 2
    event = FindingEvent.objects.filter(kind="accepted").first()
    assert event is not None
    assert event.detail == {"acceptance": one.pk, "by": "anna", "reason": "known", "until": "2026-12-23"}
    assert PrincipalPosture.objects.filter(risk=0).count() == 2
    assert list(DailyCount.objects.values_list("n_open", "n_accepted", "n_opened")) == [(2, 2, 2)]


def test_it_opens_again_when_the_acceptance_expires_and_the_time_does_not_count(account: Account) -> None:
    put(account, role("app", used=200))
    judge(account, AS_OF - 10 * DAY)
    assert Finding.objects.get().due_at == AS_OF + 80 * DAY
    one = accepted(account, code="LP101")
    judge(account)
    assert Finding.objects.get().due_at is None
    judge(account, AS_OF + 30 * DAY - timedelta(seconds=1))
    assert shown(account) == {("LP101", "app"): "accepted"}
    judge(account, AS_OF + 30 * DAY)
    mine = Finding.objects.get()
    assert (mine.status, mine.due_at, mine.opened_at) == ("open", AS_OF + 110 * DAY, AS_OF - 10 * DAY)
    assert told(account) == ["LP101 opened", "LP101 accepted", "LP101 expired"]
    one.refresh_from_db()
    assert one.last_hid_at == AS_OF + 30 * DAY
    assert list(DailyCount.objects.order_by("day").values_list("n_open", "n_accepted")) == [
        (1, 0),
        (1, 1),
        (1, 1),
        (1, 0),
    ]


def test_the_tick_ends_what_is_over(world: Account) -> None:
    with web():
        exceptions.accept(by(account=world, code="LP101"))
        exceptions.accept(by(account=world, subject_id="AROA1", code="LP101"))
        exceptions.accept(by(account=world, subject_id="AROA12", code="LP101", expires_at=timezone.now() + 60 * DAY))
    over = timezone.now() - timedelta(minutes=1)
    Acceptance.objects.exclude(subject_id="AROA12").update(expires_at=over, set_at=over - DAY)
    JudgementRequest.objects.all().delete()
    with db_role("iamdash_worker"):
        assert exceptions.expire() == 2
        assert exceptions.expire() == 0
    assert hidden() == {("LP101", "app2")}
    assert set(Acceptance.objects.exclude(ended_at=None).values_list("ended_at", "ended_by")) == {(over, "")}
    assert [event for event in told(world) if "LP101 e" in event] == ["LP101 expired"]
    assert JudgementRequest.objects.exists()
    same_by_judging(world)


def test_what_was_resolved_meanwhile_stays_resolved(world: Account) -> None:
    one = by(account=world, code="LP101")
    with web():
        exceptions.accept(one)
    put(world, role("app", used=1, unique_id="AROA1"), role("app2", used=200, unique_id="AROA12"))
    judge(world, timezone.now())
    assert (shown(world)["LP101", "app"], shown(world)["LP101", "app2"]) == ("resolved", "accepted")
    with web(world):
        assert exceptions.end([one.pk], "bert") == 1
        assert exceptions.end([one.pk], "carl") == 0
    assert (shown(world)["LP101", "app"], shown(world)["LP101", "app2"]) == ("resolved", "open")
    ended = FindingEvent.objects.get(kind="ended")
    assert ended.detail == {"acceptance": one.pk, "why": "ended", "by": "bert"}
    same_by_judging(world)


def test_worse_than_what_was_accepted_is_open_again(account: Account) -> None:
    put(account, user(), key(created=350, used=1, unique_id="AKIA1"))
    accepted(account, code="KY102", severity=3)
    judge(account)
    assert Finding.objects.get(code="KY102").status == "accepted"
    judge(account, AS_OF + 16 * DAY)
    assert Finding.objects.get(code="KY102").status == "open"
    assert told(account)[-2:] == ["KY102 severity", "KY102 ended"]
    assert FindingEvent.objects.get(kind="ended").detail["why"] == "severity"


def test_when_one_ends_another_that_covers_goes_on(world: Account) -> None:
    with web():
        exceptions.accept(by(code="LP101"))
        longer = by(account=world, code="LP101", subject_id="AROA1", expires_at=timezone.now() + 60 * DAY)
        exceptions.accept(longer)
    assert Finding.objects.get(subject_id="AROA1").acceptance == longer
    same_by_judging(world)
    with web(world):
        exceptions.end([longer.pk], "anna")
    assert hidden() == {("LP101", "app"), ("LP101", "app2")}
    assert "LP101 ended" not in told(world)
    same_by_judging(world)


def test_nothing_is_accepted_before_another_one_approved_it(world: Account) -> None:
    one = by(account=world, code="LP101", needs_approval=True)
    with web():
        exceptions.accept(one)
        assert not hidden()
        assert not exceptions.approve(one, "anna")
        same_by_judging_as_owner = dump(world)
        assert exceptions.approve(one, "bert")
        assert not exceptions.approve(one, "carl")
    assert len(hidden()) == 2
    assert dump(world) != same_by_judging_as_owner
    same_by_judging(world)
    with pytest.raises(DatabaseError, match="acceptance_approved_by_another"), transaction.atomic():
        accepted(world, code="LP103", needs_approval=True, approved_by="anna")


def test_an_extension_follows_on_without_a_gap(world: Account) -> None:
    one = by(account=world, code="LP101")
    with web(world):
        exceptions.accept(one)
        new = exceptions.extend(one, timezone.now() + 80 * DAY, "still so", "bert")
    assert set(Finding.objects.filter(status="accepted").values_list("acceptance", flat=True)) == {new.pk}
    assert [event for event in told(world) if event.endswith(("accepted", "ended"))] == ["LP101 accepted"] * 2
    assert list(Acceptance.objects.filter(ended_at=None)) == [new]
    same_by_judging(world)


def test_a_decision_while_a_judgement_runs_counts(account: Account) -> None:
    put(account, role("app", used=200))
    begun = timezone.now() - timedelta(minutes=2)
    accepted(account, code="LP101", set_at=timezone.now())
    judge(account, begun)
    assert set(shown(account).values()) == {"accepted"}
    Acceptance.objects.update(ended_at=timezone.now(), ended_by="anna")
    judge(account, begun)
    assert set(shown(account).values()) == {"open"}


@pytest.fixture
def many(account: Account, other_account: Account) -> list[Finding]:
    rows = [finding(account, part=str(n)) for n in range(3)]
    return [*rows, finding(account, resolved_at=timezone.now()), finding(other_account)]


UNTIL = timedelta(days=30)


def test_many_are_accepted_and_opened_again_by_the_undo(many: list[Finding], account: Account) -> None:
    ids = [one.pk for one in many]
    with web(account):
        done, pending = bulk.accept(ids, "known", "team", timezone.now() + UNTIL, "anna")
        assert (done.n, pending) == (3, False)
    assert Finding.objects.filter(status="accepted", account=account).count() == 3
    with web(account):
        assert not bulk.undo(done.bulk, "bert")
        assert bulk.undo(done.bulk, "anna")
        assert not bulk.undo(done.bulk, "anna")
    assert not hidden()
    assert [row.account_id for row in Acceptance.objects.filter(bulk=done.bulk)] == [account.pk] * 3


def test_many_are_opened_and_accepted_again_by_the_undo(many: list[Finding], account: Account) -> None:
    ids = [one.pk for one in many[:3]]
    with web():
        exceptions.accept(by(code="LP101"))
        longer = timezone.now() + 2 * UNTIL
        bulk.accept(ids[:2], "known", "team", longer, "anna")
        done, stay = bulk.reopen(ids[:1], "bert", wide=True)
        assert (done.n, stay) == (0, 1)
        assert Finding.objects.get(pk=ids[0]).acceptance.code == "LP101"
        assert bulk.undo(done.bulk, "bert")
        assert not bulk.undo(done.bulk, "bert")
    assert Finding.objects.filter(acceptance__expires_at=longer).count() == 2
    assert Finding.objects.filter(status="accepted").count() == 4


@pytest.mark.parametrize("late", [False, True])
def test_many_are_assigned_and_go_back_to_whose_they_were(many: list[Finding], account: Account, late: bool) -> None:
    ids = [one.pk for one in many]
    with web(account):
        bulk.assign(ids[:1], "carl", "anna")
        done = bulk.assign(ids, "team-a", "anna")
    assert done.n == 4
    assert set(assignees(account)) == {"team-a"}
    if late:
        Assignment.objects.update(set_at=timezone.now() - 2 * bulk.UNDO)
        Assignment.objects.exclude(ended_at=None).update(ended_at=timezone.now() - 2 * bulk.UNDO)
    with web(account):
        assert bulk.undo(done.bulk, "anna") is not late
        assert not bulk.undo(done.bulk, "anna")
    assert assignees(account) == (["team-a"] * 4 if late else ["carl", "", "", ""])


def assignees(account: Account) -> list[str]:
    return list(Finding.objects.filter(account=account).order_by("pk").values_list("assignee", flat=True))


def test_an_assignment_is_kept_by_judging_and_over_a_reopening(world: Account) -> None:
    mine = Finding.objects.get(subject_id="AROA1")
    with web(world):
        bulk.assign([mine.pk], "carl", "anna")
    same_by_judging(world)
    put(world, role("app", used=1, unique_id="AROA1"))
    judge(world, timezone.now())
    put(world, role("app", used=200, unique_id="AROA1"))
    judge(world, timezone.now())
    mine.refresh_from_db()
    assert (mine.reopened, mine.assignee) == (1, "carl")
    Finding.objects.update(assignee="")
    judge(world, timezone.now())
    mine.refresh_from_db()
    assert mine.assignee == "carl"


def test_notes_are_added_and_an_undo_ends_them(many: list[Finding], account: Account) -> None:
    with web(account):
        done = bulk.note([one.pk for one in many], "looked at it", "anna")
        assert (done.n, Note.objects.filter(ended_at=None).count()) == (4, 4)
        assert bulk.undo(done.bulk, "anna")
    assert (Note.objects.count(), Note.objects.filter(ended_at=None).count()) == (4, 0)
    assert FindingEvent.objects.filter(kind="noted").count() == 4


FORGED: dict[str, Callable[[Finding, Acceptance], Any]] = {
    "resolve": lambda f, a: Finding.objects.filter(pk=f.pk).update(resolved_at=timezone.now()),
    "severity": lambda f, a: Finding.objects.filter(pk=f.pk).update(severity=1),
    "delete": lambda f, a: Acceptance.objects.filter(pk=a.pk).delete(),
    "terms": lambda f, a: Acceptance.objects.filter(pk=a.pk).update(code=""),
    "longer": lambda f, a: Acceptance.objects.filter(pk=a.pk).update(expires_at=timezone.now()),
    "note": lambda f, a: Note.objects.update(text="other"),
    "event": lambda f, a: FindingEvent.objects.all().delete(),
    "status": lambda f, a: Finding.objects.filter(pk=f.pk).update(status="resolved"),
    "accepted by nobody": lambda f, a: Finding.objects.filter(pk=f.pk).update(status="accepted"),
    "elsewhere": lambda f, a: by(account=Account(pk=f.account_id + 1), code="LP101").save(),
    "for all": lambda f, a: by(code="LP101").save(),
}


@pytest.mark.parametrize("what", FORGED)
def test_the_database_refuses_what_no_person_may(account: Account, other_account: Account, what: str) -> None:
    mine, one = finding(account), accepted(account, code="LP101")
    with pytest.raises(DatabaseError), transaction.atomic(), web(account):
        FORGED[what](mine, one)


def test_others_accounts_are_neither_seen_nor_ended(account: Account, other_account: Account) -> None:
    theirs, wide = accepted(other_account, code="LP101"), accepted(code="LP101")
    with web(account):
        assert list(Acceptance.objects.all()) == [wide]
        assert exceptions.end([theirs.pk, wide.pk], "anna") == 0
        assert hides(wide, [account.pk, other_account.pk]).total == 0


@pytest.mark.parametrize(
    ("setting", "expected"), [({}, 90), ({"medium": 7}, 7), ({"high": 1}, 90), ({"medium": 0}, None)]
)
def test_a_due_date_follows_the_settings(account: Account, setting: dict[str, int], expected: int | None) -> None:
    DecidedSetting.objects.create(scope="account", account=account, name="sla_days", value=setting, set_by="x")
    put(account, role("app", used=200))
    judge_account(account.pk, AS_OF)
    assert Finding.objects.get(code="LP101").due_at == (AS_OF + expected * DAY if expected else None)


@pytest.mark.parametrize("seed", range(2))
def test_the_rollup_counts_what_the_events_say_was_accepted(account: Account, seed: int) -> None:
    random = Random(seed)
    for n in range(8):
        at = AS_OF + n * DAY
        put(account, *(role(f"r{i}", used=random.choice((1, 200, 200)), unique_id=f"AROA{i}") for i in range(4)))
        until = at + random.randint(1, 3) * DAY
        accepted(account, subject_id=f"AROA{random.randrange(4)}", set_at=at, expires_at=until)
        judge(account, at)
        n_accepted = sum(DailyCount.objects.filter(day=at.date()).values_list("n_accepted", flat=True))
        assert n_accepted == len(accepted_by_events(account)) == Finding.objects.filter(status="accepted").count()
    assert FindingEvent.objects.filter(kind="expired").exists()


def accepted_by_events(account: Account) -> set[int]:
    now: set[int] = set()
    for finding_id, kind in FindingEvent.objects.filter(account=account).order_by("pk").values_list("finding", "kind"):
        if kind == "accepted":
            now.add(finding_id)
        elif kind in ("expired", "ended", "resolved"):
            now.discard(finding_id)
    return now
