"""The forms of the access review: what is asked, and what a wrong answer is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms

from collectors.models import Account
from findings.analysis.reviewing.items import Which
from findings.engine.review_work import Plan, Verdict
from findings.models.review import CONFIRM_DAYS
from iamdash.access.models import Operator
from iamdash.pages import show
from iamdash.pages.grouped import by_owner, owned
from iamdash.pages.scopes import choices, whom
from iamdash.pages.written import printable

LONGEST = timedelta(days=366)
BY_OWNER = ""
REASON = {"required": "Say why: an auditor will ask."}
DATE = {"type": "date"}


def operators() -> list[Operator]:
    return list(Operator.objects.filter(is_active=True).order_by("username"))


class StartForm(forms.Form):
    title = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    note = forms.CharField(
        label="What reviewers should know", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    whom = forms.MultipleChoiceField(label="Accounts", widget=forms.SelectMultiple(attrs={"size": 8}))
    which = forms.MultipleChoiceField(
        label="What is reviewed", choices=[(one.value, one.label) for one in Which],
        widget=forms.CheckboxSelectMultiple, initial=[Which.PEOPLE, Which.ADMINS, Which.EXTERNAL, Which.KEYS],
    )  # fmt: skip
    starts_on = forms.DateField(
        label="Evidence as of", widget=forms.DateInput(attrs=DATE),
        help_text="Today or later. On that day everything is frozen as it is known then.",
    )  # fmt: skip
    due_on = forms.DateField(label="Last day to decide", widget=forms.DateInput(attrs=DATE))
    reviewer = forms.ChoiceField(
        label="Reviewer", required=False,
        help_text="By owner: the operator whose name or e-mail address is the account's owner or contact; where there is none,"
        " any analyst of the account.",
    )  # fmt: skip
    confirm_days = forms.IntegerField(
        label="Days that revoked access may still be there", min_value=1, max_value=365, initial=CONFIRM_DAYS
    )

    def __init__(self, operator: Operator, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        from iamdash.pages.reviews import today

        self.today = today()
        self.fields["starts_on"].initial = self.today
        self.fields["due_on"].initial = self.today + timedelta(days=30)
        self._owners = by_owner()
        owners = [(f"owner:{slug}", show.hidden(label)) for slug, (label, _) in self._owners.items()]
        offered = choices(operator)
        self.fields["whom"].choices = [*offered[:-1], *([("Owners", owners)] if owners else []), offered[-1]]  # type: ignore[attr-defined]
        people = [(one.username, one.username) for one in operators()]
        self.fields["reviewer"].choices = [(BY_OWNER, "By owner"), *people]  # type: ignore[attr-defined]

    def clean_title(self) -> str:
        return printable(self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        starts, due = data.get("starts_on"), data.get("due_on")
        if starts and starts < self.today:
            self.add_error("starts_on", "That day is over: what was known then is not known as a whole any more.")
        if starts and due and not (starts <= due and due - starts <= LONGEST):
            self.add_error("due_on", "The last day lies between the first and a year after it.")
        if "whom" in data and "which" in data:
            data["accounts"] = self._accounts(data["whom"])
            if not data["accounts"]:
                self.add_error("whom", "No account belongs to it now.")
            data["reviewers"] = self._reviewers(data["accounts"], data.get("reviewer", ""))
        return data

    def _accounts(self, values: Iterable[str]) -> list[int]:
        found: set[int] = set()
        for value in values:
            kind, _, name = value.partition(":")
            found |= set(self._owners[name][1] if kind == "owner" else whom(value).reached())
        return sorted(found)

    def _reviewers(self, accounts: Iterable[int], name: str) -> dict[int, str]:
        if name:
            one = next(one for one in operators() if one.username == name)
            if unseen := set(accounts) - seen_by(one, accounts):
                self.add_error("reviewer", f"{name} does not see {len(unseen)} of these accounts.")
            return dict.fromkeys(accounts, name)
        named = {word.lower(): one for one in operators() for word in (one.username, one.email) if word}
        found = {}
        for pk in accounts:
            owner = owned().get(pk)
            one = owner and (named.get(owner.contact.lower()) or named.get(owner.name.lower()))
            if one and seen_by(one, [pk]):
                found[pk] = one.username
        return found

    def plan(self) -> Plan:
        data = self.cleaned_data
        names = ("title", "note", "whom", "which", "starts_on", "due_on", "confirm_days", "accounts", "reviewers")
        return Plan(**{name: data[name] for name in names})


def seen_by(operator: Operator, accounts: Iterable[int]) -> set[int]:
    """Those of the accounts that the operator may see."""
    scope = operator.scope
    return set(accounts) if isinstance(scope, str) else set(accounts) & set(scope)


class DelegateForm(forms.Form):
    of = forms.CharField(widget=forms.HiddenInput, max_length=500)
    to = forms.ModelChoiceField(
        label="Hand over to", queryset=Operator.objects.filter(is_active=True).order_by("username"),
        to_field_name="username",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=500, error_messages={"required": "Say why it changes hands."})

    def unseen(self, accounts: Iterable[Account]) -> int:
        pks = {account.pk for account in accounts}
        return len(pks - seen_by(self.cleaned_data["to"], pks))


class Numbered(forms.RadioSelect):
    """Choices that the keys 1, 2, 3 choose (static/js/app.js)."""

    def create_option(self, name: str, value: Any, label: Any, selected: Any, index: int, **more: Any) -> Any:
        option = super().create_option(name, value, label, selected, index, **more)
        option["attrs"]["data-press"] = str(index + 1)
        return option


class DecideForm(forms.Form):
    """offered: (part, words) of what can be revoked."""

    verdict = forms.ChoiceField(label="Decision", choices=Verdict.choices, widget=Numbered)
    parts = forms.MultipleChoiceField(
        label="What is revoked", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Only when you revoke. Nothing chosen: all of it.",
    )  # fmt: skip
    reason = forms.CharField(
        max_length=1000, error_messages=REASON, widget=forms.Textarea(attrs={"rows": 2, "data-press": "w"})
    )

    def __init__(self, *args: Any, offered: list[tuple[str, str]], reducible: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["parts"].choices = [(part, show.hidden(words)) for part, words in offered]  # type: ignore[attr-defined]
        if len(offered) < 2:
            del self.fields["parts"]
        if not reducible:
            self.fields["verdict"].choices = [one for one in Verdict.choices if one[0] != Verdict.REDUCE]  # type: ignore[attr-defined]

    def clean_reason(self) -> str:
        return printable(self.cleaned_data["reason"])


class BulkForm(forms.Form):
    verdict = forms.ChoiceField(label="Decision", choices=Verdict.choices)
    reason = forms.CharField(max_length=1000, error_messages=REASON)

    def clean_reason(self) -> str:
        return printable(self.cleaned_data["reason"])
