"""A whole organization from its connection to the collected accounts: through the lab over HTTP, without a click each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import Any

import pytest
from django.core.management import call_command

from collectors import joining, organization_access, probe, runner, schedule
from collectors.aws import session
from collectors.lab.client import LabClient
from collectors.lab.server import Lab, serve
from collectors.lab.settings import Settings
from collectors.models import Account, Connection, ConnectionTest, Coverage, OrganizationConnection, Run
from collectors.models.coverage import TROUBLE
from collectors.models.job import JUDGE
from collectors.onboarding import Status, board
from collectors.organization_access import Access
from iamdash.access.models import Role
from tests.conftest import AS_OF, db_role

pytestmark = pytest.mark.django_db
ACCOUNTS = 12


@pytest.fixture(scope="module")
def many() -> Iterator[Lab]:
    running = serve(Settings(accounts=ACCOUNTS, roles=1, users=1, as_of=AS_OF))
    yield running
    running.stop()


@pytest.fixture
def worker(many: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabClient]:
    """The lab's control client, with the environment that a worker would have."""
    client = LabClient(many.url)
    given = client.credentials() | {"AWS_ENDPOINT_URL": many.url, "AWS_DEFAULT_REGION": "us-east-1"}
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in [name for name in given if name.startswith("AWS_")]:
        monkeypatch.setenv(name, given[name])
    session.forget()
    yield client
    client.clear_faults()
    session.forget()


def collect(*names: str) -> set[str]:
    """What the tick starts, of these sources only; returns the accounts' ids."""
    with db_role("iamdash_worker"):
        joining.join_all()
        runs = schedule.start_due_runs()
        for run in runs:
            run.job_set.exclude(source__in=names).delete()
            for job in run.job_set.all():
                runner.collect(job.pk)
            run.job_set.filter(source=JUDGE).delete()
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(finished_at=AS_OF)
    return {run.account.aws_id for run in runs}


def statuses() -> dict[str, int]:
    counted: dict[str, int] = {}
    for status in board(OrganizationConnection.objects.get()).values_list("status", flat=True):
        counted[status] = counted.get(status, 0) + 1
    return counted


def test_an_organization_is_connected_by_one_form_and_all_of_it_collected(
    worker: LabClient, sign_in: Any, settings: Any
) -> None:
    there = worker.organization()
    principal = settings.COLLECTOR_ARN = worker.credentials()["principal_arn"]
    admin = sign_in(Role.ADMIN)
    form = {
        "aws_id": there["management"],
        "name": "management",
        "partition": "aws",
        "kind": "role",
        "role_name": "reader",
    }
    admin.post("/accounts/add/", form)
    management = Account.objects.get()
    connection = management.connection
    policy = organization_access.read_only_policy()
    given = {"role_name": "reader", "external_id": connection.external_id, "policy": policy}
    worker.deploy([{"account": management.aws_id, **given}])
    assert collect("organizations") == {management.aws_id}

    url = f"/accounts/organization/connect/{management.aws_id}/"
    root = admin.get(url).context["tree"][0].unique_id
    choice = {"units": [root], "joining": "on", "role_name": "iamdash-of-all"}
    assert f"{ACCOUNTS - 1} accounts would be connected" in admin.post(url, choice | {"preview": "1"}).content.decode()
    admin.post(url, choice)
    decided = OrganizationConnection.objects.get()

    assert len(collect("account")) == ACCOUNTS  # they joined and were asked, and no role is there
    assert statuses() == {Status.BY_HAND: 1, Status.WAITING: ACCOUNTS - 1, Status.FROZEN: 1}
    template = admin.get(f"/accounts/organization/{decided.organization_id}/templates/").context["members_text"]
    assert template == organization_access.text(organization_access.member_template(Access(decided, principal)))
    worker.stack(organization_access.member_template(Access(decided, principal)))
    Run.objects.exclude(account=management).delete()  # as if the time to try again had come
    assert len(collect("account")) == ACCOUNTS
    assert statuses() == {Status.BY_HAND: 1, Status.COLLECTED: ACCOUNTS - 1, Status.FROZEN: 1}
    assert not Coverage.objects.exclude(account=management).filter(state__in=TROUBLE).exists()

    with db_role("iamdash_worker"):
        joining.join_all()
        proof = list(islice(probe.checks_of(ConnectionTest.objects.get().account.connection), 3))
    assert [check.what for check in proof[1:]] == [f"Assume {probe.ABSENT}", f"Assume {probe.WRONG}"]
    assert [check.ok for check in proof] == [True, True, True]


def test_the_demo_connects_its_organization_and_may_do_so_again(worker: LabClient, many: Lab) -> None:
    call_command("lab_connect", lab_url=many.url, organization=True, stdout=(said := StringIO()))
    assert f"Connected {ACCOUNTS} lab accounts" in said.getvalue()
    assert Account.objects.filter(connection__organization=None).count() == 1
    assert statuses() == {Status.BY_HAND: 1, Status.FIRST: ACCOUNTS - 1, Status.FROZEN: 1}
    for connection in Connection.objects.select_related("account", "organization"):
        session.connect(runner.target(connection), ["sts:GetCallerIdentity"])
    call_command("lab_connect", lab_url=many.url, organization=True, stdout=StringIO())
    assert Account.objects.count() == ACCOUNTS
