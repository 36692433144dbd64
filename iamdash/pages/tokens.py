"""Which programs read iamdash, as whom, and until when?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from iamdash.access import audit, tokens
from iamdash.access.models import ApiToken, Role
from iamdash.pages.token_forms import TokenForm

PAST = 50


@dataclass(frozen=True)
class Shown:
    row: ApiToken

    @property
    def scopes(self) -> str:
        return ", ".join(self.row.scopes)

    @property
    def over(self) -> str:
        """Why one that is not valid is not."""
        if self.row.ended_at:
            return f"revoked by {self.row.ended_by}"
        if self.row.expires_at <= timezone.now():
            return "expired"
        if not self.row.operator.is_active:
            return "its operator may not sign in"
        return f"its operator has not signed in for {tokens.SEEN_WITHIN.days} days"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Two queries."""
    rows = tokens.seen_by(request.user, everybody=_looks_after_all(request))
    past = rows.exclude(tokens.VALID).order_by("-created_at", "-pk")[:PAST]
    context = {
        "tokens": _shown(rows.filter(tokens.VALID).order_by("operator__username", "name", "pk")),
        "past": _shown(past),
        "everybody": _looks_after_all(request),
    }
    return render(request, "tokens/page.html", context)


def _looks_after_all(request: HttpRequest) -> bool:
    return request.user.may(Role.ADMIN) and bool(request.user.all_accounts)


def _shown(rows: Sequence[ApiToken]) -> list[Shown]:
    return [Shown(row) for row in rows]


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
def add(request: HttpRequest) -> HttpResponse:
    """For who signed in, or confirmed who they are, just now: what is made here outlasts the session. The answer to the form
    holds the token, and nothing else ever does: no redirect, since that would have to keep it somewhere."""
    form = TokenForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        row, secret = form.save()
        audit.record(request, "token-made", row.name, scopes=row.scopes, until=row.expires_at, shown=row.shown)
        return render(request, "tokens/secret.html", {"token": row, "secret": secret})
    return render(request, "tokens/add.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """At once. Others' tokens are not there for who does not look after all."""
    row = get_object_or_404(tokens.seen_by(request.user, everybody=_looks_after_all(request)), pk=pk)
    if tokens.end(row, request.user):
        audit.record(request, "token-ended", row.name, shown=row.shown, of=row.operator.get_username())
        messages.success(request, f"{row.name} is revoked. Requests with it are refused from now on.")
    return redirect("settings-tokens")
