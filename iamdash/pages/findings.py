"""What is wrong, where, and since when? The list of findings, worst first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from findings.analysis.owners import Owned
from findings.models import Acceptance, AccountFindings, Finding, FindingCount, FindingTotal
from findings.rules import registry
from findings.vocabulary import Practice, Severity, SubjectType
from iamdash.access.models import Role
from iamdash.pages import show, tickets, when
from iamdash.pages.checked import checked
from iamdash.pages.facets import Accounts, Choices, Texts
from iamdash.pages.filters import FORMATS, Asked, Filters, Sort, Tab
from iamdash.pages.framework_facet import OfControl
from iamdash.pages.grouped import group_facet, ou_facet, owned, owner_facet
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.searching import INDEXED, NAMED, contains, found_by, named, pattern
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.subjects import FixedAt, OfPermissionSet, OfPrincipal, SameRole, subject_url
from iamdash.pages.tables import SELECT, ListTable, Ordered, picker
from iamdash.pages.work_facets import DUE, JUST_OVERDUE, OVERDUE, AcceptedBy, Assigned

OPEN = Q(status=Finding.Status.OPEN, resolved_at=None)
STILL = Q(status=Finding.Status.OPEN)  # of counts
ACCEPTED = Q(acceptance__isnull=False)  # by this an index finds them, and not by their status, which says the same
RESOLVED = Q(status=Finding.Status.RESOLVED, resolved_at__isnull=False)
RECENT = timedelta(days=7)
# What opened first in these days did not open before; an index of openings finds those.
NEW = OPEN & Q(opened_at__gte=Now() - RECENT, first_opened_at__gte=Now() - RECENT)
SEARCHED = ("subject_name", "subject_arn", "title")


def rule_label(code: str) -> str:
    entry = registry.catalogue().get(code)
    return f"{code} {entry.rule.slug}" if entry else code


class FindingTable(ListTable):
    lead = "title"
    caption = "Findings"
    fixed = ("pick",)
    spare = ("arn", "seen")
    tells = {
        "title": (
            "title",
            "rule",
            "practice",
            "part",
            "status",
            "resolved_why",
            "ticket",
            "ticket_state",
            "ticket_url",
        ),
        "severity": ("severity",),
        "subject": ("subject_type", "subject_name"),
        "arn": ("subject_arn",),
        "seen": ("first_opened_at", "reopened"),
        "owner": ("owner", "assignee"),
        "since": ("opened_at", "resolved_at", "due_at"),
    }

    pick = tables.Column(SELECT, empty_values=(), accessor="pk", attrs={"td": {"class": "tight"}})
    severity = tables.Column(attrs={"td": {"class": "tight"}})
    title = tables.Column("Finding")
    subject = tables.Column(accessor="subject_name")
    arn = tables.Column("ARN", accessor="subject_arn", attrs={"td": {"class": "arn"}})
    seen = tables.Column("First seen", accessor="first_opened_at", attrs={"td": {"class": "tight"}})
    account = tables.Column()
    owner = tables.Column("Owner", empty_values=(), accessor="assignee")
    since = tables.Column("Since", accessor="opened_at", attrs={"td": {"class": "tight"}})

    def __init__(self, data: Ordered, *, asked: Asked, request: HttpRequest) -> None:
        super().__init__(data, asked=asked, request=request)
        if not request.user.may(Role.ANALYST):
            self.columns.hide("pick")

    def render_pick(self, record: Finding) -> SafeString:
        return picker(record.pk, record.title)

    def render_arn(self, value: str) -> SafeString:
        return show.name(value)

    def render_seen(self, record: Finding) -> SafeString:
        again = f"reopened {record.reopened}×" if record.reopened else ""
        return format_html('{}<span class="under">{}</span>', show.ago(record.first_opened_at), again)

    def render_owner(self, record: Finding) -> SafeString:
        return answers(record, owned().get(record.account_id))

    def render_severity(self, value: int, record: Finding) -> SafeString:
        return show.severity(record.severity)

    def render_title(self, record: Finding) -> SafeString:
        url = show.address(self.request, "finding", record.pk)
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">{}{}{}</span>',
            url,
            show.name(record.title),
            rule_label(record.code),
            _standing(record),
            tickets.said(record.ticket, resolved=record.resolved_at is not None),
        )

    def render_subject(self, record: Finding) -> SafeString:
        url = subject_url(self.request, record)
        shown = show.name(record.subject_name or record.subject_id)
        link = format_html('<a href="{}" hx-boost="false">{}</a>', url, shown) if url else shown
        return format_html('{}<span class="under">{}</span>', link, record.subject_type)

    def render_account(self, record: Finding) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html(
            '<a href="{}" hx-boost="false">{}</a><span class="under mono id">{}</span>',
            url,
            show.name(record.account.name),
            record.account.aws_id,
        )

    def render_since(self, record: Finding) -> SafeString:
        since = show.ago(record.opened_at)
        if record.resolved_at:
            return format_html('{}<span class="under">resolved {}</span>', since, show.ago(record.resolved_at))
        return format_html('{}<span class="under">{}</span>', since, due(record)) if record.due_at else since


def last_day(one: Acceptance) -> datetime:
    """Within the last day on which it holds: most end at a midnight."""
    return one.expires_at - timedelta(seconds=1)


def due(finding: Finding) -> SafeString:
    """Until when it is due; late ones have a word and a mark."""
    if finding.due_at is None:
        return format_html("no day is named")
    if finding.due_at > timezone.now():
        return format_html("due {}", show.ago(finding.due_at))
    return format_html("{} overdue: {}", show.mark("high"), show.ago(finding.due_at))


def answers(finding: Finding, owner: Owned | None) -> SafeString:
    """Who it is assigned to, else who owns the account."""
    if finding.assignee:
        return format_html('{}<span class="under">assigned</span>', show.name(finding.assignee))
    return show.name(owner.name) if owner else format_html('<span class="muted">{}</span>', "nobody")


def _standing(finding: Finding) -> SafeString | str:
    if finding.status == Finding.Status.RESOLVED:
        return format_html(" · {}{}", show.mark("resolved"), finding.get_resolved_why_display())
    if finding.status == Finding.Status.ACCEPTED:
        return format_html(" · accepted until {}", f"{last_day(finding.acceptance):%Y-%m-%d}")
    if finding.reopened:
        return format_html(" · reopened {}", "once" if finding.reopened == 1 else f"{finding.reopened} times")
    return ""


def _sought(q: str) -> Q:
    """An index knows three letters and more (migration 0019). Fewer mean subjects whose name begins with them."""
    keys = found_by("findings_sought", pattern(q), NAMED + 1)
    return named(keys, contains(q, SEARCHED) if len(q) >= INDEXED else Q(subject_name__istartswith=q))


FILTERS = Filters(
    sorts={
        "severity": Sort("Severity, then newest", ("severity", "opened_at"), descending=True),
        "since": Sort("Since", ("opened_at",), descending=True),
        "subject": Sort("Subject", ("subject_name",)),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("open", "Open", OPEN, counted=STILL),
        Tab("new", "New", NEW, "-since"),
        Tab("reopened", "Reopened", OPEN & Q(reopened__gt=0), counted=STILL & Q(again=True)),
        Tab("overdue", "Overdue", OVERDUE, counted=STILL, n="n_late", beside=JUST_OVERDUE),
        Tab("accepted", "Accepted", ACCEPTED, counted=Q(status=Finding.Status.ACCEPTED)),
        Tab("resolved", "Resolved", RESOLVED, counted=Q(status=Finding.Status.RESOLVED)),
        Tab("all", "All", Q(), counted=Q()),
    ),
    facets=(
        Choices(
            name="severity",
            title="Severity",
            column="severity",
            values={s.slug: (s.value, s.label) for s in WORST_FIRST},
            marked=True,
            inline=True,
        ),
        Choices(
            name="practice",
            title="Practice",
            column="practice",
            values={p.prefix: (p.prefix, p.label) for p in Practice},
        ),
        Texts(name="rule", title="Rule", column="code", pattern=re.compile(r"[A-Z]{2}\d{3}"), naming=rule_label),
        Accounts(),
        ou_facet(),
        group_facet(),
        owner_facet(),
        *when.facets(),
        Assigned(),
        DUE,
        AcceptedBy(),
        OfControl(),
        tickets.TicketFacet(),
        OfPrincipal(),
        OfPermissionSet(),
        FixedAt(),
        SameRole(),
        Choices(
            name="subject",
            title="Subject",
            column="subject_type",
            values={t.value: (t.value, t.value.capitalize()) for t in SubjectType},
        ),
    ),
    search=_sought,
    searched="subject, ARN or title",
    forms=(*FORMATS, "ocsf"),
)


class FindingList(ListPage):
    name = "findings"
    title = "Findings"
    noun = "finding"
    folder = "findings"
    table = FindingTable
    filters = FILTERS
    counts = (FindingTotal, AccountFindings, FindingCount)
    fields = {
        "id": lambda f: f.pk,
        "severity": lambda f: Severity(f.severity).slug,
        "status": lambda f: f.status,
        "rule": lambda f: f.code,
        "practice": lambda f: Practice(f.practice).slug,
        "title": lambda f: f.title,
        "account": lambda f: f.account.aws_id,
        "account_name": lambda f: f.account.name,
        "subject_type": lambda f: f.subject_type,
        "subject_id": lambda f: f.subject_id,
        "subject_name": lambda f: f.subject_name,
        "subject_arn": lambda f: f.subject_arn,
        "part": lambda f: f.part,
        "first_opened_at": lambda f: f.first_opened_at,
        "opened_at": lambda f: f.opened_at,
        "resolved_at": lambda f: f.resolved_at,
        "resolved_why": lambda f: f.resolved_why,
        "reopened": lambda f: f.reopened,
        "due_at": lambda f: f.due_at,
        "assignee": lambda f: f.assignee,
        "owner": lambda f: owner.name if (owner := owned().get(f.account_id)) else "",
        "accepted_until": lambda f: f.acceptance and f.acceptance.expires_at,
        "accepted_because": lambda f: f.acceptance and f.acceptance.reason,
        "ticket": lambda f: f.ticket and (f.ticket.key or str(f.ticket.ref)),
        "ticket_state": lambda f: f.ticket and f.ticket.state,
        "ticket_url": lambda f: (f.ticket and f.ticket.url) or None,
        "evidence": lambda f: f.evidence,
    }

    def queryset(self) -> QuerySet[Finding]:
        return Finding.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account", "acceptance")

    def attach(self, rows: Sequence[Finding]) -> None:
        tickets.attach(rows)

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        accounts = asked.condition("ou") & asked.condition("group") & asked.condition("owner")
        return {
            "may_work": self.request.user.may(Role.ANALYST),
            "checked": checked(self.request, asked.chosen, accounts),
        }
