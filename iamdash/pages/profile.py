"""How the pages look and begin for one operator: theme, keys, period, and the view that each list opens with.

It stands in Operator.preferences, which every request reads with the operator. The addresses stay the only truth of what is
shown: a period and a view of one's own are in the links of the navigation, so an address that is passed on shows the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from iamdash.access.models import Operator

THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
PERIODS = (7, 30, 90, 365)
USUAL = 90  # days of a trend whose address names none


@dataclass(frozen=True)
class Profile:
    """days: of trends. views: list -> key of the saved view that the navigation opens it with."""

    theme: str = "system"
    keys: bool = True
    days: int = USUAL
    views: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, operator: Operator) -> Self:
        """What does not read, by an older version, is as usual."""
        said = operator.preferences if isinstance(operator.preferences, dict) else {}
        views = said.get("views")
        return cls(
            theme=said.get("theme") if said.get("theme") in THEMES else "system",
            keys=said.get("keys") is not False,
            days=said.get("days") if said.get("days") in PERIODS else USUAL,
            views={k: v for k, v in views.items() if isinstance(v, int)} if isinstance(views, dict) else {},
        )


def keep(operator: Operator, **changes: Any) -> None:
    """Other preferences stay."""
    operator.preferences = asdict(Profile.of(operator)) | changes
    operator.save(update_fields=["preferences"])


class ProfileForm(forms.Form):
    theme = forms.ChoiceField(
        choices=THEMES.items(), help_text="The button in the page's head changes it for one browser."
    )
    keys = forms.BooleanField(
        required=False,
        label="Single-key shortcuts",
        help_text="/, j, k, g and a letter, and others that ? lists. Off for screen readers and speech input that type.",
    )
    days = forms.TypedChoiceField(
        coerce=int,
        label="Period of trends",
        choices=[(n, f"{n} days") for n in PERIODS],
        help_text="What Trends opens with from the navigation.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, initial=asdict(Profile.of(request.user)))
    if request.method == "POST" and form.is_valid():
        keep(request.user, **form.cleaned_data)
        messages.success(request, "Your profile is kept.")
        return redirect("settings-profile")
    return render(request, "settings/profile.html", {"form": form}, status=422 if form.errors else 200)
