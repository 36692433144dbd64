"""The organization, through the lab over HTTP; what the lab cannot be made to say is said by a stub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from collectors.aws.errors import AwsError
from collectors.lab.organization import DELEGATED as DELEGATED_IN_LAB
from collectors.lab.organization import UNDELEGATED
from collectors.models import (
    Account,
    Coverage,
    Document,
    Job,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
    Version,
)
from collectors.models.organization_view import organization_snapshot
from collectors.models.snapshot import read_snapshot
from collectors.records import State
from collectors.sources import organizations as source
from collectors.sources.organizations import (
    ACCOUNTS,
    CONTENT,
    DELEGATED,
    DELEGATES,
    DESCRIBE,
    GENERATE,
    MEMBERS,
    POLICIES,
    READ,
    RESOURCE_POLICY,
    ROOTS,
    TAGS,
    TARGETS,
    TRUSTED,
    UNITS,
)
from tests.collectors.running import run, states, written
from tests.conftest import AS_OF

BESIDE = (TAGS, TRUSTED, DELEGATES, DELEGATED, RESOURCE_POLICY)
APIS = (ROOTS, UNITS, MEMBERS, ACCOUNTS, POLICIES, CONTENT, TARGETS, GENERATE, READ, *BESIDE)


@pytest.fixture
def management(connected: list[Account]) -> Account:
    return connected[0]


@pytest.fixture
def member(connected: list[Account]) -> Account:
    return connected[2]


def collect(account: Account) -> None:
    run(account, "organizations")


def row(account: Account, api: str) -> Coverage:
    return Coverage.objects.get(account=account, api=api)


def told(account: Account) -> Any:
    (details,) = read_snapshot(account, AS_OF).details
    return details.organization


def test_a_member_learns_of_its_organization_and_asks_no_further(
    member: Account, management: Account, aws: Any
) -> None:
    aws.clear_calls()
    collect(member)
    found = states(member)
    assert found.pop(DESCRIBE) == "complete"
    assert found == dict.fromkeys(APIS, "not_applicable")
    assert row(member, ROOTS).detail == "The account is neither the management account nor a delegated administrator."
    assert told(member).management_account_id == management.aws_id
    assert not OrganizationAccount.objects.exists()
    asked = {c["operation"]: c["n"] for c in aws.calls() if c["service"] == "organizations"}
    assert asked == {"DescribeOrganization": 1, "ListRoots": 1}
    assert Job.objects.get(run__account=member, source="organizations").error == ""


def test_the_management_account_reads_tree_accounts_and_policies(management: Account, lab: Any) -> None:
    collect(management)
    assert set(states(management).values()) == {"complete"}
    units = {u.unique_id: u for u in OrganizationalUnit.present.filter(account=management)}
    (root,) = [u for u in units.values() if not u.parent]
    assert root.data["policy_types"] == ["SERVICE_CONTROL_POLICY"]
    paths = {f"{units[u.parent].name}/{u.name}" for u in units.values() if u.parent}
    assert paths == {"Root/prod", "prod/payments", "Root/dev", "Root/sandbox", "Root/security"}
    members = {a.unique_id: a for a in OrganizationAccount.present.filter(account=management)}
    assert set(members) == {a.id for a in lab.world.accounts}
    assert {units[a.parent].name for a in members.values()} >= {"Root", "security"}
    assert {a.state for a in members.values()} == {"ACTIVE", "SUSPENDED"}


def test_policies_have_their_documents_and_targets(management: Account) -> None:
    collect(management)
    found = {p.name: p for p in read_snapshot(management, AS_OF).organization_policies}
    assert set(found) == {"FullAWSAccess", "deny-outside-europe", "protect-baseline", "sandbox-no-long-term-keys"}
    assert found["FullAWSAccess"].aws_managed
    prod = OrganizationalUnit.objects.get(name="prod")
    assert found["deny-outside-europe"].targets == (prod.unique_id,)
    body = Document.objects.get(account=management, digest=found["deny-outside-europe"].document).body
    assert body["Statement"][0]["Sid"] == "DenyOutsideEurope"
    assert (
        len(found["FullAWSAccess"].targets) == OrganizationalUnit.objects.count() + OrganizationAccount.objects.count()
    )


def test_delegates_are_read_with_their_services_and_what_lets_them(management: Account, lab: Any) -> None:
    collect(management)
    snapshot = organization_snapshot(management, AS_OF)
    assert snapshot is not None
    (found,) = snapshot.organization_delegates
    assert (found.unique_id, found.name) == (lab.world.security.id, "security")
    assert found.services == tuple(sorted(DELEGATED_IN_LAB))
    (details,) = snapshot.details
    assert set(details.trusted_services or ()) - set(found.services or ()) == set(UNDELEGATED)
    (statement,) = snapshot.documents[details.delegation or ""]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{lab.world.security.id}:root"}
    lab.world.resource_policy, kept = "", lab.world.resource_policy
    collect(management)
    lab.world.resource_policy = kept
    (details,) = read_snapshot(management, AS_OF).details
    assert details.delegation == ""


def test_an_unchanged_organization_writes_coverage_only(management: Account) -> None:
    collect(management)
    before = written()
    collect(management)
    changed = {table for table, n in written().items() if n != before[table]}
    # The report on one account and the tags of one are read each time, and their rows tell when.
    one = {"collectors_accountaccess", "collectors_organizationaccount"}
    assert changed == {"collectors_run", "collectors_job", "collectors_coverage", *one}
    assert {written()[table] - before[table] for table in one} == {1}


def test_what_left_is_gone_and_what_was_renamed_has_a_version(management: Account, lab: Any) -> None:
    collect(management)
    ghost, renamed = OrganizationAccount.objects.filter(account=management).order_by("pk")[:2]
    stale = OrganizationAccount.objects.get(pk=ghost.pk)
    stale.pk, stale.unique_id = None, "000000000042"
    stale.save()
    OrganizationAccount.objects.filter(pk=renamed.pk).update(name="before", digest="x")
    collect(management)
    stale.refresh_from_db()
    assert stale.gone_at is not None
    renamed.refresh_from_db()
    assert renamed.name != "before"
    assert Version.objects.filter(kind="organization_account", unique_id=renamed.unique_id).count() == 2


@pytest.mark.parametrize("api", APIS)
def test_a_refusal_in_the_management_account_is_a_lack_and_keeps_what_is_known(
    management: Account, aws: Any, api: str
) -> None:
    collect(management)
    models = (OrganizationalUnit, OrganizationAccount, OrganizationPolicy, Document)
    counts = [model.objects.count() for model in models]
    service, operation = api.split(":")
    aws.fault("deny", account=management.aws_id, service=service, operation=operation)
    collect(management)
    assert (row(management, api).state, row(management, api).permission) == ("denied", api)
    assert [model.objects.count() for model in models] == counts
    assert not Version.objects.exclude(seen_to=None).exists()


@pytest.mark.parametrize("kind", ["empty", "truncate", "throttle"])
def test_a_broken_list_sweeps_nothing(
    management: Account, aws: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    collect(management)
    aws.fault(kind, account=management.aws_id, service="organizations", operation="ListAccounts")
    collect(management)
    assert row(management, ACCOUNTS).state == ("throttled" if kind == "throttle" else "error")
    assert not OrganizationAccount.objects.exclude(gone_at=None).exists()


@pytest.fixture
def no_organization(lab: Any) -> Iterator[None]:
    from moto.organizations.models import organizations_backends

    with lab.world.entered():
        backend = organizations_backends[lab.world.management.id]["aws"]
    kept, backend.org = backend.org, None
    yield
    backend.org = kept


def test_no_organization_is_a_fact(member: Account, no_organization: None) -> None:
    collect(member)
    found = states(member)
    assert found.pop(DESCRIBE) == "complete"
    assert found == dict.fromkeys(APIS, "not_applicable")
    assert row(member, ROOTS).detail == "The account is in no organization."
    assert told(member).organization_id == ""
    assert Job.objects.get(run__account=member, source="organizations").error == ""


class Told:
    """Stands for LiveAws: (API, parent, policy or policy type) -> pages, or what to raise."""

    account_id = "000000000009"
    from_files = False

    def requests(self, api: str) -> list[dict[str, str]]:
        return []

    def problems(self, api: str) -> tuple[str, ...]:
        return ()

    def __init__(self, answers: dict[tuple[str, str], Any]) -> None:
        self.answers, self.asked = answers, Counter[tuple[str, str]]()

    def pages(self, api: str, *, require: str, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        assert token == "NextToken"
        key = api, next(iter(parameters.values()), "")
        self.asked[key] += 1
        answer = self.answers.get(key, [])
        if isinstance(answer, AwsError):
            raise answer
        yield {require: []}  # AWS may give an empty page with a token
        yield {require: answer}

    def ask(self, api: str, *, require: str, **parameters: Any) -> dict[str, Any]:
        answer = self.answers[api, next(iter(parameters.values()), "")]
        if isinstance(answer, AwsError):
            raise answer
        return {require: answer}


def denied(api: str, state: State = State.DENIED) -> AwsError:
    return AwsError(api, state, "AccessDeniedException: no", code="AccessDeniedException", permission=api)


def gone(code: str) -> AwsError:
    return AwsError("x", State.ERROR, code, code=code)


def answers(**more: Any) -> dict[str, Any]:
    return {DESCRIBE: {"Id": "o-1", "MasterAccountId": "000000000001"}, ROOTS: [{"Id": "r-1"}], **more}


@pytest.mark.parametrize("state", [State.DENIED, State.BLOCKED_BY_SCP])
def test_a_refused_member_has_nothing_to_read(state: State) -> None:
    with pytest.raises(AwsError) as raised:
        source.roots(Told({(ROOTS, ""): denied(ROOTS, state)}), answers())  # type: ignore[arg-type]
    assert raised.value.state is State.NOT_APPLICABLE


def test_a_delegated_administrator_reads_what_it_may() -> None:
    aws = Told({(ROOTS, ""): [{"Id": "r-1"}], (ACCOUNTS, ""): denied(ACCOUNTS)})
    assert source.roots(aws, answers()) == [{"Id": "r-1"}]  # type: ignore[arg-type]
    with pytest.raises(AwsError) as raised:
        source.accounts(aws, answers())  # type: ignore[arg-type]
    assert raised.value.state is State.DENIED


def test_units_that_go_in_circles_or_vanish_end() -> None:
    tree = {
        (UNITS, "r-1"): [{"Id": "ou-a"}, {"Id": "ou-b"}],
        (UNITS, "ou-a"): [{"Id": "ou-b"}, {"Id": "ou-a"}, {"Id": "r-1"}],
        (UNITS, "ou-b"): gone("ParentNotFoundException"),
    }
    aws = Told(tree)
    found = source.units(aws, answers())  # type: ignore[arg-type]
    assert [(u["Id"], u["ParentId"]) for u in found] == [("ou-a", "r-1"), ("ou-b", "r-1")]
    assert set(aws.asked.values()) == {1}


def test_an_account_outside_the_tree_is_kept_without_a_parent() -> None:
    raw = {"Arn": "arn", "Name": "x"}
    listed = [
        raw | {"Id": "000000000001", "State": "ACTIVE", "Status": "old"},
        raw | {"Id": "2", "Status": "SUSPENDED"},
    ]
    part = source.transform(answers(**{ACCOUNTS: listed, MEMBERS: {"000000000001": "r-1"}}))
    assert part.organization_accounts is not None
    found = [(a.unique_id, a.state, a.parent_id) for a in part.organization_accounts]
    assert found == [("000000000001", "ACTIVE", "r-1"), ("2", "SUSPENDED", "")]
    assert (part.organizational_units, part.organization_policies) == (None, None)


def test_only_enabled_guardrails_are_listed() -> None:
    kinds = [
        ("SERVICE_CONTROL_POLICY", "ENABLED"),
        ("RESOURCE_CONTROL_POLICY", "PENDING_ENABLE"),
        ("TAG_POLICY", "ENABLED"),
    ]
    root = {"Id": "r-1", "PolicyTypes": [{"Type": t, "Status": s} for t, s in kinds]}
    aws = Told({(POLICIES, "SERVICE_CONTROL_POLICY"): [{"Id": "p-1"}]})
    assert source.policies(aws, answers(**{ROOTS: [root]})) == [{"Type": "SERVICE_CONTROL_POLICY", "Id": "p-1"}]  # type: ignore[arg-type]
    assert set(aws.asked) == {(POLICIES, "SERVICE_CONTROL_POLICY")}


def test_a_policy_deleted_while_it_is_read_is_left_out_and_a_bad_document_is_kept_as_text() -> None:
    kind = {"Arn": "arn", "Name": "n", "Type": "SERVICE_CONTROL_POLICY"}
    aws = Told(
        {
            (CONTENT, "p-1"): {"Content": json.dumps({"Statement": "a\0b"})},
            (CONTENT, "p-2"): gone("PolicyNotFoundException"),
            (CONTENT, "p-3"): {"Content": "no JSON"},
            (CONTENT, "p-4"): {"Content": "[" * 100_000},
            (TARGETS, "p-1"): [{"TargetId": "ou-b"}, {"TargetId": "ou-a"}],
            (TARGETS, "p-3"): gone("PolicyNotFoundException"),
        }
    )
    got = answers(**{POLICIES: [kind | {"Id": f"p-{n}"} for n in range(1, 5)]})
    got[CONTENT] = source.contents(aws, got)  # type: ignore[arg-type]
    got[TARGETS] = source.targets(aws, got)  # type: ignore[arg-type]
    part = source.transform(got)
    assert part.organization_policies is not None
    assert [(p.unique_id, p.targets) for p in part.organization_policies] == [("p-1", ("ou-a", "ou-b")), ("p-4", ())]
    assert {"Statement": "a\ufffdb"} in part.documents.values()
