"""What is wrong, where, and since when? The list of findings, worst first."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.html import format_html
from django.utils.safestring import SafeString

from findings.models import Finding
from findings.rules import registry
from findings.vocabulary import Practice, Severity, SubjectType
from iamdash.pages import show
from iamdash.pages.checked import checked
from iamdash.pages.facets import Accounts, Choices, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.grouped import group_facet, owner_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.subjects import FixedAt, OfPermissionSet, OfPrincipal, subject_url
from iamdash.pages.tables import ListTable

OPEN = Q(status=Finding.Status.OPEN, resolved_at=None)
RECENT = timedelta(days=7)


def rule_label(code: str) -> str:
    entry = registry.catalogue().get(code)
    return f"{code} {entry.rule.slug}" if entry else code


class FindingTable(ListTable):
    lead = "title"
    caption = "Findings"

    severity = tables.Column(attrs={"td": {"class": "tight"}})
    title = tables.Column("Finding")
    subject = tables.Column(accessor="subject_name")
    account = tables.Column()
    since = tables.Column("Since", accessor="opened_at", attrs={"td": {"class": "tight"}})

    def render_severity(self, value: int, record: Finding) -> SafeString:
        return show.severity(record.severity)

    def render_title(self, record: Finding) -> SafeString:
        url = show.address(self.request, "finding", record.pk)
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">{}{}</span>',
            url,
            show.name(record.title),
            rule_label(record.code),
            _standing(record),
        )

    def render_subject(self, record: Finding) -> SafeString:
        url = subject_url(self.request, record)
        shown = show.name(record.subject_name or record.subject_id)
        link = format_html('<a href="{}" hx-boost="false">{}</a>', url, shown) if url else shown
        return format_html('{}<span class="under">{}</span>', link, record.subject_type)

    def render_account(self, record: Finding) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html(
            '<a href="{}" hx-boost="false">{}</a><span class="under mono">{}</span>',
            url,
            show.name(record.account.name),
            record.account.aws_id,
        )

    def render_since(self, record: Finding) -> SafeString:
        since = show.ago(record.opened_at)
        if record.resolved_at:
            return format_html('{}<span class="under">resolved {}</span>', since, show.ago(record.resolved_at))
        return since


def _standing(finding: Finding) -> SafeString | str:
    if finding.status == Finding.Status.RESOLVED:
        return format_html(" · {}{}", show.mark("resolved"), finding.get_resolved_why_display())
    if finding.status == Finding.Status.ACCEPTED:
        return " · accepted"
    if finding.reopened:
        return format_html(" · reopened {}", "once" if finding.reopened == 1 else f"{finding.reopened} times")
    return ""


FILTERS = Filters(
    sorts={
        "severity": Sort("Severity, then newest", ("severity", "opened_at"), descending=True),
        "since": Sort("Since", ("opened_at",), descending=True),
        "subject": Sort("Subject", ("subject_name",)),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("open", "Open", OPEN),
        Tab("new", "New", OPEN & Q(first_opened_at__gte=Now() - RECENT), "-since"),
        Tab("reopened", "Reopened", OPEN & Q(reopened__gt=0)),
        Tab("resolved", "Resolved", Q(resolved_at__isnull=False)),
        Tab("all", "All", Q()),
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
        group_facet(),
        owner_facet(),
        OfPrincipal(),
        OfPermissionSet(),
        FixedAt(),
        Choices(
            name="subject",
            title="Subject",
            column="subject_type",
            values={t.value: (t.value, t.value.capitalize()) for t in SubjectType},
        ),
    ),
    search=("subject_name", "subject_arn", "title"),
    searched="subject, ARN or title",
)


class FindingList(ListPage):
    name = "findings"
    title = "Findings"
    noun = "finding"
    folder = "findings"
    table = FindingTable
    filters = FILTERS
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
        "evidence": lambda f: f.evidence,
    }

    def queryset(self) -> QuerySet[Finding]:
        return Finding.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        return {"checked": checked(asked.chosen, asked.condition("group") & asked.condition("owner"))}
