"""Naming networks: what addresses are called everywhere, and what tells people from programs."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from findings.analysis.activity.aws_ranges import MOST_BYTES
from findings.models import NamedNetwork
from findings.models.decided import STANDS
from iamdash.access.bodies import takes
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages import show
from iamdash.pages.network_forms import SHOWN, HandInRanges, NameNetworks, judge_again

FOLLOWS = "Accounts are judged by it within a minute."


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = NameNetworks(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid() and form.save():
        count = len(form.cleaned_data["cidrs"])
        messages.success(request, f"{count} network{'s are' if count > 1 else ' is'} named. {FOLLOWS}")
        overlaps = list(form.overlaps())
        if overlaps:
            more = f" And {len(overlaps) - SHOWN} more." if len(overlaps) > SHOWN else ""
            messages.warning(
                request, f"{' '.join(overlaps[:SHOWN])}{more} Of two that overlap the narrower names an address."
            )
        return redirect(show.address(request, "networks"))
    return render(request, "networks/add.html", {"form": form}, status=422 if form.errors else 200)


@needs(Role.ADMIN)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """The name holds no longer; that it did is kept."""
    one = get_object_or_404(NamedNetwork.objects.filter(STANDS).select_related("account"), pk=pk)
    if one.account is None and not request.user.all_accounts:
        raise PermissionDenied("This needs an operator of all accounts.")
    ended = NamedNetwork.objects.filter(STANDS, pk=pk).update(ended_at=Now(), ended_by=request.user.username)
    if ended:
        judge_again(one.account, request.user.username)
        messages.success(request, f"{one.cidr} is no longer named {one.name}. {FOLLOWS}")
    return redirect(show.address(request, "networks"))


@takes(2 * MOST_BYTES)  # so that a file that is a little too large is answered by the form
@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def aws(request: HttpRequest) -> HttpResponse:
    form = HandInRanges(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        kept = form.save(request.user.username)
        if not form.errors:
            told = (
                f"{len(kept.named):,} networks of AWS are known. {FOLLOWS}" if kept else "It is the list that is known."
            )
            messages.success(request, told)
            return redirect(show.address(request, "networks"))
    return render(request, "networks/aws.html", {"form": form}, status=422 if form.errors else 200)
