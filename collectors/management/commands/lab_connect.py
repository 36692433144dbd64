from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from collectors.access_policy import read_only_policy
from collectors.lab.client import LabClient
from collectors.models import Account, Connection


class Command(BaseCommand):
    help = (
        "Register the lab's accounts and deploy the collector's role in them, as an operator would with the template."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lab-url", required=True)

    def handle(self, *args: Any, lab_url: str, **options: Any) -> None:
        lab = LabClient(lab_url)
        active = [a for a in lab.organization()["accounts"] if a["status"] == "ACTIVE"]
        with transaction.atomic():
            connections = [self.connect(a) for a in active]
        lab.deploy(
            [
                {
                    "account": c.account.aws_id,
                    "role_name": c.role_name,
                    "external_id": c.external_id,
                    "policy": read_only_policy(c.account.aws_id),
                }
                for c in connections
            ]
        )
        self.stdout.write(f"Connected {len(connections)} lab accounts.")

    def connect(self, found: dict[str, str]) -> Connection:
        account, _ = Account.objects.get_or_create(
            aws_id=found["id"], defaults={"name": found["name"], "added_by": "lab"}
        )
        connection, _ = Connection.objects.get_or_create(account=account)
        return connection
