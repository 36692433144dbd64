"""Naming networks: what is asked, and what a wrong answer is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from collectors.models import Account
from findings.analysis.activity.aws_ranges import MOST_BYTES, RangesError
from findings.analysis.activity.networks import AWS, CI, DATACENTRE, OFFICE, VENDOR, VPN, Network, fault_of, network_of
from findings.engine.decided import take_ranges
from findings.models import AwsRanges, JudgementRequest, NamedNetwork
from findings.models.decided import STANDS
from iamdash.access.models import Operator

KINDS = {
    OFFICE: "Office: people sit there",
    VPN: "VPN: people come through it",
    DATACENTRE: "Data centre: our machines",
    CI: "CI: build runners",
    VENDOR: "Vendor: another company's machines",
    AWS: "AWS: machines of ours in AWS, such as a NAT gateway",
}
MOST_LINES, MOST_NETWORKS = 200, 2_000
SHOWN = 5


class NameNetworks(forms.Form):
    """Networks of one name. account: whose alone they are; only operators of all accounts may leave it out."""

    cidrs = forms.CharField(
        label="Networks",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 20, "spellcheck": "false"}),
        help_text="One a line, as 192.0.2.0/24, 2001:db8::/32, or one address.",
    )
    kind = forms.ChoiceField(label="What it is", choices=list(KINDS.items()))
    label = forms.CharField(
        label="Name", max_length=60, required=False, help_text="For example Berlin, or who the vendor is."
    )
    account = forms.ModelChoiceField(label="For", queryset=Account.objects.none(), required=False)

    def __init__(self, operator: Operator, *args: Any) -> None:
        super().__init__(*args)
        self.operator = operator
        field: Any = self.fields["account"]
        field.queryset = Account.objects.all()
        field.empty_label = "All accounts" if operator.all_accounts else "Choose an account"
        field.required = not operator.all_accounts

    def clean_cidrs(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["cidrs"].replace(",", "\n").splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(f"These are {len(lines)} lines; name at most {MOST_LINES} at a time.")
        wrong = [fault for line in lines if (fault := fault_of(line))]
        if wrong:
            raise forms.ValidationError(wrong[:SHOWN] + [f"{len(wrong) - SHOWN} more."] * (len(wrong) > SHOWN))
        return list(dict.fromkeys(str(network_of(line)) for line in lines))

    def clean_label(self) -> str:
        label = " ".join(str(self.cleaned_data["label"]).split())
        if not label.isprintable():
            raise forms.ValidationError("Write it in letters, digits and signs that can be seen.")
        return label

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        cidrs, standing = data.get("cidrs", []), NamedNetwork.objects.filter(STANDS)
        if cidrs and standing.count() + len(cidrs) > MOST_NETWORKS:
            self.add_error("cidrs", f"More than {MOST_NETWORKS:,} named networks are not kept.")
        taken = standing.filter(account=data.get("account"), cidr__in=cidrs).order_by("cidr")
        for one in taken[:SHOWN] if "account" in data else ():
            self.add_error("cidrs", f"{one.cidr} is named {one.name} already, by {one.set_by}. End that first.")
        return data

    def save(self) -> bool:
        """False: somebody named one of them in the same moment."""
        data, by = self.cleaned_data, self.operator.username
        name = f"{data['kind']} {data['label']}".strip()
        rows = [NamedNetwork(account=data["account"], cidr=cidr, name=name, set_by=by) for cidr in data["cidrs"]]
        try:
            with transaction.atomic():
                NamedNetwork.objects.bulk_create(rows)
        except IntegrityError:
            self.add_error("cidrs", "Somebody named one of them just now. Look at the list again.")
            return False
        judge_again(data["account"], by)
        return True

    def overlaps(self) -> Iterator[str]:
        """Sentences on networks with other names that hold, or lie within, those that were named."""
        others = [one for one in NamedNetwork.objects.filter(STANDS) if one.cidr not in self.cleaned_data["cidrs"]]
        named = [(network, one) for one in others if (network := network_of(one.cidr))]
        for cidr in self.cleaned_data["cidrs"]:
            for other, one in named:
                if word := place(network_of(cidr), other):
                    yield f"{cidr} {word} {one.cidr} ({one.name})."


def place(one: Network | None, other: Network) -> str:
    """How the first lies to the second; "" where they are apart."""
    if one is None or one.version != other.version or not one.overlaps(other):
        return ""
    return (
        "lies within" if one.prefixlen > other.prefixlen else "holds" if one.prefixlen < other.prefixlen else "is also"
    )


def judge_again(account: Account | None, by: str) -> None:
    """account None: all."""
    JudgementRequest.ask([account.pk] if account else Account.objects.values_list("pk", flat=True), by)


class HandInRanges(forms.Form):
    """AWS's list of its networks."""

    file = forms.FileField(label="ip-ranges.json", allow_empty_file=False)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                f"{file.name} has more than {MOST_BYTES // 1_000_000} MB; AWS's file has about 2."
            )
        return file

    def save(self, by: str) -> AwsRanges | None:
        """None with an error: it is no such list; None without: it is the list that is kept."""
        try:
            return take_ranges(self.cleaned_data["file"].read(), by)
        except RangesError as error:
            self.add_error("file", str(error))
            return None
