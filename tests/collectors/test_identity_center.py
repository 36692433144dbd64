"""Identity Center, through the lab over HTTP; what the lab cannot be made to say is said by a stub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from collectors.aws.bundle import open_bundle
from collectors.aws.each import Each
from collectors.aws.errors import AwsError
from collectors.lab.repairs.identity_center import HOME, center
from collectors.models import Account, AccountAssignment, CenterPrincipal, Coverage, Job, PermissionSet, Version
from collectors.models.identity_center_view import Plan
from collectors.models.job import JUDGE
from collectors.models.snapshot import read_snapshot
from collectors.records import AccountAssignment as Assigned
from collectors.records import PermissionSet as Known
from collectors.records import State, digest
from collectors.replay import replay
from collectors.sources import identity_center as source
from collectors.sources.identity_center import ask
from collectors.sources.identity_center.ask import PLAN, Instance
from collectors.sources.identity_center.names import (
    ASSIGNMENTS,
    DESCRIBE,
    FIELDS,
    GROUPS,
    INLINE,
    INSTANCES,
    MEMBERS,
    PROVISIONED,
    SETS,
    USERS,
    action,
)
from collectors.sources.identity_center.understand import seconds
from tests.collectors.bundles import make
from tests.collectors.bundles import states as told_states
from tests.collectors.running import run, states, written
from tests.conftest import AS_OF, db_role

INSTANCE, SET = "arn:aws:sso:::instance/ssoins-1", "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
OF = Instance(INSTANCE, "d-1", "eu-west-1", "eu-west-1", "000000000009")


@pytest.fixture
def management(connected: list[Account]) -> Account:
    return connected[0]


@pytest.fixture
def member(connected: list[Account]) -> Account:
    return connected[2]


def collect(account: Account) -> None:
    run(account, "identity_center")


def row(account: Account, api: str) -> Coverage:
    return Coverage.objects.get(account=account, api=api)


def fault(aws: Any, kind: str, account: Account, api: str, **more: Any) -> None:
    service, operation = action(api).split(":")
    aws.fault(kind, account=account.aws_id, service=service, operation=operation, **more)


def test_a_member_is_not_asked_further(member: Account, aws: Any) -> None:
    aws.clear_calls()
    collect(member)
    found = states(member)
    assert found.pop(INSTANCES) == "complete"
    assert set(found.values()) == {"not_applicable"}
    assert "neither the management account nor a delegated administrator" in row(member, SETS).detail
    assert not PermissionSet.objects.exists()
    assert Job.objects.get(run__account=member, source="identity_center").error == ""
    asked = {c["operation"]: c["n"] for c in aws.calls() if c["service"] in ("sso", "identitystore")}
    assert asked == {"ListInstances": 2, "ListPermissionSets": 1}  # at home there is none, so another region is tried


def test_roles_tell_where_it_is(member: Account, aws: Any) -> None:
    run(member, "authorization_details")
    aws.clear_calls()
    collect(member)
    asked = {c["operation"]: c["n"] for c in aws.calls() if c["service"] in ("sso", "account")}
    assert asked == {"ListInstances": 1, "ListPermissionSets": 1}


def test_the_management_account_reads_sets_assignments_and_names(management: Account, lab: Any) -> None:
    collect(management)
    assert set(states(management).values()) == {"complete"}
    found = {one.name: one.as_record for one in PermissionSet.present.filter(account=management)}
    assert set(found) == {"AdministratorAccess", "ReadOnly", "Developer", "Billing"}
    admin = found["AdministratorAccess"]
    assert (admin.session_seconds, admin.region, admin.inline, admin.boundary, admin.customer) == (
        28_800,
        HOME,
        "",
        "",
        (),
    )
    assert admin.managed == ("arn:aws:iam::aws:policy/AdministratorAccess",)
    assert set(admin.accounts) == {one.id for one in lab.world.accounts if one.status == "ACTIVE"}
    assert found["Billing"].accounts == ()
    groups = {one.name: one.as_record for one in CenterPrincipal.present.all() if one.as_record.group}
    assert set(groups) == {"cloud-admins", "auditors", "developers"}
    people = {one.unique_id: one.as_record for one in CenterPrincipal.present.all() if not one.as_record.group}
    assert len(groups["cloud-admins"].members) == 3
    assert {"@" in people[id_].name for id_ in groups["developers"].members} == {True}
    kept = {name for one in CenterPrincipal.objects.all() for name in one.data}
    assert kept == {
        "unique_id",
        "group",
        "name",
        "display_name",
        "members",
        "read_on",
    }  # no address, no number, no further name


def test_an_unchanged_center_writes_coverage_only(management: Account) -> None:
    collect(management)
    before = written()
    collect(management)
    changed = {table for table, n in written().items() if n != before[table]}
    # The assignments of one permission set in one account are read each time; their row tells when.
    assert changed == {"collectors_run", "collectors_job", "collectors_coverage", "collectors_accountassignment"}
    assert written()["collectors_accountassignment"] == before["collectors_accountassignment"] + 1


@pytest.mark.parametrize("api", [INSTANCES, SETS, DESCRIBE, PROVISIONED, ASSIGNMENTS, MEMBERS])
def test_a_refusal_is_a_lack_and_keeps_what_is_known(management: Account, aws: Any, api: str) -> None:
    collect(management)
    models = (PermissionSet, AccountAssignment, CenterPrincipal)
    before = [list(model.present.order_by("pk").values_list("data", flat=True)) for model in models]
    fault(aws, "deny", management, api)
    collect(management)
    assert (row(management, api).state, row(management, api).permission) == ("denied", action(api))
    assert [list(model.present.order_by("pk").values_list("data", flat=True)) for model in models] == before
    assert not Version.objects.exclude(seen_to=None).exists()


@pytest.mark.parametrize("api", [USERS, GROUPS, MEMBERS])
def test_without_the_identity_store_ids_stay(management: Account, aws: Any, api: str) -> None:
    fault(aws, "deny", management, api)
    collect(management)
    assert row(management, ASSIGNMENTS).state == "complete"
    assert AccountAssignment.present.exists()
    kinds = {one.as_record.group for one in CenterPrincipal.objects.all()}
    assert kinds == {USERS: {True}, GROUPS: {True, False}, MEMBERS: {True, False}}[api]


@pytest.mark.parametrize(("kind", "api"), [("empty", SETS), ("throttle", SETS), ("truncate", ASSIGNMENTS)])
def test_a_broken_answer_sweeps_nothing(
    management: Account, aws: Any, kind: str, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    collect(management)
    fault(aws, kind, management, api)
    collect(management)
    assert row(management, api).state == ("throttled" if kind == "throttle" else "error")
    for model in (PermissionSet, AccountAssignment, CenterPrincipal):
        assert not model.objects.exclude(gone_at=None).exists()


def test_what_is_no_longer_provisioned_or_there_is_gone(management: Account, lab: Any) -> None:
    collect(management)
    backend = center(lab.world)
    kept = list(backend.permission_sets)
    readers = next(one for one in kept if one.name == "ReadOnly")
    accounts, readers.accounts = readers.accounts, readers.accounts[:1]
    backend.permission_sets.remove(next(one for one in kept if one.name == "Billing"))
    try:
        collect(management)
    finally:
        backend.permission_sets[:], readers.accounts = kept, accounts
    assert [one.name for one in PermissionSet.objects.exclude(gone_at=None)] == ["Billing"]
    gone = AccountAssignment.objects.exclude(gone_at=None)
    assert {(one.permission_set, one.target) for one in gone} == {
        (readers.permission_set_arn, account) for account in accounts[1:]
    }
    ended = Version.objects.filter(kind="account_assignment").exclude(seen_to=None)
    assert ended.count() == len(accounts) - 1


def test_a_permission_set_has_boundary_inline_and_customer_policies(management: Account, lab: Any) -> None:
    made = next(one for one in center(lab.world).permission_sets if one.name == "Developer")
    made.boundary = {"CustomerManagedPolicyReference": {"Name": "limit", "Path": "/teams/"}}
    made.inline_policy = '{"Statement": []}'
    made.customer_managed_policies.append(msgspec.defstruct("P", ["name", "path"])("deploy", "/"))
    try:
        collect(management)
    finally:
        made.boundary, made.inline_policy = None, ""
        made.customer_managed_policies.clear()
    found = PermissionSet.present.get(name="Developer").as_record
    assert (found.boundary, found.customer) == ("/teams/limit", ("/deploy",))
    assert read_snapshot(management, AS_OF).documents[found.inline] == {"Statement": []}


def seen(account: Account) -> Any:
    with db_role("iamdash_worker"):
        return read_snapshot(account, AS_OF)


def test_a_member_s_judgement_sees_what_concerns_it(management: Account, member: Account) -> None:
    assert (seen(member).permission_sets, seen(member).center_seen_by) == ((), "")
    collect(management)
    snapshot = seen(member)
    assert snapshot.center_seen_by == management.aws_id
    assert {one.name for one in snapshot.permission_sets} == {"AdministratorAccess", "ReadOnly", "Developer"}
    assert {one.target for one in snapshot.account_assignments} == {member.aws_id}
    groups = {one.name: one for one in snapshot.center_principals if one.group}
    names = {one.unique_id for one in snapshot.center_principals}
    assert set(groups["developers"].members) <= names


def test_who_may_no_longer_ask_is_not_believed(management: Account, member: Account) -> None:
    collect(management)
    Coverage.objects.filter(account=management, api=SETS).update(state="not_applicable")
    assert seen(member).permission_sets == ()


def test_a_change_has_all_judged_that_it_concerns(management: Account, member: Account) -> None:
    collect(member)
    Job.objects.filter(source=JUDGE).delete()
    collect(management)
    assert set(Job.objects.filter(source=JUDGE, state="queued").values_list("account", flat=True)) == {member.pk}
    Job.objects.filter(source=JUDGE).delete()
    collect(management)
    assert not Job.objects.filter(source=JUDGE, state="queued").exists()


class Told:
    """Stands for LiveAws: API -> pages by region, or what to raise."""

    account_id = "000000000009"
    from_files = False

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked, self.time = answers, [], 0.0

    def clock(self) -> float:
        return self.time

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> dict[str, Any]:
        (page,) = self.pages(api, require=require, token="", region=region, **parameters)
        return page

    def pages(self, api: str, *, require: str, token: str, region: str = "", **parameters: Any) -> Iterator[Any]:
        name = api.partition(":")[2]
        self.asked.append(f"{name} {region}".strip())
        self.time += 1
        told = self.answers[name]
        for page in told.get(region, []) if isinstance(told, dict) else told:
            if isinstance(page, Exception):
                raise page
            yield {require: page}


class OfSets(Told):
    """Answers by permission set; of one that is not there AWS says so."""

    def pages(self, api: str, *, require: str, token: str, region: str = "", **parameters: Any) -> Iterator[Any]:
        told = self.answers[api.partition(":")[2]]
        self.time += 1
        if parameters["PermissionSetArn"] not in told:
            raise refused(State.ERROR, "ResourceNotFoundException")
        yield {require: told[parameters["PermissionSetArn"]]}


def refused(state: State = State.DENIED, code: str = "AccessDeniedException") -> AwsError:
    return AwsError("x", state, "no", code=code)


REGIONS = [[{"RegionName": name} for name in ("eu-west-1", "us-east-1", "us-west-2", "xx-nowhere-1")]]
MINE = {"InstanceArn": INSTANCE, "IdentityStoreId": "d-1", "OwnerAccountId": "000000000009"}
ORG = {**MINE, "InstanceArn": f"{INSTANCE}0", "OwnerAccountId": "000000000001"}


def managing(account: str) -> list[dict[str, str]]:
    return [{"MasterAccountId": account}]


@pytest.mark.parametrize(
    ("told", "likely", "asked", "found"),
    [
        ({}, (), ["", "eu-west-1", "us-east-1", "us-west-2"], []),
        ({"us-west-2": [[MINE]]}, (), ["", "eu-west-1", "us-east-1", "us-west-2"], ["us-west-2"]),
        ({"us-west-2": [[MINE]]}, ("us-west-2",), ["us-west-2"], ["us-west-2"]),
        ({"us-west-2": [[], [MINE]]}, ("us-west-2",), ["us-west-2"], ["us-west-2"]),
        ({"": [refused(State.BLOCKED_BY_SCP)], "eu-west-1": [[MINE]]}, (), ["", "eu-west-1"], ["eu-west-1"]),
        ({"eu-west-1": [[MINE, ORG]]}, ("eu-west-1",), ["eu-west-1"], ["eu-west-1", "eu-west-1"]),
        ({"eu-west-1": [[{**MINE, "PrimaryRegion": "eu-north-1"}]]}, ("eu-west-1",), ["eu-west-1"], ["eu-north-1"]),
    ],
)
def test_the_region_is_looked_for(told: Any, likely: Any, asked: Any, found: Any) -> None:
    aws: Any = Told(ListInstances=told, ListRegions=REGIONS)
    instances = ask.instances(aws, {PLAN: Plan(AS_OF, likely)})
    assert [one.home for one in instances] == found
    assert [one.partition(" ")[2] for one in aws.asked if one.startswith("ListInstances")] == asked
    assert len(instances) < 2 or instances[0].owner == "000000000001"  # the organization's before the account's own


@pytest.mark.parametrize(
    ("error", "manager", "state"),
    [
        (refused(), "000000000001", State.NOT_APPLICABLE),
        (refused(code="ValidationException", state=State.ERROR), "000000000001", State.NOT_APPLICABLE),
        (refused(), "000000000009", State.DENIED),
        (refused(State.THROTTLED, "ThrottlingException"), "000000000001", State.THROTTLED),
        (refused(), "", State.DENIED),
    ],
)
def test_only_who_administers_it_lacks_a_permission(error: AwsError, manager: str, state: State) -> None:
    told = managing(manager) if manager else [refused(code="AWSOrganizationsNotInUseException", state=State.ERROR)]
    aws: Any = Told(ListPermissionSets=[error], DescribeOrganization=told)
    with pytest.raises(AwsError) as raised:
        ask.sets(aws, {PLAN: Plan(AS_OF), INSTANCES: [OF]})
    assert raised.value.state is state
    if error.state is not State.ERROR:
        everywhere = {region: [error] for region in ("", "eu-west-1", "us-east-1", "us-west-2")}
        aws = Told(ListInstances=everywhere, DescribeOrganization=told, ListRegions=REGIONS)
        with pytest.raises(AwsError) as raised:
            ask.instances(aws, {PLAN: Plan(AS_OF)})
        assert raised.value.state is state


PAGES = {
    ask.sets: ("ListPermissionSets", {INSTANCES: [OF]}),
    ask.managed: ("ListManagedPoliciesInPermissionSet", {SETS: {SET: OF}}),
    ask.customer: ("ListCustomerManagedPolicyReferencesInPermissionSet", {SETS: {SET: OF}}),
    ask.provisioned: ("ListAccountsForProvisionedPermissionSet", {SETS: {SET: OF}}),
    ask.assignments: ("ListAccountAssignments", {SETS: {SET: OF}, PROVISIONED: {SET: ["1"]}}),
    ask.users: ("ListUsers", {INSTANCES: [OF]}),
    ask.groups: ("ListGroups", {INSTANCES: [OF]}),
}


@pytest.mark.parametrize("fetch", PAGES)
def test_a_second_page_that_fails_fails_the_whole(fetch: Any) -> None:
    name, answers = PAGES[fetch]
    aws: Any = Told(**{name: [[], refused(State.ERROR, "InternalServerException")]})
    with pytest.raises(AwsError):
        fetch(aws, {PLAN: Plan(AS_OF), **answers})


@pytest.mark.parametrize("fetch", [ask.described, ask.inline, ask.managed, ask.provisioned])
def test_a_set_that_was_deleted_meanwhile_is_left_out(fetch: Any) -> None:
    gone = [refused(State.ERROR, "ResourceNotFoundException")]
    names = (
        "DescribePermissionSet",
        "GetInlinePolicyForPermissionSet",
        PAGES[ask.managed][0],
        PAGES[ask.provisioned][0],
    )
    assert fetch(Told(**dict.fromkeys(names, gone)), {PLAN: Plan(AS_OF), SETS: {SET: OF}}) == {}


def test_no_boundary_is_told_by_an_error() -> None:
    aws: Any = Told(GetPermissionsBoundaryForPermissionSet=[refused(State.ERROR, "ResourceNotFoundException")])
    assert ask.boundary(aws, {SETS: {SET: OF}}) == {SET: {}}


def assigned(arn: str, target: str, days: float) -> Assigned:
    return Assigned(
        unique_id=f"{arn}/{target}",
        permission_set=arn,
        target=target,
        users=("u",),
        read_at=AS_OF - timedelta(days=days),
    )


def test_what_was_never_read_comes_first_and_the_stalest_one_always() -> None:
    known = {("s", str(n)): assigned("s", str(n), days) for n, days in ((1, 0.1), (2, 3), (3, 2))}
    planned = Plan(AS_OF, pairs=known)
    assert ask.due(planned, [*known, ("s", "new")]) == [("s", "new"), ("s", "2"), ("s", "3")]
    assert ask.due(planned, [("s", "1")]) == [("s", "1")]
    assert ask.due(planned, []) == []


def test_a_run_ends_in_time_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "OF_PAIRS", 1.5)
    known = {(SET, "3"): assigned(SET, "3", 20)}
    answers: dict[str, Any] = {PLAN: Plan(AS_OF, pairs=known), SETS: {SET: OF}}
    answers[PROVISIONED] = Each({SET: ["1", "2", "3"]})
    answers[ASSIGNMENTS] = ask.assignments(Told(ListAccountAssignments=[[]]), answers)  # type: ignore[arg-type]
    assert list(answers[ASSIGNMENTS]) == [(SET, "1"), (SET, "2")]
    part = source.SOURCE.transform(answers)
    assert [one.target for one in part.account_assignments or ()] == ["1", "2"]
    assert part.problems[ASSIGNMENTS] == (
        "The assignments of 2 of 3 permission sets and accounts were read within 14 days.",
    )
    monkeypatch.setattr(ask, "SECONDS", 0.5)
    answers = {PLAN: Plan(AS_OF, sets=known_sets(b=3, c=9, d=20)), INSTANCES: [OF]}
    answers[SETS] = ask.sets(Told(ListPermissionSets=[list("bdca")]), answers)  # type: ignore[arg-type]
    assert list(answers[SETS]) == list("adcb"), "who has waited longest comes first"
    answers[INLINE] = ask.inline(Told(GetInlinePolicyForPermissionSet=[""]), answers)  # type: ignore[arg-type]
    assert answers[INLINE] == {"a": ""}
    part = source.SOURCE.transform(answers)
    said = "3 of 4 permission sets were read in the last 14 days, the oldest on 2026-11-15."
    assert (part.problems, part.notes) == ({INLINE: (said,)}, {})


def known_sets(**days: int) -> dict[str, Known]:
    """By name: each read so many days ago, in one account."""
    parts = ("session_seconds", "inline", "accounts")
    return {
        name: Known(
            unique_id=name, name=name.upper(), instance=INSTANCE, accounts=(name,),
            asked_on=dict.fromkeys(parts, (AS_OF - timedelta(days=ago)).date()),
        )
        for name, ago in days.items()
    }  # fmt: skip


def test_what_earlier_runs_read_counts_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """All were read within 14 days, though not in this run; one is deleted meanwhile."""
    answers: dict[str, Any] = {PLAN: Plan(AS_OF, sets=known_sets(b=3, c=9, d=10, e=11)), INSTANCES: [OF]}
    answers[SETS] = ask.sets(Told(ListPermissionSets=[list("bedca")]), answers)  # type: ignore[arg-type]
    monkeypatch.setattr(ask, "SECONDS", 2.5)
    told: Any = OfSets(
        DescribePermissionSet={"a": {"Name": "A"}, "d": {"Name": "D"}},
        ListAccountsForProvisionedPermissionSet={"a": ["1"], "d": []},
        ListAccountAssignments={arn: [] for arn in "abc"},
    )
    for api, fetch in ((DESCRIBE, ask.described), (PROVISIONED, ask.provisioned), (ASSIGNMENTS, ask.assignments)):
        answers[api] = fetch(told, answers)
    part = source.SOURCE.transform(answers)
    assert sorted((one.unique_id, one.name) for one in part.permission_sets or ()) == [
        ("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"),
    ]  # fmt: skip
    assert sorted(answers[ASSIGNMENTS]) == [("a", "1"), ("b", "b"), ("c", "c")], "e is gone, d is nowhere any more"
    said = "4 of 4 permission sets were read in the last 14 days, the oldest on 2026-11-15."
    assert (part.problems, part.notes) == ({}, {DESCRIBE: said, PROVISIONED: said})


def test_assignments_are_not_whole_where_a_set_s_accounts_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody told of would else be swept."""
    answers: dict[str, Any] = {PLAN: Plan(AS_OF, sets=known_sets(b=3)), SETS: dict.fromkeys("cb", OF)}
    monkeypatch.setattr(ask, "SECONDS", -1)
    answers[PROVISIONED] = ask.provisioned(Told(), answers)  # type: ignore[arg-type]
    answers[ASSIGNMENTS] = ask.assignments(Told(ListAccountAssignments=[[]]), answers)  # type: ignore[arg-type]
    assert list(answers[ASSIGNMENTS]) == [("b", "b")]
    (said,) = source.SOURCE.transform(answers).problems[ASSIGNMENTS]
    assert said.endswith("1 of 2 permission sets were read in the last 14 days, the oldest on 2026-11-21.")


