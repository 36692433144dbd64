from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from iamdash.access.audit_chain import Head, head, verify
from iamdash.access.models import AuditEntry

HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Command(BaseCommand):
    help = "The audit log: `head` to write down what proves it later, `verify` to check that nothing was altered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["head", "verify"])
        parser.add_argument("--kept", default="", help="verify: a head that was written down earlier (number:hash)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "head":
            self.stdout.write(str(head()))
            return
        found = verify(AuditEntry.objects.order_by("number").iterator(2000), kept(options["kept"]))
        if found.problem:
            raise CommandError(f"{found.problem} The {found.entries} before are as they were written.")
        self.stdout.write(f"{found.entries} entries, each as it was written. Head: {found.head}")


def kept(text: str) -> Head | None:
    if not text:
        return None
    parts = HEAD.fullmatch(text.strip())
    if parts is None:
        raise CommandError(f"{text!r} is no head: number:hash is needed, as `audit head` prints it.")
    return Head(int(parts[1]), parts[2])
