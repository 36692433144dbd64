"""The timeline of an account in PostgreSQL: what changed, what that gives and takes, and the findings after it."""

from __future__ import annotations

import pytest

from collectors import records
from collectors.models import Account, Document, Version
from findings.engine import timeline
from findings.models import Change, ChangedEntity, FindingEvent
from tests import builders as b
from tests.builders import AS_OF, ago, arn, credential, group, key, policy, role, trust, user
from tests.findings.engine.changing import (
    BOB,
    HOUR,
    READ,
    WRITE,
    called,
    collected,
    item,
    line,
    other,
    said,
)
from tests.findings.engine.inventory import judge
from tests.pages import center

pytestmark = pytest.mark.django_db


def test_the_first_collection_and_one_that_finds_the_same_tell_of_no_change(account: Account) -> None:
    app, alice, of_alice = role("app"), user("alice"), key("alice", used=1)
    collected(account, ago(2), app, alice, of_alice)
    collected(account, ago(1), app, alice, other(of_alice, last_used_at=ago(1.1)))
    assert not Change.objects.exclude(how="time").exists()


def assigned(*accounts: str) -> list[records.AccountAssignment]:
    of = center.arn("Dev")
    given = {"permission_set": of, "read_at": AS_OF}
    return [records.AccountAssignment(unique_id=f"{of}/{one}", target=one, **given) for one in accounts]


def test_an_assignment_that_is_read_in_a_later_run_was_not_made_then(account: Account) -> None:
    app, dev = role("app"), center.permission_set("Dev", "111111111111", "222222222222")
    collected(account, ago(3), app)  # other sources answer first
    collected(account, ago(2), app, dev, *assigned("111111111111"))
    collected(account, ago(1), app, dev, *assigned("111111111111", "222222222222"))
    assert not Change.objects.exclude(how="time").exists()


def test_an_assignment_is_made_when_its_permission_set_comes_to_the_account(account: Account) -> None:
    collected(account, ago(2), center.permission_set("Dev", "111111111111"), *assigned("111111111111"))
    both = "111111111111", "222222222222"
    collected(account, ago(1), center.permission_set("Dev", *both), *assigned("111111111111"))
    collected(account, AS_OF, center.permission_set("Dev", *both), *assigned(*both))
    (made,) = ChangedEntity.objects.filter(kind="account_assignment")
    assert made.told["lines"][0]["what"] == "made"
    assert made.at == AS_OF


def test_what_aws_dates_before_a_collection_that_did_not_see_it_was_not_made_after_it(account: Account) -> None:
    app = role("app")
    collected(account, ago(2), app)
    collected(account, ago(1), app, role("older", created=300), role("newer", created=1.5))
    made = ChangedEntity.objects.filter(told__lines__0__what="made").values_list("name", "at")
    assert list(made) == [("newer", ago(1.5))]


