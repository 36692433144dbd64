"""The source config_history: through the lab over HTTP, and what the lab cannot be made to say by a table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest

from collectors.lab import config as lab_config
from collectors.models import Account, ConfigItem, Coverage, Document, Group, Policy, Principal, inventory
from collectors.models import config_history as store
from collectors.models.config_history import Aggregator, Known, add
from collectors.records import EVERY_TYPE, ConfigRecorder, ConfigStatus, Part
from collectors.records import ConfigItem as Item
from collectors.sources import config_history as source
from collectors.sources.config import RECORDERS
from collectors.sources.config_history import HISTORY, KNOWN, LATEST, LISTED, Found, Row
from tests.collectors.running import run, states, written
from tests.conftest import AS_OF

HOME = "us-east-1"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(autouse=True)
def lately(settings: Any) -> None:
    """The lab's day is not ours, and so far back goes the first reading."""
    settings.CONFIG_HISTORY_DAYS = 2_000


@pytest.fixture
def member(connected: list[Account]) -> Account:
    """Security, where a role was an administrator for two days."""
    return connected[1]


def collect(account: Account) -> None:
    run(account, "config_history")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, member: Account, lab: Any) -> None:
    """Of the lab's history that of a few entities: a call for each takes time."""
    with lab.world.entered():
        iam, everything = lab.world.iam(member.aws_id), lab_config.items
    policies = [one.id for one in iam.managed_policies.values() if len(one.versions) > 1][:1]
    kept = {*policies, *[*iam.roles][:2], next(iter(iam.users.values())).id, "AROA0001MIGRATIONHELP"}
    monkeypatch.setattr(
        lab_config, "items", lambda account: (i for i in everything(account) if i["resourceId"] in kept)
    )


def calls(aws: Any) -> dict[str, int]:
    return {c["operation"]: c["n"] for c in aws.calls() if c["service"] == "config"}


def test_the_history_of_all_entities_is_kept(member: Account, lab: Any) -> None:
    run(member, "config", "config_history", "authorization_details")
    assert {states(member)[api] for api in (LATEST, LISTED, HISTORY)} == {"complete"}
    with lab.world.entered():
        expected = {(one["resourceId"], one["configurationItemCaptureTime"]) for one in lab_config.items(member.aws_id)}
    assert set(ConfigItem.objects.values_list("resource_id", "captured_at")) == expected
    assert set(ConfigItem.objects.values_list("account", "region")) == {(member.pk, HOME)}
    theirs = (one for model in (Principal, Group, Policy) for one in model.present.exclude(name__startswith="iamdash"))
    held = {one.unique_id: one.digest for one in theirs}
    there = ConfigItem.objects.exclude(name="migration-helper").exclude(name__startswith="iamdash")
    newest = there.order_by("resource_id", "-captured_at").distinct("resource_id")
    assert {one.resource_id: one.digest for one in newest} == {
        uid: digest for uid, digest in held.items() if uid in {one.resource_id for one in newest}
    }  # the same state has the same digest, whoever told it
    of_aws = set(Policy.present.filter(aws_managed=True).values_list("unique_id", flat=True))
    assert held.keys() - set(newest.values_list("resource_id", flat=True)) == of_aws


@pytest.mark.usefixtures("few")
def test_each_item_says_what_is_other_than_before(member: Account) -> None:
    collect(member)
    made, attached, gone = ConfigItem.objects.filter(name="migration-helper").order_by("captured_at")
    assert [one.status for one in (made, attached, gone)] == ["recorded", "recorded", "deleted"]
    assert (made.changed, attached.changed, gone.changed) == (None, ["attached"], None)
    assert (attached.data["attached"], gone.data, gone.digest, gone.kind) == ([ADMIN], None, "", "role")
    assert Document.objects.filter(account=member, digest=attached.data["trust"]).exists()
    renewed = next(one for one in ConfigItem.objects.filter(resource_type="AWS::IAM::Policy") if one.changed)
    assert set(renewed.changed) == {"default_version", "document", "updated_at", "versions"}


