"""What is asked of who assigns, accepts or notes down; and of who accepts by more than one finding at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from findings.engine.exceptions import Limits
from iamdash.pages.written import printable

WANTED = timedelta(days=30)
PLAIN = {"autocomplete": "off"}
TELL = {"required": "Say why: others will ask."}


class Act(forms.Form):
    """verb: of the button. warning: what it does beyond what one expects."""

    verb = "Go on"
    warning = ""


class AssignForm(Act):
    verb = "Assign"
    to = forms.CharField(
        label="To", max_length=150, required=False, widget=forms.TextInput(attrs=PLAIN),
        help_text="An operator's name, a person or a team. Empty: whoever owns the account.",
    )  # fmt: skip

    def clean_to(self) -> str:
        return printable(self.cleaned_data["to"])


class NoteForm(Act):
    verb = "Write"
    text = forms.CharField(
        label="Note", max_length=4000, widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
        help_text="It stays as it is written, with your name.",
    )  # fmt: skip

    def clean_text(self) -> str:
        lines = self.cleaned_data["text"].splitlines()
        return "\n".join(printable(line) for line in lines)


class ReopenForm(Act):
    verb = "Reopen"
    warning = "It ends acceptances that hide nothing else. Those that hide more are ended on the page Exceptions."


class Risk(forms.Form):
    """until: the last day on which it holds, UTC."""

    reason = forms.CharField(
        label="Why", max_length=1000, error_messages=TELL, widget=forms.Textarea(attrs={"rows": 2, "cols": 40})
    )
    owner = forms.CharField(
        label="Who answers for the risk", max_length=150, widget=forms.TextInput(attrs=PLAIN),
        help_text="A person or a team.",
    )  # fmt: skip
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))

    def clean_reason(self) -> str:
        return printable(self.cleaned_data["reason"])

    def clean_owner(self) -> str:
        return printable(self.cleaned_data["owner"])

    @property
    def expires_at(self) -> datetime:
        return datetime.combine(self.cleaned_data["until"], time.min, UTC) + timedelta(days=1)


class AcceptForm(Act, Risk):
    verb = "Accept"

    def __init__(self, limits: Limits, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limits = limits
        self.initial.setdefault("until", timezone.now().date() + min(WANTED, timedelta(days=limits.days)))
        self.fields["until"].help_text = f"At most {limits.days} days from now, by the settings. Then they open again."
        if limits.approval:
            self.warning = "By the settings it holds only when another operator approved it."

    def clean_until(self) -> date:
        return within(self.cleaned_data["until"], self.limits)


class ExtendForm(AcceptForm):
    verb = "Extend"
    owner = None


def within(until: date, limits: Limits) -> date:
    today = timezone.now().date()
    if until <= today:
        raise ValidationError("Choose a day after today.")
    if until > today + timedelta(days=limits.days):
        raise ValidationError(
            f"The settings allow at most {limits.days} days: until {today + timedelta(days=limits.days)}."
        )
    return until
