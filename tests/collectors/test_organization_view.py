"""What a member's judgement learns of the organization from the account that may read it. In PostgreSQL, through the lab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from collectors import runner
from collectors.lab.organization import attach, policy
from collectors.models import (
    Account,
    AccountDetails,
    Coverage,
    Job,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
    Run,
)
from collectors.models.job import JUDGE
from collectors.models.snapshot import read_snapshot
from collectors.records import Snapshot
from findings.analysis.facts import Facts
from findings.engine import judge_account
from findings.models import AccountGuardrails
from findings.rules import registry
from findings.vocabulary import SubjectType
from tests.collectors.running import run
from tests.conftest import AS_OF, db_role

DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}]}


@pytest.fixture
def management(connected: list[Account]) -> Account:
    return connected[0]


@pytest.fixture
def member(connected: list[Account]) -> Account:
    return connected[2]


def collect(*accounts: Account) -> None:
    for account in accounts:
        run(account, "organizations")


def seen(account: Account) -> Snapshot:
    with db_role("iamdash_worker"):
        return read_snapshot(account, AS_OF)


def untold(account: Account) -> None:
    AccountDetails.objects.filter(account=account).delete()


def levels(account: Account) -> list[str]:
    found = Facts(seen(account)).guardrails
    return [level.name.partition(" (")[0] for level in found.scp or ()]


def test_without_anybody_who_reads_it_nothing_of_the_organization_is_there(
    member: Account, management: Account
) -> None:
    collect(member)
    snapshot = seen(member)
    assert (snapshot.organizational_units, snapshot.organization_seen_by) == ((), "")
    assert set(snapshot.connected) == set(Account.objects.values_list("aws_id", flat=True))
    facts = Facts(snapshot)
    assert f"connect its management account {management.aws_id}" in facts.guardrails.unseen
    assert (facts.inside(management.aws_id), facts.zone_known) == (True, False)


def test_a_member_sees_its_way_up_and_who_else_is_there(member: Account, management: Account) -> None:
    collect(management, member)
    snapshot = seen(member)
    assert snapshot.organization_seen_by == management.aws_id
    assert [account.unique_id for account in snapshot.organization_accounts] == [member.aws_id]
    assert set(snapshot.organization_members) == set(OrganizationAccount.objects.values_list("unique_id", flat=True))
    facts = Facts(snapshot)
    assert levels(member)[0] == "Root"
    assert levels(member)[-1] == member.aws_id
    assert facts.guardrails.unseen == ""
    assert all(
        policy.document in snapshot.documents for level in facts.guardrails.scp or () for policy in level.policies
    )
    assert (facts.inside("999999999999"), facts.zone_known) == (False, True)


def test_the_management_account_sees_all_by_itself(member: Account, management: Account) -> None:
    collect(management, member)
    snapshot = seen(management)
    assert snapshot.organization_seen_by == ""
    assert len(snapshot.organization_accounts) == OrganizationAccount.objects.count()
    assert Facts(snapshot).guardrails.management


def test_an_account_of_no_or_of_another_organization_sees_nothing_of_it(member: Account, management: Account) -> None:
    collect(management, member)
    row = AccountDetails.objects.get(account=member, unique_id="organizations")
    for told in ({"organization_id": "o-other", "management_account_id": "1" * 12}, {}):
        row.data = {**row.data, "organization": told}
        row.save()
        assert (seen(member).organizational_units, seen(member).organization_members) == ((), ())


def test_an_account_that_could_not_ask_is_where_it_is_listed(member: Account, management: Account) -> None:
    collect(management, member)
    untold(member)
    assert levels(member)[-1] == member.aws_id
    OrganizationAccount.objects.filter(unique_id=member.aws_id).delete()
    assert seen(member).organization_seen_by == ""


def second_teller(account: Account, management: Account) -> None:
    """A delegated administrator: it has told the same as the management account, an hour later."""
    for model in (OrganizationalUnit, OrganizationAccount, OrganizationPolicy):
        for row in model.objects.filter(account=management):
            row.pk, row.account = None, account
            row.save()
    later = Coverage.objects.aggregate(at=Max("complete_at"))["at"].replace(year=2099)
    Coverage.objects.filter(account=account, source="organizations").update(state="complete", complete_at=later)


def test_the_management_account_is_asked_first_unless_it_never_read_all(
    connected: list[Account], member: Account, management: Account
) -> None:
    delegated = connected[1]
    collect(management, delegated, member)
    second_teller(delegated, management)
    assert seen(member).organization_seen_by == management.aws_id
    Coverage.objects.filter(account=management, api="organizations:ListAccounts").update(complete_at=None)
    assert seen(member).organization_seen_by == delegated.aws_id
    assert seen(delegated).organization_seen_by == ""


def test_what_a_former_administrator_once_read_is_no_longer_believed(
    connected: list[Account], member: Account, management: Account
) -> None:
    delegated = connected[1]
    collect(management, delegated, member)
    second_teller(delegated, management)
    Coverage.objects.filter(account=delegated, api="organizations:ListRoots").update(state="not_applicable")
    OrganizationalUnit.objects.filter(account=management).delete()
    OrganizationAccount.objects.filter(account=management).delete()
    assert seen(member).organization_seen_by == ""


def other_organization(account: Account) -> None:
    """The account is the management account of another organization, whose list has all these accounts as well."""
    row = AccountDetails.objects.get(account=account, unique_id="organizations")
    row.data = {**row.data, "organization": {"organization_id": "o-other", "management_account_id": account.aws_id}}
    row.save()


def test_two_organizations_that_list_one_account_are_named_and_neither_is_taken(
    connected: list[Account], member: Account, management: Account
) -> None:
    collect(management, connected[1], member)
    second_teller(connected[1], management)
    other_organization(connected[1])
    assert levels(member)[-1] == member.aws_id  # it says itself where it is
    own = Facts(seen(member)).guardrails.organization_id
    untold(member)
    found = Facts(seen(member)).guardrails
    assert (found.scp, found.rcp, found.members, found.organization_id) == (None, None, None, None)
    first, second = sorted([own or "", "o-other"])
    assert f"organizations {first} and {second} list account {member.aws_id}" in found.unseen


def test_an_account_that_moved_is_not_judged_by_the_tree_that_it_left(
    connected: list[Account], member: Account, management: Account
) -> None:
    collect(management, connected[1], member)
    second_teller(connected[1], management)
    other_organization(connected[1])
    row = AccountDetails.objects.get(account=member, unique_id="organizations")
    row.data = {**row.data, "organization": {"organization_id": "o-other", "management_account_id": "1" * 12}}
    row.save()
    found = Facts(seen(member)).guardrails
    assert (found.scp, found.organization_id) == (None, "o-other")
    assert "was read of organization" in found.unseen  # the copied tree is the first organization's
    OrganizationAccount.objects.filter(account=connected[1], unique_id=member.aws_id).delete()
    assert f"organization o-other does not list account {member.aws_id}" in Facts(seen(member)).guardrails.unseen


def test_a_refusal_after_a_whole_reading_keeps_the_levels_that_were_known(
    member: Account, management: Account, aws: Any
) -> None:
    collect(management, member)
    before = levels(member)
    aws.fault("deny", account=management.aws_id, service="organizations", operation="ListTargetsForPolicy")
    collect(management)
    assert levels(member) == before


def test_another_account_costs_few_queries(member: Account, management: Account) -> None:
    collect(management, member)
    used = []
    for account in (management, member):
        with CaptureQueriesContext(connection) as queries:
            read_snapshot(account, AS_OF)
        used.append(len(queries))
    assert used[1] - used[0] <= 2  # the documents of the other account, and the ids of the members


@pytest.fixture
def new_scp(lab: Any) -> Iterator[Any]:
    """Call it: the organization attaches an SCP to the member's own account."""
    from moto.organizations.models import organizations_backends

    with lab.world.entered():
        backend = organizations_backends[lab.world.management.id]["aws"]
    scp = policy(backend.org, "no-new-users", "p-newusers", DENY)

    def add(aws_id: str) -> None:
        backend.policies.append(scp)
        attach(scp, next(account for account in backend.accounts if account.id == aws_id))

    yield add
    backend.policies.remove(scp)
    for account in backend.accounts:
        account.attached_policies[:] = [one for one in account.attached_policies if one is not scp]


