"""Which accounts belong together, and who answers for them?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from findings.analysis.places import Group, Scope
from findings.engine import deciding, regrouping
from findings.models import AccountGroup, AccountOwner, DecidedSetting, GroupMember
from findings.models.decided import STANDS
from iamdash.access.models import Operator, Role
from iamdash.access.rights import needs
from iamdash.pages.groups_forms import GroupForm, OwnerForm, standing_owner
from iamdash.pages.scopes import Whom, known_groups, listed, named, seen

PAST = 50


@dataclass(frozen=True)
class GroupView:
    """A group with its members among the accounts seen. unsure: members whose OUs or tags nobody read."""

    group: Group
    row: AccountGroup
    members: list[int]
    unsure: int
    owner: AccountOwner | None
    settings: int

    @property
    def selector(self) -> list[str]:
        """By what accounts belong to it, in words."""
        ous = [named(Scope.OU).get(unit, f"OU {unit}") for unit in self.row.ous]
        by_hand = len(self.group.accounts)
        hand = [f"{by_hand} account{'s' if by_hand > 1 else ''} by hand"] if by_hand else []
        return [*ous, *(f"tag {tag}" for tag in self.row.tags), *hand]

    @property
    def whom(self) -> Whom:
        return Whom(Scope.GROUP, self.group.key)

    @property
    def listed(self) -> str:
        return listed(self.members)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    context = {
        "groups": views(request.user),
        "past": _past(request.user),
        "may_manage": request.user.may(Role.ADMIN) and request.user.all_accounts,
    }
    return render(request, "groups/page.html", context)


def views(operator: Operator) -> list[GroupView]:
    """Of an operator of some accounts only the groups that hold one of them: the others are none of theirs."""
    rows = {str(row.key): row for row in AccountGroup.objects.filter(STANDS)}
    mine = {"scope": Scope.GROUP.value}
    owners = {row.target: row for row in AccountOwner.objects.filter(STANDS, **mine)}
    decided = list(DecidedSetting.objects.filter(STANDS, **mine).values_list("target", flat=True))
    found = []
    for group in known_groups():
        members = Whom(Scope.GROUP, group.key).reached()
        unsure = Whom(Scope.GROUP, group.key).unsure()
        if members or operator.all_accounts:
            row, owner = rows[group.key], owners.get(group.key)
            found.append(GroupView(group, row, members, unsure, owner, decided.count(group.key)))
    return found


def _past(operator: Operator) -> list[AccountGroup]:
    """What ended reaches nobody any more, so only who sees all accounts may be told of it."""
    if not operator.all_accounts:
        return []
    return list(AccountGroup.objects.exclude(STANDS).order_by("-ended_at", "-pk")[:PAST])


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
        return redirect("accounts-groups")
    context = {"form": form, "title": title, "changing": form.key}
    return render(request, "groups/form.html", context, status=422 if form.errors else 200)


@needs(Role.ADMIN, every_account=True)
@require_POST
def end(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    row = _row(key)
    regrouping.end(key, request.user.username)
    messages.success(request, f"{row.name} is no group any more. What was decided for it ended too.")
    return redirect("accounts-groups")


def _row(key: uuid.UUID) -> AccountGroup:
    found: AccountGroup = get_object_or_404(AccountGroup.objects.filter(STANDS), key=key)
    return found


@dataclass(frozen=True)
class OwnerView:
    row: AccountOwner
    whom: Whom
    reached: int
    unsure: int = 0


@require_safe
def owners(request: HttpRequest) -> HttpResponse:
    rows = AccountOwner.objects.select_related("account").order_by("name", "scope", "pk")
    past = list(rows.exclude(STANDS).order_by("-ended_at", "-pk")[:PAST])
    context = {
        "owners": [_owner(row) for row in seen(list(rows.filter(STANDS)), request.user)],
        "past": [OwnerView(row, Whom.of(row), 0) for row in seen(past, request.user)],
        "may_manage": request.user.may(Role.ADMIN),
        "may_all": request.user.may(Role.ADMIN) and request.user.all_accounts,
    }
    return render(request, "groups/owners.html", context)


def _owner(row: AccountOwner) -> OwnerView:
    one = Whom.of(row)
    return OwnerView(row, one, len(one.reached()), one.unsure())


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_owner(request: HttpRequest) -> HttpResponse:
    begins = standing_owner(request.GET.get("whom", ""), request.user)
    form = OwnerForm(request.user, request.POST or None, initial=begins)
    if request.method == "POST" and form.is_valid() and form.save():
        messages.success(request, f"The owner of {form.cleaned_data['for'].words()} is noted.")
        return redirect("accounts-owners")
    return render(request, "groups/owner.html", {"form": form}, status=422 if form.errors else 200)


@needs(Role.ADMIN)
@require_POST
def end_owner(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(AccountOwner.objects.filter(STANDS).select_related("account"), pk=pk)
    if row.account is None and not request.user.all_accounts:
        raise PermissionDenied("This needs an operator of all accounts.")
    AccountOwner.objects.filter(STANDS, pk=pk).update(ended_at=Now(), ended_by=request.user.username)
    messages.success(request, f"{row.name or 'That'} is no longer noted as the owner.")
    return redirect(reverse("accounts-owners"))
