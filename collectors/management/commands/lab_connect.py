from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from collectors import joining, organization_access, queue, runner
from collectors.access_policy import read_only_policy
from collectors.aws import session
from collectors.gather import coverage, understand
from collectors.lab.client import LabClient
from collectors.models import Account, Connection, OrganizationalUnit, OrganizationConnection
from collectors.organization_access import Access
from collectors.sources import sources


class Command(BaseCommand):
    help = (
        "Register the lab's accounts and deploy the collector's role in them, as an operator would with the template."
        " With --organization only the management account is registered, and the others join with the organization."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lab-url", required=True)
        parser.add_argument("--organization", action="store_true")

    def handle(self, *args: Any, lab_url: str, organization: bool = False, **options: Any) -> None:
        lab = LabClient(lab_url)
        there = lab.organization()
        active = [a for a in there["accounts"] if a["status"] == "ACTIVE"]
        by_hand = [a for a in active if a["id"] == there["management"]] if organization else active
        with transaction.atomic():
            connections = [self.connect(a) for a in by_hand]
        deploy(lab, connections)
        if organization:
            self.connect_organization(lab, connections[0].account, there["organization_id"])
            deploy(lab, Connection.objects.filter(organization=None, account__aws_id__in=[a["id"] for a in active]))
        number = Account.objects.filter(aws_id__in=[a["id"] for a in active]).count()
        self.stdout.write(f"Connected {number} lab accounts.")

    def connect(self, found: dict[str, str]) -> Connection:
        account, _ = Account.objects.get_or_create(
            aws_id=found["id"], defaults={"name": found["name"], "added_by": "lab"}
        )
        connection, _ = Connection.objects.get_or_create(account=account)
        return connection

    def connect_organization(self, lab: LabClient, management: Account, organization_id: str) -> None:
        """The tree first, which tells of the accounts; then they join, and the StackSet makes their roles."""
        principal = become(lab)
        read_tree(management)
        root = OrganizationalUnit.present.get(account=management, parent="")
        decided, _ = OrganizationConnection.objects.get_or_create(
            organization_id=organization_id,
            defaults={"account": management, "units": [root.unique_id], "set_by": "lab"},
        )
        joining.join(decided.pk)
        lab.stack(organization_access.member_template(Access(decided, principal, management.partition)))


def deploy(lab: LabClient, connections: Any) -> None:
    """Each account's own template."""
    items = [
        {
            "account": c.account.aws_id,
            "role_name": c.role_name,
            "external_id": c.external_id,
            "policy": read_only_policy(c.account.aws_id),
        }
        for c in connections
    ]
    lab.deploy(items)


def become(lab: LabClient) -> str:
    """Take on a session of the worker's role in the lab; returns the role's ARN."""
    given = lab.credentials()
    os.environ |= {"AWS_ENDPOINT_URL": lab.url, "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {name: given[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    session.forget()
    return given["principal_arn"]


def read_tree(management: Account) -> None:
    """The organization's source alone, beside the queue: the first run, which asks for all of them, is still to come."""
    source = sources()["organizations"]
    gathered = runner.ask(source, management.connection, lambda step, calls: None)
    part = understand(source, gathered)
    with transaction.atomic():
        queue.lock(management.pk)
        now = queue.database_now()
        runner.record(source, management, coverage(source, gathered, part, now), part, now)