def judged(account: Account) -> list[str]:
    """Names of the SCPs at the account's own level, as its last judgement stored them."""
    with db_role("iamdash_worker"):
        judge_account(account.pk, AS_OF)
    data = AccountGuardrails.objects.get(account=account).data
    return [one["name"] for one in data["scp"][-1]["policies"]] if data["scp"] else []


def waiting() -> set[int]:
    return set(Job.objects.filter(source=JUDGE, state=Job.State.QUEUED).values_list("account", flat=True))


def collect_only(account: Account) -> None:
    """As collect(), but its judgements are left in the queue."""
    with db_role("iamdash_worker"):
        made = Run.objects.create(account=account, reason=Run.Reason.REQUEST)
        job = Job.objects.create(run=made, account=account, source="organizations", due_at=Now())
        runner.collect(job.pk)


def test_what_changed_in_the_organization_is_judged_in_every_member(
    connected: list[Account], member: Account, management: Account, new_scp: Any
) -> None:
    collect(*connected)
    assert judged(member) == ["FullAWSAccess"]
    Job.objects.filter(source=JUDGE).delete()
    new_scp(member.aws_id)
    collect_only(management)
    assert waiting() == {account.pk for account in connected}
    mine = Job.objects.get(account=member, source=JUDGE)
    assert mine.run.account == member
    assert judged(member) == ["FullAWSAccess", "no-new-users"]