@pytest.mark.usefixtures("few")
def test_only_what_is_new_is_read_again(member: Account, aws: Any, lab: Any) -> None:
    collect(member)
    before, counted = written(), ConfigItem.objects.count()
    aws.clear_calls()
    collect(member)
    # One that is known is read again, in two pages, since otherwise nobody would learn that it is denied.
    assert calls(aws) == {"SelectResourceConfig": 1, "ListDiscoveredResources": 4, "GetResourceConfigHistory": 2}
    changed = {table for table, n in written().items() if n != before[table]}
    assert changed == {"collectors_run", "collectors_job", "collectors_coverage"}
    role = next(iter(lab.world.iam(member.aws_id).roles.values()))
    with (
        patch.object(role, "tags", [{"Key": "team", "Value": "new"}]),
        patch.object(role, "create_date", AS_OF - timedelta(days=1)),
    ):
        Coverage.objects.filter(api=HISTORY).update(complete_at=AS_OF - timedelta(days=2_000))
        aws.clear_calls()
        collect(member)
    assert ConfigItem.objects.count() == counted + 1
    newest = ConfigItem.objects.filter(resource_id=role.id).order_by("-captured_at")[0]
    assert "tags" in newest.changed


@pytest.mark.usefixtures("few")
def test_a_run_reads_so_many_entities_and_the_next_one_goes_on(member: Account, settings: Any) -> None:
    settings.CONFIG_HISTORY_A_RUN = 3
    collect(member)
    told = Coverage.objects.get(api=HISTORY)
    assert (told.state, told.detail) == ("partial", "2 of 5 changed entities are still to be read.")
    assert ConfigItem.objects.values("resource_id").distinct().count() == 3
    collect(member)
    assert Coverage.objects.get(api=HISTORY).state == "complete"
    assert ConfigItem.objects.values("resource_id").distinct().count() == 5


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("operation", ["SelectResourceConfig", "ListDiscoveredResources", "GetResourceConfigHistory"])
@pytest.mark.parametrize("kind", ["empty", "deny"])
def test_a_broken_answer_is_an_error_and_no_empty_history(member: Account, aws: Any, operation: str, kind: str) -> None:
    aws.fault(kind, account=member.aws_id, service="config", operation=operation)
    collect(member)
    assert states(member)[f"config:{operation}"] == ("denied" if kind == "deny" else "error")
    asked = operation == "ListDiscoveredResources"  # it tells more, and nothing hangs on it
    assert ConfigItem.objects.exists() is asked
    assert ConfigItem.objects.filter(status="deleted").exists() is False
    aws.clear_faults()
    collect(member)
    assert set(states(member).values()) == {"complete"}
    assert ConfigItem.objects.filter(status="deleted").exists()


