"""What does each owner have to do? Findings of their accounts: open by severity, overdue, new, accepted; and what is mine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet, Sum, Value
from django.db.models.functions import Now
from django.utils.safestring import SafeString

from collectors.models import Account
from findings.models import Acceptance, AccountFindings, Finding
from findings.models.decided import STANDS
from findings.vocabulary import Severity
from iamdash.pages import narrowed, show, told
from iamdash.pages.exceptions import SOON
from iamdash.pages.facets import Accounts, Conditions, rows
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.findings import NEW, OPEN
from iamdash.pages.grouped import NOBODY, Sets, by_owner, group_facet, ou_facet, owner_facet
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.searching import one_of
from iamdash.pages.severities import OPEN_FIELDS, WORST_FIRST, counts, judged
from iamdash.pages.tables import NUMBER, ListTable
from iamdash.pages.work_facets import JUST_OVERDUE, OVERDUE

Status = Finding.Status
WORK = ("overdue", "new", "accepted")  # columns of accounts, too
BITS = 20  # of a number of findings, where three of them make one that tells which is worse


@dataclass
class Sums:
    """Numbers of accounts. open: by severity, without accepted ones. ending: accepted, for two weeks more at most."""

    open: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(Severity, 0))
    overdue: int = 0
    new: int = 0
    accepted: int = 0
    ending: int = 0

    @property
    def total(self) -> int:
        return sum(self.open.values())

    @property
    def worst(self) -> int:
        """The more critical ones the higher, then high, then medium ones."""
        found = 0
        for severity in WORST_FIRST[:3]:
            found = found << BITS | min(self.open[severity], (1 << BITS) - 1)
        return found

    def add(self, other: Sums) -> None:
        for severity, n in other.open.items():
            self.open[severity] += n
        for name in ("overdue", "new", "accepted", "ending"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def sums(accounts: Sequence[int] | None) -> dict[int, Sums]:
    """By key of the account. None: all of them, for operators of all; for others an index begins with the accounts that they see,
    and each row is asked whose it is where none is named. Three queries."""
    wanted = {} if accounts is None else {"account__in": accounts}
    kept = AccountFindings.objects.filter(**wanted).exclude(status=Status.RESOLVED).values("account")
    numbers = {s.slug: Sum("n", filter=Q(severity=s, status=Status.OPEN), default=0) for s in Severity}
    numbers |= {"late": Sum("n_late"), "hidden": Sum("n", filter=Q(status=Status.ACCEPTED), default=0)}
    found: defaultdict[int, Sums] = defaultdict(Sums)
    for row in kept.annotate(**numbers):
        by_severity = {s: row[s.slug] for s in Severity}
        found[row["account"]] = Sums(by_severity, overdue=row["late"], accepted=row["hidden"])
    for account, name, n in _by_time(Finding.objects.filter(**wanted).order_by()):
        setattr(found[account], name, getattr(found[account], name) + n)
    return dict(found)


def _by_time(findings: QuerySet[Finding]) -> QuerySet[Finding, tuple[int, str, int]]:
    """Account, number of Sums, and how many more than is kept, as of now: from indexes alone. No finding has an acceptance that
    ended."""
    ending = Acceptance.objects.filter(STANDS, expires_at__lte=Now() + SOON)
    which = {
        "ending": findings.filter(acceptance__in=list(ending.values_list("pk", flat=True))),
        "overdue": findings.filter(JUST_OVERDUE),
        "new": findings.filter(NEW),
    }
    first, *others = (
        some.values("account").annotate(name=Value(name), n=rows()).values_list("account", "name", "n")
        for name, some in which.items()
    )
    return first.union(*others, all=True)


@dataclass
class OfPage:
    """Sums of accounts of a page of rows, which nobody counts before the first is asked for. accounts: their keys."""

    accounts: Sequence[int]

    @cached_property
    def _found(self) -> Mapping[int, Sums]:
        return sums(self.accounts)

    def __getitem__(self, account: int) -> Sums:
        return self._found.get(account) or Sums()


@dataclass(frozen=True)
class Owned:
    """What an owner has to do. slug: as the facet has it; "" where nobody is noted as the owner of anything. unjudged: how many
    of the accounts were never judged."""

    slug: str
    name: str
    accounts: int
    unjudged: int
    sums: Sums

    def known(self, n: int) -> int | None:
        """None: nothing was found, and none of the accounts was judged."""
        return n if n or self.sums.total or self.unjudged < self.accounts else None

    @property
    def narrow(self) -> dict[str, str]:
        """Parameters of the lists behind the numbers."""
        return {"owner": self.slug} if self.slug else {}


# Of a row, as sorts and filters ask for it.
NUMBERS: Mapping[str, Callable[[Owned], int]] = {
    "worst": lambda one: one.sums.worst,
    "n_accounts": lambda one: one.accounts,
    "n_unjudged": lambda one: one.unjudged,
    "n_open": lambda one: one.sums.total,
    "n_urgent": lambda one: one.sums.open[Severity.CRITICAL] + one.sums.open[Severity.HIGH],
    "n_overdue": lambda one: one.sums.overdue,
    "n_new": lambda one: one.sums.new,
    "n_accepted": lambda one: one.sums.accepted,
}


class OwnerTable(ListTable):
    """Of rows with their Owned as `mine`."""

    lead = "owner"
    caption = "Owners, with the findings of their accounts"
    tells = {
        "owner": ("owner",),
        "accounts": ("accounts", "accounts_not_judged"),
        "open": OPEN_FIELDS,
        "overdue": ("overdue",),
        "new": ("new",),
        "accepted": ("accepted",),
        "ending": ("accepted_ending",),
    }

    owner = tables.Column(accessor="mine__name")
    accounts = tables.Column(accessor="mine", attrs=NUMBER)
    open = tables.Column(accessor="mine")
    overdue = tables.Column(accessor="mine", attrs=NUMBER)
    new = tables.Column("New this week", accessor="mine", attrs=NUMBER)
    accepted = tables.Column(accessor="mine", attrs=NUMBER)
    ending = tables.Column("Ending soon", accessor="mine", attrs=NUMBER)

    def render_owner(self, record: Any) -> SafeString:
        mine = record.mine
        lead = format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a>', self._accounts(mine), show.name(mine.name)
        )
        if not mine.unjudged:
            return lead
        many = "1 account" if mine.unjudged == 1 else f"{mine.unjudged:,} accounts"
        return format_html('{}<span class="under">{}</span>', lead, show.unknown(f"{many} not judged yet"))

    def render_accounts(self, value: Owned) -> SafeString:
        return linked(value.accounts, self._accounts(value))

    def render_open(self, value: Owned) -> SafeString:
        if value.known(0) is None:
            return show.unknown("not judged yet")
        return counts(value.sums.open, show.address(self.request, "findings", **value.narrow))

    def render_overdue(self, value: Owned) -> SafeString | str:
        return self._findings(value, value.sums.overdue, "overdue")

    def render_new(self, value: Owned) -> SafeString | str:
        return self._findings(value, value.sums.new, "new")

    def render_accepted(self, value: Owned) -> SafeString | str:
        return self._findings(value, value.sums.accepted, "accepted")

    def render_ending(self, value: Owned) -> SafeString | str:
        return linked(value.known(value.sums.ending), show.address(self.request, "findings-exceptions", tab="soon"))

    def _accounts(self, value: Owned) -> str:
        """With the same numbers of each of them."""
        return show.address(self.request, "accounts", **value.narrow, cols=("findings", *WORK))

    def _findings(self, value: Owned, n: int, tab: str) -> SafeString | str:
        return linked(value.known(n), show.address(self.request, "findings", tab=tab, **value.narrow))


def linked(n: int | None, url: str) -> SafeString | str:
    """n None: unknown."""
    if n is None:
        return show.state("unknown", "unknown")
    return format_html('<a href="{}" hx-boost="false">{}</a>', url, f"{n:,}") if n else "0"


class OwnerFindings(ListPage):
    """A row is one account of the owner, which stands for all of them."""

    name = "owners"
    title = "Findings by owner"
    folder = "findings/owners"
    table = OwnerTable
    filters = Filters(
        tabs=(
            Tab("all", "All", Q()),
            Tab("urgent", "Critical or high open", Q(n_urgent__gt=0)),
            Tab("overdue", "Overdue", Q(n_overdue__gt=0)),
            Tab("new", "New this week", Q(n_new__gt=0)),
        ),
        sorts={
            "open": Sort("Worst", ("worst",), descending=True),
            "owner": Sort("Owner", ("owner_name",)),
            "accounts": Sort("Accounts", ("n_accounts",), descending=True),
            "overdue": Sort("Overdue", ("n_overdue",), descending=True),
            "new": Sort("New this week", ("n_new",), descending=True),
            "accepted": Sort("Accepted", ("n_accepted",), descending=True),
        },
        facets=(
            Conditions(
                name="findings",
                title="Open findings",
                inline=True,
                single=True,
                conditions={
                    "some": (Q(n_open__gt=0), "Has open findings"),
                    "none": (Q(n_open=0, n_unjudged=0), "Has none"),
                    "unknown": (Q(n_unjudged__gt=0), "Has accounts that were not judged yet"),
                },
            ),
            Accounts(column="pk", offered=False),
            ou_facet("pk", offered=False),
            replace(group_facet("pk"), offered=False),
            replace(owner_facet("pk"), offered=False),
        ),
        search=("owner_name",),
        searched="owner",
    )
    fields = {
        "owner": lambda r: "" if r.mine.slug in ("", NOBODY) else r.mine.name,
        "accounts": lambda r: r.mine.accounts,
        "accounts_not_judged": lambda r: r.mine.unjudged,
        **{f"open_{s.slug}": (lambda r, s=s: r.mine.known(r.mine.sums.open[s])) for s in reversed(Severity)},
        "overdue": lambda r: r.mine.known(r.mine.sums.overdue),
        "new": lambda r: r.mine.known(r.mine.sums.new),
        "accepted": lambda r: r.mine.known(r.mine.sums.accepted),
        "accepted_ending": lambda r: r.mine.known(r.mine.sums.ending),
    }

    def queryset(self) -> QuerySet[Account]:
        found = Account.objects.filter(one_of(list(self._owned))).order_by()
        numbers = {name: {pk: get(one) for pk, one in self._owned.items()} for name, get in NUMBERS.items()}
        return found.annotate(
            owner_name=told.text({pk: one.name for pk, one in self._owned.items()}, "pk"),
            **{name: told.number(each, "pk") for name, each in numbers.items()},
        )

    @cached_property
    def _owned(self) -> Mapping[int, Owned]:
        """By one of the owner's accounts, of those that the frame chose. Once for all that is asked."""
        accounts = narrowed.accounts(self.read(self.request.GET))
        seen = Account.objects.order_by() if accounts is None else Account.objects.filter(pk__in=accounts).order_by()
        known = dict(seen.annotate(**judged("pk")).values_list("pk", "judged"))
        sets, named = _sets(known), bool(by_owner())
        found = sums(None if accounts is None and self.request.user.all_accounts else list(known)) if known else {}
        unjudged = {pk for pk, told in known.items() if not told}
        return {
            min(pks): _owned(slug if named else "", name, pks, found, unjudged) for slug, (name, pks) in sets.items()
        }

    def attach(self, rows: Sequence[Any]) -> None:
        for row in rows:
            row.mine = self._owned[row.pk]

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        mine = Finding.objects.filter(OPEN, assignee=self.request.user.username)
        assigned = mine.aggregate(mine=rows(), mine_overdue=rows(OVERDUE))
        return {**assigned, "named": bool(by_owner())}


def _sets(accounts: Iterable[int]) -> Sets:
    """Owner -> name and accounts, of these alone."""
    pks = list(accounts)
    if not by_owner():
        return {NOBODY: ("Nobody", pks)} if pks else {}
    some = ((slug, name, sorted(set(mine) & set(pks))) for slug, (name, mine) in by_owner().items())
    return {slug: (name, mine) for slug, name, mine in some if mine}


def _owned(slug: str, name: str, pks: Sequence[int], found: Mapping[int, Sums], unjudged: set[int]) -> Owned:
    whole = Sums()
    for pk in pks:
        if pk in found:
            whole.add(found[pk])
    return Owned(slug, name, len(pks), len(unjudged.intersection(pks)), whole)
