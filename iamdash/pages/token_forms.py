"""Making an API token: what is asked."""

from __future__ import annotations

from typing import Any

from django import forms

from iamdash.access import tokens
from iamdash.access.models import ApiToken, Operator
from iamdash.pages.written import printable

DAYS = (7, 30, tokens.DEFAULT_DAYS, 180, tokens.LONGEST_DAYS)
MOST = 50  # valid ones of an operator


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Which program uses it, and where: so that you know in a year what breaks when it ends.",
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label="What may it read?", choices=tokens.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label="How long is it valid?", coerce=int, initial=tokens.DEFAULT_DAYS, choices=[(n, f"{n} days") for n in DAYS]
    )

    def __init__(self, operator: Operator, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator = operator

    def clean_name(self) -> str:
        return printable(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        if not tokens.protected().filter(pk=self.operator.pk).exists():
            raise forms.ValidationError(
                "You may sign in by a password, too, and have no second factor: set one up under Sign-in and security first."
            )
        if ApiToken.objects.filter(tokens.valid(), operator=self.operator).count() >= MOST:
            raise forms.ValidationError(f"You have {MOST} valid tokens. Revoke one that nothing uses.")
        return super().clean() or self.cleaned_data

    def save(self) -> tuple[ApiToken, str]:
        data = self.cleaned_data
        return tokens.make(self.operator, data["name"], data["scopes"], data["days"])
