"""Connecting an organization: what is asked, the tree to choose from, and what a choice would come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Now

from collectors.models import Account, OrganizationAccount, OrganizationalUnit, OrganizationConnection
from collectors.models.account import ACCOUNT_ID, ROLE_NAME
from collectors.models.joining import ROLE_ARN, Standing
from collectors.onboarding import Choice, members
from iamdash.pages.network_forms import SHOWN

MOST_TAGS, MOST_LEFT_OUT = 50, 5_000
LONGEST_KEY, LONGEST_VALUE = 128, 256  # of a tag (Organizations API reference, Tag)


@dataclass
class Node:
    """A unit of the tree. own: accounts that lie in it; total: with those below."""

    unique_id: str
    name: str
    own: int = 0
    total: int = 0
    chosen: bool = False
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """What a choice comes to: numbers of accounts. joins: chosen, the ones that joined before included; stops: collected now,
    and no longer chosen."""

    joins: int
    new: int
    stops: int
    by_hand: int
    frozen: int
    rest: int
    undecided: int


def tree(told_by: Account, chosen: frozenset[str] = frozenset()) -> list[Node]:
    """The units below each other, by name; one whose parent is not there, or that lies in a cycle, stands at the top."""
    units = list(OrganizationalUnit.present.filter(account=told_by).order_by("name", "unique_id"))
    live = OrganizationAccount.present.filter(account=told_by).values_list("parent")
    own = dict(live.annotate(n=Count("pk")))
    nodes = {
        u.unique_id: Node(u.unique_id, u.name, own.get(u.unique_id, 0), chosen=u.unique_id in chosen) for u in units
    }
    below: dict[str, list[Node]] = {}
    for unit in units:
        below.setdefault(unit.parent, []).append(nodes[unit.unique_id])
    placed: set[str] = set()

    def grow(node: Node) -> Node:
        placed.add(node.unique_id)
        node.children = [grow(child) for child in below.get(node.unique_id, ()) if child.unique_id not in placed]
        node.total = node.own + sum(child.total for child in node.children)
        return node

    tops = [grow(nodes[unit.unique_id]) for unit in units if unit.parent not in nodes]
    return tops + [grow(node) for node in nodes.values() if node.unique_id not in placed]


def preview(told_by: Account, choice: Choice, decided: OrganizationConnection | None = None) -> Preview:
    mine = Account.objects.filter(aws_id=OuterRef("unique_id"))
    ours = mine.filter(connection__organization=decided) if decided else mine.none()
    rows = members(told_by, choice).annotate(connected=Exists(mine), joined=Exists(ours)).exclude(gone_at__isnull=False)
    found: Counter[tuple[str, bool, bool]] = Counter()
    for standing, connected, joined, n in rows.values_list("standing", "connected", "joined").annotate(n=Count("pk")):
        found["by_hand" if connected and not joined else standing, joined, connected] += n

    def number(*standings: str, joined: bool | None = None) -> int:
        return sum(n for (s, j, _), n in found.items() if s in standings and joined in {None, j})

    outside = (Standing.LEFT_OUT, Standing.NOT_CHOSEN)
    return Preview(
        joins=number(Standing.CHOSEN),
        new=number(Standing.CHOSEN, joined=False),
        stops=number(*outside, joined=True),
        by_hand=number("by_hand"),
        frozen=number(Standing.FROZEN),
        rest=number(*outside),
        undecided=number(Standing.UNDECIDED),
    )


class ConnectOrganization(forms.Form):
    """Which accounts, and how they are reached. The external ids are generated, so they are no fields."""

    tags = forms.CharField(
        label="Only accounts with one of these tags",
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 20, "spellcheck": "false"}),
        help_text="One a line, as key=value, as Organizations has them. Empty: whatever their tags.",
    )
    left_out = forms.CharField(
        label="Leave these accounts out",
        max_length=100_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 20, "spellcheck": "false"}),
        help_text="Account ids, one a line. One that is connected is no longer collected; what is known of it stays.",
    )
    joining = forms.BooleanField(
        label="New accounts join by themselves",
        required=False,
        help_text="An account that appears in a chosen OU is connected within a collection of the organization.",
    )
    role_name = OrganizationConnection._meta.get_field("role_name").formfield(
        label="Role name", help_text="The role that the template makes in every account."
    )
    hub_role_arn = OrganizationConnection._meta.get_field("hub_role_arn").formfield(
        label="Hub role (optional)",
        help_text="ARN of one role in the organization that the worker assumes first; the accounts then trust only that one."
        " Needed where the worker's own account is not in the organization.",
    )

    def __init__(self, told_by: Account, decided: OrganizationConnection | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.told_by, self.decided = told_by, decided

    @classmethod
    def of(cls, told_by: Account, decided: OrganizationConnection | None, roots: list[Node]) -> ConnectOrganization:
        """As it stands; of a new one: everything."""
        one = decided or OrganizationConnection(units=[node.unique_id for node in roots[:1]])
        initial = {
            "tags": "\n".join(one.tags),
            "left_out": "\n".join(one.left_out),
            "joining": one.joining,
            "role_name": one.role_name,
            "hub_role_arn": one.hub_role_arn,
            "units": one.units,
        }
        return cls(told_by, decided, initial=initial)

    @property
    def units(self) -> frozenset[str]:
        given = self.data.getlist("units") if self.is_bound else self.initial["units"]  # type: ignore[attr-defined]
        return frozenset(given)

    @property
    def choice(self) -> Choice:
        """Of what was given, or of what stands."""
        if not self.is_bound:
            initial = self.initial
            return Choice(self.units, tuple(initial["tags"].splitlines()), frozenset(initial["left_out"].splitlines()))
        data = self.cleaned_data
        return Choice(frozenset(data["units"]), tuple(data["tags"]), frozenset(data["left_out"]))

    def clean_tags(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["tags"].splitlines() if line.strip()]
        wrong = [line for line in lines if not _is_tag(line)]
        if wrong or len(lines) > MOST_TAGS:
            raise forms.ValidationError(
                [f"{line[:60]} is no tag. Write it as key=value." for line in wrong[:SHOWN]]
                or f"At most {MOST_TAGS} tags can be chosen."
            )
        return list(dict.fromkeys(lines))

    def clean_left_out(self) -> list[str]:
        given = self.cleaned_data["left_out"].replace(",", "\n").split()
        ids = [one.replace("-", "") for one in given]
        if len(ids) > MOST_LEFT_OUT:
            raise forms.ValidationError(f"More than {MOST_LEFT_OUT:,} accounts: choose OUs instead.")
        for aws_id in ids:
            ACCOUNT_ID(aws_id)
        return list(dict.fromkeys(ids))

    def clean_role_name(self) -> str:
        name: str = self.cleaned_data["role_name"]
        ROLE_NAME(name)
        return name

    def clean_hub_role_arn(self) -> str:
        arn: str = self.cleaned_data["hub_role_arn"]
        if arn:
            ROLE_ARN(arn)
        return arn

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        there = set(OrganizationalUnit.present.filter(account=self.told_by).values_list("unique_id", flat=True))
        data["units"] = sorted(self.units & there)
        if not data["units"]:
            self.add_error(None, "Choose at least one OU; the root is the whole organization.")
        telling = OrganizationConnection.objects.filter(account=self.told_by, disconnected_at=None)
        if other := telling.exclude(pk=self.decided.pk if self.decided else None).first():
            self.add_error(None, f"This account tells of {other} here. Let another account tell of that one first.")
        arn = data.get("hub_role_arn") or ""
        if arn and arn.split(":")[1] != self.told_by.partition:
            self.add_error("hub_role_arn", f"The organization is in the partition {self.told_by.partition}.")
        return data

    def save(self, organization_id: str, by: str) -> OrganizationConnection | None:
        """None: somebody connected it in the same moment. One that was disconnected is connected again."""
        data = self.cleaned_data
        fields = {name: data[name] for name in ("units", "tags", "left_out", "joining", "role_name", "hub_role_arn")}
        if self.decided:
            rows = OrganizationConnection.objects.filter(pk=self.decided.pk)
            again = {"disconnected_at": None, "disconnected_by": "", "keeps": False}
            rows.update(account=self.told_by, **fields, **again, set_by=by, set_at=Now())
            return self.decided
        try:
            with transaction.atomic():
                return OrganizationConnection.objects.create(
                    account=self.told_by, organization_id=organization_id, set_by=by, **fields
                )
        except IntegrityError:
            self.add_error(None, "Somebody connected this organization just now. Look at its board.")
            return None


def _is_tag(line: str) -> bool:
    key, equals, value = line.partition("=")
    return bool(key and equals) and len(key) <= LONGEST_KEY and len(value) <= LONGEST_VALUE and line.isprintable()