def test_nothing_new_in_the_organization_asks_nobody_else(connected: list[Account], management: Account) -> None:
    collect(*connected)
    Job.objects.filter(source=JUDGE).delete()
    collect_only(management)
    assert waiting() == {management.pk}


def test_a_member_asks_nobody_else(connected: list[Account], member: Account, management: Account) -> None:
    collect(management, connected[1])
    Job.objects.filter(source=JUDGE).delete()
    collect_only(member)
    assert waiting() == {member.pk}


def test_a_judgement_that_waits_is_not_asked_for_twice(connected: list[Account], management: Account) -> None:
    collect(*connected)
    Job.objects.filter(source=JUDGE).delete()
    member = connected[2]
    waits = Job.objects.create(run=Run.objects.filter(account=member).latest("pk"), account=member, source=JUDGE)
    OrganizationPolicy.objects.filter(account=management).update(digest="changed")
    collect_only(management)
    assert waiting() == {account.pk for account in connected}
    assert Job.objects.get(account=member, source=JUDGE).pk == waits.pk


def judging() -> dict[str, str]:
    """Account -> the organization that it is judged with."""
    found = {}
    for account in Account.objects.all():
        for _, subject in registry.subjects(SubjectType.ORGANIZATION, Facts(seen(account))):
            found[account.aws_id] = subject.id
    return found


def test_an_organization_is_judged_once_with_whoever_tells_of_it(
    connected: list[Account], member: Account, management: Account
) -> None:
    first, second = connected[1], member
    collect(first, second)
    assert judging() == {}  # a member knows of its organization, and may not ask about it
    collect(management)
    organization = judging()
    assert list(organization) == [management.aws_id]
    second_teller(first, management)
    second_teller(second, management)
    assert judging() == organization
    for model in (OrganizationalUnit, OrganizationAccount, OrganizationPolicy):
        model.objects.filter(account=management).delete()
    assert judging() == {min(first.aws_id, second.aws_id): organization[management.aws_id]}
    Coverage.objects.filter(account__in=[first, second], api="organizations:ListRoots").update(complete_at=None)
    assert judging() == organization
