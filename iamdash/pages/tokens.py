"""To make and to revoke API tokens; their list is token_list.py."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from iamdash.access import audit, tokens
from iamdash.pages import show
from iamdash.pages.token_forms import TokenForm
from iamdash.pages.token_list import seen


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
    row = get_object_or_404(seen(request), pk=pk)
    if tokens.end(row, request.user):
        audit.record(request, "token-ended", row.name, shown=row.shown, of=row.operator.get_username())
        messages.success(request, f"{row.name} is revoked. Requests with it are refused from now on.")
    return redirect(show.address(request, "settings-tokens"))
