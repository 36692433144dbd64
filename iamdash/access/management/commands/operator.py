from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from iamdash.access import audit, mfa, sessions
from iamdash.access.models import Operator, Role
from iamdash.access.sso import rights_of


class Command(BaseCommand):
    help = "Operators, for whom no page opens: make an admin, let one in again. New passwords are printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what", choices=["list", "make", "password", "reset-mfa", "break-glass", "activate", "deactivate"]
        )
        parser.add_argument("name", nargs="?", default="")
        parser.add_argument(
            "--role", choices=Role.values, default=Role.ADMIN, help="make: default admin, of all accounts"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        what, name = options["what"], options["name"]
        if what == "list":
            self._list()
        elif not name:
            raise CommandError("Name the operator.")
        elif what == "make":
            self._make(name, options["role"])
        elif operator := Operator.objects.filter(username=name).first():
            getattr(self, "_" + what.replace("-", "_"))(operator)
        else:
            raise CommandError(f"There is no operator {name}.")

    def _list(self) -> None:
        for one in Operator.objects.order_by("username"):
            marks = [
                one.role,
                *(["break-glass"] if one.break_glass else []),
                *([] if one.is_active else ["deactivated"]),
            ]
            self.stdout.write(f"{one.username}: {', '.join(marks)}")

    def _make(self, name: str, role: str) -> None:
        if Operator.objects.filter(username__iexact=name).exists():
            raise CommandError(f"There is an operator {name} already.")
        operator = Operator.objects.create_user(name, role=role, all_accounts=True)
        audit.record(None, "operator-made", name, **rights_of(operator))
        self._tell(operator)

    def _password(self, operator: Operator) -> None:
        audit.record(None, "operator-password-reset", operator.username, sessions=self._ended(operator))
        self._tell(operator)

    def _tell(self, operator: Operator) -> None:
        self.stdout.write(f"Password of {operator.username}: {operator.new_password()}")

    def _reset_mfa(self, operator: Operator) -> None:
        n = mfa.reset(operator)
        audit.record(None, "operator-mfa-reset", operator.username, removed=n, sessions=self._ended(operator))
        self.stdout.write(f"{operator.username} has no second factor any more.")

    def _break_glass(self, operator: Operator) -> None:
        self._set(operator, break_glass=True)
        self.stdout.write(f"{operator.username} may sign in without single sign-on.")

    def _activate(self, operator: Operator) -> None:
        self._set(operator, is_active=True)

    def _deactivate(self, operator: Operator) -> None:
        self._set(operator, is_active=False)
        self._ended(operator)

    def _set(self, operator: Operator, **fields: bool) -> None:
        for name, value in fields.items():
            setattr(operator, name, value)
        operator.save(update_fields=list(fields))
        audit.record(None, "operator-changed", operator.username, **fields)

    def _ended(self, operator: Operator) -> int:
        return sessions.end(UserSession.objects.filter(user=operator))
