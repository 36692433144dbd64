from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.aws.recorder import Recorder, nothing, write
from collectors.aws.session import connect
from collectors.gather import Gathered, gather
from collectors.models import Connection
from collectors.runner import target
from collectors.sources import sources


class Command(BaseCommand):
    help = "Ask AWS all that the collector asks of an account, and keep the answers as a bundle. Stores nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT", help="12-digit id of a connected account")
        parser.add_argument("--to", type=Path, required=True, metavar="PATH", help="a new folder")

    def handle(self, *args: Any, account: str, to: Path, **options: Any) -> None:
        reached = Connection.objects.select_related("account").exclude(kind=Connection.Kind.BUNDLE)
        connection = reached.filter(account__aws_id=account).first()
        if connection is None:
            raise CommandError(f"{account} is not connected to AWS. Add it on the Accounts page.")
        if to.exists():
            raise CommandError(f"{to} is there already. Name a folder that is not.")
        where, asked = target(connection), nothing()
        started = datetime.now(UTC)
        for source in (source for source in sources().values() if source.apis):
            try:
                aws = connect(where, source.permissions)
            except AwsError as error:
                raise CommandError(f"{account} cannot be reached: {error}") from error
            gather(source, Recorder(aws, asked), Gathered(dict(source.fresh(started))))
        about = {"AccountId": account, "Partition": where.partition, "CollectedAt": started.isoformat()}
        n = write(asked, to, about | {"HomeRegion": HOME[where.partition]})
        self.stdout.write(f"{n} files in {to}. Judge it: manage.py judge {to}")