def test_a_quiet_judgement_writes_nothing(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    collected(account, AS_OF, other(app, tags={"team": "b"}))
    before = list(Change.objects.values_list("pk", flat=True))
    judge(account, AS_OF + HOUR)
    judge(account, AS_OF + 100 * HOUR)
    assert list(Change.objects.values_list("pk", flat=True)) == before


def test_gained_lost_and_who_may_come_in(account: Account) -> None:
    app = role("app", inline={"data": records.digest(READ)})
    wider = other(
        app, inline={"data": records.digest(WRITE)}, trust=records.digest(trust(AWS="arn:aws:iam::000000000009:root"))
    )
    collected(account, AS_OF - 12 * HOUR, app, bodies=(READ, WRITE, trust(Service="ec2.amazonaws.com")))
    collected(account, AS_OF - 6 * HOUR, wider, bodies=(trust(AWS="arn:aws:iam::000000000009:root"),))
    collected(account, AS_OF, app)
    first, second = (one.told for one in ChangedEntity.objects.filter(kind="role").order_by("at"))
    assert first["gained"]["examples"] == second["lost"]["examples"] == ["s3:PutObject"]
    assert first["gained"]["levels"] == {"Write": 1}
    assert "lost" not in first
    assert first["admits"] == second["shuts"] == ["arn:aws:iam::000000000009:root"]
    assert second["admits"] == first["shuts"] == ["ec2.amazonaws.com"]
    assert [line["what"] for line in first["lines"]] == ["policy", "trust"]
    assert first["lines"][0]["before"] == records.digest(READ)


def test_an_unreadable_document_is_said(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    collected(account, AS_OF, other(app, inline={"x": records.digest("no policy")}), bodies=("no policy",))
    told = ChangedEntity.objects.get().told
    assert told["unknown"].startswith("a document cannot be read")
    assert "gained" not in told


def test_made_again_under_its_name_is_another(account: Account) -> None:
    first, second = role("app", created=100), role("app", created=0.1)
    collected(account, AS_OF - 6 * HOUR, first)
    collected(account, AS_OF, second)
    gone, made = ChangedEntity.objects.filter(kind="role").order_by("told__lines__0__what")
    assert (gone.unique_id, line(gone)) == (first.unique_id, ["deleted"])
    assert made.unique_id == second.unique_id
    assert line(made) == ["made", f"made again: the role of this name before it was another one, {first.unique_id}"]
    assert made.change.exact  # AWS dates it


def test_what_came_back_came_back(account: Account) -> None:
    app = role("app", tags={"a": "1"})
    collected(account, AS_OF - 12 * HOUR, app, role("b"))
    collected(account, AS_OF - 6 * HOUR, role("b"))
    collected(account, AS_OF, other(app, tags={"a": "2"}), role("b"))
    lines = [line(one) for one in ChangedEntity.objects.filter(unique_id=app.unique_id).order_by("at")]
    assert lines == [["deleted"], ["there again, which the collection before had not seen"]]


def test_config_alone_tells_what_came_and_went_between_two_collections(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    item(account, app, AS_OF - 100 * HOUR)
    item(account, other(app, attached=(arn("policy", "p"),)), AS_OF - 3 * HOUR)
    item(account, app, AS_OF - 2 * HOUR)
    collected(account, AS_OF, app)
    assert said(account) == [
        "20:40 - 21:00 untold: role app: p attached",
        "21:40 - 22:00 untold: role app: p detached",
    ]
    assert set(Change.objects.values_list("witnesses", flat=True).distinct()[0]) == {"config"}


def test_config_did_not_keep_it(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    item(account, app, AS_OF - 3 * HOUR, status="not_recorded", data=None, digest="")
    collected(account, AS_OF, app)
    assert said(account) == ["20:40 - 21:00 untold: role app: changed; Config did not keep what it was"]


def test_keys_and_credentials_stand_with_their_user(account: Account) -> None:
    alice, old = user("alice"), key("alice")
    collected(account, AS_OF - 6 * HOUR, alice, old, credential("alice", mfa_active=True, password_enabled=True))
    called(
        account,
        "UpdateAccessKey",
        AS_OF - HOUR,
        "user",
        "alice",
        details={"access_key_id": old.unique_id, "status": "Inactive"},
    )
    collected(
        account, AS_OF, alice, other(old, active=False), credential("alice", mfa_active=False, password_enabled=True)
    )
    assert said(account) == [
        f"23:00 hand: key {old.unique_id}: switched off | user alice: UpdateAccessKey {old.unique_id} Inactive",
        "18:00 - 00:00 untold: user alice: MFA removed",
    ]


def test_findings_after_a_change_and_those_alone(account: Account) -> None:
    app, quiet = role("app", used=400), role("quiet", used=89.9)
    collected(account, AS_OF - 6 * HOUR, other(app, last_used_at=AS_OF), quiet)
    assert not FindingEvent.objects.exclude(change=None).exists()
    collected(account, AS_OF - HOUR, other(app, tags={"x": "1"}), quiet)
    judge(account, AS_OF + 24 * HOUR)
    (changed,) = Change.objects.filter(kinds=["role"], what=["tags"])
    assert [e.finding.subject_name for e in changed.finding_events.all()] == ["app"]
    assert (changed.opened, changed.resolved) == (1, 0)
    (alone,) = Change.objects.filter(how="time", entities__unique_id=quiet.unique_id)
    assert [e.finding.subject_name for e in alone.finding_events.all()] == ["quiet"]


def test_findings_of_who_holds_a_policy_stand_after_its_change(account: Account) -> None:
    p = policy("p", document=records.digest(READ))
    app = role("app", attached=(p.arn,), used=400)
    collected(account, AS_OF - 6 * HOUR, other(app, last_used_at=AS_OF), p, bodies=(READ,))
    changed = other(p, document=records.digest(WRITE), default_version="v2", updated_at=AS_OF - 2 * HOUR)
    collected(account, AS_OF - HOUR, app, changed, bodies=(WRITE,))
    change = Change.objects.get(kinds=["policy"])
    assert (change.at, change.witnesses, change.opened) == (AS_OF - 2 * HOUR, ["collection", "dated"], 1)
    assert line(change.entities.get(kind="role")) == ["what it has of policy p changed"]
    judge(account, AS_OF + HOUR)
    assert change.finding_events.count() == 1


def test_groups_and_boundaries(account: Account) -> None:
    g, p = group("admins", inline={"all": records.digest(WRITE)}), policy("limit", document=records.digest(READ))
    alice = user("alice")
    collected(account, AS_OF - 6 * HOUR, alice, g, p, bodies=(READ, WRITE))
    collected(account, AS_OF - 3 * HOUR, other(alice, groups=("admins",)), g, p)
    collected(account, AS_OF, other(alice, groups=("admins",), boundary=p.arn), g, p)
    bounds = "policy limit: set as the permissions boundary of user alice"
    assert said(account) == [
        "18:00 - 21:00 untold: user alice: joined group admins | group admins: joined by user alice",
        f"21:00 - 00:00 untold: user alice: permissions boundary limit set | {bounds}",
    ]
    joined, bounded = (one.told for one in ChangedEntity.objects.filter(kind="user").order_by("at"))
    assert (joined["gained"]["n"], bounded["lost"]["n"]) == (2, 1)


def test_hostile_states_raise_nothing(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    Version.objects.update(
        data={"name": 3, "attached": {"x": [1]}, "tags": ["y"], "inline": "z", "created_at": "never"}
    )
    Document.objects.update(body=[1])
    called(account, "x" * 256, AS_OF - HOUR, "", "", details={"policy_arn": "\u202e"})
    collected(account, AS_OF, other(app, tags={"a" * 128: "b" * 256}))
    assert ChangedEntity.objects.get(kind="role").told["unknown"] == "a record of it cannot be read"


def test_the_timeline_is_the_same_however_often_it_is_put_together(account: Account) -> None:
    app = role("app")
    collected(account, AS_OF - 6 * HOUR, app)
    called(account, "TagRole", AS_OF - 2 * HOUR)
    collected(account, AS_OF, other(app, tags={"a": "b"}), role("new", created=0.1))
    before = list(Change.objects.order_by("key").values_list("key", "digest"))
    timeline.TimelineRead.objects.all().delete()
    judge(account, AS_OF + HOUR)
    assert list(Change.objects.order_by("key").values_list("key", "digest")) == before


DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}]}

DENY_MORE = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}]}


