"""Which long-term keys are there, how old are they, and is anybody using them? The list of access keys, oldest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_tables2 as tables
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils.safestring import SafeString

from collectors.models import AccessKey, Principal
from findings.models import Finding
from findings.vocabulary import Severity
from iamdash.pages import narrowed, show
from iamdash.pages.facets import Accounts, Conditions
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.gaps import KEYS, REPORT, of_list
from iamdash.pages.grouped import ou_facet
from iamdash.pages.html import format_html
from iamdash.pages.lists import ListPage
from iamdash.pages.severities import OPEN_FIELDS, counts_of, judged, open_fields
from iamdash.pages.tables import ListTable

HERE = Q(gone_at=None)
USE_KNOWN = Q(data__use_known=True)
SHARE = "KY114"  # tells how much of an account hangs on long-term keys, and how that goes
UNMATCHED = "the credential report does not tell this key from another"


def older(days: int) -> Q:
    return Q(created_at__lt=Now() - timedelta(days=days))


def last_use(key: AccessKey) -> SafeString:
    """When and where it was last used; never and unknown differ."""
    if not key.data.get("use_known"):
        return show.unknown(UNMATCHED)
    service, region = key.data.get("last_used_service", ""), key.data.get("last_used_region", "")
    under = f"{service} in {region}" if service and region else service or region
    return format_html(
        '{}<span class="under">{}</span>', show.ago(key.last_used_at, none="never, as far as AWS recorded"), under
    )


class KeyTable(ListTable):
    lead = "key"
    caption = "Access keys"
    tells = {
        "key": ("key", "active"),
        "owner": ("user", "user_arn"),
        "made": ("created_at",),
        "used": ("use_known", "last_used_at", "last_used_service", "last_used_region"),
        "findings": OPEN_FIELDS,
    }

    key = tables.Column("Key", accessor="unique_id")
    owner = tables.Column("User", accessor="user_name")
    made = tables.Column("Made", accessor="created_at", attrs={"td": {"class": "tight"}})
    used = tables.Column("Last used", empty_values=(), accessor="pk")
    findings = tables.Column("Open findings", accessor="pk", attrs={"td": {"class": "tight"}})
    account = tables.Column()

    def render_key(self, record: AccessKey) -> SafeString:
        url = show.address(self.request, "key", record.account.aws_id, record.unique_id)
        status = "active" if record.active else "inactive"
        return format_html(
            '<a class="lead mono" href="{}" hx-boost="false">{}</a><span class="under">{}{}</span>',
            url,
            show.name(record.unique_id),
            status,
            format_html(" · gone since {}", show.ago(record.gone_at)) if record.gone_at else "",
        )

    def render_owner(self, record: AccessKey) -> SafeString:
        return show.name(record.user_name)

    def render_made(self, record: AccessKey) -> SafeString:
        return show.ago(record.created_at)

    def render_used(self, record: AccessKey) -> SafeString:
        return last_use(record)

    def render_findings(self, record: AccessKey) -> SafeString:
        return counts_of(record, show.address(self.request, "findings", of=record.unique_id))

    def render_account(self, record: AccessKey) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))


FILTERS = Filters(
    sorts={
        "made": Sort("Oldest", ("created_at",)),
        "owner": Sort("User", ("user_name",)),
        "key": Sort("Key id", ("unique_id",)),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("active", "Active", HERE & Q(active=True)),
        Tab("inactive", "Inactive", HERE & Q(active=False)),
        Tab("gone", "Deleted", Q(gone_at__isnull=False)),
    ),
    facets=(
        Conditions(
            name="age",
            title="Age",
            single=True,
            inline=True,
            conditions={
                "new": (~older(90), "Up to 90 days"),
                "old": (older(90) & ~older(365), "90 days to a year"),
                "ancient": (older(365), "Over a year"),
            },
        ),
        Conditions(
            name="use",
            title="Use",
            single=True,
            conditions={
                "recent": (Q(last_used_at__gte=Now() - timedelta(days=45)), "In the last 45 days"),
                "stale": (Q(last_used_at__lt=Now() - timedelta(days=45)), "Not in the last 45 days"),
                "never": (USE_KNOWN & Q(last_used_at=None), "No use recorded"),
                "unknown": (~USE_KNOWN, "Unknown"),
            },
        ),
        Accounts(),
        ou_facet(offered=False),
    ),
    search=("unique_id", "user_name"),
    searched="key id or user",
)


class KeyList(ListPage):
    name = "keys"
    title = "Keys"
    folder = "keys"
    table = KeyTable
    filters = FILTERS
    fields = {
        "account": lambda k: k.account.aws_id,
        "account_name": lambda k: k.account.name,
        "key": lambda k: k.unique_id,
        "user": lambda k: k.user_name,
        "user_arn": lambda k: k.user_arn,
        "active": lambda k: k.active,
        "created_at": lambda k: k.created_at,
        "use_known": lambda k: bool(k.data.get("use_known")),
        "last_used_at": lambda k: k.last_used_at,
        "last_used_service": lambda k: k.data.get("last_used_service") or None,
        "last_used_region": lambda k: k.data.get("last_used_region") or None,
        "gone_at": lambda k: k.gone_at,
        **open_fields(),
    }

    def queryset(self) -> QuerySet[AccessKey]:
        return AccessKey.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        still_open = Finding.objects.filter(
            account=OuterRef("account"), subject_id=OuterRef("unique_id"), resolved_at=None, status=Finding.Status.OPEN
        )
        number = {
            s.slug: Coalesce(
                Subquery(
                    still_open.filter(severity=s).order_by().values("account").annotate(n=Count("pk")).values("n")
                ),
                0,
            )
            for s in Severity
        }
        return qs.select_related("account").annotate(**number, **judged())

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        chosen = asked.chosen["account"]
        accounts = narrowed.chosen(asked)
        share = (
            Finding.objects.filter(account__in=accounts, code=SHARE, resolved_at=None)[:1] if len(chosen) == 1 else []
        )
        users = Principal.present.filter(account__in=accounts, type=Principal.Type.USER).count() if not total else 0
        return {"gap": of_list(accounts, REPORT, KEYS), "share": next(iter(share), None), "users": users}
