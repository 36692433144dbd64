"""Which risks were accepted, by whom, until when, and what does each acceptance hide now?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import django_tables2 as tables
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from collectors.models import Account
from findings.analysis.families import named
from findings.engine import exceptions as deciding
from findings.engine.exceptions import limits
from findings.models import Acceptance, Finding
from findings.models.decided import STANDS
from findings.vocabulary import Severity
from iamdash.access.models import Operator, Role
from iamdash.access.rights import needs
from iamdash.pages import facets, show
from iamdash.pages.exception_forms import ExceptionForm, initial
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.findings import last_day, rule_label
from iamdash.pages.grouped import reaching
from iamdash.pages.lists import ListPage
from iamdash.pages.scopes import Whom
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.tables import ListTable
from iamdash.pages.work_forms import ExtendForm
from iamdash.pages.written import number

SOON = timedelta(days=14)
SHOWN = 10
APPROVED = Q(needs_approval=False) | Q(approved_at__isnull=False)
LIVE = STANDS & Q(expires_at__gt=Now())


def what(one: Acceptance) -> str:
    """What it accepts, as far as the accounts are not concerned."""
    said = [rule_label(one.code) if one.code else "all rules"]
    if one.subject_id:
        said.append(f"of {show.hidden(one.subject_name or one.subject_id)}")
    if one.part:
        said.append(f"({show.hidden(one.part)})")
    if one.tag:
        said.append(f"of roles and users tagged {show.hidden(one.tag)}")
    if one.family:
        said.append(f"of the family {show.hidden(named(one.family))}")
    return " ".join(said)


class ExceptionTable(ListTable):
    lead = "what"
    caption = "Acceptances"
    tells = {
        "what": ("accepts", "rule", "subject_id", "tag", "family", "up_to"),
        "whom": ("in",),
        "hides": ("hides", "last_hid_at"),
        "reason": ("reason", "owner", "set_by", "set_at", "approved_by"),
        "until": ("expires_at", "ended_by", "ended_at"),
    }

    what = tables.Column("Accepts", accessor="pk")
    whom = tables.Column("In", accessor="pk")
    hides = tables.Column("Hides now", accessor="pk")
    reason = tables.Column("Why")
    until = tables.Column("Until", accessor="expires_at", attrs={"td": {"class": "tight"}})

    def render_what(self, record: Acceptance) -> SafeString:
        url = show.address(self.request, "findings-exception", record.pk)
        worst = Severity(record.severity).label.lower()
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">up to {}</span>',
            url,
            what(record),
            worst,
        )

    def render_whom(self, record: Acceptance) -> SafeString:
        return show.name(Whom.of(record).words())

    def render_hides(self, record: Acceptance) -> SafeString:
        return hides_now(record, record.hidden, self.request)  # type: ignore[attr-defined]

    def render_reason(self, record: Acceptance) -> SafeString:
        under = f"{record.owner} answers; accepted by {record.set_by}"
        return format_html('{}<span class="under">{}</span>', show.name(record.reason), show.hidden(under))

    def render_until(self, record: Acceptance) -> SafeString:
        return format_html('{}<span class="under">{}</span>', f"{last_day(record):%Y-%m-%d}", standing(record))


def standing(one: Acceptance) -> SafeString:
    if one.ended_at is not None:
        who = f" by {show.hidden(one.ended_by)}" if one.ended_by else ""
        return format_html("{}{}, {}", "ended" if who else "expired", who, show.ago(one.ended_at))
    if one.needs_approval and one.approved_at is None:
        return format_html("{}waits for approval", show.mark("unknown"))
    return format_html("ends {}", show.ago(one.expires_at))


def hides_now(one: Acceptance, n: int, request: HttpRequest) -> SafeString:
    if n:
        url = show.address(request, "findings", tab="accepted", exception=str(one.pk))
        return format_html('<a href="{}" hx-boost="false">{} finding{}</a>', url, f"{n:,}", "" if n == 1 else "s")
    if one.ended_at is not None or (one.needs_approval and one.approved_at is None):
        return format_html('<span class="muted">{}</span>', "nothing")
    return format_html('nothing<span class="under">last {}</span>', show.ago(one.last_hid_at))


def of(accounts: set[int]) -> Q:
    """Acceptances of these accounts, and wider ones that reach one of them."""
    wide = Acceptance.objects.filter(STANDS, account=None)
    reach = [one.pk for one in wide if accounts & set(Whom.of(one).reached())]
    return Q(account__in=accounts) | Q(pk__in=reach)


FILTERS = Filters(
    sorts={
        "until": Sort("Until", ("expires_at",)),
        "made": Sort("Made", ("set_at",), descending=True),
    },
    tabs=(
        Tab("standing", "Standing", LIVE & APPROVED),
        Tab("pending", "Waiting for approval", LIVE & ~APPROVED),
        Tab("soon", "Ending soon", LIVE & APPROVED & Q(expires_at__lte=Now() + SOON)),
        Tab("ended", "Ended", ~LIVE, "-made"),
        Tab("all", "All", Q()),
    ),
    facets=reaching(of, offered=True),
    search=("reason", "owner", "set_by", "subject_name", "code"),
    searched="reason, owner, subject or rule",
)


class ExceptionList(ListPage):
    name = "acceptances"
    title = "Exceptions"
    folder = "exceptions"
    table = ExceptionTable
    filters = FILTERS
    fields = {
        "id": lambda a: a.pk,
        "accepts": what,
        "in": lambda a: Whom.of(a).words(),
        "rule": lambda a: a.code,
        "subject_id": lambda a: a.subject_id,
        "tag": lambda a: a.tag,
        "family": lambda a: a.family,
        "up_to": lambda a: Severity(a.severity).slug,
        "hides": lambda a: a.hidden,
        "last_hid_at": lambda a: a.last_hid_at,
        "reason": lambda a: a.reason,
        "owner": lambda a: a.owner,
        "set_by": lambda a: a.set_by,
        "set_at": lambda a: a.set_at,
        "approved_by": lambda a: a.approved_by,
        "expires_at": lambda a: a.expires_at,
        "ended_by": lambda a: a.ended_by,
        "ended_at": lambda a: a.ended_at,
    }

    def queryset(self) -> QuerySet[Acceptance]:
        return seen(self.request.user)

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Sequence[Acceptance]) -> None:
        found = Finding.objects.filter(acceptance__in=[one.pk for one in rows]).order_by().values_list("acceptance")
        counts = dict(found.annotate(n=facets.rows()))
        for one in rows:
            one.hidden = counts.get(one.pk, 0)  # type: ignore[attr-defined]

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"may_work": self.request.user.may(Role.ANALYST)}


def seen(operator: Operator) -> QuerySet[Acceptance]:
    """Unordered. Of those of no single account an operator of some accounts sees those that reach one of them."""
    rows = Acceptance.objects.order_by()
    if operator.all_accounts:
        return rows
    wide = rows.filter(account=None)
    return rows.filter(Q(account__isnull=False) | Q(pk__in=[one.pk for one in wide if Whom.of(one).reached()]))


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    one = _seen(request, pk)
    hidden = Finding.objects.filter(acceptance=one)
    since = hidden.filter(accepted_at__gt=Coalesce(F("acceptance__approved_at"), F("acceptance__set_at")))
    by_severity = dict(hidden.order_by().values_list("severity").annotate(n=facets.rows()))
    by_account = (
        hidden.order_by().values_list("account__name").annotate(n=facets.rows()).order_by("-n", "account__name")
    )
    mine = request.user.may(Role.ANALYST) and (one.account_id is not None or request.user.all_accounts)
    live = one.ended_at is None and one.expires_at > timezone.now()
    waits = one.needs_approval and one.approved_at is None
    context = {
        "one": one,
        "what": what(one),
        "whom": Whom.of(one).words(),
        "standing": standing(one),
        "last_day": last_day(one),
        "hides": hides_now(one, sum(by_severity.values()), request),
        "by_severity": [(s, by_severity[s]) for s in WORST_FIRST if by_severity.get(s)],
        "by_account": by_account[:SHOWN],
        "since": since.count(),
        "newest": since.select_related("account").order_by("-accepted_at", "-pk")[:SHOWN],
        "waits": waits and live,
        "may_end": mine and live,
        "may_approve": mine and live and waits and one.set_by != request.user.username,
        "extend": _extend_form(one) if mine and live and not waits else None,
    }
    return render(request, "exceptions/detail.html", context)


def _seen(request: HttpRequest, pk: int) -> Acceptance:
    found: Acceptance = get_object_or_404(seen(request.user).select_related("account"), pk=pk)
    return found


def _standing(request: HttpRequest, pk: int) -> Acceptance:
    """One that this operator may change."""
    one = _seen(request, pk)
    if one.account_id is None and not request.user.all_accounts:
        raise PermissionDenied("This needs an operator of all accounts.")
    return one


def _extend_form(one: Acceptance, data: Any = None) -> ExtendForm:
    reached = Account.objects.filter(pk__in=deciding.accounts_of(one))
    return ExtendForm(limits(reached), data, initial={"reason": one.reason})


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """It is accepted when what it hides was seen before, and is still as much."""
    finding = _asked_finding(request)
    begins = initial(finding, request.user, whole="family" in request.GET)
    form = ExceptionForm(request.user, finding, request.POST or None, initial=begins)
    context: dict[str, Any] = {"form": form, "finding": finding}
    if request.method == "POST" and form.is_valid():
        preview = form.preview()
        before, now = request.POST.get("seen", ""), preview.hidden.total
        if "look" not in request.POST and before == str(now):
            return _accepted(request, form.row, now)
        known = number(before)
        grown = 0 if known is None else max(0, now - known)
        context |= {"preview": preview, "grown": grown, "approval": form.limits.approval}
    return render(request, "exceptions/add.html", context, status=422 if form.errors else 200)


def _asked_finding(request: HttpRequest) -> Finding | None:
    given = request.GET.get("finding", "")
    if not given:
        return None
    if (pk := number(given)) is None:
        raise Http404("No finding has this number.")
    found: Finding = get_object_or_404(Finding.objects.select_related("account"), pk=pk)
    return found


def _accepted(request: HttpRequest, row: Acceptance, n: int) -> HttpResponse:
    deciding.accept(row)
    until = f"until {last_day(row):%Y-%m-%d}"
    told = (
        "Another operator must approve it."
        if row.needs_approval
        else f"{n:,} finding{'' if n == 1 else 's'} accepted {until}."
    )
    messages.success(request, told)
    return redirect("findings-exception", row.pk)


@needs(Role.ANALYST)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    one = _standing(request, pk)
    if deciding.end([one.pk], request.user.username):
        messages.success(request, "It ended. What it hid is open again, unless another acceptance hides it.")
    return redirect("findings-exception", pk)


@needs(Role.ANALYST)
@require_POST
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    one = _standing(request, pk)
    form = _extend_form(one, request.POST)
    if one.ended_at is not None:
        messages.error(request, "It ended already. Accept anew.")
    elif form.is_valid():
        one = deciding.extend(one, form.expires_at, form.cleaned_data["reason"], request.user.username)
        messages.success(request, "Another operator must approve it." if one.needs_approval else "It is extended.")
    for errors in form.errors.values():
        messages.error(request, " ".join(errors))
    return redirect("findings-exception", one.pk)


@needs(Role.ANALYST)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    one = _standing(request, pk)
    if deciding.approve(one, request.user.username):
        messages.success(request, "It is approved, and holds.")
    else:
        messages.error(request, "It does not wait for approval, or you asked for it yourself.")
    return redirect("findings-exception", pk)
