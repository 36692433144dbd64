"""By what is each account judged, who decided that, and for whom?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from collectors.models import Account, Principal
from findings.analysis.owners import Owned, owner_of
from findings.analysis.places import RANK, Place, Scope, Standing
from findings.analysis.setting_fields import DECIDED, FIELDS, Field
from findings.analysis.settings import Value, resolve
from findings.engine import deciding
from findings.engine.decided import decisions, environment
from findings.engine.grouping import owners, standings
from findings.models import DecidedSetting, KindOverride
from findings.models.decided import STANDS
from iamdash.access.models import Operator, Role
from iamdash.access.rights import needs
from iamdash.pages import narrowed
from iamdash.pages.scopes import Whom, seen, standing
from iamdash.pages.settings_forms import Decide

PAST, LISTED = 50, 100
FOLLOWS = "Accounts that it reaches are judged by it within a minute."
NOBODY = Standing(Place(""))
ORDER = {name: number for number, name in enumerate(DECIDED)}


@dataclass(frozen=True)
class Decided:
    """A row of what is decided. reached: how many accounts of those seen; unsure: of how many that cannot be told."""

    row: DecidedSetting
    whom: Whom
    reached: int
    unsure: int = 0

    @property
    def field(self) -> Field | None:
        """None: an older version knew the setting."""
        return DECIDED.get(self.row.name)

    @property
    def title(self) -> str:
        return self.field.title if self.field else self.row.name

    @property
    def value(self) -> str:
        try:
            return self.field.said(self.field.read(self.row.value)[0]) if self.field else str(self.row.value)
        except ValueError:
            return "cannot be read any more, and is passed over"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    rows = list(DecidedSetting.objects.filter(STANDS).select_related("account").order_by("target", "pk"))
    scope = narrowed.read(request)
    rows = [row for row in seen(rows, request.user) if _reaches(row, scope.accounts)]
    rows.sort(key=lambda row: (ORDER.get(row.name, len(ORDER)), RANK[Scope(row.scope)]))
    past = DecidedSetting.objects.exclude(STANDS).select_related("account").order_by("-ended_at", "-pk")[:PAST]
    kinds = list(_kinds(scope.accounts)[: LISTED + 1])
    context = {
        "scope": scope,
        "kinds": kinds[:LISTED],
        "more_kinds": len(kinds) > LISTED,
        "decided": [_decided(row) for row in rows],
        "past": [Decided(row, Whom.of(row), 0) for row in seen(list(past), request.user)],
        "offered": resolve([one for one in decisions(()) if one.scope is Scope.ALL], NOBODY, environment("")).values(),
        "elsewhere": [field for field in FIELDS.values() if field.elsewhere],
        "may_manage": request.user.may(Role.ADMIN),
        "may_all": request.user.may(Role.ADMIN) and request.user.all_accounts,
    }
    return render(request, "settings/page.html", context)


def _kinds(accounts: list[int] | None) -> QuerySet[KindOverride]:
    """Those that stand, with what the role or user is called while it is there."""
    called = Principal.present.filter(account=OuterRef("account"), unique_id=OuterRef("principal_id")).values("name")[
        :1
    ]
    rows = KindOverride.objects.filter(STANDS).annotate(called=Subquery(called)).select_related("account")
    return (rows if accounts is None else rows.filter(account__in=accounts)).order_by("-set_at", "-pk")


def _reaches(row: DecidedSetting, accounts: list[int] | None) -> bool:
    """Whether it reaches one of these accounts."""
    return accounts is None or not set(accounts).isdisjoint(Whom.of(row).reached())


def _decided(row: DecidedSetting) -> Decided:
    one = Whom.of(row)
    return Decided(row, one, len(one.reached()), one.unsure())


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest) -> HttpResponse:
    """Without the name of a setting: which one? With `look` in place of a decision: whom it would reach."""
    field = DECIDED.get((request.POST or request.GET).get("name", ""))
    if field is None:
        return render(request, "settings/choose.html", {"fields": DECIDED.values()})
    form = Decide(request.user, field, request.POST or None, initial=_standing(request, field))
    context: dict[str, Any] = {"form": form, "field": field}
    if request.method == "POST" and form.is_valid():
        if "look" in request.POST:
            context["preview"] = form.preview()
        elif form.save():
            messages.success(request, f"{field.title} is decided. {FOLLOWS}")
            return redirect("settings")
    return render(request, "settings/decide.html", context, status=422 if form.errors else 200)


def _standing(request: HttpRequest, field: Field) -> dict[str, str]:
    """What the form begins with: the value that stands for the scope that the address names, else the product's."""
    whom = request.GET.get("whom", "")
    found = standing(DecidedSetting.objects.filter(name=field.name), whom, request.user)
    try:
        value = field.read(found.value)[0] if found else field.default
    except ValueError:
        value = field.default
    return {"whom": whom, "value": field.kind.text(value)}


@needs(Role.ADMIN)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """It holds no longer; that it did is kept."""
    row = get_object_or_404(DecidedSetting.objects.filter(STANDS).select_related("account"), pk=pk)
    if row.account is None and not request.user.all_accounts:
        raise PermissionDenied("This needs an operator of all accounts.")
    if deciding.end(row, request.user.username):
        one = _decided(row)
        messages.success(request, f"{one.title} is no longer decided for {one.whom.words()}. {FOLLOWS}")
    return redirect("settings")


@dataclass(frozen=True)
class OfAccount:
    """What operators decided of one account, as its page shows it. change: whether this operator may decide for it."""

    standing: Standing
    values: list[Value]
    owner: Owned | None
    change: bool

    @property
    def whom(self) -> str:
        return f"{Scope.ACCOUNT.value}:{self.standing.place.aws_id}"

    @property
    def decided(self) -> list[Value]:
        return [value for value in self.values if value.decided]


def of_account(account: Account, operator: Operator) -> OfAccount:
    """Four queries."""
    standing = standings([account])[account.pk]
    values = resolve(decisions([account]), standing, environment(account.aws_id))
    return OfAccount(standing, list(values.values()), owner_of(standing, owners()), operator.may(Role.ADMIN))
