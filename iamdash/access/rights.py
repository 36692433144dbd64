"""What a view asks of the operator. The database asks again (database.py)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from iamdash.access.models import Role

View = Callable[..., HttpResponseBase]


def needs(role: Role, *, every_account: bool = False) -> Callable[[View], View]:
    """Only operators of this role, or a higher one. every_account: and only those who see all accounts.

    The role stands on the view as `needs`, so that the walk over all URLs can tell who may open it.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.may(role):
                raise PermissionDenied(f"This needs the role {role.value}; yours is {request.user.role}.")
            if every_account and not request.user.all_accounts:
                raise PermissionDenied("This needs an operator of all accounts.")
            return view(request, *args, **kwargs)

        guarded.needs, guarded.every_account = role, every_account  # type: ignore[attr-defined]
        return guarded

    return guard
