"""Who made a change, by all who saw it, and why nobody is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from collectors.models import Account
from findings.analysis.kinds import Kind
from findings.models import Change, ChangedEntity, DecidedSetting, KindOverride
from tests.builders import AS_OF, ago, arn, key, policy, role
from tests.findings.engine.changing import (
    ALICE,
    BOB,
    HOUR,
    called,
    collected,
    item,
    line,
    other,
    said,
    watched,
)
from tests.findings.engine.inventory import judge, put
from tests.pages.acted import acted

pytestmark = pytest.mark.django_db


def test_between_two_collections_nobody_is_named(account: Account) -> None:
    app = role("app", tags={"team": "a"})
    collected(account, AS_OF - 6 * HOUR, app)
    collected(account, AS_OF, other(app, tags={"team": "b"}))
    (change,) = Change.objects.all()
    assert said(account) == ["18:00 - 00:00 untold: role app: tag team: a became b"]
    assert (change.exact, change.principal_id, change.untold) == (False, "", "CloudTrail was not read for this time")
    assert change.witnesses == ["collection"]


@pytest.mark.parametrize(
    ("since", "why"),
    [
        (30, "CloudTrail's events tell of no call that can have done it"),
        (0.1, f"CloudTrail was read since {ago(0.1):%Y-%m-%d %H:%M} only"),
    ],
)
def test_why_nobody_is_named(account: Account, since: float, why: str) -> None:
    watched(account, since)
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    collected(account, AS_OF, other(app, tags={"team": "b"}))
    assert Change.objects.get().untold == why


def test_a_call_that_is_read_later_becomes_the_author(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    collected(account, AS_OF, other(app, attached=(arn("policy", "p"),)), policy("p"))
    assert Change.objects.filter(principal_id=BOB).count() == 0
    watched(account)
    called(account, "AttachRolePolicy", AS_OF - 2 * HOUR, details={"policy_arn": arn("policy", "p")}, console=True)
    judge(account, AS_OF + HOUR)
    change = Change.objects.get(principal_id=BOB)
    assert (change.how, change.at, change.exact, change.untold) == ("console", AS_OF - 2 * HOUR, True, "")
    assert change.witnesses == ["collection", "trail"]
    assert [f"{e.kind} {'; '.join(line(e))}" for e in change.entities.order_by("pk")] == [
        "role p attached",
        "policy attached to role app",
    ]
    assert not Change.objects.filter(how="untold", kinds__contains=["role"]).exists()


def test_a_change_keeps_its_address_when_more_is_learned_of_it(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    collected(account, AS_OF, other(app, attached=(arn("policy", "p"),)), policy("p"))
    seen = ChangedEntity.objects.get(name="app").change
    called(account, "AttachRolePolicy", AS_OF - HOUR)
    judge(account, AS_OF + HOUR)
    told = ChangedEntity.objects.get(name="app").change
    assert (told.pk, told.principal_id) == (seen.pk, BOB)
    assert told.key != seen.key
    called(account, "TagRole", AS_OF - HOUR + timedelta(minutes=1))
    judge(account, AS_OF + 2 * HOUR)
    again = ChangedEntity.objects.get(name="app").change
    assert (again.pk, again.key, again.n_calls) == (seen.pk, told.key, 2)


def test_a_deploy_is_one_change_that_unfolds(account: Account) -> None:
    one, two, three = role("one", created=0.1), role("two", created=0.1), policy("three", created=0.1)
    collected(account, AS_OF - 6 * HOUR, role("old"))
    for n, (kind, name) in enumerate((("role", "one"), ("role", "two"), ("policy", "three"))):
        called(account, f"Create{kind.capitalize()}", ago(0.1) + timedelta(minutes=n), kind, name, agent="terraform")
    collected(account, AS_OF, role("old"), other(one, attached=(three.arn,)), two, three)
    change = Change.objects.get(how="code")
    assert (change.n_entities, change.n_calls, change.events) == (3, 3, ["CreateRole", "CreatePolicy"])
    assert [(e.kind, e.name) for e in change.entities.order_by("pk")] == [
        ("role", "one"),
        ("role", "two"),
        ("policy", "three"),
    ]


def test_calls_without_a_trace_and_refused_ones(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    called(account, "StopLogging", AS_OF - 3 * HOUR, "trail", "org", source="cloudtrail.amazonaws.com")
    called(account, "AttachRolePolicy", AS_OF - 2 * HOUR, details={"policy_arn": "arn:aws:iam::aws:policy/X"}, denied=True,
           error="AccessDenied")  # fmt: skip
    called(account, "UpdateAccountPasswordPolicy", AS_OF - HOUR, "account", "password policy")
    collected(account, AS_OF, app)
    assert said(account) == [
        "21:00 hand: trail org: StopLogging",
        "22:00 hand: role app: AttachRolePolicy X, refused",
        "23:00 hand: account payments-prod: UpdateAccountPasswordPolicy",
    ]
    assert list(Change.objects.order_by("at").values_list("outcome", flat=True)) == ["done", "denied", "done"]
    assert list(Change.objects.order_by("at").values_list("what", flat=True)) == [
        ["recording"],
        ["policy"],
        ["account"],
    ]


APP, YOUNG = role("app", created=90), key("alice", created=9)

WITNESSES: dict[str, Callable[[Account], object]] = {
    "inventory": lambda account: put(account, APP, ALICE, YOUNG),
    "config": lambda account: [item(account, other(APP, tags={"n": str(n)}), ago(40 - n)) for n in range(2)],
    "trail": lambda account: [watched(account), called(account, "UpdateAccessKey", ago(9), "key", YOUNG.unique_id),
                              acted(account, ALICE, key=YOUNG.unique_id, first_at=ago(8))],
}  # fmt: skip


@pytest.mark.parametrize("last", WITNESSES)
def test_the_order_in_which_witnesses_come_says_nothing(account: Account, last: str) -> None:
    for name in sorted(WITNESSES, key=lambda name: name == last):
        WITNESSES[name](account)
        judge(account)
    assert said(account) == [
        "23:40 - 00:00 untold: role app: tag n: 0 became 1",
        f"00:00 hand: key {YOUNG.unique_id}: UpdateAccessKey",
        f"00:00 program: key {YOUNG.unique_id}: used for the first time",
    ]
    assert Change.objects.earliest("at").untold == f"CloudTrail was read since {ago(30):%Y-%m-%d %H:%M} only"


def test_the_first_use_of_a_key_that_was_watched_all_its_life(account: Account) -> None:
    watched(account)
    old, new = key("alice", created=100), key("alice", created=2)
    for one in (old, new):
        acted(account, ALICE, key=one.unique_id, first_at=ago(1))
    collected(account, ago(5), ALICE, old)
    collected(account, AS_OF, ALICE, old, new)
    change = Change.objects.get(what=["key"], at=ago(1))
    assert (change.key_id, change.network, change.agent, change.principal_id) == (
        new.unique_id, "192.0.2.7", "boto3", ALICE.unique_id,
    )  # fmt: skip
    assert line(change.entities.get()) == ["used for the first time"]


def test_what_operators_decided_here(account: Account, other_account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    decided = {"name": "unused_days", "set_by": "ada", "reason": "slow jobs"}
    first = DecidedSetting.objects.create(
        scope="account",
        account=account,
        value=100,
        set_at=AS_OF - 5 * HOUR,
        ended_at=AS_OF - 4 * HOUR,
        ended_by="ben",
        **decided,
    )
    DecidedSetting.objects.create(scope="account", account=account, value=120, set_at=first.ended_at, **decided)
    DecidedSetting.objects.create(scope="account", account=other_account, value=90, **decided)
    DecidedSetting.objects.create(scope="ou", target="ou-9", value=90, **decided)
    KindOverride.objects.create(
        account=account, principal_id=app.unique_id, kind="human-sso", reason="ours", set_by="ada", set_at=AS_OF - 3 * HOUR,
        ended_by="ben", ended_at=AS_OF - 2 * HOUR,
    )  # fmt: skip
    judge(account, AS_OF)
    rows = Change.objects.filter(how="here").order_by("at")
    assert [(row.principal_arn, line(row.entities.get())) for row in rows] == [
        ("ada", ["Unused after: 100 days for this account: slow jobs"]),
        ("ada", ["Unused after: 120 days for this account: slow jobs"]),
        ("ada", [f"{Kind.HUMAN_SSO.label.lower()} by hand: ours"]),
        ("ben", [f"no longer {Kind.HUMAN_SSO.label.lower()} by hand: ours"]),
    ]
    assert rows.last().entities.get().unique_id == app.unique_id
