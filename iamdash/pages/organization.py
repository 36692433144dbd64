"""How far has each account of the organization come, and what is the next step?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from collectors.aws.session import HUB_REFUSED
from collectors.models import Coverage, Membership, OrganizationalUnit, OrganizationConnection
from collectors.models.coverage import where
from collectors.models.organization_view import SOURCE
from collectors.onboarding import ASSUME, NEXT, OURS, Status, board, told
from collectors.records import Organization
from findings.models import Finding, RuleState, Unknown
from findings.rules.registry import rules
from findings.vocabulary import SubjectType
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.access.scope import once
from iamdash.pages import show
from iamdash.pages.facets import Choices, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.lists import ListPage
from iamdash.pages.organizations import found, gaps, outside, proof, same_name
from iamdash.pages.subjects import unresolved
from iamdash.pages.tables import ListTable

MARKS = {
    Status.DENIED: "high",
    Status.BARRED: "high",
    Status.WAITING: "medium",
    Status.COLLECTED: "resolved",
    Status.BY_HAND: "resolved",
}
STEPS = {
    Status.FIRST: "The first collection begins within 30 seconds, or is under way.",
    Status.COMING: "Within 30 seconds, if a worker runs.",
    Status.NOT_JOINED: "Let new accounts join, where the choice is changed.",
    Status.BY_HAND: "Kept as it is, with a role and an external id of its own.",
    Status.PAUSED: "Resume the account, or the organization; connect it again where it is disconnected.",
    Status.LEFT_OUT: "Take it off the list of those left out.",
}
PERMISSIONS = 3  # that a row names; the account's page has all


def units() -> dict[str, str]:
    """Names of the OUs, by id; of two organizations in one, since ids are AWS's own."""
    return once("organization-units", lambda: dict(OrganizationalUnit.objects.values_list("unique_id", "name")))


class BoardTable(ListTable):
    lead = "name"
    caption = "Accounts of the organization"
    tells = {
        "parent": ("ou", "ou_name"),
        "status": ("state", "status"),
        "since": ("since",),
        "step": ("denied", "barred", "said"),
    }

    name = tables.Column("Account")
    unique_id = tables.Column("Account id", attrs={"td": {"class": "mono tight"}})
    parent = tables.Column("OU")
    status = tables.Column()
    since = tables.Column(empty_values=(), attrs={"td": {"class": "tight"}})
    step = tables.Column("Next step", empty_values=(), accessor="unique_id")

    def render_name(self, record: Any) -> SafeString:
        said = show.name(record.name or record.unique_id)
        if not record.member:
            return said
        return format_html(
            '<a class="lead" href="{}">{}</a>', show.address(self.request, "account", record.unique_id), said
        )

    def render_parent(self, record: Any) -> SafeString:
        return show.name(units().get(record.parent, record.parent))

    def render_status(self, record: Any) -> SafeString:
        status = Status(record.status)
        return show.state(MARKS.get(status, "unknown"), status.label)

    def render_since(self, record: Any) -> SafeString:
        return show.ago(record.since, none="")

    def render_step(self, record: Any) -> SafeString | str:
        return step(record)


def step(row: Any) -> SafeString | str:
    """What to do about a row of the board, or what it means where nothing is to be done."""
    status = Status(row.status)
    if status == Status.WAITING:
        return format_html('{}<span class="under">{}</span>', _missing_role(row), row.said)
    if status in {Status.DENIED, Status.BARRED}:
        return _refused(row)
    if status == Status.PARTIAL:
        return " ".join(_partly(row))
    if status == Status.UNDECIDED:
        return _undecided(row)
    if status == Status.BY_HAND and row.same_name:
        return f"{STEPS[status]} The StackSet fails here, since its role has the name already: the templates say how to avoid it."
    if status == Status.FROZEN:
        why = "It left the organization" if row.gone_at else f"It is {row.state}"
        kept = " Its history and findings stay as they were." if row.member else " It never joined."
        return f"{why}: nothing is collected.{kept}"
    if status == Status.NOT_CHOSEN:
        return "No longer chosen: nothing is collected, and its history stays." if row.member else "Outside the choice."
    return STEPS.get(status, "")


def _missing_role(row: Any) -> str:
    if ASSUME in row.barred:
        return f"A service control policy denies {ASSUME} to the worker: let it spare the role of the worker."
    if row.said.startswith(HUB_REFUSED):
        return "The hub role lets the worker not in: deploy its template."
    if row.managing:
        return "StackSets leave the management account out: deploy the template there as its own stack."
    return "The role is not there, or trusts somebody else: let the StackSet deploy to this account."


def _refused(row: Any) -> SafeString | str:
    if ASSUME in (*row.denied, *row.barred):
        return format_html('The role was there and lets us in no more.<span class="under">{}</span>', row.said)
    steps = [format_html("Grant <code>{}</code>{}.", *_few(row.denied))] if row.denied else []
    if row.barred:  # a grant would change nothing
        words = "A service control policy denies <code>{}</code>{}: let it spare the role."
        steps.append(format_html(words, *_few(row.barred)))
    return format_html_join(" ", "{}", ((one,) for one in steps))


def _few(permissions: Sequence[str]) -> tuple[str, str]:
    more = f" and {len(permissions) - PERMISSIONS} more" if len(permissions) > PERMISSIONS else ""
    return ", ".join(permissions[:PERMISSIONS]), more


def _partly(row: Any) -> Iterator[str]:
    if row.closed:
        yield (
            f"A service control policy closes {where(row.closed)} to the role: what is there is not known."
            " Let it spare the role if others may act there."
        )
    if row.short:
        yield f"{', '.join(row.short)} gave no whole answer; the account's page says why."


