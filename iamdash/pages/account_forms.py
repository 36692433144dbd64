"""Adding an account: what is asked, and what a wrong answer is told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction

from collectors.models import Account, Connection
from collectors.models.account import ACCOUNT_ID, ROLE_NAME


class AddAccount(forms.Form):
    """One account and how it is reached. The external id is generated, so it is not a field."""

    aws_id = forms.CharField(
        label="Account id",
        max_length=20,
        help_text="12 digits, as `aws sts get-caller-identity` prints it; hyphens are allowed.",
    )
    name = forms.CharField(
        label="Name", max_length=128, help_text="What your people call it, for example payments-prod."
    )
    partition = Account._meta.get_field("partition").formfield()
    kind = forms.ChoiceField(
        label="Connection",
        widget=forms.RadioSelect,
        initial=Connection.Kind.ROLE,
        choices=Connection.Kind.choices,
    )
    role_name = Connection._meta.get_field("role_name").formfield(
        label="Role name",
        help_text="The role that this account makes for iamdash; the other connections need none.",
    )

    def clean_aws_id(self) -> str:
        aws_id: str = self.cleaned_data["aws_id"].replace("-", "").strip()
        ACCOUNT_ID(aws_id)
        if Account.objects.filter(aws_id=aws_id).exists():
            raise forms.ValidationError(f"Account {aws_id} is already connected; open it in the list of accounts.")
        return aws_id

    def clean_role_name(self) -> str:
        ROLE_NAME(self.cleaned_data["role_name"])
        return str(self.cleaned_data["role_name"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        ambient = Connection.Kind.AMBIENT
        if data.get("kind") == ambient and Connection.objects.filter(kind=ambient).exists():
            self.add_error(
                "kind", "The worker's own credentials belong to one account, and that one is connected already."
            )
        return data

    def save(self, by: str) -> Account:
        data = self.cleaned_data
        with transaction.atomic():
            account = Account.objects.create(
                aws_id=data["aws_id"], name=data["name"], partition=data["partition"], added_by=by
            )
            Connection.objects.create(account=account, kind=data["kind"], role_name=data["role_name"])
        return account
