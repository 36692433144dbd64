"""Deciding a setting: what is asked, what a wrong answer is told, and whom it would reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import IntegrityError
from django.utils import timezone

from collectors.models import Account
from findings.analysis.setting_fields import Field
from findings.analysis.setting_kinds import Number, YesNo
from findings.analysis.settings import Decision, Value, resolve
from findings.engine import deciding
from findings.engine.decided import decisions, environment
from iamdash.access.models import Operator
from iamdash.pages.scopes import LISTED, Whom, WhomField, stand

TAKEN = "Somebody else decided it just now. Look again."


@dataclass(frozen=True)
class Change:
    account: Account
    before: Value
    after: Value

    @property
    def told(self) -> str:
        field = self.after.field
        return f"{field.said(self.before.value)} → {field.said(self.after.value)}"


@dataclass(frozen=True)
class Preview:
    """Accounts that a decision reaches. unsure: of how many nobody can tell whether it does, for their OUs or tags were not
    read. kept: for how many something nearer, or the same value, leaves all as it is."""

    reached: int
    unsure: int
    changes: list[Change]

    @property
    def kept(self) -> int:
        return self.reached - len(self.changes)

    @property
    def shown(self) -> list[Change]:
        return self.changes[:LISTED]

    @property
    def more(self) -> int:
        return max(0, len(self.changes) - LISTED)


class Decide(forms.Form):
    """One value of one setting, for accounts."""

    value = forms.CharField(max_length=20_000, required=False, strip=False)
    reason = forms.CharField(
        label="Why", max_length=500, required=False, help_text="Others will ask.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, operator: Operator, field: Field, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator, self.field = operator, field
        self.fields = {"whom": WhomField(operator), **self.fields}
        asked = self.fields["value"]
        asked.label, asked.widget = field.title, _widget(field)
        asked.help_text = f"Write {field.kind.allowed}."

    def clean_value(self) -> Any:
        try:
            return deciding.value_of(self.field.name, self.cleaned_data["value"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def save(self) -> bool:
        """False: somebody decided it in the same moment."""
        data, whom = self.cleaned_data, self.cleaned_data["whom"]
        try:
            deciding.decide(
                whom.scope, whom.target, whom.account, self.field.name, data["value"], data["reason"],
                self.operator.username,
            )  # fmt: skip
        except IntegrityError:
            self.add_error(None, TAKEN)
            return False
        return True

    def preview(self) -> Preview:
        return preview(self.cleaned_data["whom"], self.field, self.cleaned_data["value"])


def preview(whom: Whom, field: Field, value: Any) -> Preview:
    """What a decision would change, were it made now."""
    reached = whom.reached()
    accounts = list(Account.objects.filter(pk__in=reached).order_by("name", "aws_id"))
    now = [one for one in decisions(accounts) if one.name == field.name]
    wanted = Decision(whom.scope, whom.place, field.name, value, "", timezone.now())
    then = [one for one in now if (one.scope, one.target) != (wanted.scope, wanted.target)] + [wanted]
    changes = []
    for account in accounts:
        said = stand()[account.pk], environment(account.aws_id)
        before, after = (resolve(some, *said)[field.name] for some in (now, then))
        if before.value != after.value:
            changes.append(Change(account, before, after))
    return Preview(len(reached), whom.unsure(), changes)


def _widget(field: Field) -> forms.Widget:
    if isinstance(field.kind, Number):
        return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": "8"})
    if isinstance(field.kind, YesNo):
        return forms.Select(choices=[("yes", "Yes"), ("no", "No")])
    return forms.Textarea(attrs={"rows": 4, "cols": 20, "spellcheck": "false"})