@pytest.mark.parametrize(("ago", "state"), [(3, "complete"), (20, "partial")])
def test_a_run_without_time_for_permission_sets_keeps_them(
    ago: int, state: str, management: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(management)
    day = (timezone.now() - timedelta(days=ago)).date()
    rows = PermissionSet.present.filter(account=management)
    before = {one.unique_id: one.as_record for one in rows}
    for one in rows:
        old = one.data | {"asked_on": dict.fromkeys(one.data["asked_on"], str(day))}
        rows.filter(pk=one.pk).update(data=old, data_digest=digest(old))
    monkeypatch.setattr(ask, "SECONDS", -1.0)
    collect(management)
    told = {api: told for api, told in states(management).items() if api in FIELDS}
    assert told == dict.fromkeys(FIELDS, state)
    n = len(before) if state == "complete" else 0
    assert f"{n} of {len(before)} permission sets" in row(management, INLINE).detail
    after = {one.unique_id: one.as_record for one in rows.all()}
    assert {arn: (one.name, one.inline, one.accounts) for arn, one in after.items()} == {
        arn: (one.name, one.inline, one.accounts) for arn, one in before.items()
    }
    assert {tuple(set(one.asked_on.values())) for one in after.values()} == {(day,)}


def test_what_was_read_of_a_permission_set_too_long_ago_is_known_no_more(management: Account) -> None:
    collect(management)
    rows = PermissionSet.present.filter(account=management)
    one = rows.exclude(data__managed=[])[0]
    days = one.as_record.asked_on or {}
    assert set(days) == {"session_seconds", "managed", "customer", "inline", "boundary", "accounts"}
    old = one.data | {"asked_on": {name: str(day) for name, day in days.items()} | {"managed": "2026-01-01"}}
    rows.filter(pk=one.pk).update(data=old, data_digest=digest(old))
    by_arn = {told.unique_id: told for told in read_snapshot(management, timezone.now()).permission_sets}
    assert (by_arn[one.unique_id].managed, by_arn[one.unique_id].inline) == (None, one.as_record.inline)
    collect(management)
    by_arn = {told.unique_id: told for told in read_snapshot(management, timezone.now()).permission_sets}
    assert by_arn[one.unique_id].managed == one.as_record.managed


@pytest.mark.parametrize(
    ("text", "found"),
    [("PT1H", 3_600), ("PT8H30M", 30_600), ("P1DT1S", 86_401), ("", None), ("P", None), ("8h", None), ("PT-1H", None)],
)
def test_durations(text: str, found: int | None) -> None:
    assert seconds(text) == found


def test_a_bundle_of_another_region_is_read(tmp_path: Path) -> None:
    asked = {"InstanceArn": INSTANCE, "PermissionSetArn": SET}
    described = {"PermissionSet": {"Name": "Dev\0<b>", "PermissionSetArn": SET, "SessionDuration": "PT4H"}}
    files = {
        "sso-admin.list-instances.eu-west-1.json": {"Instances": [MINE]},
        "sso-admin.list-permission-sets.eu-west-1.jsonl": _line({"InstanceArn": INSTANCE}, {"PermissionSets": [SET]}),
        "sso-admin.describe-permission-set.eu-west-1.jsonl": _line(asked, described),
        "sso-admin.list-accounts-for-provisioned-permission-set.eu-west-1.jsonl": _line(asked, {"AccountIds": ["1"]}),
    }
    found = replay(open_bundle(make(tmp_path, files)))
    (one,) = found.snapshot().permission_sets
    assert (one.name, one.session_seconds, one.region, one.accounts, one.managed) == (
        "Dev\ufffd<b>",
        14_400,
        "eu-west-1",
        ("1",),
        None,
    )
    assert told_states(found)[ASSIGNMENTS] == "absent"
    row = next(row for row in found.coverage if row.api == INLINE)
    assert row.detail == "sso-admin.get-inline-policy-for-permission-set.eu-west-1.jsonl is not in the bundle"


def _line(request: Any, response: Any) -> str:
    return msgspec.json.encode({"Request": request, "Response": response}).decode() + "\n"


@pytest.mark.parametrize(
    "raw",
    [{"Instances": [{}]}, {"Instances": ["x"]}, {"Instances": [{"InstanceArn": "x", "IdentityStoreId": "d"}]}],
)
def test_a_bundle_that_is_not_as_aws_writes_it_fails_by_name(tmp_path: Path, raw: Any) -> None:
    found = replay(open_bundle(make(tmp_path, {"sso-admin.list-instances.json": raw})))
    assert told_states(found)[INSTANCES] in ("error", "partial", "complete")
    assert found.snapshot().permission_sets == ()
