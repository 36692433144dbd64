"""One permissions boundary for roles that are alike: what any of them uses. Choose them, then look at the proposal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from collectors.models import Account, Principal
from findings.analysis.right_sizing import NoProposal, Proposal, propose_boundary
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages import narrowed
from iamdash.pages.choosing import leading
from iamdash.pages.gaps import DETAILS, Gaps
from iamdash.pages.principals import FILTERS, PrincipalList
from iamdash.pages.right_sizing import note, shown, used_facts
from iamdash.pages.written import askable

MOST = 50  # roles that a proposal is made for, and that are offered at once
NAME = "boundary"
LISTED = 200  # accounts to choose from


@require_safe
def detail(request: HttpRequest) -> HttpResponse:
    scope = narrowed.read(request)
    accounts = list(scope.rows.order_by("name", "aws_id")[: LISTED + 1])
    if scope.asked.chosen["account"] and not accounts and not scope.narrows:
        raise Http404("You see no such account.")
    account = accounts[0] if len(accounts) == 1 else None
    chosen = _chosen(account, request.GET) if account else []
    context: dict[str, Any] = {
        "scope": scope,
        "account": account,
        "chosen": chosen,
        "most": MOST,
        "q": FILTERS.read(request.GET).q,
    }
    context["left_out"] = max(0, len(set(request.GET.getlist("role"))) - MOST)
    if not account:
        here, context["more"] = request.path, len(accounts) > LISTED
        context["accounts"] = [(one, leading(here, request.GET, account=one.aws_id)) for one in accounts[:LISTED]]
    else:
        context["offered"], context["more"] = _offered(request, account, chosen)
        context["gap"] = Gaps([account.pk], DETAILS).of(account.pk, DETAILS)
        context["mark_url"] = reverse("boundary-mark", args=[account.aws_id])
        context["kept_parameters"] = [("role", one.unique_id) for one in chosen]
    if account and chosen:
        context |= shown(_proposal(account, chosen), request)
    return render(request, "right_sizing/boundary.html", context)


@needs(Role.ANALYST)
@require_POST
def mark(request: HttpRequest, aws_id: str) -> HttpResponse:
    """The operator says that each of the roles has the boundary now."""
    account = get_object_or_404(Account, aws_id=aws_id)
    chosen = _chosen(account, request.POST)
    note(request, account, _proposal(account, chosen))
    query = {"account": account.aws_id, "role": [one.unique_id for one in chosen]}
    return redirect(f"{reverse('boundary')}?{urlencode(query, doseq=True)}")


def _roles(account: Account) -> QuerySet[Principal]:
    """Those that may get one: present, without a boundary, and the account's own to change."""
    mine = PrincipalList().queryset().filter(account=account, type=Principal.Type.ROLE, gone_at=None, boundary="")
    return mine.exclude(path__startswith="/aws-service-role/").exclude(path__startswith="/aws-reserved/")


def _chosen(account: Account, given: QueryDict) -> list[Principal]:
    wanted = askable(given.getlist("role"))[:MOST]
    return list(_roles(account).filter(unique_id__in=wanted).order_by("name")) if wanted else []


def _offered(request: HttpRequest, account: Account, chosen: Sequence[Principal]) -> tuple[list[Principal], bool]:
    """The roles to choose from: those chosen, then those that the address's filters leave; and whether there are more."""
    asked = FILTERS.read(request.GET)
    found = list(
        asked.narrowed(_roles(account)).exclude(pk__in=[one.pk for one in chosen]).order_by("name")[: MOST + 1]
    )
    return [*chosen, *found[:MOST]], len(found) > MOST


def _proposal(account: Account, chosen: Iterable[Principal]) -> Proposal | NoProposal:
    chosen = list(chosen)
    told = used_facts(chosen, account, NAME)
    return propose_boundary([one.as_record for one in chosen], told, NAME)
