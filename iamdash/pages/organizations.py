"""Connecting whole organizations: which are, who could tell of more, and what to deploy so that their accounts are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from collectors import organization_access
from collectors.models import (
    Account,
    AccountDetails,
    Connection,
    ConnectionTest,
    Coverage,
    OrganizationAccount,
    OrganizationConnection,
)
from collectors.models.coverage import TROUBLE
from collectors.models.organization_view import SOURCE
from collectors.onboarding import Choice, Status, board, members, told
from collectors.organization_access import Access
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.account import NO_PRINCIPAL
from iamdash.pages.organization_forms import ConnectOrganization, preview, tree

LISTED = 20


@dataclass(frozen=True)
class Teller:
    """An account that told of an organization. connected: another account tells of it here, whose place it could take."""

    account: Account
    organization_id: str
    managing: bool
    members: int
    connected: bool


@dataclass(frozen=True)
class Connected:
    decided: OrganizationConnection
    counts: list[tuple[Status, int]]

    @property
    def total(self) -> int:
        return sum(n for _, n in self.counts)


@needs(Role.VIEWER, every_account=True)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    decided = OrganizationConnection.objects.select_related("account").order_by("organization_id")
    context = {
        "organizations": [Connected(one, counts(one)) for one in decided],
        "tellers": tellers(),
        "untold": untold(),
        "gaps": gaps(Coverage.objects.all()),
        "accounts_known": Account.objects.exists(),
        "may_manage": request.user.may(Role.ADMIN),
    }
    return render(request, "organization/organizations.html", context)


def counts(decided: OrganizationConnection) -> list[tuple[Status, int]]:
    """Accounts by status, in the order in which somebody should look at them."""
    found = dict(board(decided).order_by().values_list("status").annotate(n=Count("pk")))
    return [(status, found[status]) for status in Status if status in found]


def _told() -> QuerySet[AccountDetails]:
    return AccountDetails.present.filter(unique_id=SOURCE, data__organization__has_key="organization_id")


def tellers() -> list[Teller]:
    """Accounts whose collection read the tree of an organization, its management account first, but for those that tell of
    theirs already."""
    known = dict(OrganizationConnection.objects.values_list("organization_id", "account"))
    listing = OrganizationAccount.present.filter(account=OuterRef("account"))
    rows = _told().filter(Exists(listing))
    sizes = OrganizationAccount.present.filter(account__in=rows.values("account")).order_by().values_list("account")
    members = dict(sizes.annotate(n=Count("pk")))
    found = []
    for row in rows.select_related("account"):
        said = row.as_record.organization
        managing = said.management_account_id == row.account.aws_id
        if known.get(said.organization_id) != row.account_id:
            size, connected = members[row.account_id], said.organization_id in known
            found.append(Teller(row.account, said.organization_id, managing, size, connected))
    return sorted(found, key=lambda t: (t.connected, t.organization_id, not t.managing, t.account.aws_id))


def untold() -> list[tuple[str, str, int]]:
    """Organizations that members named and nobody told of: id, management account, number of connected members."""
    heard = set(OrganizationConnection.objects.values_list("organization_id", flat=True))
    heard |= {teller.organization_id for teller in tellers()}
    named = (
        _told()
        .values_list("data__organization__organization_id", "data__organization__management_account_id")
        .annotate(n=Count("pk"))
    )
    return [(one, manager or "", n) for one, manager, n in named.order_by("-n")[:LISTED] if one not in heard]


def gaps(rows: QuerySet[Coverage]) -> QuerySet[Coverage]:
    """What of an organization an account could not read, though it may be one that should."""
    short = rows.filter(api__startswith=f"{SOURCE}:", state__in=TROUBLE).exclude(permission="sts:AssumeRole")
    return short.select_related("account").order_by("account", "api")[:LISTED]


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, aws_id: str) -> HttpResponse:
    account = get_object_or_404(Account, aws_id=aws_id)
    said = told(account)
    if said is None or not said.organization_id or not OrganizationAccount.present.filter(account=account).exists():
        messages.error(request, "This account told of no organization yet. See below what it lacks.")
        return redirect("accounts-organizations")
    standing = OrganizationConnection.objects.filter(organization_id=said.organization_id).first()
    if standing is not None and standing.account_id == account.pk:
        return redirect("accounts-organization", standing.organization_id)
    return _form(request, account, standing, said.organization_id)


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, organization_id: str) -> HttpResponse:
    decided = found(organization_id)
    return _form(request, decided.account, decided, organization_id)


def found(organization_id: str) -> OrganizationConnection:
    """Raises Http404."""
    return get_object_or_404(OrganizationConnection.objects.select_related("account"), organization_id=organization_id)


def _form(
    request: HttpRequest, account: Account, decided: OrganizationConnection | None, organization_id: str
) -> HttpResponse:
    form = (
        ConnectOrganization(account, decided, request.POST)
        if request.method == "POST"
        else ConnectOrganization.of(account, decided, tree(account))
    )
    good = not form.is_bound or form.is_valid()
    if form.is_bound and good and "preview" not in request.POST and form.save(organization_id, request.user.username):
        messages.success(request, "Decided. Accounts join within a minute; deploy the templates for them now.")
        return redirect("accounts-organization-templates", organization_id)
    context = {
        "form": form,
        "account": account,
        "decided": decided,
        "organization_id": organization_id,
        "tree": tree(account, form.units),
        "preview": preview(account, form.choice, decided) if good and not form.errors else None,
    }
    return render(request, "organization/form.html", context, status=422 if form.errors else 200)


@needs(Role.ADMIN, every_account=True)
@require_safe
def templates(request: HttpRequest, organization_id: str) -> HttpResponse:
    """What to deploy, as text to copy, in the order in which it is deployed."""
    decided = found(organization_id)
    said = told(decided.account)
    manager = said.management_account_id if said else ""
    managing = manager == decided.account.aws_id
    access = Access(decided, settings.COLLECTOR_ARN or NO_PRINCIPAL, decided.account.partition, managing)
    ours = organization_access
    context = {
        "decided": decided,
        "access": access,
        "known_principal": bool(settings.COLLECTOR_ARN),
        "outside": outside(decided),
        "managing": managing,
        "manager": manager,
        "manager_by_hand": Account.objects.filter(aws_id=manager, connection__organization=None).exists(),
        "same_name": same_name(decided, manager),
        "members_file": ours.MEMBERS_FILE,
        "members_text": ours.text(ours.member_template(access)),
        "stack_set_text": ours.stack_set_commands(access),
        "terraform_text": ours.stack_set_terraform(access),
        "role_text": ours.member_terraform(access),
        "stack_text": ours.stack_command(access, ours.STACK, ours.MEMBERS_FILE),
        "hub_file": ours.HUB_FILE,
        "hub_text": ours.text(ours.hub_template(access)) if decided.hub_role_arn else "",
        "hub_stack_text": ours.stack_command(access, ours.HUB_STACK, ours.HUB_FILE),
    }
    return render(request, "organization/templates.html", context)


def same_name(decided: OrganizationConnection, manager: str) -> list[Account]:
    """Its accounts that are reached otherwise, by a role of the very name that the StackSet makes: IAM refuses a second one, so
    their stacks fail. StackSets leave the management account out."""
    others = Connection.objects.filter(kind=Connection.Kind.ROLE, role_name=decided.role_name).exclude(
        organization=decided
    )
    there = members(decided.account, Choice.of(decided)).filter(gone_at=None).values("unique_id")
    found = Account.objects.filter(connection__in=others, aws_id__in=there).exclude(aws_id=manager)
    return list(found.order_by("name", "aws_id"))


def outside(decided: OrganizationConnection) -> str:
    """Id of an account that is not the organization's though its roles are to trust a principal of it; "" for none."""
    parts = (decided.hub_role_arn or settings.COLLECTOR_ARN).split(":")
    aws_id = parts[4] if len(parts) > 5 else ""
    listed = OrganizationAccount.present.filter(account=decided.account, unique_id=aws_id)
    return aws_id if aws_id and not listed.exists() else ""


