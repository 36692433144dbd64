"""Who outside may become which role? Other accounts, vendors, identity providers and anyone, in all accounts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import django_tables2 as tables
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from collectors.models import Principal
from findings.analysis.trust.external import EXTERNAL_ID, Standing
from findings.analysis.trust.vendors import VENDORS
from findings.analysis.trust.who import ANYONE
from findings.models import ExternalAccess, PrincipalCount
from findings.policy.document import Condition
from findings.vocabulary import Severity
from iamdash.pages import narrowed, show
from iamdash.pages.facets import Accounts, Choices, Conditions, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.gaps import DETAILS, told
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.severities import OPEN_FIELDS, counted, counts, open_counts
from iamdash.pages.tables import ListTable
from iamdash.pages.trust import Naming, condition_words

RULES = ("LP401", "LP402", "LP403", "LP405", "LP407")  # what the rules say of outsiders
ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
SHOWN = 5  # conditions of a row
KINDS = {
    "anyone": "Anyone",
    "account": "A whole account",
    "role": "A role",
    "user": "A user",
    "session": "A session",
    "saml": "A SAML provider",
    "oidc": "An OIDC provider",
}
BADGES = {
    Standing.PUBLIC: ("public", " strong"),
    Standing.STRANGER: ("external", " strong"),
    Standing.UNSURE: ("may be ours", " strong"),
    Standing.VENDOR: ("known vendor", ""),
    Standing.PROVIDER: ("identity provider", ""),
}
OUTSIDERS = Q(standing__in=[s.value for s in (Standing.PUBLIC, Standing.STRANGER, Standing.UNSURE, Standing.VENDOR)])
ASKED = OUTSIDERS & Q(external_id=True)
NOT_ASKED = Q(external_id=False, standing__in=[Standing.STRANGER.value, Standing.VENDOR.value])


def words(row: ExternalAccess) -> str:
    """Who it is: "role ci in account 000000000003"."""
    if row.principal == ANYONE and row.standing != Standing.PUBLIC:
        whose = f" of account {row.outsider}" if row.outsider else ""
        return f"anyone{whose} who meets the conditions"
    return Naming(row.account.aws_id, {}, (), judged=True).text(row.kind, row.principal, row.outsider)


def conditions(row: ExternalAccess) -> list[str]:
    """In words; the external id itself is not told."""
    return [
        "an external id is given"
        if key.lower() == EXTERNAL_ID
        else condition_words(Condition(operator, key, tuple(values)))
        for operator, key, values in row.conditions
    ]


class ExternalTable(ListTable):
    lead = "role"
    caption = "Who outside may become which role"
    tells = {
        "outsider": ("outsider", "standing", "principal", "kind", "outsider_account", "vendor"),
        "role": ("role", "role_arn"),
        "asked": ("statement", "conditions", "external_id", "blocked_by"),
        "findings": OPEN_FIELDS,
    }

    outsider = tables.Column("Outsider", accessor="principal", empty_values=())
    role = tables.Column("May become", accessor="role__name")
    asked = tables.Column("Only if", accessor="conditions", empty_values=())
    findings = tables.Column("Open findings", accessor="pk", attrs={"td": {"class": "tight"}})
    account = tables.Column()

    def render_outsider(self, record: ExternalAccess) -> SafeString:
        if record.standing == Standing.UNREAD:
            return show.unknown(f"the trust policy could not be read: {record.reason}")
        badge, strength = BADGES[Standing(record.standing)]
        said = words(record)
        return format_html(
            '<strong>{}</strong> <span class="badge{}">{}</span>{}{}{}',
            show.name(record.vendor or said),
            strength,
            badge,
            _under(said) if record.vendor else "",
            _under(record.principal, " mono") if record.principal not in (ANYONE, said) else "",
            format_html('<span class="under">{}</span>', show.unknown(record.reason)) if record.reason else "",
        )

    def render_role(self, record: ExternalAccess) -> SafeString:
        url = show.address(self.request, "principal", record.account.aws_id, record.role.unique_id)
        return format_html(
            '<a class="lead" href="{}#trust" hx-boost="false">{}</a><span class="under">{}</span>',
            url,
            show.name(record.role.name),
            f"by statement {record.statement} of its trust policy" if record.statement else "",
        )

    def render_asked(self, record: ExternalAccess) -> SafeString:
        said = conditions(record)
        lines = format_html_join("", "<div>{}</div>", ((show.name(line),) for line in said[:SHOWN]))
        more = len(said) - SHOWN
        none = record.standing != Standing.UNREAD and not said
        return format_html(
            "{}{}{}{}{}",
            lines,
            format_html('<div class="muted">and {} more</div>', more) if more > 0 else "",
            format_html('<span class="muted">{}</span>', "always") if none else "",
            format_html('<div><span class="badge strong">{}</span></div>', "no external id")
            if _lacks_id(record)
            else "",
            _kept_out(record.blocked_by),
        )

    def render_findings(self, record: ExternalAccess) -> SafeString:
        url = show.address(self.request, "findings", of=record.role.unique_id)
        return counts(counted(record), f"{url}&{urlencode([('rule', code) for code in RULES])}")

    def render_account(self, record: ExternalAccess) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


def _under(text: str, more: str = "") -> SafeString:
    return format_html('<span class="under{}">{}</span>', more, show.name(text))


def _kept_out(by: list[str]) -> SafeString:
    return format_html_join("", "<div>{}kept out by {}</div>", ((show.mark("resolved"), show.name(b)) for b in by))


def _lacks_id(row: ExternalAccess) -> bool:
    return not row.external_id and row.standing in (Standing.STRANGER, Standing.VENDOR)


def _named(account: str) -> str:
    return f"{account} ({VENDORS[account]})" if account in VENDORS else account


FILTERS = Filters(
    sorts={
        "outsider": Sort("Gravest first", ("standing",), descending=True),
        "role": Sort("Role", ("role__name",)),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("outsiders", "Accounts and anyone", OUTSIDERS),
        Tab("providers", "Identity providers", Q(standing=Standing.PROVIDER.value)),
        Tab("unread", "Not read", Q(standing=Standing.UNREAD.value)),
    ),
    facets=(
        Choices(
            name="standing",
            title="Outsider",
            column="standing",
            values={
                s.slug: (s.value, s.label) for s in reversed(Standing) if s not in (Standing.PROVIDER, Standing.UNREAD)
            },
            inline=True,
        ),
        Choices(
            name="kind", title="Kind", column="kind", values={kind: (kind, label) for kind, label in KINDS.items()}
        ),
        Conditions(
            name="external-id",
            title="External id",
            single=True,
            conditions={"yes": (ASKED, "Is asked for"), "no": (NOT_ASKED, "Is not asked for")},
        ),
        Texts(
            name="from",
            title="From account",
            column="outsider",
            pattern=ACCOUNT,
            naming=_named,
        ),
        Accounts(),
        ou_facet(offered=False),
    ),
    search=("principal", "outsider", "vendor", "role__name", "role__arn"),
    searched="outsider, vendor, role or ARN",
)


class ExternalList(ListPage):
    name = "outsiders"
    title = "External access"
    folder = "external_access"
    table = ExternalTable
    filters = FILTERS
    fields = {
        "account": lambda e: e.account.aws_id,
        "account_name": lambda e: e.account.name,
        "role": lambda e: e.role.name,
        "role_arn": lambda e: e.role.arn,
        "role_id": lambda e: e.role.unique_id,
        "standing": lambda e: Standing(e.standing).slug,
        "outsider": lambda e: words(e) if e.kind else None,
        "principal": lambda e: e.principal or None,
        "kind": lambda e: e.kind or None,
        "outsider_account": lambda e: e.outsider or None,
        "vendor": lambda e: e.vendor or None,
        "statement": lambda e: e.statement or None,
        "conditions": conditions,
        "external_id": lambda e: e.external_id,
        "blocked_by": lambda e: e.blocked_by,
        "unknown": lambda e: e.reason or None,
        **{f"open_{s.slug}": (lambda e, slug=s.slug: getattr(e, slug)) for s in reversed(Severity)},
    }

    def queryset(self) -> QuerySet[ExternalAccess]:
        return ExternalAccess.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account", "role").annotate(**open_counts("role__unique_id", code__in=RULES))

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        """What the list rests on: roles judged, accounts that were not, and those whose organization is not known."""
        accounts = narrowed.chosen(asked)
        roles = PrincipalCount.objects.filter(type=Principal.Type.ROLE, here=True, account__in=accounts).exclude(
            kind=None
        )
        judged = accounts.aggregate(
            n=Count("pk"),
            unjudged=Count("pk", filter=Q(accountguardrails=None)),
            lonely=Count("pk", filter=Q(accountguardrails__data__organization_id=None) & ~Q(accountguardrails=None)),
        )
        return {"roles": roles.aggregate(n=Sum("n", default=0))["n"], "judged": judged, "gap": told(accounts, DETAILS)}
