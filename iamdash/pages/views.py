"""Saved views: which there are, and to save, change, share and delete one. Lists show theirs beside the tabs (saved.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, resolve, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from iamdash.access.models import Operator, Role
from iamdash.pages import profile, saved
from iamdash.pages.filters import Asked
from iamdash.pages.lists import ListPage
from iamdash.pages.models import SavedView
from iamdash.pages.written import printable

SHARED = "Every operator reads its name and filters, but not those who do not see an account that it names."
TAKEN = "There is a view of this name already."
MANY = "These are too many filters for one view."
LONGEST = 4000
KEPT = 200  # views of one operator


@dataclass(frozen=True)
class Row:
    """A view as the page of views tells it. ignored: what of it means nothing any more."""

    row: SavedView
    page: type[ListPage]
    asked: Asked
    url: str
    changeable: bool
    default: bool

    @property
    def title(self) -> str:
        return self.page.title


def list_page(name: str) -> type[ListPage] | None:
    """The list of a name: of views of an older version there may be none, and other pages have no views."""
    try:
        found = getattr(resolve(reverse(name)).func, "view_class", object)
    except NoReverseMatch:
        return None
    return found if issubclass(found, ListPage) else None


def told(operator: Operator, rows: Iterable[SavedView]) -> list[Row]:
    standing = profile.Profile.of(operator).views
    found = []
    for row in rows:
        if (page := list_page(row.list)) is not None:
            asked = page.read(QueryDict(row.query))
            default = standing.get(row.list) == row.pk
            found.append(Row(row, page, asked, saved.url(row), saved.may_change(operator, row), default))
    return found


def found(request: HttpRequest, pk: int) -> SavedView:
    """Raises Http404 for what the operator does not see."""
    rows = saved.seen(request.user, SavedView.objects.filter(pk=pk))
    if not rows or list_page(rows[0].list) is None:
        raise Http404("There is no such view.")
    return rows[0]


class ViewForm(forms.Form):
    """operator, row: whose view it is; row: the one that is changed, None for a new one."""

    name = forms.CharField(max_length=80)
    shared = forms.BooleanField(required=False, label="Shared with everybody", help_text=SHARED)
    default = forms.BooleanField(required=False, label="Open the list with it, for me")

    def __init__(self, operator: Operator, list_name: str, row: SavedView | None, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._operator, self._list, self._row = operator, list_name, row
        if not operator.may(Role.ANALYST):
            del self.fields["shared"]

    def clean_name(self) -> str:
        name = printable(self.cleaned_data["name"])
        owner = self._row.owner if self._row else self._operator
        same = SavedView.objects.filter(owner=owner, list=self._list, name=name)
        if same.exclude(pk=self._row.pk if self._row else None).exists():
            raise forms.ValidationError(TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        if self._row is None and SavedView.objects.filter(owner=self._operator).count() >= KEPT:
            raise forms.ValidationError(
                f"You have {KEPT} views, which is the most. Delete one under Settings, Saved views."
            )
        return self.cleaned_data


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    rows = told(request.user, saved.seen(request.user, SavedView.objects.order_by("list", "name")))
    mine = [one for one in rows if one.row.owner_id == request.user.pk]
    others = [one for one in rows if one.row.owner_id != request.user.pk]
    groups = (("Yours", mine), ("Shared by others", others))
    return render(request, "views/page.html", {"groups": groups, "none": not rows})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The address names the list and, as `query`, what is asked of it. Without, there is nothing to save."""
    name = request.GET.get("list", "")
    shown = list_page(name)
    if shown is None:
        return render(request, "views/form.html", {"title": "a list"})
    asked = _asked(shown, request)
    form = ViewForm(request.user, name, None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = SavedView(list=name, owner=request.user)
        if _kept(request, row, asked, form):
            return redirect(saved.url(row))
    context = {"form": form, "asked": asked, "title": shown.title, "back": reverse(name) + asked.url()}
    return render(request, "views/form.html", context, status=422 if form.errors else 200)


def _asked(shown: type[ListPage], request: HttpRequest) -> Asked:
    return shown.read(QueryDict(request.GET.get("query", "")[: LONGEST * 2]))


def _kept(request: HttpRequest, row: SavedView, asked: Asked, form: ViewForm) -> bool:
    """With what the form says; else the form has an error."""
    data = form.cleaned_data
    row.name, row.query, row.shared = data["name"], saved.stored(asked.url()), data.get("shared", row.shared)
    if len(row.query) > LONGEST:
        form.add_error(None, MANY)
        return False
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # another window was faster
        form.add_error("name", TAKEN)
        return False
    _open_with(request.user, row, on=data["default"])
    messages.success(request, f"The view {row.name} is saved.")
    return True


def _open_with(operator: Operator, row: SavedView, *, on: bool) -> None:
    views = {**profile.Profile.of(operator).views}
    if on:
        views[row.list] = row.pk
    elif views.get(row.list) == row.pk:
        del views[row.list]
    profile.keep(operator, views=views)


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """To rename it and to share it; with a `query` in the address also to give it other filters."""
    row = found(request, pk)
    (one,) = told(request.user, [row])
    other = "query" in request.GET
    asked = _asked(one.page, request) if other else one.asked
    initial = {"name": row.name, "shared": row.shared, "default": one.default}
    form = ViewForm(request.user, row.list, row, request.POST or None, initial=initial)
    if request.method == "POST":
        _check(one)
        if form.is_valid() and _kept(request, row, asked, form):
            return redirect(saved.url(row))
    context = {"form": form, "asked": asked, "title": one.title, "view": one, "other": other, "back": one.url}
    return render(request, "views/form.html", context, status=422 if form.errors else 200)


def _check(one: Row) -> None:
    if not one.changeable:
        raise PermissionDenied(f"The view is {one.row.owner}'s. An admin may change it too, once it is shared.")


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    row = found(request, pk)
    _check(told(request.user, [row])[0])
    _open_with(request.user, row, on=False)
    row.delete()
    messages.success(request, f"The view {row.name} is deleted.")
    return redirect("settings-views")


@require_POST
def default(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether the navigation opens the list with it, for this operator: on, and off when asked again."""
    row = found(request, pk)
    (one,) = told(request.user, [row])
    _open_with(request.user, row, on=not one.default)
    messages.success(
        request, f"{one.title} opens {'as it is' if one.default else f'with the view {row.name}'} from the navigation."
    )
    return redirect("settings-views")