@pytest.mark.usefixtures("few")
def test_what_was_read_before_a_failure_is_kept(member: Account, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def then_fails(aws_: Any, some: Any, found: Any, planned: Any, read: Any = source._read) -> None:
        read(aws_, some, found, planned)
        aws.fault("deny", account=member.aws_id, service="config", operation="GetResourceConfigHistory")

    monkeypatch.setattr(source, "_read", then_fails)
    collect(member)
    assert states(member)[HISTORY] == "denied"
    assert ConfigItem.objects.values("resource_id").distinct().count() == 1


def test_an_account_that_records_no_iam_has_no_history(connected: list[Account], lab: Any, aws: Any) -> None:
    account = connected[0]
    with patch.dict(lab.world.config[account.aws_id].recorders, clear=True):
        run(account, "config")
        aws.clear_calls()
        collect(account)
    assert calls(aws) == {}
    assert {states(account)[api] for api in (LATEST, LISTED, HISTORY)} == {"not_applicable"}
    assert "MO107" in Coverage.objects.get(api=LATEST).detail


def test_items_tell_their_region_whichever_source_is_first(member: Account) -> None:
    run(member, "config_history")
    assert set(ConfigItem.objects.values_list("account", "region")) == {(member.pk, HOME)}


def test_the_region_that_records_iam_is_asked(connected: list[Account], settings: Any) -> None:
    account, settings.CONFIG_HISTORY_A_RUN = connected[2], 2
    collect(account)  # nobody looked yet which one that is
    assert not ConfigItem.objects.exists()
    run(account, "config")
    collect(account)
    assert set(ConfigItem.objects.values_list("region", flat=True)) == {"eu-west-1"}


def test_an_aggregator_tells_for_all_accounts(connected: list[Account], aws: Any, settings: Any) -> None:
    _, reader, archive = connected
    settings.CONFIG_AGGREGATOR = f"{reader.aws_id}/eu-west-1/organization"
    assert [source.SOURCE.asked_in(one.aws_id) for one in connected] == [False, True, False]
    for one in connected:
        run(one, "config")
    aws.clear_calls()
    collect(reader)
    found = calls(aws)
    assert set(found) == {"SelectAggregateResourceConfig", "BatchGetAggregateResourceConfig"}
    assert states(reader)[LISTED] == "not_applicable"
    for one in connected:
        items = ConfigItem.objects.filter(account=one)
        assert {item.arn.split(":")[4] for item in items} == {one.aws_id}
        assert not items.filter(data=None).exists()
        trusts = {item.data["trust"] for item in items if item.kind == "role"}
        assert trusts == set(Document.objects.filter(account=one, digest__in=trusts).values_list("digest", flat=True))
    only = {item.data["trust"] for item in ConfigItem.objects.filter(account=archive) if item.kind == "role"}
    mine = {item.data["trust"] for item in ConfigItem.objects.filter(account=reader) if item.kind == "role"}
    assert not Document.objects.filter(account=reader, digest__in=only - mine).exists()  # another account's stay there
    before = ConfigItem.objects.count()
    aws.clear_calls()
    collect(reader)
    assert calls(aws) == {"SelectAggregateResourceConfig": 1, "BatchGetAggregateResourceConfig": 1}
    assert ConfigItem.objects.count() == before


# Without the lab

ROLE_ID = "AROA00000000000000001"
TRUST = {"Version": "2012-10-17", "Statement": []}
ROLE = {
    "path": "/", "roleName": "app", "roleId": ROLE_ID, "arn": "arn:aws:iam::000000000001:role/app",
    "createDate": "2020-01-01T00:00:00.000Z", "assumeRolePolicyDocument": quote(json.dumps(TRUST)),
    "instanceProfileList": None, "rolePolicyList": None, "attachedManagedPolicies": None, "permissionsBoundary": None,
}  # fmt: skip
AT = datetime(2026, 11, 20, tzinfo=UTC)


def raw(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AWS::IAM::Role", "resourceId": ROLE_ID, "resourceName": "app", "arn": ROLE["arn"],
        "accountId": "999999999999", "configurationItemCaptureTime": AT, "configurationItemStatus": "OK",
        "configuration": json.dumps(ROLE), "tags": {}, **more,
    }  # fmt: skip


def understood(*raws: dict[str, Any], rows: tuple[Row, ...] = (), through: bool = False) -> Any:
    known = Known(AS_OF, aggregator=Aggregator("1", HOME, "a") if through else None)
    return source.transform({KNOWN: known, HISTORY: Found(HOME, rows=list(rows), raws=list(raws))})


def told(**more: Any) -> str:
    return json.dumps({**ROLE, **more})


GOOD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "bare": ({}, {}),
    "tags of the item": ({"tags": {"team": "pay"}}, {"tags": {"team": "pay"}}),
    "tags of the entity": ({"configuration": told(tags=[{"key": "a", "value": "b"}])}, {"tags": {"a": "b"}}),
    "tags as a query has them": ({"tags": [{"key": "a", "value": "b", "tag": "a=b"}]}, {"tags": {"a": "b"}}),
    "a policy": (
        {"configuration": told(attachedManagedPolicies=[{"policyArn": ADMIN, "policyName": "x"}])}, {"attached": [ADMIN]}
    ),
    "a boundary": (
        {"configuration": told(permissionsBoundary={"permissionsBoundaryArn": ADMIN, "permissionsBoundaryType": "Policy"})},
        {"boundary": ADMIN},
    ),
    "use is left out": ({"configuration": told(roleLastUsed={"lastUsedDate": "2026-11-20T00:00:00Z", "region": HOME})}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("more", "expected"), GOOD.values(), ids=GOOD)
def test_an_item_is_the_entity_as_the_snapshot_has_it(more: dict[str, Any], expected: dict[str, Any]) -> None:
    part = understood(raw(**more))
    (item,) = part.config_items
    kept = {name: list(value) if isinstance(value, tuple) else value for name, value in item.entity.items()}
    assert {n: v for n, v in kept.items() if n not in {"unique_id", "arn", "name", "created_at", "trust"}} == expected
    assert item.documents == {item.entity["trust"]: TRUST}
    assert (part.problems, item.account_id) == ({}, "")  # whatever an item says, it is the account's own


BARE: dict[str, tuple[dict[str, Any], ConfigStatus]] = {
    "deleted": ({"configurationItemStatus": "ResourceDeleted", "configuration": ""}, ConfigStatus.DELETED),
    "deleted, unrecorded": ({"configurationItemStatus": "ResourceDeletedNotRecorded"}, ConfigStatus.DELETED),
    "not recorded": ({"configurationItemStatus": "ResourceNotRecorded"}, ConfigStatus.NOT_RECORDED),
    "empty": ({"configuration": ""}, ConfigStatus.RECORDED),
    "null": ({"configuration": "null"}, ConfigStatus.RECORDED),
    "none": ({"configuration": None}, ConfigStatus.RECORDED),
}


@pytest.mark.parametrize(("more", "status"), BARE.values(), ids=BARE)
def test_an_item_without_a_configuration(more: dict[str, Any], status: ConfigStatus) -> None:
    (item,) = understood(raw(**more)).config_items
    assert (item.status, item.entity, item.digest) == (status, None, "")


BAD = {
    "no JSON": {"configuration": "{"},
    "no id": {"configuration": json.dumps({k: v for k, v in ROLE.items() if k != "roleId"})},
    "lists of text": {"configuration": told(attachedManagedPolicies=["x"])},
    "no map": {"configuration": told(permissionsBoundary="x")},
    "another type": {"resourceType": "AWS::IAM::Something"},
}


@pytest.mark.parametrize("more", BAD.values(), ids=BAD)
def test_an_item_that_cannot_be_read_is_told_and_the_others_are_kept(more: dict[str, Any]) -> None:
    part = understood(raw(**more), raw())
    assert len(part.config_items) == 1
    assert part.problems == {HISTORY: (f"1 items cannot be read, such as of {ROLE_ID}.",)}


@pytest.mark.parametrize("text", ["not a policy", "%7B%22a%22%3A1%2C%22a%22%3A2%7D", "{" * 70])
def test_a_document_of_any_text_is_kept_as_the_snapshot_keeps_it(text: str) -> None:
    (item,) = understood(raw(configuration=told(assumeRolePolicyDocument=text))).config_items
    assert isinstance(item.documents[item.entity["trust"]], str)


def test_what_the_list_says_is_gone_is_gone_without_an_item_that_says_so() -> None:
    row = Row("AWS::IAM::Role", ROLE_ID, "app", "", AT + timedelta(hours=1), deleted=True)
    there, gone = understood(raw(), rows=(row,)).config_items
    assert (there.status, gone.status, gone.captured_at, gone.arn) == (
        ConfigStatus.RECORDED,
        ConfigStatus.DELETED,
        row.captured_at,
        ROLE["arn"],
    )
    (only,) = understood(raw(configurationItemStatus="ResourceDeleted"), rows=(row,)).config_items
    assert only.captured_at == AT


def test_what_an_aggregator_does_not_give_is_a_change_of_unknown_kind() -> None:
    row = Row("AWS::IAM::Role", ROLE_ID, "app", "arn", AT, account="000000000002")
    (item,) = understood(rows=(row,), through=True).config_items
    assert (item.account_id, item.status, item.entity) == ("000000000002", ConfigStatus.RECORDED, None)


def test_what_changed_comes_first_then_what_was_never_read_and_nothing_older_than_asked_for() -> None:
    def row(name: str, days: float) -> Row:
        return Row("AWS::IAM::Role", name, name, "", AS_OF - timedelta(days=days))

    known = Known(AS_OF, captured={"changed": AS_OF - timedelta(days=50), "same": AS_OF - timedelta(days=3)}, days=90)
    rows = [row("new", 5), row("newer", 4), row("same", 3), row("changed", 40), row("old", 91)]
    assert [one.id for one in source.due(known, rows)] == ["changed", "newer", "new"]


def item(day: int, entity: dict[str, Any] | None, **more: Any) -> Item:
    at = AT + timedelta(days=day)
    status = ConfigStatus.RECORDED if entity else ConfigStatus.NOT_RECORDED
    return Item(
        unique_id=f"{ROLE_ID}/{at}", resource_type="AWS::IAM::Role", resource_id=ROLE_ID, name="app", arn="arn",
        captured_at=at, status=status, entity=entity, **more,
    )  # fmt: skip


def test_changes_are_told_against_the_last_known_state(account: Account) -> None:
    one, two = {"trust": "a"}, {"trust": "b", "boundary": "x"}
    assert add(account, [item(1, one), item(0, one)]) == 2
    assert add(account, [item(1, one), item(0, one), item(2, None), item(3, two)]) == 2  # the others are known
    found = ConfigItem.objects.order_by("captured_at").values_list("changed", flat=True)
    assert list(found) == [None, [], None, ["boundary", "trust"]]


def test_items_of_accounts_that_nobody_registered_are_left_out(account: Account, other_account: Account) -> None:
    some = [item(0, {"trust": "a"}, account_id=id_) for id_ in (other_account.aws_id, "123456789012")]
    assert add(account, some) == 1
    assert ConfigItem.objects.get().account == other_account


def recorder(account: Account, region: str, recording: bool, global_types: bool = True) -> None:
    one = ConfigRecorder(
        unique_id=f"{region}/default", region=region, name="default", role_arn="", strategy=EVERY_TYPE, types=(),
        global_types=global_types, daily=False, overrides={}, recording=recording,
    )  # fmt: skip
    inventory.store(account, Part(recorders=(one,)), (), AS_OF)


@pytest.mark.parametrize(
    ("recorders", "states", "expected"),
    [
        ((), {}, None),
        ((), {HOME: "complete", "eu-west-1": "blocked_by_scp"}, ()),
        ((), {HOME: "complete", "eu-west-1": "error"}, None),  # that one may record it
        ((), {HOME: "blocked_by_scp"}, None),
        ((("eu-west-1", True), (HOME, True)), {HOME: "complete"}, (HOME, "eu-west-1")),
        ((("eu-west-1", True), (HOME, False)), {HOME: "complete"}, ("eu-west-1", HOME)),
        (((HOME, False),), {HOME: "complete"}, (HOME,)),  # what it recorded before it was stopped is there
        (((HOME, True, False),), {HOME: "complete"}, ()),
    ],
)
def test_which_region_is_asked(account: Account, recorders: Any, states: dict[str, str], expected: Any) -> None:
    for one in recorders:
        recorder(account, *one)
    for region, state in states.items():
        Coverage.objects.create(
            account=account, source="config", api=RECORDERS, region=region, state=state, observed_at=AS_OF
        )
    assert store.known(account.aws_id, {"aws": HOME}, RECORDERS, HISTORY).regions == expected


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", None),
        ("000000000001/eu-west-1", None),
        ("000000000001/eu-west-1/all/of it", Aggregator("000000000001", "eu-west-1", "all/of it")),
    ],
)
def test_the_aggregator_that_is_set(settings: Any, setting: str, expected: Aggregator | None) -> None:
    settings.CONFIG_AGGREGATOR = setting
    assert store.aggregator() == expected