@needs(Role.ADMIN, every_account=True)
@require_POST
def pause(request: HttpRequest, organization_id: str) -> HttpResponse:
    """Stop or resume joining, and collecting what joined."""
    decided = found(organization_id)
    decided.paused = not decided.paused
    decided.save(update_fields=["paused"])
    said = "Paused: its accounts are collected no more, and none joins." if decided.paused else "Resumed."
    messages.success(request, f"{said} It holds within a minute.")
    return redirect("accounts-organization", organization_id)


@needs(Role.ADMIN, every_account=True)
@require_POST
def test(request: HttpRequest, organization_id: str) -> HttpResponse:
    """Prove the template again, in an account that it reached, or else in one that joined."""
    decided = found(organization_id)
    ours = Account.objects.filter(connection__organization=decided, membership__standing="chosen")
    works = Exists(Coverage.objects.filter(account=OuterRef("pk"), state="complete"))
    account = ours.annotate(works=works).order_by("-works", "pk").first()
    if account is None:
        messages.error(request, "No account joined yet.")
        return redirect("accounts-organization", organization_id)
    if not ConnectionTest.objects.filter(account=account, finished_at=None).exists():
        ConnectionTest.objects.create(account=account, requested_by=request.user.username, template=decided.template)
    return redirect(reverse("account", args=[account.aws_id]) + "#test")


def proof(decided: OrganizationConnection) -> dict[str, Any]:
    """The last proof of the template that stands."""
    last = ConnectionTest.objects.filter(template=decided.template).select_related("account").order_by("-pk").first()
    refused = [c for c in last.checks if "external id" in c["what"]] if last else []
    return {"test": last, "held": bool(refused) and all(check["ok"] for check in refused), "tried": bool(refused)}
