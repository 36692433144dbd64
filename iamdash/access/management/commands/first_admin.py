from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iamdash.access import audit
from iamdash.access.models import Operator, Role
from iamdash.access.sso import rights_of


class Command(BaseCommand):
    help = (
        "Make the operator `admin` where there is no operator yet; the password comes from IAMDASH_ADMIN_PASSWORD_FILE."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if Operator.objects.exists():
            return
        path = os.environ.get("IAMDASH_ADMIN_PASSWORD_FILE")
        if not path:
            raise CommandError("Set IAMDASH_ADMIN_PASSWORD_FILE to a file that holds the first admin's password.")
        password = Path(path).read_text().strip()
        if len(password) < 14:
            raise CommandError(f"The password in {path} has fewer than 14 characters.")
        operator = Operator.objects.create_user("admin", password, role=Role.ADMIN, all_accounts=True)
        audit.record(None, "operator-made", "admin", **rights_of(operator))
        self.stdout.write("Made the operator admin.")