def test_scps_above_a_member_account(account: Account) -> None:
    """The member's own timeline tells of them, without the callers of the management account."""
    teller = Account.objects.create(aws_id=b.MANAGEMENT, name="management")
    tree = (
        b.in_organization(),
        b.unit("r-1", ""),
        b.unit(),
        b.unit("ou-2"),
        b.org_account(),
        b.org_account(b.MANAGEMENT, "r-1"),
    )
    more = {"bodies": (DENY, DENY_MORE), "covered": b.tree_coverage()}
    elsewhere = b.org_policy("other", "ou-2", document=DENY)
    collected(teller, AS_OF - 12 * HOUR, *tree, b.org_policy("deny", "ou-2", document=DENY), elsewhere, **more)
    collected(account, AS_OF - 11 * HOUR, role("app"))
    called(teller, "AttachPolicy", AS_OF - 8 * HOUR, "policy", "p-deny", source="organizations.amazonaws.com")
    collected(teller, AS_OF - 6 * HOUR, *tree, b.org_policy("deny", "ou-1", "ou-2", document=DENY), elsewhere, **more)
    changed = (b.org_policy("deny", "ou-1", document=DENY_MORE), b.org_policy("other", "ou-2", document=DENY_MORE))
    collected(teller, AS_OF, *tree, *changed, **more)
    judge(account, AS_OF + HOUR)
    assert said(account) == [
        "12:00 - 18:00 untold: organization_policy deny: service control policy attached to ou-1",
        "18:00 - 00:00 untold: organization_policy deny: document changed",
    ]
    assert set(Change.objects.filter(account=account).values_list("principal_id", flat=True)) == {""}
    assert Change.objects.filter(account=account)[0].untold.endswith(f"told in account {b.MANAGEMENT}")
    assert "22:00" not in "".join(said(account))
    assert [row.told_by for row in ChangedEntity.objects.filter(account=account)] == [b.MANAGEMENT] * 2
    assert Change.objects.filter(account=teller, principal_id=BOB, what=["organization"]).count() == 1
