"""Groups and owners of accounts: what is asked, and what a wrong answer is told."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from collectors.models import Account
from findings.analysis.places import Scope
from findings.engine import regrouping
from findings.models import AccountGroup, AccountOwner
from findings.models.decided import STANDS
from iamdash.access.models import Operator
from iamdash.pages import show
from iamdash.pages.scopes import Whom, choices, named, standing, whom
from iamdash.pages.written import printable

OU = re.compile(r"(?:ou|r)-[a-z0-9-]{4,68}")
MOST_LINES = 200
TAKEN = "Somebody else changed it just now. Look again."
BY_TAG = [
    (Scope.TAG.value, "Accounts with the tag below"),
    (Scope.OWN_TAG.value, "What each account's own tag below says"),
]


class GroupForm(forms.Form):
    """OUs, tags and accounts are alternatives: an account of any of them belongs to the group."""

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    ous = forms.MultipleChoiceField(
        label="Accounts below these OUs", required=False, widget=forms.SelectMultiple(attrs={"size": 6})
    )
    tags = forms.CharField(
        label="Accounts with one of these tags", max_length=20_000, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 20, "spellcheck": "false"}), help_text="One a line, as key=value.",
    )  # fmt: skip
    accounts = forms.ModelMultipleChoiceField(
        label="These accounts", queryset=Account.objects.none(), required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )  # fmt: skip

    def __init__(self, operator: Operator, key: uuid.UUID | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator, self.key = operator, key
        known = dict(named(Scope.OU))
        # An OU that the group names stays, also when no account is below it any more.
        known |= {unit: f"OU {unit}" for unit in (self.initial.get("ous") or ()) if unit not in known}
        ous, accounts = self.fields["ous"], self.fields["accounts"]
        ous.choices = sorted(((unit, show.hidden(words)) for unit, words in known.items()), key=lambda pair: pair[1])  # type: ignore[attr-defined]
        accounts.queryset = Account.objects.order_by("name", "aws_id")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = printable(self.cleaned_data["name"])
        if AccountGroup.objects.filter(STANDS, name=name).exclude(key=self.key).exists():
            raise ValidationError("Another group has this name.")
        return name

    def clean_tags(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["tags"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"These are {len(lines)} lines; write at most {MOST_LINES}.")
        return list(dict.fromkeys(_tag(line) for line in lines))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not (data["ous"] or data["tags"] or data["accounts"]):
            raise ValidationError("Say which accounts belong to it: by an OU, a tag, or by hand.")
        return data

    def save(self) -> bool:
        """False: somebody changed it in the same moment."""
        data = self.cleaned_data
        wanted = regrouping.Wanted(data["name"], data["ous"], data["tags"], list(data["accounts"]))
        try:
            self.key = regrouping.keep(wanted, self.operator.username, self.key)
        except IntegrityError:
            self.add_error(None, TAKEN)
            return False
        return True


class OwnerForm(forms.Form):
    whom = forms.ChoiceField(label="For")
    tag = forms.CharField(
        label="Tag", max_length=386, required=False,
        help_text="For the choices by tag: key=value, or the key of the tag that names the owner.",
    )  # fmt: skip
    name = forms.CharField(label="Owner", max_length=150, required=False, help_text="A person or a team.")
    contact = forms.CharField(label="E-mail or channel", max_length=254, required=False)

    def __init__(self, operator: Operator, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operator = operator
        offered = choices(operator)
        by_tag = [("By tag", BY_TAG)] if operator.all_accounts else []
        self.fields["whom"].choices = [*offered[:-1], *by_tag, offered[-1]]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return printable(self.cleaned_data["name"])

    def clean_contact(self) -> str:
        contact = printable(self.cleaned_data["contact"])
        if "@" in contact:
            validate_email(contact)
        return contact

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "whom" not in data:
            return data
        data["for"] = _whom(data["whom"], data.get("tag", "").strip())
        if data["for"].scope is Scope.OWN_TAG:
            data["name"] = data["contact"] = ""
        elif not data.get("name") and "name" not in self.errors:
            self.add_error("name", "Say who it is.")
        return data

    def save(self) -> bool:
        data, one = self.cleaned_data, self.cleaned_data["for"]
        try:
            regrouping.own(one.scope, one.target, one.account, data["name"], data["contact"], self.operator.username)
        except IntegrityError:
            self.add_error(None, TAKEN)
            return False
        return True


def _whom(value: str, tag: str) -> Whom:
    if value == Scope.TAG.value:
        return Whom(Scope.TAG, _tag(tag))
    if value == Scope.OWN_TAG.value:
        if not tag or "=" in tag:
            raise ValidationError("Write the key of the tag alone, such as owner.")
        return Whom(Scope.OWN_TAG, tag)
    return whom(value)


def _tag(line: str) -> str:
    key, sign, value = line.partition("=")
    if not key.strip() or not sign or len(key) > 128 or len(value) > 256:
        raise ValidationError(f"{line[:60]!r} is no tag. Write it as key=value.")
    return f"{key.strip()}={value.strip()}"


def standing_owner(value: str, operator: Operator) -> dict[str, str]:
    """What the form begins with, for a scope that the address names."""
    row = standing(AccountOwner.objects.all(), value, operator)
    return {"whom": value} | ({"name": row.name, "contact": row.contact} if row else {})
