"""To say which accounts belong together, and who answers for them. Their lists: group_list.py, owner_list.py."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from findings.analysis.places import Scope
from findings.engine import deciding, regrouping
from findings.models import AccountGroup, AccountOwner, GroupMember
from findings.models.decided import STANDS
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages import show
from iamdash.pages.groups_forms import GroupForm, OwnerForm, standing_owner


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    return _form(request, GroupForm(request.user, None, request.POST or None), "Make a group")


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    row = _row(key)
    by_hand = GroupMember.objects.filter(STANDS, group=key).values_list("account", flat=True)
    given = {"name": row.name, "ous": row.ous, "tags": "\n".join(row.tags), "accounts": list(by_hand)}
    return _form(request, GroupForm(request.user, key, request.POST or None, initial=given), f"Group {row.name}")


def _form(request: HttpRequest, form: GroupForm, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid() and form.save():
        reached = len(deciding.reached(Scope.GROUP, str(form.key), None))
        told = f"{form.cleaned_data['name']} holds {reached} account{'' if reached == 1 else 's'}."
        messages.success(request, told)
        return redirect(show.address(request, "accounts-groups"))
    context = {"form": form, "title": title, "changing": form.key}
    return render(request, "groups/form.html", context, status=422 if form.errors else 200)


@needs(Role.ADMIN, every_account=True)
@require_POST
def end(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    row = _row(key)
    regrouping.end(key, request.user.username)
    messages.success(request, f"{row.name} is no group any more. What was decided for it ended too.")
    return redirect(show.address(request, "accounts-groups"))


def _row(key: uuid.UUID) -> AccountGroup:
    found: AccountGroup = get_object_or_404(AccountGroup.objects.filter(STANDS), key=key)
    return found


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_owner(request: HttpRequest) -> HttpResponse:
    begins = standing_owner(request.GET.get("whom", ""), request.user)
    form = OwnerForm(request.user, request.POST or None, initial=begins)
    if request.method == "POST" and form.is_valid() and form.save():
        messages.success(request, f"The owner of {form.cleaned_data['for'].words()} is noted.")
        return redirect(show.address(request, "accounts-owners"))
    return render(request, "groups/owner.html", {"form": form}, status=422 if form.errors else 200)


@needs(Role.ADMIN)
@require_POST
def end_owner(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(AccountOwner.objects.filter(STANDS).select_related("account"), pk=pk)
    if row.account is None and not request.user.all_accounts:
        raise PermissionDenied("This needs an operator of all accounts.")
    AccountOwner.objects.filter(STANDS, pk=pk).update(ended_at=Now(), ended_by=request.user.username)
    messages.success(request, f"{row.name or 'That'} is no longer noted as the owner.")
    return redirect(show.address(request, "accounts-owners"))
