"""What an admin says of an operator, and what is refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from collectors.models import Account
from findings.models import AccountGroup
from findings.models.decided import STANDS
from iamdash.access.models import Operator, Role
from iamdash.pages import show
from iamdash.pages.written import printable

LAST = "Somebody must be left who looks after operators: an active admin of all accounts."
RIGHTS = ("role", "all_accounts", "accounts", "account_groups")


class OperatorForm(forms.Form):
    """For a new operator, or one that is there (operator)."""

    username = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="Single sign-on finds the operator by it where the provider calls it verified.",
    )
    role = forms.ChoiceField(choices=Role.choices)
    all_accounts = forms.BooleanField(label="All accounts, also those added later", required=False)
    accounts = forms.ModelMultipleChoiceField(
        queryset=Account.objects.none(), required=False, widget=forms.SelectMultiple(attrs={"size": 8})
    )
    account_groups = forms.MultipleChoiceField(
        label="Accounts of these groups", required=False, widget=forms.SelectMultiple(attrs={"size": 4}),
        help_text="Which those are is looked up at each request.",
    )  # fmt: skip
    sso_id = forms.CharField(
        label="Id at the identity provider", max_length=191, required=False,
        help_text="Its sub. Needed only where the provider does not verify e-mail addresses.",
    )  # fmt: skip
    break_glass = forms.BooleanField(
        label="May sign in without single sign-on", required=False,
        help_text="The key behind the glass: counts where IAMDASH_SSO_ONLY is set.",
    )  # fmt: skip
    with_password = forms.BooleanField(
        label="Make a first password", required=False, initial=True, help_text="It is shown once, on the next page."
    )
    is_active = forms.BooleanField(label="Active", required=False, initial=True)
    sso_managed = forms.BooleanField(label="Groups of the identity provider decide role and accounts", required=False)

    def __init__(self, operator: Operator | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, initial=_as_it_is(operator), **more)
        self.operator = operator
        self.fields["accounts"].queryset = Account.objects.order_by("name", "aws_id")
        groups = AccountGroup.objects.filter(STANDS).order_by("name").values_list("key", "name")
        self.fields["account_groups"].choices = [(str(key), show.hidden(name)) for key, name in groups]
        for name in self._not_asked():
            del self.fields[name]

    def _not_asked(self) -> set[str]:
        new = {"is_active", "sso_managed"} if self.operator is None else {"username", "with_password"}
        without = set() if settings.SSO else {"sso_id", "break_glass"}
        if self.operator and not self.operator.sso_managed:
            without.add("sso_managed")
        decided = set(RIGHTS) if self.operator and self.operator.sso_managed else set()
        return (new | without | decided) & set(self.fields)

    def clean_username(self) -> str:
        name = Operator.normalize_username(printable(self.cleaned_data["username"]))
        Operator._meta.get_field("username").run_validators(name)
        if Operator.objects.filter(username__iexact=name).exists():
            raise ValidationError("Another operator has this name.")
        return name

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        others = Operator.objects.filter(email__iexact=email).exclude(pk=self.operator.pk if self.operator else None)
        if email and others.exists():
            raise ValidationError("Another operator has this address; single sign-on could not tell them apart.")
        return email

    def clean_sso_id(self) -> str:
        given: str = self.cleaned_data["sso_id"].strip()
        others = Operator.objects.filter(sso_id=given).exclude(pk=self.operator.pk if self.operator else None)
        if given and others.exists():
            raise ValidationError("Another operator has this id.")
        return given

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen = data.get("all_accounts") or data.get("accounts") or data.get("account_groups")
        if "all_accounts" in self.fields and not self.errors and not seen:
            raise ValidationError("Say which accounts the operator sees: all, some, or those of a group.")
        if self.operator and not self.errors and self._leaves_nobody(data):
            raise ValidationError(LAST)
        return data

    def _leaves_nobody(self, data: dict[str, Any]) -> bool:
        """Locks those who count, so that two admins cannot remove each other at once."""
        keepers = Operator.objects.select_for_update().filter(role=Role.ADMIN, all_accounts=True, is_active=True)
        held = {one.pk for one in keepers.order_by("pk")}
        role = data.get("role", self.operator.role if self.operator else "")
        whole = data.get("all_accounts", self.operator.all_accounts if self.operator else False)
        stays = role == Role.ADMIN and whole and data["is_active"]
        return bool(self.operator and not stays and held <= {self.operator.pk})

    def save(self) -> Operator:
        """The operator with all that was said; its password is not of this form."""
        data = self.cleaned_data
        operator = self.operator or Operator.objects.create_user(data["username"])
        for name in (
            "email",
            "role",
            "all_accounts",
            "account_groups",
            "sso_id",
            "break_glass",
            "is_active",
            "sso_managed",
        ):
            if name in data:
                setattr(operator, name, data[name])
        operator.save()
        if "accounts" in data:
            operator.accounts.set(data["accounts"])
        return operator


def _as_it_is(operator: Operator | None) -> dict[str, Any]:
    if operator is None:
        return {}
    plain = ("email", "role", "all_accounts", "sso_id", "break_glass", "is_active", "sso_managed")
    return {name: getattr(operator, name) for name in plain} | {
        "accounts": list(operator.accounts.values_list("pk", flat=True)),
        "account_groups": [str(key) for key in operator.account_groups],
    }
