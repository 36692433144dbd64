"""Which accounts are connected, and is what we know of them whole and fresh?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.safestring import SafeString

from collectors.models import Account, Connection, Coverage
from collectors.models.account import HELD
from collectors.models.coverage import TROUBLE
from findings.models import AccountFindings, Finding, PrincipalCount
from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Conditions
from iamdash.pages.filters import Asked, Filters, Sort
from iamdash.pages.gaps import DETAILS
from iamdash.pages.grouped import group_facet, ou_facet, owned, owner_facet
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.owners import WORK, OfPage, linked
from iamdash.pages.severities import OPEN_FIELDS, counts_of, judged, known, open_fields
from iamdash.pages.tables import NUMBER, SELECT, ListTable, Ordered, picker
from iamdash.pages.when import NotJudged

COLLECTED = Exists(Coverage.objects.filter(account=OuterRef("pk")))
TROUBLED = Exists(Coverage.objects.filter(account=OuterRef("pk"), state__in=TROUBLE))
HEALTH = {
    "complete": (Q(COLLECTED) & ~Q(TROUBLED), "Complete"),
    "partial": (Q(TROUBLED), "Partial or denied"),
    "waiting": (~Q(COLLECTED), "Not collected yet"),
    "paused": (Q(connection__enabled=False), "Paused"),
    "held": (HELD, "Held by its organization"),
}


class AccountTable(ListTable):
    lead = "name"
    caption = "Connected AWS accounts"
    fixed = ("pick",)
    spare = WORK
    tells = {
        "owner": ("owner",),
        "health": ("connection", "enabled", "held", "apis", "apis_missing"),
        "newest": ("collected_at",),
        "principals": ("principals",),
        "findings": OPEN_FIELDS,
        **{name: (name,) for name in WORK},
    }

    pick = tables.Column(SELECT, empty_values=(), accessor="aws_id", attrs={"td": {"class": "tight"}})
    name = tables.Column()
    aws_id = tables.Column("Account id", attrs={"td": {"class": "mono"}})
    owner = tables.Column(empty_values=())
    health = tables.Column("Data", accessor="apis")
    newest = tables.Column("Collected", empty_values=())
    principals = tables.Column(attrs=NUMBER)
    findings = tables.Column("Open findings", accessor="pk")
    overdue = tables.Column(empty_values=(), attrs=NUMBER)
    new = tables.Column("New this week", empty_values=(), attrs=NUMBER)
    accepted = tables.Column(empty_values=(), attrs=NUMBER)

    def __init__(self, data: Ordered, *, asked: Asked, request: HttpRequest) -> None:
        super().__init__(data, asked=asked, request=request)
        if not request.user.may(Role.ANALYST):
            self.columns.hide("pick")

    def render_pick(self, record: Account) -> SafeString:
        return picker(record.aws_id, record.name)

    def render_name(self, record: Account) -> SafeString:
        url = show.address(self.request, "account", record.aws_id)
        return format_html('<a class="lead" href="{}">{}</a>', url, show.name(record.name))

    def render_owner(self, record: Account) -> SafeString:
        return show.name(record.owner.name) if record.owner else format_html('<span class="muted">{}</span>', "nobody")

    def render_health(self, record: Account) -> SafeString:
        if not record.connection.enabled:
            return show.state("unknown", "Paused")
        if (joined := getattr(record, "membership", None)) and joined.held:
            return show.state("unknown", "Paused" if joined.paused else joined.get_standing_display())
        if not record.apis:
            return show.state("unknown", "Not collected yet")
        if record.troubled:
            return show.state("unknown", f"{record.troubled} of {record.apis} APIs missing")
        return show.state("resolved", "Complete")

    def render_newest(self, record: Account) -> SafeString:
        return show.ago(record.newest, none="not yet")

    def render_principals(self, record: Account) -> SafeString | str:
        if record.unread:
            return show.state("unknown", "unknown")
        url = show.address(self.request, "principals", account=record.aws_id)
        return format_html('<a href="{}">{}</a>', url, f"{record.principals:,}") if record.principals else "0"

    def render_findings(self, record: Account) -> SafeString:
        return counts_of(record, show.address(self.request, "findings", account=record.aws_id))

    def render_overdue(self, record: Account) -> SafeString | str:
        return self._work(record, "overdue")

    def render_new(self, record: Account) -> SafeString | str:
        return self._work(record, "new")

    def render_accepted(self, record: Account) -> SafeString | str:
        return self._work(record, "accepted")

    def _work(self, record: Account, name: str) -> SafeString | str:
        """name: of the number, and of the tab of findings."""
        url = show.address(self.request, "findings", tab=name, account=record.aws_id)
        return linked(work(record, name), url)


def work(row: Any, name: str) -> int | None:
    """One of WORK; None: not judged yet."""
    n = getattr(row.work[row.pk], name)
    return n if n or known(row) else None


class AccountList(ListPage):
    name = "accounts"
    title = "Accounts"
    noun = "account"
    folder = "accounts"
    table = AccountTable
    filters = Filters(
        sorts={"name": Sort("Name", ("name",)), "aws_id": Sort("Account id", ("aws_id",))},
        facets=(
            Conditions(name="health", title="Data", inline=True, single=True, conditions=HEALTH),
            Conditions(
                name="kind",
                title="Connection",
                conditions={k.value: (Q(connection__kind=k.value), k.label) for k in Connection.Kind}
                | {"organization": (Q(connection__organization__isnull=False), "Joined with its organization")},
            ),
            ou_facet("pk"),
            group_facet("pk"),
            owner_facet("pk"),
            NotJudged(title="Not judged on", column="pk"),
            Accounts(column="pk", offered=False),
        ),
        search=("name", "aws_id"),
        searched="name or account id",
    )
    fields = {
        "account": lambda a: a.aws_id,
        "name": lambda a: a.name,
        "partition": lambda a: a.partition,
        "connection": lambda a: a.connection.kind,
        "enabled": lambda a: a.connection.enabled,
        "held": lambda a: a.membership.standing if hasattr(a, "membership") and a.membership.held else "",
        "apis": lambda a: a.apis,
        "apis_missing": lambda a: a.troubled,
        "collected_at": lambda a: a.newest,
        "principals": lambda a: None if a.unread else a.principals,
        "owner": lambda a: a.owner.name if a.owner else "",
        **open_fields(),
        **{name: (lambda a, name=name: work(a, name)) for name in WORK},
    }

    def queryset(self) -> QuerySet[Account]:
        return Account.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        """Counts of a page's accounts, each by its index; a join would multiply them with one another."""
        coverage = Coverage.objects.filter(account=OuterRef("pk"))
        still_open = AccountFindings.objects.filter(account=OuterRef("pk"), status=Finding.Status.OPEN)
        return qs.select_related("connection", "membership").annotate(
            apis=number(coverage, "api"),
            troubled=number(coverage.filter(state__in=TROUBLE), "api"),
            newest=Subquery(coverage.order_by().values("account").values(at=Max("complete_at"))),
            unread=~Exists(coverage.filter(api=DETAILS, complete_at__isnull=False)),
            principals=total(PrincipalCount.objects.filter(account=OuterRef("pk"), here=True)),
            **judged("pk"),
            **{s.slug: total(still_open.filter(severity=s)) for s in Severity},
        )

    def attach(self, rows: Sequence[Any]) -> None:
        work = OfPage([row.pk for row in rows])
        for row in rows:
            row.owner, row.work = owned().get(row.pk), work

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        user = self.request.user
        may_add = user.may(Role.ADMIN) and user.all_accounts
        return {"may_add": may_add, "may_see_all": user.all_accounts, "may_work": user.may(Role.ANALYST)}


def number(rows: QuerySet[Any], of: str = "pk") -> Coalesce:
    """How many rows a correlated query has, or values of a column; 0 for none."""
    counted = Count(of, distinct=of != "pk")
    return Coalesce(Subquery(rows.order_by().values("account").annotate(n=counted).values("n")), 0)


def total(counts: QuerySet[Any]) -> Coalesce:
    """What the rows of a correlated query of kept counts sum up to; 0 for none."""
    return Coalesce(Subquery(counts.order_by().values("account").values(total=Sum("n"))), 0)
