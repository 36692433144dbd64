from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.analysis.activity import event_actions
from findings.analysis.activity.service_reference import Service, beyond_ours, disagreements, read


class Command(BaseCommand):
    help = (
        "Compare the map of CloudTrail's events to IAM actions with AWS's service reference files in a folder"
        " (https://servicereference.us-east-1.amazonaws.com lists them; nothing is downloaded). Needs no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="holds SERVICE.json files")
        parser.add_argument("--write", action="store_true", help="keep what they know beyond our own table")

    def handle(self, *args: Any, folder: Path, write: bool, **options: Any) -> None:
        services = list(self.services(folder))
        if not services:
            raise CommandError(f"{folder} holds no .json file.")
        source = f"AWS's service reference files of {', '.join(sorted(s.name for s in services))}"
        found = beyond_ours(services, source)
        for name, actions in found.events.items():
            self.stdout.write(f"{name}: {', '.join(actions)}")
        for sentence in disagreements(services):
            self.stdout.write(f"differs: {sentence}")
        self.stdout.write(f"{len(services)} services; {len(found.events)} operations are known to them only")
        if write:
            self.keep(found)

    def services(self, folder: Path) -> Iterator[Service]:
        for path in sorted(folder.glob("*.json")):
            try:
                yield read(path.read_bytes())
            except (OSError, msgspec.MsgspecError) as error:
                raise CommandError(f"{path} is no service reference file: {error}") from None

    def keep(self, found: event_actions.Reference) -> None:
        path = Path(str(event_actions.REFERENCE))
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        event_actions.reference.cache_clear()
        event_actions.actions_of.cache_clear()
        self.stdout.write(f"written to {path}")
