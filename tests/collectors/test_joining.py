"""Accounts join with their organization, freeze and thaw, from the tree as it was told: in PostgreSQL, as the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from collectors import joining, queue, schedule
from collectors.models import (
    Account,
    Connection,
    ConnectionTest,
    Coverage,
    Job,
    Membership,
    OrganizationConnection,
    Run,
)
from collectors.models.account import COLLECTABLE
from collectors.models.job import JUDGE
from tests.builders import unit
from tests.collectors.organized import ORGANIZATION, TREE, decide, listed, manager, number, standings, tell
from tests.conftest import db_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def management(db: None) -> Account:
    return manager()


def tick(decided: OrganizationConnection) -> joining.Joined:
    with db_role("iamdash_worker"):
        return joining.join(decided.pk)


def collected() -> set[str]:
    found = Account.objects.filter(COLLECTABLE).select_related("connection", "membership")
    ids = {account.aws_id.lstrip("0") for account in found}
    everybody = Account.objects.select_related("connection", "membership")
    assert ids == {a.aws_id.lstrip("0") for a in everybody if a.connection.collectable}
    return ids


def reached(account: Account, state: str = "complete", **more: Any) -> None:
    given = {"source": "account", "api": "iam:GetAccountSummary", "observed_at": timezone.now(), "state": state, **more}
    complete = {"complete_at": timezone.now()} if state == "complete" else {}
    Coverage.objects.update_or_create(account=account, api=given.pop("api"), defaults=given | complete)


# What must stay silent.


@pytest.mark.parametrize(
    "member",
    [
        listed(1, state="SUSPENDED"),
        listed(1, state="PENDING_CLOSURE"),
        listed(1, state="CLOSED"),
        listed(1, state="PENDING_ACTIVATION"),
        listed(1, state=""),
        listed(1, state="A_STATE_OF_TOMORROW"),
        listed(1, "ou-dev"),
        listed(1, ""),
        listed(1, "ou-of-nobody"),
    ],
    ids=lambda m: f"{m.state} in {m.parent_id}",
)
def test_who_is_not_active_or_not_below_the_chosen_units_does_not_join(management: Account, member: Any) -> None:
    tell(management, member)
    assert not tick(decide(management, units=["ou-prod"]))
    assert standings() == {}


def test_nobody_joins_who_is_left_out_or_while_joining_is_off_or_paused(management: Account) -> None:
    tell(management, listed(1), listed(2))
    decided = decide(management, left_out=[number(1)], joining=False)
    assert not tick(decided)
    OrganizationConnection.objects.update(joining=True, paused=True)
    assert not tick(decided)
    OrganizationConnection.objects.update(paused=False)
    assert tick(decided).joined == [number(2)]


@pytest.mark.parametrize("organization", ["", "o-otherother"])
def test_an_account_that_tells_of_another_organization_decides_nothing(management: Account, organization: str) -> None:
    tell(management, listed(1))
    decided = decide(management)
    tick(decided)
    tell(management, listed(2), organization=organization)
    assert not tick(decided)
    assert standings() == {"1": "chosen"}


def test_what_an_operator_connected_is_left_as_it_is(management: Account) -> None:
    mine = Account.objects.create(aws_id=number(1), name="mine")
    Connection.objects.create(account=mine, role_name="own-role")
    tell(management, listed(1), listed(2))
    decided = decide(management)
    assert tick(decided).joined == [number(2)]
    tell(management, listed(1, state="SUSPENDED"), listed(2))
    tick(decided)
    mine.connection.refresh_from_db()
    assert (mine.connection.organization, mine.connection.role_name) == (None, "own-role")
    assert not Membership.objects.filter(account=mine).exists()
    assert "1" in collected()


# What must happen.


def test_accounts_join_with_an_external_id_of_their_own_and_are_collected(management: Account) -> None:
    tell(management, listed(1), listed(12, "ou-pay", name="=cmd|x"), listed(3, "r-1"))
    decided = decide(management, role_name="reader")
    assert tick(decided).joined == [number(1), number(3), number(12)]
    joined = Connection.objects.get(account__aws_id=number(12))
    assert joined.external_id == f"{decided.secret}-{number(12)}"
    assert (joined.role_name, joined.kind, joined.account.name) == ("reader", "role", "=cmd|x")
    assert joined.account.added_by == ORGANIZATION
    with db_role("iamdash_worker"):
        runs = schedule.start_due_runs()
    assert {run.account.aws_id.lstrip("0") for run in runs} == {"9", "1", "3", "12"}


def test_a_second_tick_and_two_at_once_change_nothing(management: Account) -> None:
    tell(management, listed(1), listed(2))
    decided = decide(management)
    tick(decided)
    with CaptureQueriesContext(
        database,
    ) as queries:
        assert not tick(decided)
    assert not [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "DELETE"))]
    assert Account.objects.count() == 3


@pytest.mark.parametrize(
    ("choice", "joins"),
    [
        ({"units": ["ou-prod"]}, {1, 2, 5}),
        ({"units": ["ou-pay"]}, {2}),
        ({"units": ["ou-pay", "ou-dev"]}, {2, 3}),
        ({"units": ["ou-of-yesterday"]}, set()),
        ({"tags": ["stage=prod"]}, {1, 2}),
        ({"tags": ["stage=prod", "stage=dev"]}, {1, 2, 3}),
        ({"tags": ["stage=prod"], "units": ["ou-pay"]}, {2}),
        ({"tags": ["a=b=c"]}, {3}),
        ({"tags": ["owner="]}, {4}),
    ],
)
def test_the_choice_is_by_unit_with_what_lies_below_and_by_tag(
    management: Account, choice: dict[str, Any], joins: set[int]
) -> None:
    tell(
        management,
        listed(1, tags={"stage": "prod"}),
        listed(2, "ou-pay", tags={"stage": "prod"}),
        listed(3, "ou-dev", tags={"stage": "dev", "a": "b=c"}),
        listed(4, "r-1", tags={"owner": ""}),
        listed(5, tags=None),
    )
    tick(decide(management, **choice))
    assert set(standings()) == {str(n) for n in joins}


def test_units_in_a_cycle_end_where_they_began(management: Account) -> None:
    tree = (*TREE, unit("ou-a", "ou-b"), unit("ou-b", "ou-a"))
    tell(management, listed(1, "ou-a"), listed(2, "ou-b"), listed(3, "ou-dev"), tree=tree)
    assert tick(decide(management, units=["ou-a"])).joined == [number(1), number(2)]


@pytest.mark.parametrize(
    ("later", "standing", "why"),
    [
        ([listed(1, state="SUSPENDED")], "frozen", "is SUSPENDED in its organization"),
        ([listed(1, state="CLOSED")], "frozen", "is CLOSED in its organization"),
        ([], "gone", "left its organization"),
        ([listed(1, "ou-dev")], "not_chosen", "is no longer chosen"),
    ],
)
def test_an_account_freezes_with_what_is_known_of_it_and_thaws(
    management: Account, later: list[Any], standing: str, why: str
) -> None:
    tell(management, listed(1))
    decided = decide(management, units=["ou-prod"])
    tick(decided)
    account = Account.objects.get(aws_id=number(1))
    reached(account)
    with db_role("iamdash_worker"):
        run = schedule.start(account, Run.Reason.REQUEST)
    tell(management, *later)
    assert tick(decided).frozen == [number(1)]
    joined = Membership.objects.get()
    assert (joined.standing, joined.why.startswith(why), joined.since >= joined.account.added_at) == (
        standing,
        True,
        True,
    )
    assert "1" not in collected()
    assert Coverage.objects.filter(account=account).exists()
    assert set(run.job_set.values_list("state", flat=True)) == {Job.State.CANCELLED}
    with db_role("iamdash_worker"):
        queue.ask_judgements([account.pk])
        assert account not in [run.account for run in schedule.start_due_runs()]
    assert not Job.objects.filter(account=account, source=JUDGE).exists()
    tell(management, listed(1))
    assert tick(decided).thawed == [number(1)]
    assert "1" in collected()


@pytest.mark.parametrize(
    ("choice", "member"),
    [
        ({"units": ["ou-prod"]}, listed(1, "")),
        ({"tags": ["stage=prod"]}, listed(1, tags=None)),
        ({}, listed(1, state="A_STATE_OF_TOMORROW")),
    ],
)
def test_what_cannot_be_told_any_more_leaves_an_account_as_it_stands(
    management: Account, choice: dict[str, Any], member: Any
) -> None:
    tell(management, listed(1, tags={"stage": "prod"}))
    decided = decide(management, **choice)
    tick(decided)
    tell(management, member)
    assert not tick(decided)
    assert "1" in collected()


def test_a_renamed_account_takes_its_new_name_unless_an_operator_gave_it_another(management: Account) -> None:
    tell(management, listed(1, name="old"), listed(2, name=""))
    decided = decide(management)
    tick(decided)
    account = Account.objects.get(aws_id=number(1))
    assert Account.objects.get(aws_id=number(2)).name == number(2)
    tell(management, listed(1, "ou-dev", name="new"), listed(2, name="named"))
    tick(decided)
    assert Account.objects.get(aws_id=number(2)).name == "named"
    account.refresh_from_db()
    assert account.name == "new"
    Account.objects.update(name="our name")
    tell(management, listed(1, name="newer"), listed(2, name="named"))
    tick(decided)
    account.refresh_from_db()
    assert account.name == "our name"


def test_a_pause_stops_and_a_change_of_the_role_follows(management: Account) -> None:
    tell(management, listed(1))
    decided = decide(management)
    tick(decided)
    OrganizationConnection.objects.update(paused=True)
    tick(decided)
    assert collected() == {"9"}
    assert "paused" in Membership.objects.get().why
    OrganizationConnection.objects.update(paused=False, role_name="renamed")
    tick(decided)
    assert collected() == {"9", "1"}
    assert Connection.objects.get(account__aws_id=number(1)).role_name == "renamed"


def test_an_account_that_moves_to_another_organization_of_ours_keeps_its_history(management: Account) -> None:
    second = manager(number(99))
    tell(management, listed(1))
    tell(second, organization="o-secondsecond")
    one, two = decide(management), decide(second, "o-secondsecond")
    tick(one)
    account = Account.objects.get(aws_id=number(1))
    tell(second, listed(1, name="moved"), organization="o-secondsecond")
    assert not tick(two).joined  # the first still lists it
    tell(management)
    tick(one)
    assert tick(two).joined == [number(1)]
    connection = Connection.objects.get(account=account)
    assert (connection.organization, connection.external_id) == (two, f"{two.secret}-{number(1)}")
    assert standings() == {"1": "chosen"}


def test_the_external_id_is_proven_once_a_template_where_the_role_works(management: Account) -> None:
    tell(management, listed(1), listed(2))
    decided = decide(management)
    tick(decided)
    tick(decided)
    assert not ConnectionTest.objects.exists()
    reached(Account.objects.get(aws_id=number(2)))
    for _ in range(2):
        tick(decided)
    assert ConnectionTest.objects.get().account.aws_id == number(2)
    OrganizationConnection.objects.update(hub_role_arn="arn:aws:iam::000000000009:role/hub")
    tick(decided)
    assert ConnectionTest.objects.count() == 2


def test_an_account_without_the_role_is_tried_often_at_first_and_all_is_asked_once_it_is_there(
    management: Account,
) -> None:
    tell(management, listed(1))
    tick(decide(management))
    account = Account.objects.get(aws_id=number(1))

    def due(ago: float, since_last: float) -> set[str]:
        """The sources that would start. Both in minutes: joined so long ago, and tried last."""
        Run.objects.all().delete()
        run = Run.objects.create(account=account, reason="first", finished_at=timezone.now())
        for name in schedule.sources():
            Job.objects.create(run=run, account=account, source=name, state=Job.State.DONE)
        now = queue.database_now()
        Account.objects.filter(pk=account.pk).update(added_at=now - timedelta(minutes=ago))
        Job.objects.update(created_at=now - timedelta(minutes=since_last))
        with db_role("iamdash_worker"):
            started = [r for r in schedule.start_due_runs() if r.account_id == account.pk]
        return {job.source for run in started for job in run.job_set.all()}

    for source in ("account", "credential_report"):
        denied = {"permission": "sts:AssumeRole", "source": source, "observed_at": timezone.now()}
        reached(account, "denied", api=f"{source}:Any", **denied)
    assert due(ago=10, since_last=4) == set()
    assert due(ago=10, since_last=6) == {"account"}
    assert due(ago=240, since_last=50) == set()
    assert due(ago=240, since_last=70) == {"account"}
    assert due(ago=100_000, since_last=300) == set()
    assert "account" in due(ago=100_000, since_last=361)
    reached(account, api="account:Any")
    assert due(ago=240, since_last=6) == {"credential_report"}


def test_many_accounts_join_by_a_number_of_statements_that_does_not_grow(management: Account) -> None:
    tell(management, *(listed(n) for n in range(10, 210)))
    decided = decide(management)
    with CaptureQueriesContext(database) as queries:
        assert len(tick(decided).joined) == 200
    assert len(queries) < 20


# Disconnected.


def end(decided: OrganizationConnection, *, kept: bool) -> None:
    OrganizationConnection.objects.filter(pk=decided.pk).update(disconnected_at=timezone.now(), keeps=kept)


@pytest.mark.parametrize("paused", [False, True])
def test_what_stays_connected_is_collected_on_and_follows_the_organization_no_more(
    management: Account, paused: bool
) -> None:
    tell(management, listed(1, name="one"))
    decided = decide(management)
    tick(decided)
    OrganizationConnection.objects.update(paused=paused)
    end(decided, kept=True)
    tell(management, listed(1, "ou-dev", name="renamed", state="SUSPENDED"), listed(2))
    assert not tick(decided)
    assert (collected(), standings()) == ({"9", "1"}, {"1": "chosen"})
    assert Account.objects.get(aws_id=number(1)).name == "one"
    assert not ConnectionTest.objects.exists()


def test_what_freezes_keeps_what_is_known_and_thaws_with_the_organization(management: Account) -> None:
    tell(management, listed(1), listed(2))
    decided = decide(management)
    tick(decided)
    account = Account.objects.get(aws_id=number(1))
    reached(account)
    end(decided, kept=False)
    tell(management, listed(1), listed(2), listed(3))
    assert not tick(decided)
    assert collected() == {"9"}
    assert "disconnected" in Membership.objects.get(account=account).why
    assert Coverage.objects.filter(account=account).exists()
    external_id = Connection.objects.get(account=account).external_id
    OrganizationConnection.objects.update(disconnected_at=None)
    assert tick(decided).joined == [number(3)]
    assert collected() == {"9", "1", "2", "3"}
    assert Connection.objects.get(account=account).external_id == external_id


@pytest.mark.parametrize(("kept", "moved"), [(True, []), (False, [number(1)])])
def test_another_organization_takes_over_what_froze_and_leaves_alone_what_was_kept(
    management: Account, kept: bool, moved: list[str]
) -> None:
    second = manager(number(99))
    tell(management, listed(1))
    tell(second, listed(1), organization="o-secondsecond")
    one, two = decide(management), decide(second, "o-secondsecond")
    tick(one)
    end(one, kept=kept)
    tick(one)
    assert tick(two).joined == moved
    tick(one)
    assert "1" in collected()


def test_the_account_that_told_of_it_may_tell_of_another_one(management: Account) -> None:
    tell(management, listed(1))
    end(decide(management), kept=False)
    tell(management, listed(1), organization="o-secondsecond")
    assert tick(decide(management, "o-secondsecond")).joined == [number(1)]