def _undecided(row: Any) -> SafeString | str:
    if row.state != "ACTIVE":
        return f"Organizations calls it {row.state or 'nothing yet'}: it joins once it is ACTIVE."
    if not row.parent:
        return "Its place in the tree was not read; it may be on the move."
    return format_html("Its tags were not read: grant <code>{}</code>.", "organizations:ListTagsForResource")


class Board(ListPage):
    name = "accounts"
    title = "Organization"
    folder = "organization"
    table = BoardTable
    filters = Filters(
        sorts={
            "name": Sort("Account", ("name", "unique_id")),
            "status": Sort("Status", ("status", "name")),
        },
        tabs=(
            Tab("all", "All", Q()),
            Tab("todo", "To do", Q(status__in=NEXT)),
            Tab("connected", "Connected", Q(status__in=(*OURS, Status.BY_HAND))),
            Tab("rest", "Not collected", ~Q(status__in=(*OURS, *NEXT, Status.BY_HAND))),
        ),
        facets=(
            Choices(
                name="status",
                title="Status",
                column="status",
                inline=True,
                values={s.value: (s.value, s.label) for s in Status},
            ),
            Texts(
                name="ou",
                title="OU",
                column="parent",
                pattern=re.compile(r"(r|ou)-[a-z0-9-]{1,66}"),
                naming=lambda unit: units().get(unit, unit),
            ),
        ),
        search=("name", "unique_id"),
        searched="name or account id",
    )
    fields = {
        "account": lambda a: a.unique_id,
        "name": lambda a: a.name,
        "ou": lambda a: a.parent,
        "ou_name": lambda a: units().get(a.parent, ""),
        "state": lambda a: a.state,
        "status": lambda a: a.status,
        "since": lambda a: a.since,
        "denied": lambda a: " ".join(a.denied),
        "barred": lambda a: " ".join(a.barred),
        "said": lambda a: a.said,
    }

    @cached_property
    def decided(self) -> OrganizationConnection:
        return found(self.kwargs["organization_id"])

    @cached_property
    def said(self) -> Organization | None:
        return told(self.decided.account)

    def get(self, request: HttpRequest, organization_id: str) -> HttpResponseBase:
        return super().get(request)

    def queryset(self) -> QuerySet[Any]:
        return board(self.decided).order_by()

    def attach(self, rows: Sequence[Any]) -> None:
        """What was denied, what AWS said, and since when it stands so: two queries for all."""
        known = [row.member for row in rows if row.member]
        joined = dict(Membership.objects.filter(account__in=known).values_list("account", "since"))
        denied: defaultdict[int, dict[str, str]] = defaultdict(dict)
        barred: defaultdict[int, dict[str, str]] = defaultdict(dict)
        closed: defaultdict[int, set[str]] = defaultdict(set)
        short: defaultdict[int, dict[str, None]] = defaultdict(dict)
        trouble = Coverage.objects.filter(account__in=known).exclude(state__in=("complete", "not_applicable"))
        for row in trouble.order_by("permission", "api"):
            if row.state == "denied":
                denied[row.account_id].setdefault(row.permission or row.api, row.detail)
            elif row.state == "blocked_by_scp" and row.region:
                closed[row.account_id].add(row.region)
            elif row.state == "blocked_by_scp":
                barred[row.account_id].setdefault(row.permission or row.api, row.detail)
            else:
                short[row.account_id][row.api] = None
        manager = self.said.management_account_id if self.said else ""
        same = {account.pk for account in same_name(self.decided, manager)}
        for row in rows:
            row.since = row.gone_at or joined.get(row.member)
            row.denied, row.barred = list(denied[row.member]), list(barred[row.member])
            row.closed, row.short = closed[row.member], list(short[row.member])
            refused = barred[row.member] | denied[row.member]
            row.said = refused.get(ASSUME) or next(iter(refused.values()), "")
            row.managing = row.unique_id == manager
            row.same_name = row.member in same

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        decided, said, there = self.decided, self.said, units()
        return {
            "decided": decided,
            "read_at": read_at(decided),
            "elsewhere": said is None or said.organization_id != decided.organization_id,
            "gaps": gaps(Coverage.objects.filter(account=decided.account)),
            "chosen": [there.get(unit, unit) for unit in decided.units],
            "outside": outside(decided),
            "proof": proof(decided),
            "may_manage": self.request.user.may(Role.ADMIN),
            **self.wrong(decided),
        }

    def wrong(self, decided: OrganizationConnection) -> dict[str, Any]:
        """What is open on the organization itself, whichever account told of it, and what the one that tells of it cannot know.
        Three queries."""
        about = {"subject_type": SubjectType.ORGANIZATION, "subject_id": decided.organization_id}
        codes = [rule.code for rule in rules() if SubjectType.ORGANIZATION in rule.subjects]
        told, here = {"account": decided.account, "code__in": codes}, ("", decided.organization_id)
        return {
            **unresolved(Finding.objects.filter(**about)),
            "unknown": Unknown.objects.filter(**told, subject_id__in=here).order_by("code"),
            "judged": RuleState.objects.filter(**told, n_subjects__gt=0).exists(),
        }


def read_at(decided: OrganizationConnection) -> datetime | None:
    """When the part of the tree that is oldest was last read whole."""
    rows = Coverage.objects.filter(account=decided.account, api__startswith=f"{SOURCE}:List")
    oldest: datetime | None = rows.exclude(state="not_applicable").aggregate(at=Min("complete_at"))["at"]
    return oldest


page = needs(Role.VIEWER, every_account=True)(Board.as_view())
